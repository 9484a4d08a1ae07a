"""AWS's client for SageMaker's streams, whichever release is installed, over AWS's own HTTP/2 (the library awscrt).

Here alone its names are known. What differs between releases is looked up: 0.1 has ``Config`` and
``SageMakerRuntimeHTTP2Client``, later ones ``AsyncSageMakerRuntimeHTTP2Config`` and ``...Client``. The HTTP transport
is ours: theirs takes neither a CA bundle nor a time limit, and is made anew whenever the client copies its settings.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from .config import SageMakerConfig
from .errors import (
    INSTALL,
    EndpointUnreachable,
    ModelFailed,
    PackageMissing,
    SageMakerError,
    TimedOut,
    kind_of,
    refused,
)
from .place import PACKAGE, Place

WINDOW = 1024 * 1024
"""Bytes that an endpoint may send ahead of whoever reads."""
LARGEST_PART = 1024 * 1024
"""Bytes of a part; longer messages are sent in several."""
LARGEST_REFUSAL = 64 * 1024
"""Bytes of an error's body that are read."""
SLOW = 2.0
"""Seconds after which a connection takes so long that the reason is looked for."""
UNTRUSTED = "If its certificate is not trusted here, pass ca_bundle=, or set AWS_CA_BUNDLE"
REFUSING = 5.0
"""Seconds that the body of an error may take."""
ENDING = 2.0
"""Seconds for the end of the input, and for the end of the connection."""


class Credentials:
    """Hands one stream its credentials: all its events are signed with the key that opened it."""

    def __init__(self, place: Place) -> None:
        identity: Any = import_module("smithy_aws_core.identity").AWSCredentialsIdentity
        self._identity = identity(
            access_key_id=place.access_key, secret_access_key=place.secret_key, session_token=place.token
        )

    async def get_identity(self, *, properties: object) -> Any:
        return self._identity

    def __deepcopy__(self, memo: object) -> Credentials:
        return self


