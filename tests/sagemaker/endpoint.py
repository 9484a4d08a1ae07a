"""A SageMaker endpoint in front of any application, and with faults on demand."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from deepgram.local.http2 import Connection, Exchange
from deepgram.local.sagemaker import Endpoint, SageMaker
from deepgram.local.sagemaker_invocation import Failed, _refuse, answer
from deepgram.testing.transport import Left, Script, play

App = Callable[[Any, Any, Any], Awaitable[None]]
Fault = Callable[[Exchange], Awaitable[None]]


class Faulty(SageMaker):
    """An endpoint whose first answers are faults."""

    def __init__(self, app: App, endpoint: Endpoint) -> None:
        super().__init__(app, endpoint, socket.create_server(("127.0.0.1", 0)))
        self.faults: list[Fault] = []
        self.requests = 0

    def _connect(self) -> asyncio.Protocol:
        return Connection(self._answer, self._connections)

    async def _answer(self, exchange: Exchange) -> None:
        self.requests += 1
        if self.faults:
            await self.faults.pop(0)(exchange)
        else:
            await answer(exchange, self._served)

    def drop(self) -> None:
        """Break all connections without a word."""
        for connection in list(self._connections):
            connection._transport.abort()


@asynccontextmanager
async def serving(app: App, **fields: Any) -> AsyncGenerator[Faulty, None]:
    """Serve ``app`` as a model; ``fields`` are those of :class:`Endpoint`."""
    endpoint = Faulty(app, Endpoint(**fields))
    await endpoint.start()
    try:
        yield endpoint
    finally:
        await endpoint.stop()


def refuses(status: int, error: str, **body: object) -> Fault:
    """Answer with an error."""

    async def fault(exchange: Exchange) -> None:
        await _refuse(exchange, f"request-{status}", Failed(status, error, **body))

    return fault


async def never_answers(exchange: Exchange) -> None:
    """Leave the request without an answer."""
    await asyncio.Event().wait()


async def breaks(exchange: Exchange) -> None:
    """Break the connection instead of answering."""
    exchange._connection._transport.abort()


class Playing:
    """A model that plays a script, in every conversation anew."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.conversations = 0
        self.scopes: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.conversations += 1
        self.scopes.append(scope)
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        await play(self.script, AppChannel(receive, send))


class AppChannel:
    """A script's side of a WebSocket application."""

    def __init__(self, receive: Any, send: Any) -> None:
        self._receive = receive
        self._send = send

    async def say(self, frame: str | bytes) -> None:
        try:
            await self._send({"type": "websocket.send", "text" if isinstance(frame, str) else "bytes": frame})
        except OSError:
            raise Left from None

    async def hear(self) -> str | bytes:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            raise Left
        text: str | None = message.get("text")
        data: bytes | None = message.get("bytes")
        return text if text is not None else data or b""

    async def close(self, code: int, reason: str) -> None:
        await self._send({"type": "websocket.close", "code": code, "reason": reason})

    async def drop(self) -> None:
        await self._send({"type": "websocket.close", "code": 1011, "reason": "dropped"})
