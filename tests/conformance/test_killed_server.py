"""A real ``deepgram serve`` that is killed: what it has accepted is delivered, and what it has answered is known."""

from __future__ import annotations

import json
import os
import re
import selectors
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

import deepgram
from deepgram import DeepgramClient
from deepgram.local.accounts import PROJECT_ID

from .conftest import Neighbour

PATIENCE = 60
SOURCE = str(Path(deepgram.__file__).parent.parent)
QUERY = "token=not-for-logs"


@contextmanager
def serving(data: Path, log: Path) -> Generator[str, None, None]:
    """Yield the address of a server, as :func:`process` does."""
    with process(data, log) as (address, _):
        yield address


@contextmanager
def process(data: Path, log: Path) -> Generator[tuple[str, subprocess.Popen[bytes]], None, None]:
    """Yield the address of a server process, and the process; kill it at the end of the block, as a power cut would."""
    options = ["--port", "0", "--engine", "scripted", "--allow-private-urls", "--data", str(data)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DEEPGRAM_")}
    environment |= {"PYTHONPATH": SOURCE, "PYTHONUNBUFFERED": "1"}
    with log.open("a") as errors:
        running = subprocess.Popen(
            [sys.executable, "-m", "deepgram.local", *options], env=environment, stdout=subprocess.PIPE, stderr=errors
        )
        assert running.stdout is not None
        try:
            with selectors.DefaultSelector() as ready:
                ready.register(running.stdout, selectors.EVENT_READ)
                assert ready.select(PATIENCE), log.read_text()
            found = re.search(r"http://127\.0\.0\.1:\d+", running.stdout.readline().decode())
            assert found, log.read_text()
            yield found[0], running
        finally:
            running.kill()
            running.wait(PATIENCE)
            running.stdout.close()


@pytest.mark.skipif(sys.platform == "win32", reason="selectors of POSIX")
def test_a_callback_survives_the_death_of_its_server(neighbour: Neighbour, clip: Path, tmp_path: Path) -> None:
    data, log = tmp_path / "data.db", tmp_path / "log"
    callback = f"{neighbour.url}/results?{QUERY}"
    neighbour.refuses = True
    with serving(data, log) as url, DeepgramClient(base_url=url, api_key="any") as client:
        media = client.listen.v1.media
        refused = media.transcribe_file(request=clip, callback=callback, tag="refused").request_id
        assert neighbour.received.get(timeout=PATIENCE)[0] == "POST"
        unheard = media.transcribe_file(request=clip, callback=callback, callback_method="PUT").request_id
    assert data.with_name("data.db.audio").stat().st_mode & 0o077 == 0, "others could listen to what was recorded"
    neighbour.refuses = False
    while not neighbour.received.empty():  # what the first server has tried, in vain
        neighbour.received.get()
    delivered: dict[str, str] = {}
    with serving(data, log):
        while set(delivered) != {refused, unheard}:
            method, path, body = neighbour.received.get(timeout=PATIENCE)
            assert path == f"/results?{QUERY}"
            metadata = json.loads(body)["metadata"]
            assert metadata["duration"] == pytest.approx(6.0, abs=0.01)
            delivered[metadata["request_id"]] = method
    assert delivered == {refused: "POST", unheard: "PUT"}
    assert QUERY not in log.read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="selectors of POSIX")
def test_whoever_has_an_answer_finds_it_recorded_after_the_server_was_killed(clip: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.db"
    answered: list[str] = []
    keys: dict[str, str] = {}
    enough = threading.Event()

    def ask(client: httpx.Client, number: int) -> None:
        with suppress(httpx.TransportError):  # the end
            for turn in range(10_000):
                response = client.get("/v1/projects") if turn % 5 else make_key(client, number)
                assert response.status_code == 200
                answered.append(response.headers["dg-request-id"])
                if len(answered) > 400:
                    enough.set()

    def make_key(client: httpx.Client, number: int) -> httpx.Response:
        response = client.post(f"/v1/projects/{PROJECT_ID}/keys", json={"comment": f"of {number}"})
        keys[response.json()["api_key_id"]] = response.json()["key"]
        return response

    with process(data, tmp_path / "log") as (url, running), ExitStack() as clients, ThreadPoolExecutor(8) as threads:
        heard = httpx.post(f"{url}/v1/listen", content=clip.read_bytes(), timeout=PATIENCE)
        answered.append(heard.headers["dg-request-id"])
        asking = [
            threads.submit(ask, clients.enter_context(httpx.Client(base_url=url, timeout=PATIENCE)), number)
            for number in range(8)
        ]
        assert enough.wait(PATIENCE), (tmp_path / "log").read_text()
        running.kill()
        for asker in asking:
            asker.result(PATIENCE)
    with closing(sqlite3.connect(data)) as connection:
        rows = connection.execute(
            "SELECT request_id FROM requests UNION ALL SELECT request_id FROM management_requests"
        )
        recorded = {request_id for (request_id,) in rows}
    assert set(answered) <= recorded
    assert len(answered) > 400
    with serving(data, tmp_path / "log") as url, httpx.Client(base_url=url, timeout=PATIENCE) as client:
        listed = client.get(f"/v1/projects/{PROJECT_ID}/keys").json()["api_keys"]
        assert {entry["api_key"]["api_key_id"] for entry in listed} >= set(keys)
        path = f"/v1/projects/{PROJECT_ID}/requests"
        (found,) = client.get(path).json()["requests"]
        assert (found["request_id"], found["response"]["details"]["duration"]) == (
            answered[0],
            pytest.approx(6.0, abs=0.1),
        )
        assert client.get(f"{path}/{answered[-1]}").json()["request"]["code"] == 200
