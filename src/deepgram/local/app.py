"""The Starlette application of the embedded server, built from the router."""

from __future__ import annotations

import hashlib
import hmac
import logging
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from .conversation import Conversation
from .handlers import listen, live, manage, turns
from .refusals import Refusal, failed, unauthorized
from .router import Asked, Router, refuse
from .services import Services, running_services
from .settings import Settings

log = logging.getLogger("deepgram.local")


Start = Callable[[Settings], AbstractAsyncContextManager[Services]]
"""Starts the services of a server, and stops them at the end of the block."""


def build(settings: Settings, start: Start = running_services) -> Starlette:
    """Return the application. Its services start and stop with its lifespan."""
    router = Router()
    for handlers in (listen, live, turns, manage):
        handlers.register(router)
    services: list[Services] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None, None]:
        try:
            async with start(settings) as started:
                services.append(started)
                listen.resume(started)
                yield
                services.clear()
        except Exception as error:
            app.state.failed = error  # Starlette only passes a traceback on, as text
            raise

    def ask(request: Request) -> Asked:
        return Asked(request, request.scope["request_id"], services[0])

    def meet(socket: WebSocket) -> Conversation:
        return Conversation(socket, socket.scope["request_id"], services[0])

    return Starlette(
        routes=router.routes(ask, meet),
        lifespan=lifespan,
        middleware=[Middleware(Envelope, key=settings.api_key)],
        exception_handlers={Refusal: _refused, HTTPException: _not_served, Exception: _failed},
    )


class Envelope:
    """What every request has: an id, a checked credential, a line in the log."""

    def __init__(self, app: ASGIApp, key: str | None) -> None:
        self._app = app
        self._digest = None if key is None else _digest(key)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hold one conversation (ASGI)."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = scope["request_id"] = str(uuid.uuid4())
        method = "WS" if scope["type"] == "websocket" else scope["method"]
        scheme, credential = _credential(HTTPConnection(scope))
        began = time.monotonic()

        def note(outcome: str | int) -> None:
            # The query is left out: it may hold what nobody should read in a log.
            log.info("%s %s %s %s %.3fs", method, scope["path"], outcome, request_id, time.monotonic() - began)

        async def send_with_id(message: Message) -> None:
            kind = message["type"]
            if kind in ("http.response.start", "websocket.http.response.start", "websocket.accept"):
                message["headers"] = [*message.get("headers", ()), (b"dg-request-id", request_id.encode())]
                note(message.get("status", 101))
            if kind == "websocket.accept" and scope["subprotocols"] and scheme in scope["subprotocols"]:
                # A browser cannot set headers; it sends its key as a subprotocol, and expects one of them back.
                message["subprotocol"] = scheme
            if kind == "websocket.close":
                note(f"closed with {message.get('code', 1000)}")
            await send(message)

        async def receive_and_note() -> Message:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                note(f"left with {message.get('code', 1005)}")
            return message

        if self._digest is None or hmac.compare_digest(self._digest, _digest(credential)):
            await self._app(scope, receive if method != "WS" else receive_and_note, send_with_id)
        elif scope["type"] == "websocket":
            await refuse(WebSocket(scope, receive, send_with_id), unauthorized())
        else:
            answer = await _refused(Request(scope), unauthorized())
            await answer(scope, receive, send_with_id)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _credential(connection: HTTPConnection) -> tuple[str, str]:
    """Return scheme and key: from the Authorization header, or from the subprotocols of a browser.

    The scheme may be Token or Bearer, in any case.
    """
    scheme, _, key = connection.headers.get("authorization", "").strip().partition(" ")
    if not scheme and len(offered := connection.scope.get("subprotocols", ())) >= 2:
        scheme, key = offered[:2]
    return (scheme, key.strip()) if scheme.lower() in {"token", "bearer"} else ("", "")


async def _refused(request: Request, error: Exception) -> Response:
    """Answer with the error that a handler raised."""
    assert isinstance(error, Refusal)
    return JSONResponse(error.body(request.scope["request_id"]), error.status, error.headers)


async def _not_served(request: Request, error: Exception) -> Response:
    """Answer a request for which there is no handler."""
    assert isinstance(error, HTTPException)
    code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "Bad Request")
    message = f"{request.method} {request.url.path}: {error.detail}."
    return await _refused(request, Refusal(error.status_code, code, message, error.headers))


async def _failed(request: Request, error: Exception) -> Response:
    """Answer when the server itself is at fault; Starlette raises the error once more, for the log."""
    return await _refused(request, failed())
