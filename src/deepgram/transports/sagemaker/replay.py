"""What has been said to a stream and must be said again to its successor: no I/O."""

from __future__ import annotations

import json
import re
from collections import deque

Frame = str | bytes

TOLD = re.compile(r'\s*\{\s*"type"\s*:\s*"(\w+)"')
GOODBYES = ("CloseStream", "Finalize", "Close")
LEAST_WAITING = 1024 * 1024
"""Bytes that the stream has not taken yet, of which none are dropped."""
NO_PROGRESS = ("Metadata", "Error")
"""Messages that say nothing about what was sent."""


def kind(frame: Frame) -> str | None:
    """Return the ``type`` of a message; None for audio, and what is no message."""
    if not isinstance(frame, str):
        return None
    if found := TOLD.match(frame):
        return found[1]
    try:
        said = json.loads(frame)
    except ValueError:
        return None
    return str(said.get("type")) if isinstance(said, dict) else None


class Replay:
    """Frames in the order they were given: those the stream has taken, then those it has not.

    Dropped are the oldest when there are too many bytes, and those that were taken when something new has come out of
    the model. The settings of an agent stay: without them a new stream would understand nothing.
    """

    def __init__(self, largest: int) -> None:
        """Take the bytes that are kept."""
        self._largest = largest
        self._frames: deque[Frame] = deque()
        self._taken = 0
        self._bytes = 0
        self.waiting_bytes = 0
        """Bytes that the stream has not taken yet."""
        self.dropped_bytes = 0
        """Bytes that were dropped before the stream had taken them."""
        self.settings: str | None = None
        self.said_goodbye = False
        """The last frame ends the input: what the peer does now is its end."""

    def add(self, frame: Frame) -> None:
        """Take a frame in."""
        said = kind(frame) if isinstance(frame, str) else None
        self.said_goodbye = said in GOODBYES
        if said == "Settings" and isinstance(frame, str):
            self.settings = frame
        self._frames.append(frame)
        self._bytes += len(frame)
        self.waiting_bytes += len(frame)
        while self._bytes > self._largest and self._taken:
            self._bytes -= len(self._frames.popleft())
            self._taken -= 1
        while self.waiting_bytes > max(self._largest, LEAST_WAITING, len(frame)):
            lost = len(self._frames.popleft())
            self._bytes -= lost
            self.waiting_bytes -= lost
            self.dropped_bytes += lost

    def next(self) -> Frame | None:
        """Return the next frame that the stream has not taken, as taken; None if there is none."""
        if self._taken == len(self._frames):
            return None
        frame = self._frames[self._taken]
        self._taken += 1
        self.waiting_bytes -= len(frame)
        return frame

    def rewind(self) -> None:
        """There is a new stream, which has taken nothing yet."""
        self._taken = 0
        self.waiting_bytes = self._bytes
        if self.settings is not None and self.settings not in self._frames:
            self._frames.appendleft(self.settings)
            self._bytes += len(self.settings)
            self.waiting_bytes += len(self.settings)

    def progressed(self) -> None:
        """Something new has come out of the model: what was taken need not be said again."""
        for _ in range(self._taken):
            self._bytes -= len(self._frames.popleft())
        self._taken = 0
