"""Guarded HTTP to addresses that callers name: which may be reached, and a client that only goes there.

Without a guard, ``{"url": "http://169.254.169.254/..."}`` would make the server read what only its own machine may
read (server-side request forgery). The guard sits where connections are made: a name is resolved once, every address
is judged, and the connection goes to an address that was judged. Redirects and names that change their address
between two look-ups (DNS rebinding) are thus covered by the same few lines.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import cast

import httpcore
import httpx

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the IP addresses of a host and port, as text; raises ``OSError`` when there are none."""

CONNECT_TIMEOUT = 10.0
"""Seconds for a look-up and connection together."""
MAX_ADDRESSES = 4
"""Addresses of one name that are tried."""

_HINT = "Start the server with --allow-private-urls to allow it."


class FetchError(Exception):
    """A caller's URL cannot be used; the message can be shown to the caller."""


class FetchRefused(FetchError):
    """The server does not go to this address, and a retry will not change that."""


class FetchFailed(FetchError):
    """The address may be reached, but it did not give what was wanted."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status of the peer, when it answered."""


# --- Which addresses are public ---------------------------------------------------------------------------------------

# Written out, because what `ipaddress` calls global has changed between releases of Python.
# Source: IANA special-purpose address registries (RFC 6890); multicast and reserved space in one line, 224/3.
_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/3"),
        "168.63.129.16/32",  # looks public, is the host of every Azure machine
    )
)
# Global unicast is 2000::/3 and nothing else. Out of it come protocol assignments (Teredo among them), documentation
# and 6to4, which carries an IPv4 address and has been out of use since RFC 7526.
_GLOBAL_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(IPv6Network(n) for n in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether ``address`` is an ordinary unicast address of the Internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if address in _NAT64:  # what hosts without IPv4 see of the IPv4 Internet (RFC 6052)
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _GLOBAL_6 and not any(address in network for network in _NOT_PUBLIC_6)


def check_url(url: str | httpx.URL, *, allow_private: bool, ports: Collection[int] = ()) -> httpx.URL:
    """Return ``url`` parsed; raise :class:`FetchRefused` for what can be seen without a look-up.

    ``ports``: the only ones that may be used (any, when empty); ``allow_private`` opens all of them.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise FetchRefused(f"This is not a URL: {error}.") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise FetchRefused("Only URLs that begin with http:// or https:// and name a host are fetched or called.")
    if allow_private:
        return parsed
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    if ports and port not in ports:
        allowed = ", ".join(str(number) for number in sorted(ports))
        raise FetchRefused(f"Port {port} of {parsed.host} is not used: only {allowed} are. {_HINT}")
    try:
        literal = ip_address(parsed.host)
    except ValueError:
        return parsed
    if not is_public(literal):
        raise _private(parsed.host)
    return parsed


def shown(url: str | httpx.URL) -> str:
    """Return the part of ``url`` that may be logged: no credentials, no path, no query, all of which may be secret."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return "an invalid URL"
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"


def _private(host: str) -> FetchRefused:
    # The address itself is not said: it would tell the caller about the network of the server.
    return FetchRefused(f"{host} has a loopback, private or otherwise special address, which is not contacted. {_HINT}")


# --- The client -------------------------------------------------------------------------------------------------------


async def resolve(host: str, port: int) -> Sequence[str]:
    """Look up ``host`` as the system does."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guard(httpcore.AsyncNetworkBackend):
    """Makes the connections of the client; the one place where addresses are judged."""

    def __init__(self, *, allow_private: bool, resolver: Resolver, network: httpcore.AsyncNetworkBackend) -> None:
        self.allow_private = allow_private
        self._resolver = resolver
        self._network = network

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses that ``host`` may be reached at.

        Raises :class:`FetchRefused` if one of them is not public, ``OSError`` if it has none.
        """
        try:
            found = await self._resolver(host, port)
            judged = [ip_address(address) for address in found]
        except ValueError as error:  # a label that is too long, a scope
            raise OSError(str(error)) from None
        if not judged:
            raise OSError("the name has no address")
        if not self.allow_private and not all(map(is_public, judged)):
            raise _private(host)
        return found[:MAX_ADDRESSES]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to an address of ``host`` that has been judged. TLS, above this, still checks the name."""
        deadline = time.monotonic() + (CONNECT_TIMEOUT if timeout is None else timeout)
        try:
            addresses = await asyncio.wait_for(self.addresses(host, port), deadline - time.monotonic())
        except asyncio.TimeoutError:
            raise httpcore.ConnectTimeout("the look-up of the name took too long") from None
        except OSError as error:
            raise httpcore.ConnectError(f"the name cannot be resolved ({error})") from None
        for left in range(len(addresses), 0, -1):
            # An address that does not answer may not eat the time of the next one.
            share = max(0.0, deadline - time.monotonic()) / left
            try:
                return await self._network.connect_tcp(
                    addresses[-left], port, share, local_address, list(socket_options or ())
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if left == 1:
                    raise
        raise AssertionError("there is at least one address")

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: nothing a caller names leads to a socket file."""
        raise FetchRefused("Socket files are not contacted.")

    async def sleep(self, seconds: float) -> None:
        """Wait, for httpcore."""
        await asyncio.sleep(seconds)


class _Transport(httpx.AsyncBaseTransport):
    """httpx over an httpcore pool whose connections the guard makes; httpx's own transport does not let one say so."""

    def __init__(self, guard: Guard, ssl_context: ssl.SSLContext) -> None:
        self._guard = guard
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context,
            max_connections=128,
            max_keepalive_connections=8,
            keepalive_expiry=5.0,
            network_backend=guard,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        check_url(request.url, allow_private=self._guard.allow_private)
        url = request.url
        try:
            response = await self._pool.handle_async_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        except _HTTPCORE as error:
            raise _translated(error, request) from error
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response, request),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response, request: httpx.Request) -> None:
        self._response = response
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.aiter_stream():
                yield chunk
        except _HTTPCORE as error:
            raise _translated(error, self._request) from error

    async def aclose(self) -> None:
        await self._response.aclose()


