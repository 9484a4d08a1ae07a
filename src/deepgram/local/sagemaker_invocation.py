"""``InvokeEndpointWithBidirectionalStream``: one signed HTTP/2 request as one WebSocket conversation of the server.

To the application (ASGI) it is a WebSocket like any other, as SageMaker is one to the containers behind it. What
SageMaker answers when something is wrong is answered here. Sources: its API reference, the model of AWS's client.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

from .http2 import Broken, Exchange
from .sagemaker_events import Malformed, Messages, decode, encode
from .sagemaker_signing import Denied, Signatures

if TYPE_CHECKING:
    from botocore.eventstream import EventStreamMessage

    from .sagemaker_signing import Events

OPERATION = re.compile(r"/endpoints/([^/?]+)/invocations-bidirectional-stream")
PATH, QUERY = "x-amzn-sagemaker-model-invocation-path", "x-amzn-sagemaker-model-query-string"
ACCOUNT = "000000000000"
WAITING = 64
"""Messages that may wait for the application before the client is held up."""
LEAVING = 10.0
"""Seconds that the application gets to end the conversation once the client has gone."""
CALM = (1000, 1001, 1005)
"""Close codes of WebSockets that mean an end in order."""

log = logging.getLogger("deepgram.local")


class Failed(Exception):
    """The request is answered with an error that SageMaker has a name for."""

    def __init__(self, status: int, error: str, **body: object) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.body = body


@dataclass(frozen=True)
class Served:
    """What is invoked, and how."""

    app: ASGIApp
    signatures: Signatures
    endpoint: str | None
    """The name of the endpoint; None answers to every name."""
    authorization: str
    """Header with which the conversations are let in: clients of SageMaker send none of Deepgram's keys."""
    largest: int
    """Largest message that is accepted (bytes)."""
    part: int
    """Bytes of an answer's parts: longer messages are split, wherever that is."""


async def answer(exchange: Exchange, served: Served) -> None:
    """Answer one request."""
    request_id = str(uuid.uuid4())
    headers = dict(exchange.headers)
    began = time.monotonic()
    outcome: object = 200
    try:
        events = _admit(headers, exchange, served)
        await _Conversation(exchange, served, events, headers, request_id).hold()
    except Failed as failed:
        outcome = f"{failed.status} {failed.error}"
        await _refuse(exchange, request_id, failed)
    except Broken:
        outcome = "left"
    finally:
        path = headers.get(":path", "").partition("?")[0][:200]
        log.info("SageMaker %s %s %s %.3fs", path, outcome, request_id, time.monotonic() - began)


def _admit(headers: Mapping[str, str], exchange: Exchange, served: Served) -> Events:
    """Check what can be checked before anything is streamed."""
    path = headers.get(":path", "")
    operation = OPERATION.fullmatch(path.partition("?")[0])  # AWS's client adds a "?", though there is no query
    if headers.get(":method") != "POST" or operation is None:
        raise Failed(404, "UnknownOperationException", Message="There is no such operation.")
    # HTTP/2 clients may say the host in a pseudo header instead.
    given = [("host", headers.get(":authority", "")), *exchange.headers]
    try:
        events = served.signatures.check("POST", path, given)
    except Denied as denied:
        raise Failed(denied.status, denied.error, message=denied.message) from None
    name = unquote(operation[1])
    if served.endpoint not in (None, name):
        message = f"Endpoint {name} of account {ACCOUNT} not found."
        raise Failed(400, "InputValidationError", Message=message, ErrorCode="ValidationError")
    return events


async def _refuse(exchange: Exchange, request_id: str, failed: Failed) -> None:
    body = json.dumps(failed.body).encode()
    described = [
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
        ("x-amzn-requestid", request_id),
        ("x-amzn-errortype", failed.error),
    ]
    with suppress(Broken):
        exchange.answer(failed.status, described)
        await exchange.write(body)
        exchange.end()


