"""Conversations on disk: recorded while they are held, and played back later without a service.

    factory = lambda url, headers: Recorder(connect(url, headers), Path("talk.jsonl"))   # as it happens
    factory = lambda url, headers: Recorded(Path("talk.jsonl"))                          # again

A file has one line of JSON per frame that came from the service: ``{"text": ...}`` or ``{"bytes": BASE64}``. What the
program sends is not compared: the answers are those of the recording.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path

from websockets.exceptions import ConnectionClosedOK

from deepgram.transport_interface import SyncTransport

Frame = str | bytes


def to_line(frame: Frame) -> str:
    """Return the line for a frame."""
    if isinstance(frame, str):
        return json.dumps({"text": frame})
    return json.dumps({"bytes": b64encode(frame).decode()})


def from_line(line: str) -> Frame:
    """Return the frame of a line."""
    said = json.loads(line)
    return str(said["text"]) if "text" in said else b64decode(said["bytes"])


class Recorder:
    """Records what comes out of another transport."""

    def __init__(self, transport: SyncTransport, path: Path) -> None:
        self._transport = transport
        self._file = path.open("w", encoding="utf-8")

    def send(self, data: Frame, /) -> None:
        """Send a frame."""
        self._transport.send(data)

    def recv(self) -> Frame:
        """Wait for the next frame, and keep it."""
        return self._kept(self._transport.recv())

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until the end, and keep them."""
        return map(self._kept, self._transport)

    def close(self) -> None:
        """Close the conversation and the file."""
        self._transport.close()
        self._file.close()

    def _kept(self, frame: Frame) -> Frame:
        if not self._file.closed:
            self._file.write(to_line(frame) + "\n")
        return frame


class Recorded:
    """Plays a recorded conversation back, as fast as it is read."""

    def __init__(self, path: Path) -> None:
        self._lines = iter(path.read_text(encoding="utf-8").splitlines())
        self._closed = False

    def send(self, data: Frame, /) -> None:
        """Take a frame; nobody hears it."""
        if self._closed:
            raise ConnectionClosedOK(None, None)

    def recv(self) -> Frame:
        """Return the next frame."""
        line = None if self._closed else next(self._lines, None)
        if line is None:
            raise ConnectionClosedOK(None, None)
        return from_line(line)

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames that are left."""
        return map(from_line, self._lines)

    def close(self) -> None:
        """End the conversation."""
        self._closed = True
