"""How the command reaches the service: which credential and address, and a client that keeps the answer's bytes."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from ..environment import DeepgramClientEnvironment
from ..runtime.config import (
    ADDRESS_VARIABLE,
    KEY_VARIABLE,
    NOT_GIVEN,
    TOKEN_VARIABLE,
    find_credential,
    find_environment,
)
from ..runtime.errors import ApiError
from ..runtime.http import past_proxies
from .failures import WrongUse, check_engine, check_voice_engine, explain, not_started, without_server
from .progress import shown

if TYPE_CHECKING:
    from ..local.server import Server

C = TypeVar("C")

CONNECTING = 30.0
"""Seconds that a connection may take, however long the answer may."""


@dataclass(frozen=True)
class CredentialInUse:
    """Which credential is used; never the credential itself."""

    source: str
    """``--api-key`` or the name of a variable."""
    kind: str
    """``api key`` or ``access token``."""
    length: int
    """Characters."""


def credential_in_use(api_key: str | None) -> CredentialInUse | None:
    """Return which credential a client made now would use; raise ``ApiError`` for one that cannot be sent."""
    if api_key is None and TOKEN_VARIABLE not in os.environ and KEY_VARIABLE not in os.environ:
        return None
    found = find_credential(None, NOT_GIVEN if api_key is None else api_key)
    kind = "access token" if found.authorization.startswith("bearer") else "api key"
    return CredentialInUse("--api-key" if api_key is not None else found.source, kind, len(found.secret))


def address_in_use(base_url: str | None) -> tuple[str, str]:
    """Return which address a client made now would use for REST, and who says so; raise ``ValueError`` for none."""
    address = find_environment(base_url, DeepgramClientEnvironment.PRODUCTION).base
    if base_url is not None:
        return address, "--base-url"
    return address, ADDRESS_VARIABLE if os.environ.get(ADDRESS_VARIABLE) else "default"


def client_of_service(make: Callable[..., C], subcommand: str, api_key: str | None, base_url: str | None) -> C:
    """Return the client that ``make`` makes of what was given on the command line; all else is read as usual."""
    keywords = {"api_key": api_key, "base_url": base_url}
    try:
        if credential_in_use(api_key) is None:
            install = "" if find_spec("uvicorn") else ' (after pip install "deepgram-sdk[cli,local]")'
            raise WrongUse(
                "There is no credential: set DEEPGRAM_API_KEY or DEEPGRAM_TOKEN to use the service. "
                f"Or use the embedded server, which needs none: deepgram {subcommand} --local{install}."
            )
        return make(**{name: value for name, value in keywords.items() if value is not None})
    except ApiError as error:  # a credential that cannot be sent
        raise WrongUse(explain(error)) from error
    except ValueError as error:
        raise WrongUse(f"{error}.") from error


def embedded_server(stack: ExitStack, engine: str | None, voice_engine: str | None = None) -> Server:
    """Return a server that runs until ``stack`` is left; ``engine`` listens, ``voice_engine`` speaks."""
    for name in ("deepgram", "uvicorn"):  # what it could not do comes back with the answer, and is shown then
        logging.getLogger(name).addHandler(logging.NullHandler())
    try:
        from ..local.server import running
        from ..local.settings import Settings

        check_engine(engine or Settings.engine)
        check_voice_engine(voice_engine or Settings.voice_engine)
        with shown("starting the embedded server"):
            server = running(engine=engine or Settings.engine, voice_engine=voice_engine or Settings.voice_engine)
            return stack.enter_context(server)
    except ModuleNotFoundError as missing:
        raise without_server(missing) from missing
    except (RuntimeError, ValueError) as error:
        raise not_started(error) from error


def check_choice(local: bool, engine: str | None, api_key: str | None, base_url: str | None) -> None:
    """Refuse options that contradict each other."""
    if engine is not None and not local:
        raise WrongUse("--engine belongs to --local.")
    if local and (base_url or api_key):
        raise WrongUse("--local uses the embedded server: leave out --base-url and --api-key.")


def further_parameters(pairs: Sequence[str]) -> dict[str, Any]:
    """Return ``name=value`` pairs as query parameters; a name that comes twice has a list."""
    found: dict[str, list[str]] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise WrongUse(f"--param needs NAME=VALUE, not {pair!r}.")
        found.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


class Recorder(httpx.SyncByteStream):
    """The body of an answer, which remembers what was read of it."""

    def __init__(self, body: httpx.SyncByteStream, parts: list[bytes]) -> None:
        self._body = body
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        """Hand out the body as it arrives."""
        for part in self._body:
            self._parts.append(part)
            yield part

    def close(self) -> None:
        """Release the connection."""
        self._body.close()


class Received:
    """The last answer, byte for byte: `--json` promises the document as the service wrote it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._encoding: dict[str, str] = {}

    def watch(self, response: httpx.Response) -> None:
        """Keep what is read of ``response``; no more is read than the SDK allows."""
        assert isinstance(response.stream, httpx.SyncByteStream)
        self._parts = []
        self._encoding = {name: value for name, value in response.headers.items() if name == "content-encoding"}
        response.stream = Recorder(response.stream, self._parts)

    @property
    def body(self) -> bytes:
        """The document, decompressed."""
        return httpx.Response(200, headers=self._encoding, content=b"".join(self._parts)).content


def http_client(timeout: float, received: Received) -> httpx.Client:
    """Return an HTTP client that waits ``timeout`` seconds for answers and shows them to ``received``."""
    try:
        return httpx.Client(
            timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECTING)),
            follow_redirects=True,
            mounts=past_proxies(),
            event_hooks={"response": [received.watch]},
        )
    except (ValueError, httpx.InvalidURL) as error:
        raise WrongUse(f"A proxy that is set in the environment cannot be used: {error}.") from error
