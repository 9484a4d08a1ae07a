"""Callbacks of a real ``deepgram serve`` that is killed: what it has accepted is delivered after its restart."""

from __future__ import annotations

import json
import os
import re
import selectors
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

import deepgram
from deepgram import DeepgramClient

from .conftest import Neighbour

PATIENCE = 60
SOURCE = str(Path(deepgram.__file__).parent.parent)
QUERY = "token=not-for-logs"


@contextmanager
def serving(data: Path, log: Path) -> Generator[str, None, None]:
    """Yield the address of a server process; kill it at the end of the block, as a power cut would."""
    options = ["--port", "0", "--engine", "scripted", "--allow-private-urls", "--data", str(data)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DEEPGRAM_")}
    environment |= {"PYTHONPATH": SOURCE, "PYTHONUNBUFFERED": "1"}
    with log.open("a") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "deepgram.local", *options], env=environment, stdout=subprocess.PIPE, stderr=errors
        )
        assert process.stdout is not None
        try:
            with selectors.DefaultSelector() as ready:
                ready.register(process.stdout, selectors.EVENT_READ)
                assert ready.select(PATIENCE), log.read_text()
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline().decode())
            assert found, log.read_text()
            yield found[0]
        finally:
            process.kill()
            process.wait(PATIENCE)
            process.stdout.close()


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