class Http:
    """AWS's HTTP/2 for one stream, in the form that AWS's client takes as its ``transport``."""

    SUPPORTS_DUPLEX_STREAMING = True
    TIMEOUT_EXCEPTIONS: tuple[type[Exception], ...] = ()
    """None: what a time limit means is said by our own errors."""

    def __init__(self, place: Place, bootstrap: Any, connecting: float) -> None:
        self._place = place
        self._bootstrap = bootstrap
        self._connecting = connecting
        self._connection: Any = None
        self._stream: Any = None
        self._body: Any = None
        self.headers: dict[str, str] = {}
        """Headers of the answer, names in lower case."""

    def __deepcopy__(self, memo: object) -> Http:
        return self  # a copy would have a connection of its own

    async def send(self, request: Any, *, request_config: object = None) -> Any:
        """Send a request, return its response. Raises our errors for what is no success."""
        crt: Any = import_module("awscrt.http")
        streams: Any = import_module("awscrt.aio.http")
        self._body = request.body
        self._connection = await self._connect(request.destination)
        fields = [(field.name, value) for field in request.fields for value in field.values]
        names = {name.lower() for name, _ in fields}
        if "host" not in names:
            fields.append(("host", request.destination.netloc))
        path = request.destination.path or "/"
        query = f"?{request.destination.query}" if request.destination.query else ""
        asked = crt.HttpRequest(request.method, path + query, crt.HttpHeaders(fields))
        self._stream = stream = streams.AIOHttp2ClientStream(self._connection, asked, request.body)
        _look_after(getattr(stream, "_writer", None))
        failed = asyncio.ensure_future(stream.wait_for_completion())
        _look_after(failed)
        answered = asyncio.ensure_future(stream.get_response_status_code())
        _look_after(answered)
        failed.add_done_callback(partial(_cancel, answered))
        # A connection that breaks before the answer completes the stream, and never answers.
        await asyncio.wait((failed, answered), return_when=asyncio.FIRST_COMPLETED)
        if not answered.done() or answered.cancelled():
            failed.result()
            raise EndpointUnreachable("the connection to SageMaker ended without an answer")
        status: int = answered.result()
        pairs = await stream.get_response_headers()
        self.headers = {name.lower(): value for name, value in pairs}
        if not 200 <= status < 300:
            raise refused(status, self.headers, await self._refusal())
        http: Any = import_module("smithy_http")
        aio: Any = import_module("smithy_http.aio")
        return aio.HTTPResponse(status=status, fields=http.tuples_to_fields(pairs), body=self._chunks())

    async def _connect(self, destination: Any) -> Any:
        io: Any = import_module("awscrt.io")
        http: Any = import_module("awscrt.http")
        options = io.TlsContextOptions()
        bundle = self._place.ca_bundle
        try:
            if bundle:
                options.override_default_trust_store_from_path(None, bundle)
        except OSError as error:
            raise EndpointUnreachable(f"the CA bundle {bundle} cannot be read: {error.strerror}") from error
        tls = io.ClientTlsContext(options).new_connection_options()
        tls.set_server_name(destination.host)
        tls.set_alpn_list(["h2"])
        sockets = io.SocketOptions()
        sockets.connect_timeout_ms = int(self._connecting * 1000)
        keywords: dict[str, Any] = {
            "host_name": destination.host,
            "port": destination.port or 443,
            "bootstrap": self._bootstrap,
            "socket_options": sockets,
            "tls_connection_options": tls,
        }
        # Not the one for asyncio: a future of its own, which nobody can cancel, is all that awscrt can cope with.
        new = http.Http2ClientConnection.new
        try:
            # What comes in waits in a window of its own. Releases before 0.29 have none, and take all that comes.
            opening = new(**keywords, manual_window_management=True, initial_window_size=WINDOW)
            self._windowed = True
        except TypeError:
            opening = new(**keywords)
            self._windowed = False
        connecting: asyncio.Future[Any] = asyncio.wrap_future(opening)
        _look_after(connecting)
        try:
            # awscrt cannot give up: a connection that comes too late is closed when it comes.
            await asyncio.wait((connecting,), timeout=SLOW)
            if not connecting.done():
                # It keeps bad news about certificates to itself for 10 to 30 s: s2n's protection against timing.
                why = await asyncio.to_thread(distrust, destination.host, destination.port or 443, bundle)
                await asyncio.wait((connecting,), timeout=SLOW if why else self._connecting)
                if not connecting.done():
                    message = f"{destination.host} cannot be connected to: {why or 'it does not answer'}"
                    raise EndpointUnreachable(message, hint=UNTRUSTED if why else None)
            return connecting.result()
        except (asyncio.CancelledError, EndpointUnreachable):
            connecting.add_done_callback(_close_late)
            raise

    async def _refusal(self) -> bytes:
        body = bytearray()
        length = self.headers.get("content-length", "")
        announced = int(length) if length.isdecimal() else LARGEST_REFUSAL

        async def read() -> None:
            async for chunk in self._chunks():
                body.extend(chunk)
                # Releases before 0.29 notice the end of an answer only when the request has ended too.
                if len(body) >= min(announced, LARGEST_REFUSAL):
                    return

        with suppress(asyncio.TimeoutError, Exception):
            await asyncio.wait_for(read(), REFUSING)
        return bytes(body)

    async def _chunks(self) -> AsyncIterator[bytes]:
        """Yield the body of the answer. Raises :class:`EndpointUnreachable` if it ends because the connection broke."""
        stream = self._stream
        while chunk := await stream.get_next_response_chunk():
            if self._windowed:
                with suppress(RuntimeError):  # the stream is over, its last bytes are not
                    stream.update_window(len(chunk))
            yield chunk
        ended = getattr(stream, "_remote_completion_future", None)
        if ended is not None and ended.done():
            return
        completion = asyncio.ensure_future(stream.wait_for_completion())
        _look_after(completion)
        await asyncio.wait((completion,), timeout=ENDING)
        if completion.done() and (error := completion.exception()) is not None:
            raise EndpointUnreachable(f"the connection to SageMaker broke: {error}", headers=self.headers) from error

    async def close(self) -> None:
        """Break the connection: whoever waits for it, to read or to write, is woken."""
        if self._body is not None:
            with suppress(Exception):
                await self._body.close(flush=False)
        if self._connection is not None:
            closing: asyncio.Future[Any] = asyncio.wrap_future(self._connection.close())
            _look_after(closing)
            await asyncio.wait((closing,), timeout=ENDING)


def _look_after(task: asyncio.Future[Any] | None) -> None:
    """Take note of a task's exception, so that nobody complains that none did. It is reported in another way."""
    if task is not None:
        task.add_done_callback(lambda done: done.cancelled() or done.exception())


def _cancel(task: asyncio.Future[Any], _: object) -> None:
    task.cancel()


