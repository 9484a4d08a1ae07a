"""A plain WebSocket client for conversations that speak: says things, and keeps what comes back in order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from deepgram.local import Server

FLUSH = {"type": "Flush"}
CLEAR = {"type": "Clear"}
CLOSE = {"type": "Close"}
INTERRUPT = {"type": "Interrupt"}
PATIENCE = 20.0


def say(text: str) -> dict[str, str]:
    return {"type": "Speak", "text": text}


def interrupt(milliseconds: float) -> dict[str, Any]:
    return {"type": "Interrupt", "playback_offset": {"type": "time_ms", "value": milliseconds}}


class Talk:
    """One conversation."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        """Messages, and runs of audio as ``{"type": "audio", "bytes": ...}``."""
        self.audio = bytearray()

    async def send(self, *messages: dict[str, Any] | str | bytes) -> None:
        for message in messages:
            await self.socket.send(json.dumps(message) if isinstance(message, dict) else message)

    async def next(self) -> dict[str, Any]:
        """Return the next message or piece of audio."""
        frame = await asyncio.wait_for(self.socket.recv(), PATIENCE)
        if isinstance(frame, str):
            message: dict[str, Any] = json.loads(frame)
            self.events.append(message)
            return message
        self.audio += frame
        if self.events and self.events[-1]["type"] == "audio":
            self.events[-1]["bytes"] += len(frame)
        else:
            self.events.append({"type": "audio", "bytes": len(frame)})
        return {"type": "audio", "bytes": len(frame)}

    async def until(self, kind: str) -> dict[str, Any]:
        """Read up to a message of this type, and return it."""
        while (message := await self.next())["type"] != kind:
            pass
        return message

    async def rest(self) -> None:
        """Read to the end."""
        try:
            while True:
                await self.next()
        except ConnectionClosed:
            pass

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    @property
    def codes(self) -> list[str]:
        return [event["code"] for event in self.events if "code" in event]

    @property
    def closed(self) -> tuple[int | None, str | None]:
        return self.socket.close_code, self.socket.close_reason


@asynccontextmanager
async def talking(server: Server, path: str, query: str = "", **keywords: Any) -> AsyncGenerator[Talk, None]:
    url = f"{server.url.replace('http', 'ws')}/{path}?{query}"
    async with connect(url, additional_headers={"authorization": "token x"}, max_size=None, **keywords) as socket:
        yield Talk(socket)
