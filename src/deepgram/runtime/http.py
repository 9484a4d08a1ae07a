"""The HTTP library, httpx, put to work: clients made, requests built, exceptions translated.

Everything that knows httpx is here, so that it is imported with the first request and not before.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies
from weakref import finalize

import httpx

from .config import TIMEOUT, Config
from .errors import ConnectionFailed, RequestTimedOut, combine
from .exchange import Send
from .redaction import redact, redacted
from .tls import context, over_tls
from .uploads import Upload

if TYPE_CHECKING:
    import asyncio

RETRIED = (httpx.ConnectError, httpx.RemoteProtocolError)
"""Lost connections after which a request is sent again."""

LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100, keepalive_expiry=5.0)
"""Ours, as httpx's 100 connections make the 101st of many long transcriptions fail with a timeout after a minute."""


class NoCookies(httpx.Cookies):
    """Keeps none: the API sets none, and looking for them takes a tenth of the time of a small call."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Leave them."""


class LeanClient(httpx.Client):
    """Our client for threads."""

    @property
    def cookies(self) -> httpx.Cookies:
        return NO_COOKIES

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        raise AttributeError("this client keeps no cookies; pass an httpx_client of your own that does")


NO_COOKIES = NoCookies()


def make_client(config: Config) -> httpx.Client:
    """Return a client of our own."""
    return LeanClient(**_settings(config))


def make_async_client(config: Config) -> httpx.AsyncClient:
    """Return an async client of our own, for this event loop: on aiohttp if the extra of that name is installed.

    Programs may let go of it without closing it, as they may of one on httpx alone.
    """
    import asyncio

    from .default_clients import default_client

    client = default_client(**_settings(config))
    transports = [each for each in (client._transport, *client._mounts.values()) if hasattr(each, "get_client")]
    if transports:
        finalize(client, _let_go, transports, asyncio.get_running_loop())
    return client


def _let_go(transports: Iterable[Any], loop: asyncio.AbstractEventLoop) -> None:
    """Close the connections that aiohttp would otherwise complain about on standard error, from whichever thread."""
    import asyncio

    for transport in transports:
        connector = getattr(transport.client, "connector", None)
        if connector is None or connector.closed:
            continue
        # The end of its synchronous block is the one way to close it without waiting.
        if loop.is_running() and asyncio._get_running_loop() is not loop:
            with suppress(RuntimeError):  # it has ended this moment
                loop.call_soon_threadsafe(connector.__exit__, None, None, None)
        else:
            connector.__exit__(None, None, None)


def _settings(config: Config) -> dict[str, Any]:
    trusted = context(config.verify)
    proxy = config.proxy
    return {
        "timeout": TIMEOUT if config.timeout is None else config.timeout,
        "follow_redirects": config.follow_redirects,
        "verify": trusted,
        # A proxy that is reached over TLS shows a certificate too: httpx has checks of its own for it.
        "proxy": httpx.Proxy(str(proxy), ssl_context=trusted) if over_tls(proxy) else proxy,
        "limits": LIMITS,
        "mounts": past_proxies() if proxy is None else None,
    }


def past_proxies() -> dict[str, None] | None:
    """Return the ``mounts`` with which the proxies of the environment are not asked for addresses of this machine.

    No proxy elsewhere could reach them, and hardly anybody who sets HTTP_PROXY sets NO_PROXY for them.
    """
    return dict.fromkeys(("all://127.0.0.1", "all://localhost", "all://[::1]")) if getproxies() else None


class UploadStream(httpx.SyncByteStream):
    """An upload as httpx wants it."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload

    def __iter__(self) -> Iterator[Any]:
        yield from self._upload


class AsyncUploadStream(httpx.AsyncByteStream):
    """An upload as httpx wants it, for an event loop."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for piece in self._upload.slices():
            yield piece