def _close_late(connecting: asyncio.Future[Any]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().close()


def bootstrap() -> Any:
    """Return the thread in which awscrt does its work."""
    io: Any = import_module("awscrt.io")
    group = io.EventLoopGroup(1)
    return io.ClientBootstrap(group, io.DefaultHostResolver(group))


@dataclass(frozen=True)
class Part:
    """A piece of what comes out of the model."""

    data: bytes
    data_type: str | None
    completion_state: str | None


class Stream:
    """One stream to the model: opened, signed and cut into events by AWS's client."""

    def __init__(self, http: Http, duplex: Any, receiver: Any) -> None:
        self._http = http
        self._input = duplex.input_stream
        self._output = receiver
        models: Any = import_module(f"{PACKAGE}.models")
        self._event = models.RequestStreamEventPayloadPart
        self._part = models.RequestPayloadPart

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of SageMaker's answer, the request id among them."""
        return self._http.headers

    async def send(self, frame: str | bytes) -> None:
        """Send a message. Must not be cancelled: each signature covers the one before."""
        kind = "UTF8" if isinstance(frame, str) else None
        for piece, state in pieces(frame):
            data = piece.encode() if isinstance(piece, str) else piece
            await self._input.send(self._event(self._part(bytes_=data, data_type=kind, completion_state=state)))

    async def receive(self) -> Part | None:
        """Wait for the next part; None at the end. Raises what AWS's client raises: see :func:`understood`."""
        while (event := await self._output.receive()) is not None:
            value: Any = getattr(event, "value", None)
            if hasattr(value, "bytes_"):
                return Part(value.bytes_ or b"", value.data_type, value.completion_state)
            # An event that this release of the client does not know: the model's messages are all payload parts.
        return None

    async def end_input(self) -> None:
        """Say, signed, that nothing more will be said."""
        await self._input.close()

    async def close(self) -> None:
        """Break the connection."""
        await self._http.close()


def pieces(frame: str | bytes) -> Iterator[tuple[str | bytes, str | None]]:
    """Cut a message into parts that are not too large, each with its completion state; most are one part, unmarked."""
    largest = LARGEST_PART if isinstance(frame, bytes) else LARGEST_PART // 4  # no letter has more bytes
    if len(frame) <= largest:
        yield frame, None
        return
    for start in range(0, len(frame), largest):
        end = start + largest
        yield frame[start:end], "PARTIAL" if end < len(frame) else "COMPLETE"


async def open_stream(config: SageMakerConfig, path: str, query: str, place: Place, thread: Any) -> Stream:
    """Open a stream to the model. Raises what AWS's client raises: see :func:`understood`."""
    settings: Any = import_module(f"{PACKAGE}.config")
    clients: Any = import_module(f"{PACKAGE}.client")
    models: Any = import_module(f"{PACKAGE}.models")
    http = Http(place, thread, config.connection_timeout)
    keywords: dict[str, Any] = {
        "endpoint_uri": place.url,
        "region": place.region,
        "transport": http,
        "aws_credentials_identity_resolver": Credentials(place),
    }
    if urlsplit(place.url).scheme != "https":
        raise EndpointUnreachable(f"{place.url} is no https address: streaming needs HTTP/2, which needs TLS")
    if hasattr(settings, "AsyncSageMakerRuntimeHTTP2Config"):
        resolved = await settings.AsyncSageMakerRuntimeHTTP2Config.resolve(**keywords)
        client = clients.AsyncSageMakerRuntimeHTTP2Client(resolved)
    elif hasattr(settings, "Config") and hasattr(clients, "SageMakerRuntimeHTTP2Client"):
        client = clients.SageMakerRuntimeHTTP2Client(settings.Config(**keywords))
    else:
        raise PackageMissing(f"this release of {PACKAGE} is not known. Install another: {INSTALL}")
    asked = models.InvokeEndpointWithBidirectionalStreamInput(
        endpoint_name=config.endpoint_name,
        target_variant=config.target_variant,
        model_invocation_path=path,
        model_query_string=query or None,
    )
    try:
        duplex = await client.invoke_endpoint_with_bidirectional_stream(asked)
        _, receiver = await duplex.await_output()
    except BaseException:
        await http.close()
        raise
    return Stream(http, duplex, receiver)


def understood(error: BaseException, headers: Mapping[str, str]) -> SageMakerError:
    """Return our error for what AWS's client, or awscrt under it, has raised; ``headers`` are the answer's."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    for cause in causes:
        if isinstance(cause, SageMakerError):
            cause.headers = cause.headers or (dict(headers) or None)  # which hold the request id
            return cause
    for cause in causes:
        if isinstance(cause, TimeoutError | asyncio.TimeoutError):
            return TimedOut("the SageMaker endpoint did not answer in time", headers=headers)
        name = type(cause).__name__
        if name in ("ModelStreamError", "InternalStreamFailure", "ModelError", "InternalServerError"):
            code = getattr(cause, "error_code", None)
            message = str(getattr(cause, "message", None) or cause)
            kind = ModelFailed if name.startswith("Model") else SageMakerError
            return kind(message, code=f"{name}.{code}" if code else name, headers=headers)
        if name == "UnmodeledEventError":
            code, message = str(getattr(cause, "code", "")), str(getattr(cause, "message", cause))
            return kind_of(None, code, message)(message, code=code or None, headers=headers)
        if name == "AwsCrtError" or (isinstance(cause, RuntimeError) and "AWS_" in str(cause)):
            return EndpointUnreachable(
                f"the connection to SageMaker could not be made, or broke: {cause}",
                headers=headers,
                hint=_advice(cause),
            )
    return SageMakerError(f"the SageMaker stream failed: {type(error).__name__}: {error}", headers=headers)


def distrust(host: str, port: int, bundle: str | None) -> str | None:
    """Return why the certificate of a peer is not trusted; None if it is, or if that cannot be told. Blocks."""
    context = ssl.create_default_context(cafile=bundle)
    try:
        with socket.create_connection((host, port), SLOW) as connection:
            context.wrap_socket(connection, server_hostname=host).close()
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not trusted ({error.verify_message})"
    except OSError:
        return None
    return None


def _advice(error: BaseException) -> str | None:
    said = str(error)
    if "TLS" in said or "CERT" in said:
        return UNTRUSTED
    if "DNS" in said:
        return "Check the region and endpoint_url"
    return None
