"""A running server, recordings, and somebody who serves files and takes callbacks, all on the loopback interface."""

from __future__ import annotations

import importlib.util
import threading
import wave
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue

import pytest

import deepgram.local
from deepgram.local import Server


def assets() -> Path:
    package = importlib.util.find_spec("moonshine_voice")
    assert package is not None and package.origin is not None, "the extra `dev` brings recordings"
    return Path(package.origin).parent / "assets"


@pytest.fixture(scope="session")
def two_cities() -> Path:
    """44 s of read speech: the opening of "A Tale of Two Cities"."""
    return assets() / "two_cities.wav"


@pytest.fixture(scope="session")
def clip(two_cities: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 6 s of it."""
    target = tmp_path_factory.mktemp("audio") / "clip.wav"
    with wave.open(str(two_cities)) as whole, wave.open(str(target), "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(6 * whole.getframerate()))
    return target


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server whose engine says what the audio's bytes make it say."""
    with deepgram.local.running(engine="scripted", allow_private_urls=True) as running:
        yield running


class Neighbour(ThreadingHTTPServer):
    """Serves files, and keeps what is sent to it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.files: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.refuses = False
        """Whether what is sent to it is answered with 503."""
        self.received: Queue[tuple[str, str, bytes]] = Queue()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Visit(BaseHTTPRequestHandler):
    @property
    def neighbour(self) -> Neighbour:
        assert isinstance(self.server, Neighbour)
        return self.server

    def do_GET(self) -> None:
        if self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):  # until nobody reads on
                while True:
                    self.wfile.write(bytes(65536))
            return
        if self.path in self.neighbour.redirects:
            self.send_response(302)
            self.send_header("location", self.neighbour.redirects[self.path])
            self.end_headers()
            return
        body = self.neighbour.files.get(self.path)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def take(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.neighbour.received.put((self.command, self.path, body))
        self.send_response(503 if self.neighbour.refuses else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    do_POST = do_PUT = take

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of the tests quiet."""


@pytest.fixture
def neighbour() -> Iterator[Neighbour]:
    with Neighbour() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield running
        finally:
            running.shutdown()
            thread.join(5)