class Builder:
    """Builds the requests for an HTTP client of ours, out of parts that stay the same from call to call."""

    def __init__(
        self, client: httpx.Client | httpx.AsyncClient, stream: type[UploadStream | AsyncUploadStream]
    ) -> None:
        self._stream = stream
        self._defaults = [(n, v) for n, v in client.headers.raw if n.lower() != b"user-agent"]
        self._url = lru_cache(maxsize=256)(httpx.URL)
        self._headers = lru_cache(maxsize=64)(self._make_headers)

    def build(self, send: Send) -> httpx.Request:
        """Return the request for ``send``."""
        url = self._url(send.url)
        headers = httpx.Headers(self._headers(url.netloc, send.headers, send.without))
        body = send.body
        if isinstance(body, Upload):
            headers.update(framing(body))
        elif body or send.method in ("POST", "PUT", "PATCH"):
            headers["Content-Length"] = str(len(body or b""))
        stream = self._stream(body) if isinstance(body, Upload) else httpx.ByteStream(body or b"")
        request = httpx.Request(send.method, url, headers=headers, stream=stream, extensions=_extensions(send))
        if not isinstance(body, Upload):
            request.read()  # as httpx does, so that hooks and transports find the content
        return request

    def _make_headers(
        self, host: bytes, lines: tuple[tuple[bytes, bytes], ...], without: frozenset[str]
    ) -> httpx.Headers:
        ours = {name.lower() for name, _ in lines} | {name.encode("ascii") for name in without}
        defaults = [(b"Host", host), *self._defaults]
        return httpx.Headers([*((name, value) for name, value in defaults if name.lower() not in ours), *lines])


class ForeignBuilder:
    """Builds the requests for the caller's own HTTP client: with its headers, cookies and parameters."""

    def __init__(
        self, client: httpx.Client | httpx.AsyncClient, stream: type[UploadStream | AsyncUploadStream]
    ) -> None:
        self._client = client
        self._stream = stream

    def build(self, send: Send) -> httpx.Request:
        """Return the request for ``send``."""
        body = send.body
        headers = [*send.headers]
        if isinstance(body, Upload):
            headers += [(name.encode(), value.encode()) for name, value in framing(body).items()]
        content = self._stream(body) if isinstance(body, Upload) else body
        url, _, query = send.url.partition("?")
        # The client's own parameters, where it has some, would take the place of those that stand in the URL.
        params = httpx.QueryParams(query) if self._client.params else None
        request = self._client.build_request(
            send.method, url if params is not None else send.url, headers=headers, content=content, params=params
        )
        request.extensions = {**request.extensions, **_extensions(send)}
        for name in send.without:
            request.headers.pop(name, None)
        return request


async def send_watched(client: httpx.AsyncClient, request: httpx.Request, upload: Upload) -> httpx.Response:
    """Send ``request``, and raise ``httpx.WriteTimeout`` if the peer takes no slice for too long.

    httpx sees to that itself; httpx-aiohttp 0.2 knows no such timeout and would wait for ever.
    """
    import asyncio

    seconds: float | None = request.extensions.get("timeout", client.timeout.as_dict()).get("write")
    if seconds is None:
        return await client.send(request, stream=True)
    sending = asyncio.ensure_future(client.send(request, stream=True))
    try:
        while True:
            waited = 0.0 if upload.offered_at is None else time.monotonic() - upload.offered_at
            if waited > seconds:
                raise httpx.WriteTimeout("the peer takes nothing")
            await asyncio.wait({sending}, timeout=seconds - waited + 0.01)
            if sending.done():
                return sending.result()
    finally:
        if not sending.done():
            sending.cancel()
            await asyncio.wait({sending}, timeout=seconds)


def framing(upload: Upload) -> dict[str, str]:
    """Return the header that says where the body ends."""
    return {"Transfer-Encoding": "chunked"} if upload.size is None else {"Content-Length": str(upload.size)}


