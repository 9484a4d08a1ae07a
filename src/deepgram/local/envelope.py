"""What every request and conversation has: an id, somebody who asks, a line in the log, a record.

The record is durable before the last byte of an answer or the close frame of a conversation leaves.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from .authorization import Identity
from .database import StateError
from .records import Record
from .refusals import Refusal, failed
from .router import IDENTITY, RECORD, refuse

if TYPE_CHECKING:
    from .services import Services

log = logging.getLogger("deepgram.local")

REVOKED = "The API key of this conversation was deleted."
SAYING_GOODBYE = 1.0
"""Seconds that a close frame may take to leave: a client that does not read gets none."""
LEAVING = 5.0
"""Seconds that a conversation may take to end once its key was deleted."""


class Envelope:
    """Puts everything that is asked into an envelope (ASGI middleware)."""

    def __init__(self, app: ASGIApp, services: Callable[[], Services]) -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hold one conversation (ASGI)."""
        if scope["type"] == "http":
            await _Request(scope, receive, send, self._services()).run(self._app)
        elif scope["type"] == "websocket":
            await _Conversation(scope, receive, send, self._services()).run(self._app)
        else:
            await self._app(scope, receive, send)


class _Visit:
    """One request or conversation."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, services: Services) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._services = services
        self._began = time.monotonic()
        self._id = scope["request_id"] = str(uuid.uuid4())
        _keep_slashes(scope)
        self._method = "WS" if scope["type"] == "websocket" else scope["method"]
        self._record: Record | None = None
        self._recorded = False
        self._scheme, self._credential = _credential(HTTPConnection(scope))

    def _enter(self) -> Identity:
        """Find out who is asking and begin the record; raise ``Refusal`` for who may not."""
        scope, authorization = self._scope, self._services.authorization
        identity = authorization.identify(self._scheme, self._credential)
        conversation = self._method == "WS"
        method, path = "GET" if conversation else self._method, scope["path"]
        record = self._services.state.records.begin(self._id, method, path, streaming=conversation)
        record.key_id, record.project_id = identity.key_id, identity.project_id
        if record.endpoint is not None:
            record.read_query(parse_qsl(scope["query_string"].decode("latin-1"), True), identity.tags)
        if not conversation:
            record.bytes_in = _content_length(scope)
        self._record = scope[RECORD] = record
        scope[IDENTITY] = identity
        authorization.admit(identity, method, path)
        return identity

    def _note(self, outcome: str | int) -> None:
        # The query is left out: it may hold what nobody should read in a log.
        took = time.monotonic() - self._began
        log.info("%s %s %s %s %.3fs", self._method, self._scope["path"], outcome, self._id, took)

    def _stamp(self, message: Message) -> None:
        """Put the id on the beginning of an answer."""
        message["headers"] = [*message.get("headers", ()), (b"dg-request-id", self._id.encode())]
        status: int = message.get("status", 101)
        if self._record is not None:
            self._record.status = status
        self._note(status)

    async def _write_down(self) -> None:
        """Make the record durable, once."""
        if self._record is None or self._recorded:
            return
        self._recorded = True
        try:
            await self._services.state.records.add(self._record)
        except StateError as error:
            log.error("%s was served and could not be recorded: %s", self._id, error)


class _Request(_Visit):
    """A request with one answer."""

    _answering = False

    async def run(self, app: ASGIApp) -> None:
        try:
            self._enter()
            await app(self._scope, self._receive, self.send)
        except Refusal as refusal:
            await self._refuse(refusal)
        except Exception:
            if not self._answering:
                await self._refuse(failed())
            raise  # for the log
        finally:
            await self._write_down()

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self._answering = True
            self._stamp(message)
        elif kind == "http.response.body":
            if self._record is not None:
                self._record.bytes_out += len(message.get("body", b""))
            if not message.get("more_body"):
                await self._write_down()
        await self._send(message)

    async def _refuse(self, refusal: Refusal) -> None:
        answer = JSONResponse(refusal.body(self._id), refusal.status, refusal.headers)
        await answer(self._scope, self._receive, self.send)


class _Conversation(_Visit):
    """A conversation."""

    _accepted = False
    _revoked = False
    _cut_off = False
    _closing: asyncio.Task[None] | None = None
    _task: asyncio.Task[object] | None = None

    async def run(self, app: ASGIApp) -> None:
        self._task = asyncio.current_task()
        try:
            identity = self._enter()
            with self._services.authorization.watching(identity, self._revoke):
                await app(self._scope, self.receive, self.send)
        except Refusal as refusal:
            await refuse(WebSocket(self._scope, self._receive, self.send), refusal)
        except asyncio.CancelledError:
            if not self._cut_off:
                raise
        finally:
            if self._closing is not None:
                self._closing.cancel()
            await self._write_down()

    async def receive(self) -> Message:
        message = await self._receive()
        kind = message["type"]
        if kind == "websocket.receive":
            if self._record is not None:
                data = message.get("bytes")
                self._record.bytes_in = (self._record.bytes_in or 0) + len(
                    message.get("text") or "" if data is None else data
                )
        elif kind == "websocket.disconnect":
            self._note(f"left with {message.get('code', 1005)}")
        return message

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if self._cut_off:
            return  # the close frame has been sent, nothing comes after it
        if kind == "websocket.send":
            if self._record is not None:
                data = message.get("bytes")
                self._record.bytes_out += len(message.get("text") or "" if data is None else data)
        elif kind == "websocket.accept":
            self._stamp(message)
            if self._scope["subprotocols"] and self._scheme in self._scope["subprotocols"]:
                # A browser cannot set headers; it sends its key as a subprotocol, and expects one of them back.
                message["subprotocol"] = self._scheme
        elif kind == "websocket.close":
            self._note(f"closed with {message.get('code', 1000)}")
            await self._write_down()
        elif kind == "websocket.http.response.start":
            self._stamp(message)
        elif kind == "websocket.http.response.body" and not message.get("more_body"):
            await self._write_down()
        await self._send(message)
        if kind == "websocket.accept":
            self._accepted = True
            if self._revoked:  # between the question and the answer
                self._revoke()

    def _revoke(self) -> None:
        """End the conversation: its key is not valid any more."""
        self._revoked = True
        if self._accepted and self._closing is None:
            self._closing = asyncio.create_task(self._cut())

    async def _cut(self) -> None:
        self._note("closed with 1008")
        self._cut_off = True
        goodbye = {"type": "websocket.close", "code": 1008, "reason": REVOKED}
        with suppress(asyncio.TimeoutError, OSError, RuntimeError):
            await asyncio.wait_for(self._send(goodbye), SAYING_GOODBYE)
        await asyncio.sleep(LEAVING)  # the handler learns of it as if the client had left, and ends
        if self._task is not None:
            self._task.cancel()


def _keep_slashes(scope: Scope) -> None:
    """Leave the slashes of ids quoted in the path: an id must not lead to another address."""
    raw: bytes = scope.get("raw_path") or b""
    if b"%2f" in raw.lower():
        parts = raw.decode("latin-1").replace("%2f", "%2F").split("%2F")
        scope["path"] = "%2F".join(unquote(part) for part in parts)


def _content_length(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else None
    return None


def _credential(connection: HTTPConnection) -> tuple[str, str]:
    """Return scheme and key: from the Authorization header, or from the subprotocols of a browser.

    The scheme may be Token or Bearer, in any case.
    """
    scheme, _, key = connection.headers.get("authorization", "").strip().partition(" ")
    if not scheme and len(offered := connection.scope.get("subprotocols", ())) >= 2:
        scheme, key = offered[:2]
    return (scheme, key.strip()) if scheme.lower() in {"token", "bearer"} else ("", "")
