"""The Starlette application of the embedded server, built from the router."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from .conversation import Conversation
from .database import Absent, Conflict
from .envelope import Envelope
from .handlers import (
    agent,
    billing,
    credentials,
    keys,
    listen,
    live,
    members,
    models,
    projects,
    read,
    requests,
    speak,
    speaking,
    speaking_turns,
    tokens,
    turns,
    usage,
    voice_agent,
)
from .refusals import Refusal, bad_request, failed
from .router import Asked, Router
from .services import Services, running_services
from .settings import Settings

log = logging.getLogger("deepgram.local")

MANAGEMENT = (projects, keys, members, requests, usage, billing, models, tokens, credentials, voice_agent)

Start = Callable[[Settings], AbstractAsyncContextManager[Services]]
"""Starts the services of a server, and stops them at the end of the block."""


def build(settings: Settings, start: Start = running_services) -> Starlette:
    """Return the application. Its services start and stop with its lifespan."""
    router = Router()
    for handlers in (listen, live, turns, speak, read, *MANAGEMENT, speaking, speaking_turns, agent):
        handlers.register(router)
    services: list[Services] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None, None]:
        try:
            async with start(settings) as started:
                services.append(started)
                app.state.first_key = await started.authorization.prepare()
                listen.resume(started)
                speak.resume(started)
                read.resume(started)
                yield
                services.clear()
        except Exception as error:
            app.state.failed = error  # Starlette only passes a traceback on, as text
            raise

    def ask(request: Request) -> Asked:
        return Asked(request, request.scope["request_id"], services[0])

    def meet(socket: WebSocket) -> Conversation:
        return Conversation(socket, socket.scope["request_id"], services[0])

    app = Starlette(
        routes=router.routes(ask, meet),
        lifespan=lifespan,
        middleware=[Middleware(Envelope, services=lambda: services[0])],
        exception_handlers={
            Refusal: _refused,
            Absent: _absent,
            Conflict: _conflict,
            HTTPException: _not_served,
            Exception: _failed,
        },
    )
    app.router.redirect_slashes = False  # an empty id must not lead to another address: DELETE .../PROJECT/ and KEY
    return app


async def _refused(request: Request, error: Exception) -> Response:
    """Answer with the error that a handler raised."""
    assert isinstance(error, Refusal)
    return JSONResponse(error.body(request.scope["request_id"]), error.status, error.headers)


async def _absent(request: Request, error: Exception) -> Response:
    """Answer a request for what there is not."""
    assert isinstance(error, Absent)
    return await _refused(request, Refusal(404, f"{error.kind.upper().replace(' ', '_')}_NOT_FOUND", str(error)))


async def _conflict(request: Request, error: Exception) -> Response:
    """Answer a request that cannot be fulfilled as things stand."""
    return await _refused(request, bad_request(str(error), "CONFLICT"))


async def _not_served(request: Request, error: Exception) -> Response:
    """Answer a request for which there is no handler."""
    assert isinstance(error, HTTPException)
    code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "Bad Request")
    message = f"{request.method} {request.url.path}: {error.detail}."
    return await _refused(request, Refusal(error.status_code, code, message, error.headers))


async def _failed(request: Request, error: Exception) -> Response:
    """Answer when the server itself is at fault; Starlette raises the error once more, for the log."""
    return await _refused(request, failed())