def _extensions(send: Send) -> dict[str, Any]:
    return {} if send.timeout is None else {"timeout": httpx.Timeout(send.timeout).as_dict()}


def translate(error: httpx.RequestError, request: httpx.Request) -> ConnectionFailed | RequestTimedOut:
    """Return our error for one of httpx, of which it is an instance too."""
    error = _honest(error)
    headers = [(name, redacted(name, value)) for name, value in request.headers.multi_items()]
    error.request = httpx.Request(request.method, request.url, headers=headers, stream=httpx.ByteStream(b""))
    origin = f"{request.url.scheme}://{request.url.netloc.decode('ascii')}"
    detail = str(error) or type(error).__name__
    if not isinstance(error, httpx.TimeoutException):
        what = "The proxy failed" if isinstance(error, httpx.ProxyError) else f"No answer from {origin}"
        lost = combine(ConnectionFailed, error, f"{what}: {detail}")
        lost.transient = isinstance(error, RETRIED)
        return lost
    phase = type(error).__name__.removesuffix("Timeout").lower()
    seconds = request.extensions.get("timeout", {}).get(phase)
    message = (
        f"{DOING.get(phase, 'Waiting')} took more than {seconds} s ({origin}): raise timeout= of the client or "
        "'timeout' in request_options"
    )
    return combine(RequestTimedOut, error, message)


def in_the_middle(error: httpx.RequestError, reply: httpx.Response) -> ConnectionFailed | RequestTimedOut:
    """Return our error for an answer that broke off: with its headers, hence the request id, and how far it got."""
    broken = translate(error, reply.request)
    got = reply.num_bytes_downloaded
    said = reply.headers.get("content-length")
    what = broken.body if isinstance(broken, RequestTimedOut) else str(error) or type(error).__name__
    broken.body = f"The answer broke off after {got} bytes{f' of {said}' if said else ''}: {what}"
    broken.args = (broken.body,)
    broken.status_code, broken.headers = reply.status_code, redact(reply.headers)
    return broken


DOING = {
    "connect": "Connecting",
    "read": "The next part of the answer",
    "write": "Sending",
    "pool": "Getting a free connection",
}


def _honest(error: httpx.RequestError) -> httpx.RequestError:
    """Return what really happened: httpx-aiohttp 0.2 calls every lost connection a ``ConnectTimeout``."""
    cause = error.__cause__
    if type(error) is httpx.ReadError and type(cause).__name__ == "ClientPayloadError" and _of_aiohttp(cause):
        made: httpx.TransportError = httpx.RemoteProtocolError(str(error))  # as httpx calls an answer that broke off
        made.__cause__ = cause
        return made
    if type(error) is not httpx.ConnectTimeout or not _of_aiohttp(cause):
        return error
    import asyncio

    import aiohttp

    if isinstance(cause, asyncio.TimeoutError):
        return error

    kinds: dict[type[Exception], type[httpx.TransportError]] = {
        aiohttp.ClientProxyConnectionError: httpx.ProxyError,
        aiohttp.ClientHttpProxyError: httpx.ProxyError,
        aiohttp.ClientConnectorError: httpx.ConnectError,
        aiohttp.ServerDisconnectedError: httpx.RemoteProtocolError,
        aiohttp.ClientConnectionError: httpx.NetworkError,
    }
    for kind, honest in kinds.items():
        if isinstance(cause, kind):
            made = honest(str(error))
            made.__cause__ = cause
            return made
    return error


def foreign(error: Exception) -> httpx.RequestError | None:
    """Return ``error`` as httpx's, None if it is no error of the transport: httpx-aiohttp lets some through."""
    if isinstance(error, httpx.RequestError):
        return error
    if not _of_aiohttp(error):
        return None
    made = httpx.RemoteProtocolError(str(error))
    made.__cause__ = error
    return made


def _of_aiohttp(error: BaseException | None) -> bool:
    return type(error).__module__.partition(".")[0] == "aiohttp"
