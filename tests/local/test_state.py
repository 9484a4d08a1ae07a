"""What the server remembers: real files, real locks, files that cannot be used."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from deepgram.local import database
from deepgram.local import state as state_module
from deepgram.local.accounts import PROJECT_ID
from deepgram.local.database import Absent, Database
from deepgram.local.migrations import MIGRATIONS
from deepgram.local.records import Record
from deepgram.local.state import BacklogFull, Job, State, StateError

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def record(request_id: str, **known: Any) -> Record:
    made: dict[str, Any] = {"method": "POST", "path": "/v1/listen", "created": NOW.timestamp(), "status": 200}
    made |= {"endpoint": "listen", "project_id": PROJECT_ID}
    return Record(request_id, **(made | known))


async def records(state: State, limit: int = 100) -> Sequence[Record]:
    return await state.records.list("project_id = ?", [PROJECT_ID], limit=limit)


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[State]:
    state = await State.open(tmp_path / "data.db")
    yield state
    await state.close()


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder, and a process that is not above its permissions."""
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions of this system work differently")
    with tempfile.TemporaryDirectory() as name:
        user = os.geteuid()
        if user == 0:
            os.chown(name, 65534, -1)
            os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            os.seteuid(user)


async def refusal(path: Path) -> str:
    """Return why a file cannot be used, having made sure that it is as it was."""
    before = path.read_bytes() if path.is_file() else None
    beside = sorted(path.parent.iterdir())
    with pytest.raises(StateError) as caught:
        await State.open(path, wait=0.05)
    assert (path.read_bytes() if path.is_file() else None) == before
    assert sorted(path.parent.iterdir()) == beside
    return str(caught.value)


# --- What is kept -----------------------------------------------------------------------------------------------------


async def test_everything_survives_a_restart(tmp_path: Path) -> None:
    path, audio = tmp_path / "data.db", tmp_path / "data.db.audio" / "one"
    audio.parent.mkdir()
    audio.write_bytes(b"sound")
    state = await State.open(path)
    await state.records.add(record("r1", duration=1.5, model="m", engine="e", tags=["a", "b"]))
    await state.add_job("r2", "listen", '{"query": {}}', audio)
    await state.add_delivery("r3", "http://example.com/", "POST", b"\0body", "audio/wav")
    await state.close()

    state = await State.open(path)
    (found,) = await records(state)
    assert (found.request_id, found.path, found.status) == ("r1", "/v1/listen", 200)
    assert (found.duration, found.model, found.engine, found.tags) == (1.5, "m", "e", ("a", "b"))
    assert found.created == NOW.timestamp()
    (job,) = await state.jobs()
    assert job == Job("r2", "listen", '{"query": {}}', audio, job.created)
    assert abs(job.created - datetime.now(timezone.utc)) < timedelta(minutes=10)
    assert state.pending == 1
    ((number,), due) = await state.due_deliveries(4e9, 10)
    assert due is None
    delivery = await state.delivery(number)
    assert delivery is not None
    assert (delivery.request_id, delivery.url, delivery.method) == ("r3", "http://example.com/", "POST")
    assert (delivery.body, delivery.content_type, delivery.attempts) == (b"\0body", "audio/wav", 0)
    await state.close()


async def test_memory_serves_until_it_is_closed() -> None:
    state = await State.open()
    await state.add_job("r", "listen", "{}")
    assert [job.audio for job in await state.jobs()] == [None]
    await state.close()
    state = await State.open()
    assert await state.jobs() == []
    await state.close()


async def test_audio_is_found_after_the_folder_was_moved(tmp_path: Path) -> None:
    old, elsewhere = tmp_path / "old", tmp_path / "elsewhere"
    old.mkdir()
    (old / "audio").write_bytes(b"sound")
    elsewhere.write_bytes(b"sound")
    state = await State.open(old / "data.db")
    await state.add_job("inside", "listen", "{}", old / "audio")
    await state.add_job("outside", "listen", "{}", elsewhere)
    await state.close()
    old.rename(tmp_path / "new")
    state = await State.open(tmp_path / "new" / "data.db")
    assert [job.audio for job in await state.jobs()] == [tmp_path / "new" / "audio", elsewhere]
    await state.close()


async def test_the_oldest_records_of_requests_make_room_for_new_ones() -> None:
    state = await State.open(keep_requests=3)
    for number in range(5):
        await state.records.add(record(str(number), status=404))
        await state.records.add(record(f"m{number}", endpoint=None, path="/v1/projects"))
    assert [record.request_id for record in await records(state)] == ["4", "3", "2"]
    assert [record.request_id for record in await records(state, limit=1)] == ["4"]
    assert (await state.records.get(PROJECT_ID, "m2")).path == "/v1/projects"
    with pytest.raises(Absent):
        await state.records.get(PROJECT_ID, "m1")
    await state.close()


async def test_calls_from_many_tasks_do_not_disturb_each_other(state: State) -> None:
    await asyncio.gather(*(state.add_delivery(str(n), "http://example.com", "POST", b"") for n in range(50)))
    assert state.pending == 50
    numbers, _ = await state.due_deliveries(4e9, 100)
    assert len(set(numbers)) == 50


