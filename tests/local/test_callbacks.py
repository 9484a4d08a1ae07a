"""Delivery to callbacks: real receivers on the loopback, real files, servers that are killed."""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import deepgram.local
from deepgram.local.callbacks import ATTEMPTS, LONGEST_DELAY, Callbacks, backoff
from deepgram.local.fetch import FetchRefused, guarded_client
from deepgram.local.state import State, StateError

WAIT = 20.0
"""Seconds after which a test gives up on something that should happen at once."""


@dataclass
class Received:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A caller's server. It answers with ``statuses``, then with 200; None: it closes without an answer."""

    statuses: list[int | None] = field(default_factory=list[int | None])
    got: list[Received] = field(default_factory=list[Received])
    port: int = 0
    hold: asyncio.Event | None = None
    most_at_once: int = 0
    tail: bytes = b""
    _now: int = 0
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            request, *lines = head.strip().split("\r\n")
            method, path, _ = request.split()
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            async with self._news:
                self.got.append(Received(method, path, headers, body))
                self._news.notify_all()
            if self.hold is not None:
                await self.hold.wait()
            status = self.statuses.pop(0) if self.statuses else 200
            if status is not None:
                extra = "location: /elsewhere\r\n" if status == 302 else ""
                writer.write(f"HTTP/1.1 {status} X\r\n{extra}connection: close\r\n\r\n".encode() + self.tail)
                await writer.drain()
            self._now -= 1
        except (ConnectionError, asyncio.IncompleteReadError):
            self._now -= 1
        finally:
            writer.close()

    async def until(self, count: int) -> None:
        async def enough() -> None:
            async with self._news:
                await self._news.wait_for(lambda: len(self.got) >= count)

        await asyncio.wait_for(enough(), WAIT)

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    yield receiver
    if receiver.hold is not None:
        receiver.hold.set()
    server.close()


class Time:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@asynccontextmanager
async def delivering(
    data: Path | None = None, *, allow_private: bool = True, time: Time | None = None, **options: Any
) -> AsyncGenerator[tuple[Callbacks, State], None]:
    state = await (State.open(data) if time is None else State.open(data, clock=time.clock))
    if time is not None:
        options.setdefault("clock", time.clock)
        options.setdefault("sleep", time.sleep)
    options.setdefault("jitter", lambda: 1.0)
    try:
        async with guarded_client(allow_private=allow_private) as client:
            callbacks = Callbacks(state, client, **options)
            await callbacks.start()
            try:
                yield callbacks, state
            finally:
                await callbacks.stop(grace=0)
    finally:
        await state.close()


async def settled(callbacks: Callbacks) -> None:
    await until(lambda: callbacks.pending() == 0)


async def until(fact: Callable[[], bool]) -> None:
    async def poll() -> None:
        while not fact():
            await asyncio.sleep(0.005)

    await asyncio.wait_for(poll(), WAIT)


async def test_a_result_arrives_with_its_type_and_request_id(receiver: Receiver) -> None:
    async with delivering() as (callbacks, _):
        await callbacks.enqueue("r1", receiver.url("/hook?a=1"), "post", b'{"text": "hello"}')
        await receiver.until(1)
        await settled(callbacks)
    (got,) = receiver.got
    assert (got.method, got.path, got.body) == ("POST", "/hook?a=1", b'{"text": "hello"}')
    assert got.headers["content-type"] == "application/json"
    assert got.headers["dg-request-id"] == "r1"
    assert "dg-token" not in got.headers


