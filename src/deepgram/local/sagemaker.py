"""SageMaker's bidirectional streaming in front of the embedded server: ``deepgram serve --sagemaker PORT``.

HTTP/2 over TLS, AWS's event stream, signatures checked: what AWS's own client speaks to. With it, whoever builds for
Deepgram on SageMaker needs neither AWS nor an endpoint to try things. Needs the extra ``sagemaker-local``.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from starlette.types import ASGIApp

from .http2 import Connection
from .sagemaker_invocation import Served, answer
from .sagemaker_signing import Key, Signatures

ACCESS_KEY = "local"
"""The access key that is known if no others are given."""
HANDSHAKE = 10.0
"""Seconds that a TLS handshake may take."""
STOPPING = 2.0
"""Seconds that conversations get when the endpoint stops."""
PART = 1024 * 1024
"""Bytes of the parts in which long messages are answered."""
CONNECTIONS = 1000
"""Connections at the same time; further ones are closed."""


@dataclass(frozen=True)
class Endpoint:
    """How the endpoint is served."""

    name: str | None = None
    """The endpoint's name; None answers to every name."""
    region: str = "us-west-2"
    """Region for which requests must be signed."""
    keys: Mapping[str, Key] = field(default_factory=lambda: {ACCESS_KEY: Key(ACCESS_KEY)}, repr=False)
    """Access keys that are known, with their secrets."""
    certificate: Path | None = None
    """PEM file with private key and certificates; None makes a self-signed one at each start."""
    max_message_bytes: int = 16 * 1024 * 1024
    """Largest message that is taken (bytes)."""
    part_bytes: int = PART
    """Bytes of the parts in which long messages are answered."""
    authorization: str = "Token local"
    """Header with which conversations are let in by the application."""
    clock: Callable[[], float] = time.time
    """Tells the time (s since 1970)."""


class SageMaker:
    """A running endpoint, in the event loop that starts it."""

    def __init__(self, app: ASGIApp, endpoint: Endpoint, bound: socket.socket) -> None:
        """Take the application whose WebSockets are invoked, and the socket to listen on, which this object closes.

        Raises ``OSError`` if the certificate cannot be read.
        """
        self._endpoint = endpoint
        self._bound = bound
        host, port = bound.getsockname()[:2]
        self.url = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
        """Address for ``endpoint_url=``, or AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2."""
        self.ca_bundle: Path | None = None
        """File with the certificate that clients must trust (``ca_bundle=``, AWS_CA_BUNDLE), if it was made here."""
        self._served = Served(
            app,
            Signatures(dict(endpoint.keys), endpoint.region, endpoint.clock),
            endpoint.name,
            endpoint.authorization,
            endpoint.max_message_bytes,
            endpoint.part_bytes,
        )
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._tls.set_alpn_protocols(["h2"])
        if endpoint.certificate is None:
            self._make_certificate()
        else:
            self._tls.load_cert_chain(endpoint.certificate)

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which AWS's clients, and our transport, find this endpoint."""
        key, known = next(iter(self._endpoint.keys.items()))
        found = {
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2": self.url,
            "AWS_REGION": self._endpoint.region,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": known.secret,
        }
        if known.token is not None:
            found["AWS_SESSION_TOKEN"] = known.token
        if self.ca_bundle is not None:
            found["AWS_CA_BUNDLE"] = str(self.ca_bundle)
        return found

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.get_running_loop().create_server(
            self._connect, sock=self._bound, ssl=self._tls, ssl_handshake_timeout=HANDSHAKE
        )

    async def stop(self) -> None:
        """End all conversations and stop listening."""
        if self._server is not None:
            self._server.close()
        await asyncio.gather(*(connection.close(STOPPING) for connection in list(self._connections)))
        self.close()

    def close(self) -> None:
        """Give up the address, and the certificate if it was made here."""
        self._bound.close()
        if self._folder is not None:
            with suppress(OSError):
                self._folder.cleanup()

    def _connect(self) -> asyncio.Protocol:
        if len(self._connections) >= CONNECTIONS:
            return _Closed()
        return Connection(partial(answer, served=self._served), self._connections)

    def _make_certificate(self) -> None:
        import trustme

        authority = trustme.CA(organization_name="deepgram.local")
        host = self._bound.getsockname()[0]
        names = {"localhost", "127.0.0.1", "::1"} | ({host} - {"0.0.0.0", "::"})  # noqa: S104
        authority.issue_cert(*sorted(names)).configure_cert(self._tls)
        self._folder = tempfile.TemporaryDirectory(prefix="deepgram-sagemaker-", ignore_cleanup_errors=True)
        self.ca_bundle = Path(self._folder.name) / "ca.pem"
        self.ca_bundle.write_bytes(authority.cert_pem.bytes())


class _Closed(asyncio.Protocol):
    """A connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
