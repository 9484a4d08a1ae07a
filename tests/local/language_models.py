"""A server of a language model for tests: it speaks the providers' protocols and says what a test wants."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

Serve = Callable[[Request, Send], Awaitable[None]]


@dataclass
class LanguageModel:
    """What was asked, and how it is answered: with ``events`` (server-sent), or as ``serve`` does it."""

    events: list[Any] = field(default_factory=list[Any])
    status: int = 200
    serve: Serve | None = None
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    paths: list[str] = field(default_factory=list[str])
    url: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.asked.append(json.loads(await request.body()))
        self.headers.append(dict(request.headers))
        self.paths.append(f"{request.url.path}?{request.url.query}".rstrip("?"))
        if self.serve is not None:
            await self.serve(request, send)
            return
        await start(send, self.status, "text/event-stream")
        for event in self.events:
            data = event if isinstance(event, str) else json.dumps(event)
            await send({"type": "http.response.body", "body": f"data: {data}\n\n".encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def start(send: Send, status: int, kind: str) -> None:
    headers = [(b"content-type", kind.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})


@asynccontextmanager
async def serving(model: LanguageModel) -> AsyncGenerator[LanguageModel, None]:
    """Serve a model on a free port of the loopback address."""
    import uvicorn

    class Quiet(uvicorn.Server):
        def install_signal_handlers(self) -> None: ...

    config = uvicorn.Config(model, port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    server = Quiet(config)
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        model.url = f"http://127.0.0.1:{port}"
        yield model
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, 10)


def said(*pieces: str) -> list[Any]:
    """Return the events of chat completions that say this."""
    return [{"choices": [{"delta": {"content": piece}}]} for piece in pieces] + ["[DONE]"]


def called(name: str, arguments: str, identity: str = "call_1") -> list[Any]:
    """Return the events of chat completions that ask for a function; its arguments come in two pieces."""
    half = len(arguments) // 2
    first = {"index": 0, "id": identity, "function": {"name": name, "arguments": arguments[:half]}}
    second = {"index": 0, "function": {"arguments": arguments[half:]}}
    return [{"choices": [{"delta": {"tool_calls": [piece]}}]} for piece in (first, second)] + ["[DONE]"]
