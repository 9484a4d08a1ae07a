"""Which handler answers a request: addressed by the same operations the client asks with.

    router = Router()

    @router.answers(Media.transcribe_url)
    async def transcribe(asked: Asked) -> MediaTranscribeResponse:
        return ListenV1Response(...)

The decorator takes method and path from the operation, and type checkers hold the handler to its answer.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketState

from ..protocol.endpoint import Addressed
from ..protocol.model import Model
from .conversation import Conversation, values_of
from .refusals import Refusal, bad_request, failed

if TYPE_CHECKING:
    from .authorization import Identity
    from .records import Record
    from .services import Services

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

LARGEST_JSON = 1024 * 1024
"""Bytes of a JSON body that are read at most."""
IDENTITY, RECORD = "deepgram.identity", "deepgram.record"
"""Where the scope of a request says who is asking, and what is written down of it."""


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    http: Request
    request_id: str
    """The id under which this request is answered, logged and recorded."""
    services: Services
    """What the server has to answer with: engines, state, settings."""

    @property
    def identity(self) -> Identity:
        """Who is asking."""
        identity: Identity = self.http.scope[IDENTITY]
        return identity

    @property
    def record(self) -> Record:
        """What is written down of this request. The handler fills in what only it knows, such as ``duration``."""
        record: Record = self.http.scope[RECORD]
        return record

    @property
    def query(self) -> Mapping[str, Sequence[str]]:
        """The query: each parameter with its values, in order."""
        return values_of(self.http.query_params)

    @property
    def arguments(self) -> Mapping[str, str]:
        """What stands in the path where the operation has ``{braces}``."""
        return {name: value.replace("%2F", "/") for name, value in self.http.path_params.items()}

    @property
    def content_type(self) -> str:
        """The media type of the body, in lower case and without parameters."""
        return self.http.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def body(self) -> bytes:
        """Return a body that holds no audio; refuse one that is too long."""
        body = bytearray()
        async for chunk in self.http.stream():
            body += chunk
            if len(body) > LARGEST_JSON:
                raise bad_request(f"The JSON body is longer than {LARGEST_JSON} bytes.")
        return bytes(body)

    async def json(self) -> Any:
        """Return the body as JSON; refuse what is none, or too long."""
        try:
            return json.loads(await self.body())
        except (ValueError, RecursionError):
            raise bad_request("Content-type was application/json, but we could not process the JSON payload.") from None


class Handler(Protocol[T_co]):
    """A coroutine function that answers an operation."""

    def __call__(self, asked: Asked, /) -> Awaitable[T_co]: ...


class Converser(Protocol):
    """A coroutine function that holds a conversation, from the handshake to the end."""

    def __call__(self, conversation: Conversation, /) -> Awaitable[None]: ...


class Router:
    """The handlers of a server, by operation."""

    def __init__(self) -> None:
        self._handlers: dict[tuple[str, str], Handler[object]] = {}
        self._conversers: dict[str, Converser] = {}

    def answers(self, operation: Addressed[..., T]) -> Callable[[Handler[T]], Handler[T]]:
        """Register the handler of ``operation``. Two operations at one address need one handler: register it once."""

        def register(handler: Handler[T]) -> Handler[T]:
            self._register(operation, handler)
            return handler

        return register

    def streams(self, operation: Addressed[..., bytes]) -> Callable[[Handler[Response]], Handler[Response]]:
        """Register the handler of an operation that answers with bytes while they are made: it returns a response."""

        def register(handler: Handler[Response]) -> Handler[Response]:
            self._register(operation, handler)
            return handler

        return register

    def _register(self, operation: Addressed[..., Any], handler: Handler[object]) -> None:
        address = (operation.method, f"/{operation.path}")
        if address in self._handlers:
            raise ValueError(f"{address[0]} {address[1]} has a handler already")
        self._handlers[address] = handler

    def converses(self, channel: Addressed[..., Any]) -> Callable[[Converser], Converser]:
        """Register who holds the conversations of ``channel``. A ``Refusal`` before the handshake refuses it."""

        def register(converser: Converser) -> Converser:
            address = f"/{channel.path}"
            if address in self._conversers:
                raise ValueError(f"{address} has somebody to converse with already")
            self._conversers[address] = converser
            return converser

        return register

    def routes(self, ask: Callable[[Request], Asked], meet: Callable[[WebSocket], Conversation]) -> list[BaseRoute]:
        """Return Starlette's routes; ``ask`` turns its requests into ours, ``meet`` its WebSockets."""

        def route(method: str, path: str, handler: Handler[object]) -> Route:
            async def endpoint(request: Request) -> Response:
                return encode(await handler(ask(request)))

            return Route(path, endpoint, methods=[method])

        def socket_route(path: str, converser: Converser) -> WebSocketRoute:
            async def endpoint(socket: WebSocket) -> None:
                conversation = meet(socket)
                try:
                    await converser(conversation)
                except Refusal as refusal:
                    await refuse(socket, refusal)
                except Exception:
                    if socket.application_state is WebSocketState.CONNECTING:
                        await refuse(socket, failed())
                    raise  # for the log

            return WebSocketRoute(path, endpoint)

        return [
            *(route(method, path, handler) for (method, path), handler in self._handlers.items()),
            *(socket_route(path, converser) for path, converser in self._conversers.items()),
            socket_route("/{path:path}", _nobody),
        ]


async def _nobody(conversation: Conversation, /) -> None:
    raise Refusal(404, "NOT_FOUND", "There is nobody to converse with at this address.")


async def refuse(socket: WebSocket, refusal: Refusal) -> None:
    """Answer a handshake with an error, in the form of every other error."""
    request_id = socket.scope["request_id"]
    # The service repeats the message in a header, for clients that show no body (its page "WebSocket ... Errors").
    message = refusal.message.encode("ascii", "replace").decode().replace("\n", " ").replace("\r", " ")
    headers = {**refusal.headers, "dg-error": message[:1000]}
    await socket.send_denial_response(JSONResponse(refusal.body(request_id), refusal.status, headers))


def encode(answer: object) -> Response:
    """Return the response that carries what a handler returned: a model, anything JSON can hold, or itself."""
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, Model):
        return Response(answer.model_dump_json(exclude_none=True, by_alias=True), media_type="application/json")
    return Response(json.dumps(answer, separators=(",", ":")), media_type="application/json")
