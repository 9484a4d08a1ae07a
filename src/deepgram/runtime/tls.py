"""Which certificates are trusted, one setting for REST and sockets, and which proxies show one too."""

from __future__ import annotations

import os
import ssl
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

_loading = Lock()


class LateContext(ssl.SSLContext):
    """The usual checks. The certificates are loaded with the first connection: it takes 20 ms, and http: needs none."""

    loaded = False

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """Begin a connection that blocks."""
        self._load()
        return super().wrap_socket(*args, **kwargs)

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """Begin a connection of an event loop."""
        self._load()
        return super().wrap_bio(*args, **kwargs)

    def _load(self) -> None:
        """Load what httpx would: the certificates that SSL_CERT_FILE or SSL_CERT_DIR names, else those of certifi."""
        with _loading:
            if self.loaded:
                return
            file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
            if not file and not folder:
                import certifi

                file = certifi.where()
            self.load_verify_locations(cafile=file or None, capath=folder or None)
            self.loaded = True


def context(verify: bool | str | os.PathLike[str] | ssl.SSLContext) -> ssl.SSLContext:
    """Return the TLS context for ``verify``: True, False, a CA file or a folder of them, or a context of the caller's.

    Raises ``FileNotFoundError`` or ``ssl.SSLError`` for a path that is not a CA file.
    """
    if isinstance(verify, ssl.SSLContext):
        return verify
    if isinstance(verify, bool):
        made = LateContext(ssl.PROTOCOL_TLS_CLIENT)
        if not verify:
            made.check_hostname = False
            made.verify_mode = ssl.CERT_NONE
            made.loaded = True
        return made
    path = os.fspath(verify)
    if os.path.isdir(path):
        return ssl.create_default_context(capath=path)
    return ssl.create_default_context(cafile=path)


def over_tls(proxy: str | bool | None) -> bool:
    """Tell whether a proxy is reached over TLS."""
    return isinstance(proxy, str) and urlsplit(proxy).scheme == "https"