# --- Jobs and deliveries ----------------------------------------------------------------------------------------------


async def test_a_finished_job_becomes_a_delivery_once(state: State) -> None:
    await state.add_job("r", "listen", "{}")
    assert await state.finish_job("r", "http://example.com/", "PUT", b"result")
    assert await state.jobs() == []
    assert state.pending == 1
    assert not await state.finish_job("r", "http://example.com/", "PUT", b"result")
    assert not await state.finish_job("unknown", "http://example.com/", "PUT", b"result")
    assert state.pending == 1


async def test_a_job_stays_when_its_delivery_cannot_be_written(state: State) -> None:
    await state.add_job("r", "listen", "{}")
    with pytest.raises(StateError):
        await state.finish_job("r", None, "POST", b"")  # type: ignore[arg-type]  # a fault after the DELETE
    assert [job.request_id for job in await state.jobs()] == ["r"]
    assert state.pending == 0


async def test_a_dropped_job_leaves_nothing(state: State) -> None:
    await state.add_job("r", "listen", "{}")
    await state.drop_job("r")
    assert (await state.jobs(), state.pending) == ([], 0)


async def test_deliveries_come_in_the_order_of_their_time(state: State) -> None:
    for name in "abcd":
        await state.add_delivery(name, "http://example.com/", "POST", b"")
    (a, b, c, d), due = await state.due_deliveries(4e9, 10)
    assert due is None
    await state.postpone_delivery(a, 5e9)
    await state.postpone_delivery(b, 4.5e9)
    assert await state.due_deliveries(4e9, 10) == ([c, d], 4.5e9)
    assert (await state.due_deliveries(4e9, 1))[0] == [c]
    assert await state.due_deliveries(4e9, 10, {c}) == ([d], 4.5e9)
    await state.end_delivery(c)
    await state.end_delivery(d)
    assert await state.due_deliveries(4e9, 10) == ([], 4.5e9)
    await state.hasten_deliveries(4e9)
    assert (await state.due_deliveries(4e9, 10))[0] == [a, b]
    delivery = await state.delivery(a)
    assert delivery is not None
    assert delivery.attempts == 1
    assert await state.delivery(c) is None


async def test_no_more_is_accepted_than_may_wait(tmp_path: Path) -> None:
    audio = tmp_path / "audio"
    audio.write_bytes(b"x" * 600)
    state = await State.open(max_backlog=2, max_backlog_bytes=1000)
    await state.add_job("one", "listen", "{}", audio)
    with pytest.raises(BacklogFull, match="1 results"):
        await state.add_job("too large", "listen", "{}", audio)
    await state.finish_job("one", "http://example.com/", "POST", b"x" * 10)
    await state.add_job("two", "listen", "{}", audio)
    with pytest.raises(BacklogFull, match="2 results"):
        await state.add_job("three", "listen", "{}")
    await state.close()


# --- Files that cannot be used ----------------------------------------------------------------------------------------


async def test_a_file_in_use_by_another_server_is_refused(state: State, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="in use by another server"):
        await State.open(tmp_path / "data.db", wait=0.05)
    await state.add_job("r", "listen", "{}")  # the first one goes on


@pytest.mark.parametrize("lock", ["EXCLUSIVE", "IMMEDIATE"])
async def test_a_file_that_another_program_has_locked_is_refused(tmp_path: Path, lock: str) -> None:
    path = tmp_path / "data.db"
    await (await State.open(path)).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"BEGIN {lock}")
        assert "in use by another server or program" in await refusal(path)
    await (await State.open(path)).close()


async def test_a_file_is_released_when_it_is_closed(tmp_path: Path) -> None:
    for _ in range(3):
        await (await State.open(tmp_path / "data.db", wait=0.0)).close()
    state = await State.open(tmp_path / "data.db", wait=0.0)
    await state.close()
    await state.close()
    with pytest.raises(StateError, match="stopping"):
        await state.jobs()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["data.db"]


