"""Who thinks: the provider that an agent's settings name, at the address that they or the server's owner give."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from ...protocol.models.agent_settings import ThinkSettingsV1
from ..guard import check_url
from .anthropic import VERSION, Anthropic
from .chat_completions import PATH, ChatCompletions
from .endpoint import Endpoint, headers_of_caller
from .google import Google
from .scripted import BUILT_IN, Script, Scripted
from .thinker import Thinker

SCRIPTED = "scripted"
PROVIDERS = "providers"

_COMPLETIONS = {"open_ai", "groq", "deepgram", "custom"}
_OWN_ADDRESSES = {
    "open_ai": ("https://api.openai.com/v1/chat/completions", ("OPENAI_API_KEY",)),
    "groq": ("https://api.groq.com/openai/v1/chat/completions", ("GROQ_API_KEY",)),
    "anthropic": ("https://api.anthropic.com/v1/messages", ("ANTHROPIC_API_KEY",)),
    "google": ("https://generativelanguage.googleapis.com/v1beta/models/{model}", ("GEMINI_API_KEY", "GOOGLE_API_KEY")),
}
"""Where a provider answers, and which variables of the environment may hold its key."""
BEDROCK = "aws_bedrock"
"""Signs its requests with keys of AWS: it is stood in for, but not asked."""
KNOWN = sorted({*_COMPLETIONS, "anthropic", "google", BEDROCK, SCRIPTED} - {"custom"})


class UnknownProvider(ValueError):
    """Nobody here thinks like that; the message says what there is."""


class Providers:
    """Finds the thinker for an agent's settings.

    Without an endpoint in the settings it is what the owner of the server chose: ``scripted`` (rules, no network), the
    address of a server that speaks chat completions, or ``providers`` (the providers themselves, with the keys of the
    server's environment).
    """

    def __init__(
        self,
        choice: str,
        *,
        script: Script | None = None,
        guarded: httpx.AsyncClient,
        trusted: httpx.AsyncClient,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """``guarded`` goes where callers say, ``trusted`` where the owner says."""
        self._choice = choice
        self._script = script or BUILT_IN
        self._guarded = guarded
        self._trusted = trusted
        self._environment = environment

    def thinker(self, settings: ThinkSettingsV1) -> tuple[Thinker, str | None]:
        """Return who thinks for these settings, and a warning if it is somebody else than they name.

        Raises :class:`UnknownProvider`, and ``FetchRefused`` for an address that is none.
        """
        provider = settings.provider
        kind = str(getattr(provider, "type", None) or "open_ai")
        model = str(getattr(provider, "model", None) or "")
        if kind not in KNOWN:
            raise UnknownProvider(f"unknown think provider `{kind[:40]}`; known here: {', '.join(KNOWN)}")
        if kind == SCRIPTED:
            return Scripted(self._script), None
        endpoint = settings.endpoint
        if kind == BEDROCK and (endpoint is not None or self._choice == PROVIDERS):
            raise UnknownProvider(f"{kind} is not asked by this server")
        if endpoint is not None and endpoint.url:
            headers = headers_of_caller(endpoint.headers)
            return _speaking(kind, Endpoint(_whole(endpoint.url, kind, model), self._guarded, headers)), None
        if self._choice == PROVIDERS:
            return self._at_home(kind, model), None
        if self._choice != SCRIPTED:
            return ChatCompletions(Endpoint(_whole(self._choice, "open_ai", model), self._trusted)), None
        warning = f"{kind} is not asked: this server thinks by its script of rules (deepgram serve --think)"
        return Scripted(self._script), warning

    def _at_home(self, kind: str, model: str) -> Thinker:
        if kind not in _OWN_ADDRESSES:
            raise UnknownProvider(f"the think provider `{kind}` needs an `endpoint`")
        address, names = _OWN_ADDRESSES[kind]
        key = next((found for name in names if (found := self._environment.get(name))), None)
        if key is None:
            raise UnknownProvider(f"the server has no key for `{kind}`: its environment lacks {' and '.join(names)}")
        if kind == "anthropic":
            headers = {"x-api-key": key}
        elif kind == "google":
            headers = {"x-goog-api-key": key}
        else:
            headers = {"authorization": f"Bearer {key}"}
        address = address.replace("{model}", quote(model, safe=""))
        return _speaking(kind, Endpoint(_whole(address, kind, model), self._trusted, headers))


def check_choice(choice: str) -> None:
    """Raise ``ValueError`` unless this is something that the owner of a server can choose."""
    if choice in (SCRIPTED, PROVIDERS):
        return
    parts = urlsplit(choice)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"think must be {SCRIPTED}, {PROVIDERS} or the http address of a server, not {choice!r}")


def _speaking(kind: str, endpoint: Endpoint) -> Thinker:
    if kind == "google":
        return Google(endpoint)
    if kind != "anthropic":
        return ChatCompletions(endpoint)
    headers = {"anthropic-version": VERSION, **endpoint.headers}
    return Anthropic(Endpoint(endpoint.url, endpoint.client, headers))


def _whole(url: str, kind: str, model: str) -> str:
    """Return the address that is asked: programs give that of a whole server as well."""
    url = str(check_url(url, allow_private=True))
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if kind in _COMPLETIONS and (not path or path.endswith("/v1")):
        path = f"{path or '/v1'}{PATH}"
    elif kind == "anthropic" and (not path or path.endswith("/v1")):
        path = f"{path or '/v1'}/messages"
    elif kind == "google":
        if not path or path.endswith(("/v1", "/v1beta")):
            path = f"{path or '/v1beta'}/models/{quote(model, safe='')}"
        if ":" not in path.rpartition("/")[2]:
            path += ":streamGenerateContent"
        query = parts.query or ("alt=sse" if path.endswith(":streamGenerateContent") else "")
        return urlunsplit((parts.scheme, parts.netloc, path, query, ""))
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
