"""A live service on the loopback interface that says what it is told to, and records what it hears."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from .conftest import REQUEST_ID, word


def results(*words: dict[str, Any], start: float, duration: float, final: bool = True, **more: Any) -> dict[str, Any]:
    transcript = " ".join(each["punctuated_word"] for each in words)
    return {
        "type": "Results",
        "channel_index": [0, 1],
        "start": start,
        "duration": duration,
        "is_final": final,
        "speech_final": False,
        "channel": {"alternatives": [{"transcript": transcript, "confidence": 0.9, "words": list(words)}]},
        "metadata": {"request_id": REQUEST_ID, "model_uuid": "u", "model_info": {}},
        **more,
    }


def turn(event: str, transcript: str, end: float, **more: Any) -> dict[str, Any]:
    words = [{"word": each, "confidence": 0.9} for each in transcript.split()]
    return {
        "type": "TurnInfo",
        "request_id": REQUEST_ID,
        "sequence_id": 1,
        "event": event,
        "turn_index": 0,
        "audio_window_start": 0.0,
        "audio_window_end": end,
        "transcript": transcript,
        "words": words,
        "end_of_turn_confidence": 0.5,
        **more,
    }


METADATA = {
    "type": "Metadata",
    "transaction_key": "deprecated",
    "request_id": REQUEST_ID,
    "sha256": "0" * 64,
    "created": "2026-01-02T03:04:05.678Z",
    "duration": 2.5,
    "channels": 1,
}
SPOKEN = [
    results(word("hello", 0.0, 0.5), start=0.0, duration=0.5, final=False),
    results(word("Hello", 0.0, 0.5), word("world.", 0.5, 1.2), start=0.0, duration=1.2),
    results(word("Good", 1.3, 1.6), word("bye.", 1.6, 2.0), start=1.2, duration=1.0, speech_final=True),
]


@dataclass
class LiveService:
    """What the service does, and what came."""

    says: list[dict[str, Any] | str] = field(default_factory=lambda: list[Any](SPOKEN))
    """Said when the first audio arrives."""
    last: list[dict[str, Any]] = field(default_factory=lambda: [METADATA])
    """Said after CloseStream."""
    refusal: tuple[int, dict[str, Any]] | None = None
    closes: tuple[int, str] | None = None
    """How it closes after what it said, whatever the client does."""
    hangs: bool = False
    """It never answers CloseStream."""
    when_heard: Callable[[], object] = lambda: None
    """Called when the first audio has arrived."""

    url: str = ""
    path: str = ""
    query: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    audio: list[bytes] = field(default_factory=list[bytes])
    commands: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    over: threading.Event = field(default_factory=threading.Event)

    def check(self, connection: ServerConnection, request: Request) -> Response | None:
        if self.refusal is None:
            return None
        status, body = self.refusal
        response = connection.respond(HTTPStatus(status), json.dumps(body))
        response.headers["dg-request-id"] = REQUEST_ID
        return response

    def converse(self, connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            self._converse(connection)

    def _converse(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        address = urlsplit(connection.request.path)
        self.path, self.query = address.path, parse_qs(address.query)
        self.headers = {name.lower(): value for name, value in connection.request.headers.raw_items()}
        self.audio, self.commands = [], []
        for frame in connection:
            if isinstance(frame, bytes):
                self.audio.append(frame)
                if len(self.audio) == 1:
                    self._say(connection, self.says)
                    self.when_heard()
                    if self.closes is not None:
                        connection.close(*self.closes)
                        return
            else:
                self.commands.append(json.loads(frame))
                if self.commands[-1]["type"] == "CloseStream":
                    if self.hangs:
                        self.over.wait(30)
                    self._say(connection, self.last)
                    return

    @staticmethod
    def _say(connection: ServerConnection, messages: list[Any]) -> None:
        for message in messages:
            connection.send(message if isinstance(message, str) else json.dumps(message))

    @contextmanager
    def running(self) -> Generator[None]:
        with serve(self.converse, "127.0.0.1", 0, process_request=self.check) as server:
            self.url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield
            finally:
                self.over.set()
                server.shutdown()
                thread.join(10)