async def test_a_file_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    await (await State.open(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1000")
    assert "newer release (its version is 1000" in await refusal(path)


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audio.wav"
    path.write_bytes(b"RIFF" + bytes(5000))
    assert "is damaged or no database" in await refusal(path)


async def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    state = await State.open(path)
    for number in range(200):
        await state.records.add(record(str(number), path="/" * 100))
    await state.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    assert "is damaged" in await refusal(path)
    path.write_bytes(content[:6000])
    assert "is damaged" in await refusal(path)


async def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    assert "another program" in await refusal(path)


async def test_an_empty_file_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    path.touch()
    await (await State.open(path)).close()
    assert path.stat().st_size > 0


async def test_a_folder_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    assert "is a folder" in await refusal(tmp_path)
    with pytest.raises(StateError, match=r"does not exist\. Create it first"):
        await State.open(tmp_path / "missing" / "data.db")
    assert not (tmp_path / "missing").exists()


async def test_a_read_only_file_is_refused(unprivileged: Path) -> None:
    path = unprivileged / "data.db"
    await (await State.open(path)).close()
    path.chmod(0o400)
    assert "cannot be written" in await refusal(path)


async def test_a_file_in_a_read_only_folder_is_refused(unprivileged: Path) -> None:
    path = unprivileged / "data.db"
    await (await State.open(path)).close()
    unprivileged.chmod(0o500)
    try:
        assert "cannot be written" in await refusal(path)
        assert "cannot be written" in await refusal(unprivileged / "new.db")
    finally:
        unprivileged.chmod(0o700)


async def test_a_full_disk_is_said_and_the_server_goes_on(state: State) -> None:
    def limit(connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 10}")

    await state._database.do(limit)
    with pytest.raises(StateError, match="no room"):
        await state.add_delivery("r", "http://example.com/", "POST", bytes(1_000_000))
    await state.add_delivery("r", "http://example.com/", "POST", b"small")
    assert state.pending == 1


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
async def test_only_the_owner_may_read_the_file(state: State, tmp_path: Path) -> None:
    for entry in tmp_path.iterdir():
        assert stat.S_IMODE(entry.stat().st_mode) == 0o600


# --- Versions of the schema -------------------------------------------------------------------------------------------


async def test_a_file_of_an_older_release_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data.db"
    state = await State.open(path)
    await state.add_job("r", "listen", "{}")
    await state.close()
    newer = (*MIGRATIONS, ["ALTER TABLE jobs ADD COLUMN colour TEXT", "UPDATE jobs SET colour = 'red'"])
    monkeypatch.setattr(state_module, "MIGRATIONS", newer)
    state = await State.open(path)
    assert [job.request_id for job in await state.jobs()] == ["r"]
    await state.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT colour FROM jobs").fetchall() == [("red",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(newer),)


async def test_a_migration_that_fails_leaves_the_file_at_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data.db"
    state = await State.open(path)
    await state.add_job("r", "listen", "{}")
    await state.close()
    with monkeypatch.context() as patch:
        broken = (*MIGRATIONS, ["ALTER TABLE jobs ADD COLUMN colour TEXT", "SELECT nonsense"])
        patch.setattr(state_module, "MIGRATIONS", broken)
        with pytest.raises(StateError):
            await State.open(path)
    state = await State.open(path)
    assert [job.request_id for job in await state.jobs()] == ["r"]
    await state.close()


async def test_a_file_of_the_first_version_keeps_its_records(tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    first = Database(path, MIGRATIONS[:1])
    await first.open(0.0)
    insert = (
        "INSERT INTO requests (request_id, created, method, path, status, duration, model, engine, tags)"
        " VALUES (?, ?, ?, ?, 200, 60, 'm', 'e', '[\"a\"]')"
    )
    for values in (("r1", NOW.timestamp(), "POST", "/v1/listen"), ("r2", NOW.timestamp(), "GET", "/v1/listen")):
        await first.do(lambda connection, values=values: connection.execute(insert, values))  # type: ignore[misc]
    await first.close()
    state = await State.open(path)
    live, recorded = await records(state)
    assert (recorded.processing, recorded.endpoint, recorded.duration) == ("sync", "listen", 60)
    assert (live.processing, live.tags) == ("streaming", ("a",))
    await state.close()


# --- Commits ----------------------------------------------------------------------------------------------------------


async def test_what_is_asked_at_once_shares_a_commit(state: State) -> None:
    before = state._database.commits
    await asyncio.gather(*(state.records.add(record(str(number))) for number in range(500)))
    assert state._database.commits - before < 50
    assert len(await records(state, limit=1000)) == 500


async def test_what_fails_in_a_shared_commit_fails_alone(state: State) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM projects")
        raise ValueError("of the test")

    def misspell(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM projects")
        connection.execute("nonsense")

    first = asyncio.create_task(state.records.add(record("keeps the thread busy")))
    results = await asyncio.gather(
        first,
        state._database.do(fail),
        state._database.do(misspell),
        *(state.records.add(record(str(number))) for number in range(10)),
        return_exceptions=True,
    )
    assert [type(result).__name__ for result in results[:3]] == ["NoneType", "ValueError", "StateError"]
    assert results[3:] == [None] * 10
    assert len(await records(state)) == 11
    assert await state.accounts.project(PROJECT_ID)


async def test_who_is_not_there_any_more_is_not_told_and_nobody_else_suffers(state: State) -> None:
    gone = asyncio.create_task(state.records.add(record("gone")))
    await asyncio.sleep(0)
    gone.cancel()
    await state.records.add(record("there"))
    assert {found.request_id for found in await records(state)} == {"gone", "there"}


async def test_a_closed_memory_says_so_each_time(state: State) -> None:
    await state.close()
    for _ in range(3):
        with pytest.raises(StateError, match="stopping"):
            await asyncio.wait_for(state.records.add(record("late")), 10)


async def test_the_file_is_marked_as_ours(tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    await (await State.open(path)).close()
    assert int.from_bytes(path.read_bytes()[68:72], "big") == database.APPLICATION_ID
