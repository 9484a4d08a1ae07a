"""A server on the loopback that answers what a test wrote down, byte for byte."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pytest

from .calling import Both

LIMIT = 10.0
"""Seconds after which anything here gives up."""

CREDENTIALS = ("DEEPGRAM_API_KEY", "DEEPGRAM_TOKEN", "DEEPGRAM_BASE_URL")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@dataclass
class Seen:
    """A request as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes


Answer = bytes | Callable[[socket.socket, Seen], object]


def after_body(answer: Callable[[socket.socket, Seen], object]) -> Callable[[socket.socket, Seen], object]:
    """Let ``answer`` begin once the body of the request is there: closing what was not read resets the connection."""
    answer.after_body = True  # type: ignore[attr-defined]
    return answer


def reply(status: int = 200, body: object = None, **headers: str) -> bytes:
    """Return a response; ``body`` is JSON unless it is bytes."""
    raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    lines = {"content-type": "application/json", "content-length": str(len(raw))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + raw


@dataclass
class Server:
    """Answers requests, whatever connection they come on, with one answer after the other; the last one stays."""

    answers: list[Answer]
    seen: list[Seen] = field(default_factory=list[Seen])
    reply = staticmethod(reply)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(LIMIT)
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as incoming:
            try:
                while line := incoming.readline():
                    headers = dict(self._headers(incoming))
                    seen = Seen(line.decode().strip(), headers, b"")
                    self.seen.append(seen)
                    answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                    if not isinstance(answer, bytes):
                        if getattr(answer, "after_body", False):
                            seen.body = self._body(incoming, headers)
                        if answer(connection, seen) is None:
                            return
                    else:
                        seen.body = self._body(incoming, headers)
                        connection.sendall(answer)
            except (OSError, ValueError):  # the client went away, in the middle of a request at that
                return

    @staticmethod
    def _headers(incoming: Any) -> Iterator[tuple[str, str]]:
        while line := incoming.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            yield name.lower(), value.strip()

    @staticmethod
    def _body(incoming: Any, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return bytes(incoming.read(int(headers.get("content-length", 0))))
        body = b""
        while size := int(incoming.readline(), 16):
            body += incoming.read(size)
            incoming.readline()
        incoming.readline()
        return body

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join(LIMIT)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Start servers, each with its answers; a callable answer gets the connection."""
    servers: list[Server] = []

    def start(*answers: Answer) -> Server:
        servers.append(Server([*answers]))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the machine's environment would tell a client."""
    for name in CREDENTIALS + PROXIES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Note how long retries in this thread would have waited, instead of waiting.

    Other threads wait as ever: a server that tests share may be running in one.
    """
    waited: list[float] = []
    here, nap, async_nap = threading.get_ident(), time.sleep, asyncio.sleep

    def sleep(seconds: float) -> None:
        waited.append(seconds) if threading.get_ident() == here else nap(seconds)

    async def async_sleep(seconds: float) -> None:
        waited.append(seconds) if threading.get_ident() == here else await async_nap(seconds)

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("asyncio.sleep", async_sleep)
    return waited


@pytest.fixture
def dead_port() -> int:
    """Return a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(params=["httpx", "aiohttp"])
def http_library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let async clients of ours use each of the libraries they may find installed."""
    from deepgram.runtime import default_clients

    if request.param == "aiohttp":
        import_module("httpx_aiohttp")  # the extra dev has it; without it httpx would be tested twice
    else:
        monkeypatch.setattr(default_clients, "default_client", default_clients.DefaultAsyncHttpxClient)


@pytest.fixture(params=["sync", "httpx", "aiohttp"])
def call(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Both:
    """Make a call from a thread, or from an event loop with each of the libraries."""
    from deepgram.runtime import default_clients

    if request.param == "httpx":
        monkeypatch.setattr(default_clients, "default_client", default_clients.DefaultAsyncHttpxClient)
    elif request.param == "aiohttp":
        import_module("httpx_aiohttp")
    return Both(request.param)
