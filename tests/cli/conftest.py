"""A service on the loopback interface that answers as told and records what came, and the command run against it."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from deepgram.cli import main

REQUEST_ID = "8b0f7a0e-0000-4000-8000-1234567890ab"


@dataclass(frozen=True)
class Came:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What to answer; ``body`` is sent as it is if it is bytes, as JSON otherwise."""

    body: object
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class Service:
    """The service: answers in the given order, the last answer for ever."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list[Answer])
    came: list[Came] = field(default_factory=list[Came])

    def next(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@dataclass(frozen=True)
class Ended:
    """How the command ended."""

    code: int
    out: str
    err: str


def word(text: str, start: float, end: float, **more: object) -> dict[str, Any]:
    return {
        "word": text.lower().strip(".,!?"),
        "punctuated_word": text,
        "start": start,
        "end": end,
        "confidence": 0.9,
        **more,
    }


def transcription(*channels: list[dict[str, Any]], **results: object) -> dict[str, Any]:
    """Return an answer as the service writes it, one list of words per channel."""
    return {
        "metadata": {
            "transaction_key": "deprecated",
            "request_id": REQUEST_ID,
            "sha256": "0" * 64,
            "created": "2026-01-02T03:04:05.678Z",
            "duration": 2.5,
            "channels": len(channels),
            "models": ["30089e05-99d1-4376-b32e-c263170674af"],
            "model_info": {
                "30089e05-99d1-4376-b32e-c263170674af": {"name": "nova-3", "version": "1", "arch": "nova-3"}
            },
        },
        "results": {
            "channels": [
                {
                    "alternatives": [
                        {"transcript": " ".join(w["punctuated_word"] for w in words), "confidence": 0.9, "words": words}
                    ]
                }
                for words in channels
            ],
            **results,
        },
    }


HELLO = transcription([word("Hello", 0.0, 0.5), word("world.", 0.5, 1.2)])


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: clients do not read all of a long error."""


@pytest.fixture
def service() -> Iterator[Service]:
    told = Service(answers=[Answer(HELLO)])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def answer(self) -> None:
            address = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = parse_qs(address.query, keep_blank_values=True)
            told.came.append(Came(self.command, address.path, query, headers, self.content(headers)))
            answer = told.next()
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            given = {"content-type": "application/json", "dg-request-id": REQUEST_ID, **answer.headers}
            for name, value in given.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

        def content(self, headers: dict[str, str]) -> bytes:
            if "chunked" not in headers.get("transfer-encoding", ""):
                return self.rfile.read(int(headers.get("content-length", "0")))
            found = b""
            while size := int(self.rfile.readline().strip() or b"0", 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found

        def log_message(self, format: str, *args: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        told.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join(10)


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    """A file that the loopback service takes for audio; it does not listen."""
    path = tmp_path / "talk.wav"
    path.write_bytes(b"RIFF" + bytes(range(256)) * 40)
    return path


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what the machine has configured."""
    for name in [name for name in os.environ if name.startswith("DEEPGRAM_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


Run = Callable[..., Ended]


@pytest.fixture
def bare(clean_environment: None, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in this process, with nothing configured."""

    def run(*arguments: object, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as leaving:
            main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        code = leaving.value.code
        assert isinstance(code, int)
        assert "Traceback" not in err
        return Ended(code, out, err)

    return run


@pytest.fixture
def run(bare: Run, service: Service, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in this process, configured for the loopback service."""
    monkeypatch.setenv("DEEPGRAM_API_KEY", "a-secret-key")
    monkeypatch.setenv("DEEPGRAM_BASE_URL", service.url)
    return bare