async def test_the_method_can_be_put_and_a_password_goes_out_as_basic_authentication(receiver: Receiver) -> None:
    async with delivering() as (callbacks, _):
        url = receiver.url().replace("127.0.0.1", "me:p%40ss@127.0.0.1")
        await callbacks.enqueue("r1", url, "PUT", b"sound", "audio/wav")
        await receiver.until(1)
    (got,) = receiver.got
    assert (got.method, got.headers["content-type"]) == ("PUT", "audio/wav")
    assert got.headers["authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()


async def test_what_is_not_answered_with_2xx_is_tried_again(receiver: Receiver) -> None:
    time = Time()
    receiver.statuses = [500, None, 404, 302, 204]
    async with delivering(time=time) as (callbacks, _):
        await callbacks.enqueue("r1", receiver.url(), "POST", b"x")
        await receiver.until(5)
        await settled(callbacks)
    assert len(receiver.got) == 5
    assert {got.path for got in receiver.got} == {"/hook"}, "redirects are not followed"
    assert [round(seconds, 3) for seconds in time.slept if seconds] == [1, 2, 4, 8]


def test_the_wait_doubles_up_to_a_limit() -> None:
    waits = [backoff(failures) for failures in range(1, ATTEMPTS)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert backoff(10**9) == LONGEST_DELAY


async def test_attempts_of_different_deliveries_are_spread(receiver: Receiver) -> None:
    slept: list[float] = []
    for jitter in (0.0, 1.0):
        time = Time()
        receiver.statuses = [503]
        async with delivering(time=time, jitter=partial(float, jitter)) as (callbacks, _):
            await callbacks.enqueue("r1", receiver.url(), "POST", b"x")
            await settled(callbacks)
        slept += [round(seconds, 3) for seconds in time.slept if seconds]
    assert slept == [0.5, 1.0]


async def test_a_receiver_that_never_takes_a_result_is_given_up_and_logged(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    time = Time()
    receiver.statuses = [500] * 100
    async with delivering(time=time) as (callbacks, _):
        await callbacks.enqueue("r1", receiver.url("/?token=hidden"), "POST", b"x")
        await settled(callbacks)
    assert len(receiver.got) == ATTEMPTS == 11
    (error,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert error == f"result r1 is given up after 11 attempts at http://127.0.0.1:{receiver.port}: status 500"
    assert "hidden" not in caplog.text


async def test_a_failing_receiver_does_not_hold_up_the_others(receiver: Receiver) -> None:
    async with delivering(concurrency=1) as (callbacks, _):
        await callbacks.enqueue("bad", "http://127.0.0.1:1/", "POST", b"x")
        await callbacks.enqueue("good", receiver.url(), "POST", b"x")
        await receiver.until(1)
        assert callbacks.pending() >= 1


async def test_a_receiver_that_does_not_answer_is_left_in_time(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.hold = asyncio.Event()
    async with delivering(timeout=0.1, attempts=1) as (callbacks, _):
        await callbacks.enqueue("r1", receiver.url(), "POST", b"x")
        await settled(callbacks)
    assert "no answer within 0.1 s" in caplog.text


async def test_the_body_of_an_answer_is_not_waited_for(receiver: Receiver) -> None:
    receiver.tail = b"x" * 10_000_000
    async with delivering() as (callbacks, _):
        await callbacks.enqueue("r1", receiver.url(), "POST", b"x")
        await settled(callbacks)
    assert len(receiver.got) == 1


async def test_so_many_attempts_are_made_at_once_and_no_more(receiver: Receiver) -> None:
    receiver.hold = asyncio.Event()
    async with delivering(concurrency=3) as (callbacks, _):
        for number in range(12):
            await callbacks.enqueue(str(number), receiver.url(), "POST", b"x")
        await receiver.until(3)
        receiver.hold.set()
        await receiver.until(12)
        await settled(callbacks)
    assert receiver.most_at_once == 3
    assert {got.headers["dg-request-id"] for got in receiver.got} == {str(number) for number in range(12)}


async def test_a_large_result_arrives_whole_and_a_larger_one_is_refused(receiver: Receiver) -> None:
    async with delivering(max_body_bytes=5_000_000) as (callbacks, state):
        await callbacks.enqueue("r1", receiver.url(), "POST", b"x" * 5_000_000)
        await receiver.until(1)
        with pytest.raises(ValueError, match="at most 5000000"):
            await callbacks.enqueue("r2", receiver.url(), "POST", b"x" * 5_000_001)
        await state.add_job("r3", "listen", "{}")
        with pytest.raises(ValueError, match="at most 5000000"):
            await callbacks.finish_job("r3", receiver.url(), "POST", b"x" * 5_000_001)
        assert await state.jobs() == [], "it would be done again after each restart"
        with pytest.raises(ValueError, match="callback_method"):
            await callbacks.enqueue("r4", receiver.url(), "PATCH", b"x")
    assert len(receiver.got[0].body) == 5_000_000


# --- Addresses --------------------------------------------------------------------------------------------------------


async def test_a_callback_to_a_private_address_or_another_port_is_refused(receiver: Receiver) -> None:
    async with delivering(allow_private=False) as (callbacks, _):
        with pytest.raises(FetchRefused, match="--allow-private-urls"):
            await callbacks.check("http://localhost/")
        with pytest.raises(FetchRefused, match="only 80, 443, 8080, 8443 are"):
            await callbacks.check("http://example.com:22/")
    async with delivering() as (callbacks, _):
        await callbacks.check(receiver.url())


async def test_a_result_for_a_private_address_is_given_up_at_once(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    async with delivering(allow_private=False) as (callbacks, _):
        await callbacks.enqueue("r1", receiver.url(), "POST", b"x")
        await callbacks.enqueue("r2", "http://a:port/", "POST", b"x")
        await settled(callbacks)
    assert receiver.got == []
    assert caplog.text.count("is given up after 1 attempts") == 2


# --- Faults of our own ------------------------------------------------------------------------------------------------


async def test_a_database_that_fails_for_a_while_stops_nothing_and_repeats_nothing(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = Time()
    async with delivering(time=time) as (callbacks, state):
        for name in ("due_deliveries", "delivery", "end_delivery"):
            monkeypatch.setattr(state, name, failing_twice(getattr(state, name)))
        await callbacks.enqueue("r1", receiver.url(), "POST", b"x")
        await settled(callbacks)
    assert len(receiver.got) == 1


def failing_twice(method: Callable[..., Any]) -> Callable[..., Any]:
    failures = iter([True, True])

    async def fails(*args: Any) -> Any:
        if next(failures, False):
            raise StateError("no room")
        return await method(*args)

    return fails


async def test_a_stopped_server_keeps_what_was_under_way(receiver: Receiver, tmp_path: Path) -> None:
    receiver.hold = asyncio.Event()
    async with delivering(tmp_path / "data.db") as (callbacks, _):
        await callbacks.enqueue("r1", receiver.url(), "POST", b"x")
        await receiver.until(1)
    receiver.hold.set()
    async with delivering(tmp_path / "data.db") as (callbacks, _):
        await receiver.until(2)
        await settled(callbacks)
    assert [got.headers["dg-request-id"] for got in receiver.got] == ["r1", "r1"]


async def test_attempts_are_counted_across_restarts(receiver: Receiver, tmp_path: Path) -> None:
    receiver.statuses = [500] * 3
    time = Time()
    for _ in range(2):
        async with delivering(tmp_path / "data.db", time=time, sleep=forever, attempts=2) as (callbacks, _state):
            if not receiver.got:
                await callbacks.enqueue("r1", receiver.url(), "POST", b"x")
            sent = len(receiver.got)
            await receiver.until(sent + 1)
            await attempted(callbacks)
        time.now += 3600
    assert len(receiver.got) == 2
    async with delivering(tmp_path / "data.db") as (callbacks, _state):
        assert callbacks.pending() == 0


async def attempted(callbacks: Callbacks) -> None:
    await until(lambda: not callbacks._sending)


async def forever(seconds: float) -> None:
    await asyncio.Event().wait()


# --- Servers that are killed ------------------------------------------------------------------------------------------

SERVER = """
import asyncio, sys
from pathlib import Path
from deepgram.local.callbacks import Callbacks
from deepgram.local.fetch import guarded_client
from deepgram.local.state import State

async def main(data, url, step):
    state = await State.open(Path(data))
    async with guarded_client(allow_private=True) as client:
        callbacks = Callbacks(state, client)
        await callbacks.start()
        if step == "enqueue":
            for number in range(5):
                await callbacks.enqueue(f"r{number}", url, "POST", b"result %d" % number)
        elif step == "job":
            audio = Path(data + ".audio")
            audio.write_bytes(b"sound")
            await state.add_job("r0", "listen", "{}", audio)
        elif step == "finish":
            (job,) = await state.jobs()
            assert job.audio is not None
            await callbacks.finish_job(job.request_id, url, "POST", b"result of " + job.audio.read_bytes())
        print("ready", flush=True)
        await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


async def killed(*arguments: str, when: Callable[[], Any] | None = None) -> None:
    """Run a server until it is ready (and ``when`` returns), then end it as a power cut would."""
    source = str(Path(deepgram.local.__file__).parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, *arguments],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": source},
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), 60)
        assert line.strip() == b"ready"
        if when is not None:
            await when()
    finally:
        process.kill()
        code = await asyncio.to_thread(process.wait, WAIT)
        assert process.stdout is not None
        process.stdout.close()
    if os.name != "nt":
        assert code == -signal.SIGKILL


async def test_results_of_a_killed_server_arrive_after_its_restart(receiver: Receiver, tmp_path: Path) -> None:
    data = str(tmp_path / "data.db")
    await killed(data, "http://127.0.0.1:1/", "enqueue")
    # The address has no receiver; let the results go to one, as if it had come up since.
    state = await State.open(Path(data))
    assert state.pending == 5
    await state._database.do(
        lambda connection: connection.execute("UPDATE deliveries SET url = ?, due = 0", (receiver.url(),))
    )
    await state.close()
    await killed(data, "-", "restart", when=lambda: receiver.until(5))
    async with delivering(Path(data)) as (callbacks, _):
        await settled(callbacks)
    assert {got.body for got in receiver.got} == {b"result %d" % number for number in range(5)}


async def test_a_server_that_is_killed_before_the_answer_delivers_again(receiver: Receiver, tmp_path: Path) -> None:
    receiver.hold = asyncio.Event()
    data = str(tmp_path / "data.db")
    await killed(data, receiver.url(), "enqueue", when=lambda: receiver.until(5))
    receiver.hold.set()
    async with delivering(Path(data)) as (callbacks, _):
        await receiver.until(10)
        await settled(callbacks)
    assert sorted(got.headers["dg-request-id"] for got in receiver.got) == sorted([f"r{n}" for n in range(5)] * 2)


async def test_a_job_of_a_killed_server_is_finished_by_the_next(receiver: Receiver, tmp_path: Path) -> None:
    data = str(tmp_path / "data.db")
    await killed(data, receiver.url(), "job")
    await killed(data, receiver.url(), "finish", when=lambda: receiver.until(1))
    async with delivering(Path(data)) as (callbacks, state):
        await settled(callbacks)
        assert await state.jobs() == []
    assert {got.body for got in receiver.got} == {b"result of sound"}