class _Conversation:
    """The two ends: the events of a stream, and the WebSocket messages of an application."""

    def __init__(
        self, exchange: Exchange, served: Served, events: Events, headers: Mapping[str, str], request_id: str
    ) -> None:
        self._exchange = exchange
        self._served = served
        self._events = events
        self._headers = headers
        self._request_id = request_id
        self._heard: asyncio.Queue[Message] = asyncio.Queue(WAITING)
        self._refusal: dict[str, Any] | None = None
        self._refused_with = bytearray()
        self._failed: Failed | None = None
        self._closed = False

    async def hold(self) -> None:
        """Hold the conversation until either side has ended it. Raises :class:`Failed` if it does not begin."""
        self._heard.put_nowait({"type": "websocket.connect"})
        app = asyncio.ensure_future(self._served.app(self._scope(), self._heard.get, self._send))
        listening = asyncio.ensure_future(self._listen())
        try:
            await asyncio.wait((app, listening), return_when=asyncio.FIRST_COMPLETED)
            if not app.done():  # the client has ended its side, or left
                await asyncio.wait((app,), timeout=LEAVING)
        finally:
            for task in (app, listening):
                task.cancel()
            ended = await asyncio.gather(app, listening, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception) and not isinstance(error, Broken | Denied | Malformed):
                log.error("a conversation over SageMaker failed", exc_info=error)
        if self._failed is not None:
            raise self._failed
        if not self._exchange.answered:
            raise Failed(500, "InternalServerError", Message="The model ended without an answer.")
        self._exchange.end()

    def _scope(self) -> dict[str, Any]:
        path = "/" + self._headers.get(PATH, "invocations-bidirectional-stream").lstrip("/")
        return {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": self._headers.get(QUERY, "").encode(),
            "root_path": "",
            "headers": [
                (b"host", self._headers.get(":authority", "sagemaker").encode()),
                (b"authorization", self._served.authorization.encode()),
            ],
            "client": None,
            "server": None,
            "subprotocols": [],
            "state": {},
            "extensions": {"websocket.http.response": {}},
        }

    # --- What the client says -----------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        code = 1006
        messages = Messages(self._served.largest + 1024)
        partial = bytearray()
        try:
            while data := await self._exchange.read():
                for message in messages.feed(data):
                    event = self._events.check(message)
                    if not event:  # the signed end of the input
                        code = 1000
                        return
                    await self._hear(decode(event), partial)
            code = 1000
        except Denied as denied:
            await self._tell_error(denied.error, denied.message)
        except Malformed as malformed:
            code = 1009
            await self._tell_error("ValidationException", str(malformed))
        finally:
            self._leave(code)

    async def _hear(self, event: EventStreamMessage, partial: bytearray) -> None:
        if event.headers.get(":event-type") != "PayloadPart":
            raise Malformed(f"an event of type {event.headers.get(':event-type')!r}")
        partial += event.payload
        if len(partial) > self._served.largest:
            raise Malformed(f"a message of more than {self._served.largest} bytes")
        if event.headers.get("CompletionState") == "PARTIAL":
            return
        whole = bytes(partial)
        partial.clear()
        if event.headers.get("DataType") != "UTF8":
            await self._heard.put({"type": "websocket.receive", "bytes": whole})
            return
        try:
            await self._heard.put({"type": "websocket.receive", "text": whole.decode()})
        except UnicodeDecodeError:
            raise Malformed("a part marked UTF8 that is none") from None

    def _leave(self, code: int) -> None:
        """Tell the application that the client has gone: now, however much it has not read yet."""
        if self._heard.full():
            self._heard.get_nowait()
        self._heard.put_nowait({"type": "websocket.disconnect", "code": code})

    # --- What the application says ------------------------------------------------------------------------------------

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        try:
            if kind == "websocket.accept":
                self._accept()
            elif kind == "websocket.send":
                await self._say(message)
            elif kind == "websocket.close":
                await self._close(message.get("code", 1000), message.get("reason") or "")
            elif kind == "websocket.http.response.start":
                self._refusal = dict(message)
            elif kind == "websocket.http.response.body":
                self._refused_with += message.get("body", b"")
                if not message.get("more_body", False):
                    self._refuse()
        except Broken as broken:
            raise OSError(str(broken)) from broken  # what ASGI servers raise when the client has gone

    def _accept(self) -> None:
        self._exchange.answer(
            200,
            [
                ("content-type", "application/vnd.amazon.eventstream"),
                ("x-amzn-requestid", self._request_id),
                ("x-amzn-invoked-production-variant", "AllTraffic"),
            ],
        )

    def _refuse(self) -> None:
        status = int((self._refusal or {}).get("status", 500))
        said = self._refused_with.decode("utf-8", "replace")
        self._failed = Failed(
            424,
            "ModelError",
            Message=f'Received client error ({status}) from primary with message "{said}".',
            OriginalStatusCode=status,
            OriginalMessage=said,
            LogStreamArn=f"arn:aws:logs:local:{ACCOUNT}:log-group:/aws/sagemaker/Endpoints/deepgram",
            ErrorCode="MODEL_ERROR",
        )

    async def _say(self, message: Message) -> None:
        text = message.get("text")
        kind = "BINARY" if text is None else "UTF8"
        data: bytes = message["bytes"] if text is None else text.encode()
        for start in range(0, len(data) or 1, self._served.part):
            part = data[start : start + self._served.part]
            state = "COMPLETE" if start + len(part) >= len(data) else "PARTIAL"
            described = {
                ":message-type": "event",
                ":event-type": "PayloadPart",
                ":content-type": "application/octet-stream",
                "DataType": kind,
                "CompletionState": state,
            }
            await self._exchange.write(encode(described, part))

    async def _close(self, code: int, reason: str) -> None:
        self._closed = True
        if not self._exchange.answered:
            self._refusal = {"status": 403}
            self._refuse()
        elif code not in CALM:
            described = {
                ":message-type": "exception",
                ":exception-type": "ModelStreamError",
                ":content-type": "application/json",
            }
            said = f"The model closed the stream with {code}{': ' if reason else ''}{reason}"
            body = {"Message": said, "ErrorCode": "ModelStreamClosed"}
            await self._exchange.write(encode(described, json.dumps(body).encode()))

    async def _tell_error(self, error: str, message: str) -> None:
        """Say what was wrong with an event: what SageMaker has no exception for is an error with a code."""
        described = {":message-type": "error", ":error-code": error, ":error-message": message}
        with suppress(Broken):
            if self._exchange.answered:
                await self._exchange.write(encode(described))
