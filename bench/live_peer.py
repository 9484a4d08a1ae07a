"""A WebSocket server in a process of its own, which costs little beside a client on the same CPU.

Of the frames that clients send it reads hardly more than the heads. The first part of the path says what it does:

``flood``   the first message is answered with ``FLOOD`` live messages at once, then the end
``audio``   the first message is answered with ``FLOOD`` frames of 20 ms of audio at once, then the end
``paced``   the same with ``PACED`` messages, one every ``PAUSE`` seconds; ``start`` is when they left
``every``   every ``EVERY``-th message is answered with one, which is three or four in a second of audio
``swallow`` nothing is said

``CloseStream`` ends the conversation.

``python -m bench.live_peer`` prints its address first. It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import resource
import struct
import sys
from contextlib import AbstractContextManager
from time import perf_counter
from typing import Any

from .loopback import child

FLOOD = 2000
PACED = 100
PAUSE = 0.003
EVERY = 3
WORDS = ("if", "you", "have", "ever", "wondered", "how", "the", "light", "of", "stars")
MARK = "8901234.5"
"""Stands for the time in the template of a message."""
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA


def message() -> dict[str, Any]:
    """Return live results of ten words, as the service sends them."""
    words = [
        {
            "word": word,
            "start": round(12.08 + 0.31 * index, 2),
            "end": round(12.32 + 0.31 * index, 2),
            "confidence": round(0.9123 + 0.007 * index, 7),
            "punctuated_word": word if index else word.capitalize(),
        }
        for index, word in enumerate(WORDS)
    ]
    return {
        "type": "Results",
        "channel_index": [0, 1],
        "duration": 3.42,
        "start": float(MARK),
        "is_final": True,
        "speech_final": True,
        "channel": {
            "alternatives": [
                {"transcript": " ".join(WORDS).capitalize(), "confidence": 0.9456055, "words": words},
            ]
        },
        "metadata": {
            "request_id": "0c6a4f5e-7a3e-4cb5-9d4a-91d9a3a51b6c",
            "model_info": {"name": "2-general-nova", "version": "2024-01-09.29447", "arch": "nova-2"},
            "model_uuid": "4d892fb6-7cc1-4e7a-a1b3-1c2e3f4a5b6c",
        },
        "from_finalize": False,
    }


def framed(kind: int, payload: bytes) -> bytes:
    """Return a frame as servers send it."""
    length = len(payload)
    head = bytes([0x80 | kind, length]) if length < 126 else struct.pack(">BBH", 0x80 | kind, 126, length)
    return head + payload


def unmasked(mask: bytes, payload: bytes) -> bytes:
    """Return what a client has masked."""
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


TEMPLATE = json.dumps(message())
ENDED = framed(CLOSE, struct.pack(">H", 1000))


class Connection(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._rest = b""
        self._does = ""
        self._seen = 0
        self._transport: Any = None
        self._pacing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._pacing is not None:
            self._pacing.cancel()

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        at = 0 if self._does else self._open(data)
        if not self._does:
            self._rest = data
            return
        while (after := self._frame(data, at)) is not None:
            at = after
        self._rest = data[at:]

    def _open(self, data: bytes) -> int:
        """Answer the handshake once all of it is there; return where it ends."""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return 0
        first, *lines = data[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._does = first.split(" ")[1].split("/")[1]
        digest = hashlib.sha1((headers["sec-websocket-key"] + _GUID).encode()).digest()
        self._transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: "
            + base64.b64encode(digest)
            + b"\r\n\r\n"
        )
        return end + 4

    def _frame(self, data: bytes, at: int) -> int | None:
        """Take the frame that begins at ``at``; return where it ends, or None if the end is not there yet."""
        have = len(data) - at
        if have < 6:
            return None
        length, head = data[at + 1] & 0x7F, 6
        if length == 126:
            length, head = int.from_bytes(data[at + 2 : at + 4], "big"), 8
        elif length == 127:
            length, head = int.from_bytes(data[at + 2 : at + 10], "big"), 14
        if have < head + length:
            return None
        start, end = at + head, at + head + length
        kind = data[at] & 0x0F
        if kind == BINARY:
            self._answer()
        elif kind == CLOSE:
            self._transport.write(ENDED)
            self._transport.close()
        elif kind == PING:
            self._transport.write(framed(PONG, unmasked(data[start - 4 : start], data[start:end])))
        elif kind == TEXT and b"CloseStream" in unmasked(data[start - 4 : start], data[start:end]):
            self._transport.write(ENDED)
        return end

    def _answer(self) -> None:
        self._seen += 1
        if self._does == "every":
            if self._seen % EVERY == 0:
                self._transport.write(MESSAGE)
        elif self._seen == 1 and self._does == "flood":
            self._transport.write(MESSAGE * FLOOD + ENDED)
        elif self._seen == 1 and self._does == "audio":
            self._transport.write(framed(BINARY, bytes(640)) * FLOOD + ENDED)
        elif self._seen == 1 and self._does == "paced":
            self._pace(PACED)

    def _pace(self, left: int) -> None:
        if not left:
            self._transport.write(ENDED)
            return
        self._pacing = asyncio.get_running_loop().call_later(PAUSE, self._pace, left - 1)
        self._transport.write(framed(TEXT, TEMPLATE.replace(MARK, repr(perf_counter())).encode()))


MESSAGE = framed(TEXT, TEMPLATE.replace(MARK, "12.04").encode())


def allow_connections(count: int) -> None:
    """Let this process hold so many connections, where it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < count + 100:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 100) if hard >= 0 else count + 100, hard))


async def serve() -> None:
    """Serve until standard input ends."""
    allow_connections(2000)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=1000)
    print(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


def talking() -> AbstractContextManager[str]:
    """Run the server in a process of its own; give its address."""
    return child("bench.live_peer")


if __name__ == "__main__":
    asyncio.run(serve())