_HTTPCORE = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol)


def _translated(error: Exception, request: httpx.Request) -> httpx.HTTPError:
    # The two libraries name their errors alike.
    kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__, httpx.TransportError)
    return kind(str(error), request=request)


class GuardedClient(httpx.AsyncClient):
    """An ``httpx.AsyncClient`` that only goes where it may. Make it with :func:`guarded_client`."""

    def __init__(self, guard: Guard, ssl_context: ssl.SSLContext) -> None:
        super().__init__(
            transport=_Transport(guard, ssl_context),
            timeout=httpx.Timeout(30.0, connect=CONNECT_TIMEOUT),
            headers={"user-agent": "deepgram-local", "accept-encoding": "identity"},
            # Callers share this client: what a server sets for one of them is not shown for another.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            trust_env=False,
        )
        self.guard = guard

    async def check(self, url: str, *, ports: Collection[int] = ()) -> None:
        """Judge ``url`` before it is used, name look-up included.

        Raises :class:`FetchRefused`, or :class:`FetchFailed` for a name without an address. Connections are judged
        again when they are made.
        """
        parsed = check_url(url, allow_private=self.guard.allow_private, ports=ports)
        try:
            await asyncio.wait_for(self.guard.addresses(parsed.host, parsed.port or 0), CONNECT_TIMEOUT)
        except (OSError, asyncio.TimeoutError):
            raise FetchFailed(f"The name {parsed.host} could not be resolved.") from None


def guarded_client(
    *,
    allow_private: bool,
    ssl_context: ssl.SSLContext | None = None,
    resolver: Resolver = resolve,
    network: httpcore.AsyncNetworkBackend | None = None,
) -> GuardedClient:
    """Return a client for URLs that callers name.

    It refuses addresses that are not public (:class:`FetchRefused`) unless ``allow_private``, asks no proxy of the
    environment, keeps no cookies, follows no redirect unless told to, and asks for uncompressed answers.
    ``resolver`` and ``network`` are for tests.
    """
    # A cast, as httpcore declares a second class of that name for installations without anyio; httpx needs anyio.
    guard = Guard(
        allow_private=allow_private,
        resolver=resolver,
        network=network or cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend()),
    )
    return GuardedClient(guard, ssl_context or httpx.create_ssl_context())
