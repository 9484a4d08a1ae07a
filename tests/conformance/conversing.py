"""Conversations with a peer that a test makes: a server of the `websockets` library that does what it is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.events import EventType

Behaviour = Callable[[ServerConnection], Awaitable[None]]

RESULT: dict[str, Any] = {
    "type": "Results",
    "channel_index": [0, 1],
    "duration": 1.0,
    "start": 0.0,
    "is_final": True,
    "speech_final": True,
    "channel": {
        "alternatives": [
            {
                "transcript": "hello there",
                "confidence": 0.9,
                "words": [
                    {"word": "hello", "start": 0.1, "end": 0.4, "confidence": 0.9},
                    {"word": "there", "start": 0.5, "end": 0.9, "confidence": 0.9},
                ],
            }
        ]
    },
    "metadata": {"request_id": "r", "model_info": {"name": "n", "version": "v", "arch": "a"}, "model_uuid": "u"},
}
METADATA: dict[str, Any] = {
    "type": "Metadata",
    "transaction_key": "deprecated",
    "request_id": "r",
    "sha256": "s",
    "created": "2026-01-01T00:00:00Z",
    "duration": 1.0,
    "channels": 1,
}


class Peer:
    """A WebSocket server in a thread, with one behaviour for every connection."""

    def __init__(
        self,
        behaviour: Behaviour,
        refuse: Callable[[Request], Response | None] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.behaviour = behaviour
        self.tls = tls
        self.refuse = refuse
        self.handshakes: list[Request] = []
        self.received: list[str | bytes] = []
        self._stop = asyncio.Event()
        self._ready = threading.Event()

    def __enter__(self) -> Peer:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()))
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(15)
        self._loop.close()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def _serve(self) -> None:
        async def process(_: ServerConnection, request: Request) -> Response | None:
            self.handshakes.append(request)
            return self.refuse(request) if self.refuse else None

        async def handle(connection: ServerConnection) -> None:
            with contextlib.suppress(ConnectionClosed):
                await self.behaviour(connection)

        async with serve(
            handle,
            "127.0.0.1",
            0,
            process_request=process,
            compression=None,
            close_timeout=1,
            max_size=None,
            ssl=self.tls,
        ) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._ready.set()
            await self._stop.wait()
            for connection in server.connections:
                connection.transport.abort()


class Held:
    """A conversation, held by a sync or an async client, as the tests see it."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.errors: list[Any] = []
        self.order: list[str] = []

    def attach(self, connection: Any) -> None:
        def on(event: EventType, keep: list[Any]) -> None:
            def handle(data: Any) -> None:
                self.order.append(event.value)
                keep.append(data)

            connection.on(event, handle)

        on(EventType.OPEN, [])
        on(EventType.MESSAGE, self.heard)
        on(EventType.ERROR, self.errors)
        on(EventType.CLOSE, [])


Talk = Callable[[Any], Awaitable[Any]]
"""What a test does with its connection. Calls of a sync connection give plain values; ``given`` awaits the others."""


async def given(value: Any) -> Any:
    return await value if asyncio.iscoroutine(value) else value


def converse(
    mode: str,
    peer: Peer,
    talk: Talk,
    held: Held | None = None,
    listening: Mapping[str, Any] = MappingProxyType({}),
    **client: Any,
) -> Any:
    """Hold a conversation in the block of ``connect()``: sync in this thread, async in a loop of its own."""
    keywords: dict[str, Any] = {"api_key": "k", "base_url": peer.url, "max_retries": 0, **client}
    asked: dict[str, Any] = {"model": "nova-3", **listening}
    if mode == "sync":
        with DeepgramClient(**keywords) as sync, sync.listen.v1.connect(**asked) as connection:
            if held:
                held.attach(connection)
            return asyncio.run(_plain(talk, connection))

    async def run() -> Any:
        async with AsyncDeepgramClient(**keywords) as client:
            async with client.listen.v1.connect(**asked) as connection:
                if held:
                    held.attach(connection)
                return await talk(connection)

    return asyncio.run(run())


async def _plain(talk: Talk, connection: Any) -> Any:
    return await talk(connection)


async def until_goodbye(connection: ServerConnection, keep: list[str | bytes]) -> None:
    async for message in connection:
        keep.append(message)
        if isinstance(message, str) and json.loads(message)["type"] == "CloseStream":
            return


def service() -> tuple[Behaviour, list[str | bytes]]:
    """A peer that behaves: it answers the goodbye with the last results and closes."""
    received: list[str | bytes] = []

    async def behave(connection: ServerConnection) -> None:
        await until_goodbye(connection, received)
        await connection.send(json.dumps(RESULT))
        await connection.send(json.dumps(METADATA))

    return behave, received


def numbered(count: int) -> Callable[[ServerConnection], Awaitable[None]]:
    """A peer that sends numbered results after the goodbye, and closes."""

    async def behave(connection: ServerConnection) -> None:
        await until_goodbye(connection, [])
        for number in range(count):
            await connection.send(json.dumps({**RESULT, "start": float(number)}))
            await asyncio.sleep(0)

    return behave


def several_at_once(count: int) -> Callable[[ServerConnection], Awaitable[None]]:
    """A peer that says several things before it is asked, and three more after the goodbye."""

    async def behave(connection: ServerConnection) -> None:
        for number in range(count):
            await connection.send(json.dumps({**RESULT, "start": -1.0 - number}))
        await numbered(3)(connection)

    return behave
