"""The other end of a conversation, for tests of transports: it does what a script says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from typing_extensions import Self

Frame = str | bytes

STARTING = 10.0
"""Seconds that the peer may take to start, and to stop."""


@dataclass(frozen=True)
class Say:
    """Send a frame."""

    frame: Frame


@dataclass(frozen=True)
class Flood:
    """Send so many frames of this size, as fast as they are taken."""

    frames: int
    size: int


@dataclass(frozen=True)
class Hear:
    """Wait for so many frames."""

    frames: int


@dataclass(frozen=True)
class Echo:
    """Send the next frames back, so many of them."""

    frames: int


@dataclass(frozen=True)
class Close:
    """End the conversation with this code."""

    code: int = 1000
    reason: str = ""


@dataclass(frozen=True)
class Drop:
    """Break the connection without a word."""


@dataclass(frozen=True)
class Listen:
    """Say nothing until the client has left."""


Step = Say | Flood | Hear | Echo | Close | Drop | Listen


@dataclass
class Script:
    """What the peer does, step by step; and what happened."""

    steps: tuple[Step, ...]
    heard: list[Frame] = field(default_factory=list[Frame])
    """Frames that came from the client."""
    said: int = 0
    """Bytes that the client has been sent."""
    over: threading.Event = field(default_factory=threading.Event)
    """The peer has done all of it, or the client has left."""


class Left(Exception):
    """The client has left."""


class Channel(Protocol):
    """The peer's side of one conversation."""

    async def say(self, frame: Frame) -> None:
        """Send a frame. Raises :class:`Left`."""

    async def hear(self) -> Frame:
        """Wait for a frame. Raises :class:`Left`."""
        ...

    async def close(self, code: int, reason: str) -> None:
        """End the conversation in order."""

    async def drop(self) -> None:
        """Break the connection."""


async def play(script: Script, channel: Channel) -> None:
    """Do what the script says, until its end or until the client leaves. A script without an end listens on."""
    try:
        for step in (*script.steps, Listen()):
            match step:
                case Say(frame):
                    await channel.say(frame)
                    script.said += len(frame)
                case Flood(frames, size):
                    for _ in range(frames):
                        await channel.say(bytes(size))
                        script.said += size
                case Hear(frames):
                    for _ in range(frames):
                        script.heard.append(await channel.hear())
                case Echo(frames):
                    for _ in range(frames):
                        script.heard.append(await channel.hear())
                        await channel.say(script.heard[-1])
                case Close(code, reason):
                    await channel.close(code, reason)
                    return
                case Drop():
                    await channel.drop()
                    return
                case Listen():
                    while True:
                        script.heard.append(await channel.hear())
    except Left:
        return
    finally:
        script.over.set()


class WebSocketPeer:
    """A peer behind a real WebSocket server, in a thread: on the loopback interface, or on a Unix socket."""

    def __init__(self, path: Path | None = None) -> None:
        """Take the path of the Unix socket, if it shall be one."""
        self._path = path
        self._scripts: dict[str, Script] = {}
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True, name="websocket-peer")
        self._port = 0
        self.requests: list[dict[str, str]] = []
        """Headers of the handshakes, names in lower case."""

    def url(self, script: Script) -> str:
        """Return the address at which the peer plays ``script``."""
        name = f"/{len(self._scripts)}"
        self._scripts[name] = script
        return f"ws://127.0.0.1:{self._port}{name}?model=nova-3"

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(STARTING):
            raise RuntimeError("the WebSocket peer did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(STARTING)

    async def _serve(self) -> None:
        from websockets.asyncio.server import serve, unix_serve

        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        keywords: dict[str, Any] = {"max_size": None, "compression": None, "ping_interval": None, "close_timeout": 1}
        if self._path is None:
            starting = serve(self._converse, "127.0.0.1", 0, **keywords)
        else:
            starting = unix_serve(self._converse, str(self._path), **keywords)
        async with starting as server:
            if self._path is None:
                self._port = next(iter(server.sockets)).getsockname()[1]
            self._ready.set()
            await self._stopped.wait()

    async def _converse(self, connection: Any) -> None:
        self.requests.append({name.lower(): value for name, value in connection.request.headers.raw_items()})
        script = self._scripts[connection.request.path.partition("?")[0]]
        await play(script, _WebSocket(connection))


class _WebSocket:
    """A channel over a connection of ``websockets``."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def say(self, frame: Frame) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            await self._connection.send(frame)
        except ConnectionClosed:
            raise Left from None

    async def hear(self) -> Frame:
        from websockets.exceptions import ConnectionClosed

        try:
            frame: Frame = await self._connection.recv()
        except ConnectionClosed:
            raise Left from None
        return frame

    async def close(self, code: int, reason: str) -> None:
        with suppress(OSError):
            await self._connection.close(code, reason)

    async def drop(self) -> None:
        self._connection.transport.abort()


async def each(frames: AsyncIterator[Frame]) -> list[Frame]:
    """Return all that comes."""
    return [frame async for frame in frames]
