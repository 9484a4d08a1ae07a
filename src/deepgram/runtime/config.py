"""What every request of a client has in common: credential, addresses, headers, limits. Light to import."""

from __future__ import annotations

import os
import sys

from ..environment import DeepgramClientEnvironment
from ..version import __version__

TYPE_CHECKING = False  # the module typing is slow to import, and every client imports this one

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from typing import Any, Final

    import httpx

MAX_MESSAGE: Final = 16 * 1024 * 1024  # bytes: the largest message of a conversation
DRAIN_TIMEOUT: Final = 5.0  # s: for the last results of a conversation
TIMEOUT: Final = 60.0  # s: for connecting, writing, reading, and waiting for a connection, each
TOKEN_VARIABLE: Final = "DEEPGRAM_TOKEN"  # noqa: S105  # the name of a variable
KEY_VARIABLE: Final = "DEEPGRAM_API_KEY"
ADDRESS_VARIABLE: Final = "DEEPGRAM_BASE_URL"


class _NotGiven(str):
    """The type of :data:`NOT_GIVEN`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "None"


NOT_GIVEN: Final = _NotGiven()
"""The default of ``api_key``: look into the environment. It shows as None, the recorded default, but an explicit None
means "no key": a program that looks up the key of one of its customers, and finds none, must not go on with its own."""


class Credential:
    """A key or token, and where it was found. Its value is in ``authorization`` and is never shown."""

    __slots__ = ("authorization", "source")

    def __init__(self, scheme: str, secret: str, source: str) -> None:
        """Raise ``ApiError`` for a secret that cannot stand in a header, without showing it."""
        try:
            secret.encode("latin-1")
            clean = all(character >= " " and not "\x7f" <= character <= "\x9f" for character in secret)
        except UnicodeEncodeError:
            clean = False
        if not clean:
            raise _refusal(
                f"The credential given by {source} holds a line break, another control character or a character "
                "outside of latin-1: was it copied whole, and nothing else with it?"
            )
        self.authorization = f"{scheme} {secret}".rstrip()
        self.source = source

    @property
    def secret(self) -> str:
        return self.authorization.partition(" ")[2]

    def __repr__(self) -> str:
        return f"<{self.authorization.partition(' ')[0]} credential given by {self.source}>"


def find_credential(
    access_token: str | None, api_key: str | None, environment: Mapping[str, str] = os.environ
) -> Credential:
    """Return the credential of a client.

    That is ``access_token``, else ``api_key``, else DEEPGRAM_TOKEN, else DEEPGRAM_API_KEY. An empty text is a
    credential. Raises ``ApiError`` if there is none.
    """
    if access_token is not None:
        return Credential("bearer", access_token, "access_token=")
    if api_key is not None and api_key is not NOT_GIVEN:
        return Credential("Token", api_key, "api_key=")
    if api_key is NOT_GIVEN:
        if (token := environment.get(TOKEN_VARIABLE)) is not None:
            return Credential("bearer", token, TOKEN_VARIABLE)
        if (key := environment.get(KEY_VARIABLE)) is not None:
            return Credential("Token", key, KEY_VARIABLE)
    said = "api_key=None was passed, which means no key." if api_key is None else "The client found no credential."
    raise _refusal(
        f"{said} Set the environment variable {KEY_VARIABLE} (an API key) or {TOKEN_VARIABLE} (an access token), "
        "or pass api_key= or access_token= to the client."
    )


def _refusal(text: str) -> Exception:
    from .errors import ApiError

    return ApiError(body=text)


def find_environment(base_url: str | None, environment: DeepgramClientEnvironment) -> DeepgramClientEnvironment:
    """Return the addresses of a client.

    They are those of ``base_url``, else of ``environment``, else of DEEPGRAM_BASE_URL, else the hosted API's. Raises
    ``ValueError`` for what is no address.
    """
    if base_url is not None:
        return DeepgramClientEnvironment.at(base_url)
    if environment is DeepgramClientEnvironment.PRODUCTION and (found := os.environ.get(ADDRESS_VARIABLE)):
        try:
            return DeepgramClientEnvironment.at(found)
        except ValueError as error:
            raise ValueError(f"{ADDRESS_VARIABLE}: {error}") from None
    return environment


def new_session_id() -> str:
    """Return a random UUID, version 4; the module uuid takes longer to import than a client takes to build."""
    digits = bytearray(os.urandom(16))
    digits[6] = digits[6] & 0x0F | 0x40
    digits[8] = digits[8] & 0x3F | 0x80
    text = digits.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


class Config:
    """The configuration of one client. Safe to print."""

    def __init__(
        self,
        *,
        credential: Credential,
        environment: DeepgramClientEnvironment = DeepgramClientEnvironment.PRODUCTION,
        headers: Mapping[str, str] | None = None,
        session_id: str | None = None,
        timeout: float | httpx.Timeout | None = None,
        max_retries: int | None = None,
        follow_redirects: bool = True,
        verify: bool | str | os.PathLike[str] | ssl.SSLContext = True,
        proxy: str | None = None,
        logging: Any = None,
        redact_credentials_in_logs: bool = True,
        max_message_bytes: int = MAX_MESSAGE,
        drain_timeout: float = DRAIN_TIMEOUT,
    ) -> None:
        self.credential = credential
        self.environment = environment
        self.custom_headers = dict(headers or {})
        self.session_id = new_session_id() if session_id is None else session_id
        self.timeout = timeout
        self.max_retries = max_retries
        self.follow_redirects = follow_redirects
        self.verify = verify
        self.proxy = proxy
        self.logging = logging
        self.redact_credentials_in_logs = redact_credentials_in_logs
        self.max_message_bytes = max_message_bytes
        self.drain_timeout = drain_timeout
        self._headers: dict[str, str] | None = None
        self.lines: dict[str | None, tuple[tuple[bytes, bytes], ...]] = {}
        """The headers as they travel, by content type: of the calls that add none, which is nearly all."""

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request and every handshake: ours, then the client's own, then the credential."""
        if self._headers is None:
            self._headers = merged(
                {
                    "User-Agent": f"deepgram-sdk/{__version__}",
                    "X-Fern-Language": "Python",
                    "X-Fern-Runtime": "python/" + ".".join(map(str, sys.version_info[:3])),
                    "X-Fern-Platform": _platform(),
                    "X-Fern-SDK-Name": "deepgram-sdk",
                    "X-Fern-SDK-Version": __version__,
                },
                self.custom_headers,
                {"x-deepgram-session-id": self.session_id, "Authorization": self.credential.authorization},
            )
        return self._headers

    def __repr__(self) -> str:
        return f"Config({self.environment!r}, {self.credential!r})"


def merged(*headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``headers`` as one; the later win, whatever the case of a name; None takes a header out."""
    found: dict[str, tuple[str, Any]] = {}
    for some in headers:
        for name, value in some.items():
            found[name.lower()] = (name, value)
    return {name: value for name, value in found.values() if value is not None}


def _platform() -> str:
    """Return the operating system and its release, as in ``linux/6.1.0``."""
    if hasattr(os, "uname"):
        system = os.uname()
        return f"{system.sysname.lower()}/{system.release}"
    import platform  # Windows: worth its time there

    return f"{platform.system().lower()}/{platform.release()}"
