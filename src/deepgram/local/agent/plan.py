"""The settings of a conversation, read and checked: how the agent listens, thinks and speaks.

Sources: developers.deepgram.com/docs/voice-agent-settings, /docs/configure-voice-agent
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from ...protocol.model import Model, decode
from ...protocol.models.agent_settings import AgentV1Settings, ThinkSettingsV1, ThinkSettingsV1FunctionsItem
from .. import capabilities
from ..engines.recognizer import EngineInfo
from ..guard import FetchError, check_url
from ..live import TurnRules
from ..live_options import LiveRequest, read_v1, read_v2, turn_rules
from ..options import BadParameter
from ..speech import Speech
from ..speech_formats import BadFormat, BadValue, SpeechFormat
from ..thinking.endpoint import headers_of_caller
from ..thinking.providers import Providers, UnknownProvider
from ..thinking.thinker import Called, Entry, Function, Said, Thinker
from ..voices import UnknownVoice
from .speaker import Voicing

DEFAULT_RATE = 24000
"""Hz of audio in both directions where nothing is said."""
DEFAULT_VOICE = "aura-2-thalia-en"
QUICK = 0.55
"""Confidence with which a turn ends where the settings have no thresholds: after 0.4 s of silence, so that the answer
begins 0.6 s after the last word."""
MOST_FUNCTIONS = 128
LARGEST_NUMBER = 1e9
LONGEST_PROMPT = 25_000
"""Characters; the service's limit for models that it manages."""
SPEAK_PROVIDERS = ("deepgram", "eleven_labs", "cartesia", "open_ai", "aws_polly")


class BadSettings(ValueError):
    """Settings that make no sense; the message says which and why."""


@dataclass(frozen=True)
class Thinking:
    """One way to think: the provider and what it is told."""

    thinker: Thinker
    model: str
    prompt: str
    functions: tuple[ThinkSettingsV1FunctionsItem, ...]
    temperature: float | None
    reasoning_mode: str | None
    context: float | None
    """Characters of the conversation that are told; None: all."""

    @property
    def told(self) -> tuple[Function, ...]:
        """The functions as a model is told of them."""
        return tuple(Function(item.name or "", item.description, item.parameters) for item in self.functions)


@dataclass(frozen=True)
class Plan:
    """What an agent is."""

    listening: LiveRequest
    thinking: tuple[Thinking, ...]
    voicing: Voicing
    greeting: str | None
    entries: tuple[Entry, ...]
    history: bool
    """Whether the client is told the history."""
    tags: tuple[str, ...]
    warnings: tuple[tuple[str, str], ...]
    """Code and description of what is not done as it was asked."""


class Planner:
    """Reads settings. Methods raise :class:`BadSettings`."""

    def __init__(self, info: EngineInfo, providers: Providers, speech: Speech) -> None:
        self._info = info
        self._providers = providers
        self._speech = speech

    def plan(self, message: Mapping[str, Any], agent: Mapping[str, Any]) -> Plan:
        """Return the plan of a Settings message, whose ``agent`` may have been a stored configuration."""
        settings = _shaped(AgentV1Settings, {**message, "agent": dict(agent)})
        told = settings.agent
        if isinstance(told, str) or not isinstance(told, Model):
            raise BadSettings("agent: expected an object")
        warnings: list[tuple[str, str]] = []
        language = _text(getattr(told, "language", None))
        listening = self.listening(_part(agent, "listen"), _part(message, "audio"), language)
        for unsupported in capabilities.unsupported(listening.text, self._info):
            warnings.append(("UNSUPPORTED_PARAMETER", str(unsupported.message)))
        thinking = self.thinking(agent.get("think"), warnings)
        voicing = self.voicing(agent.get("speak"), _form(_part(message, "audio").get("output")), warnings)
        greeting = _text(agent.get("greeting"))
        flags = _part(message, "flags")
        return Plan(
            listening,
            thinking,
            voicing,
            greeting if greeting and greeting.strip() else None,
            _entries(agent.get("context")),
            flags.get("history") is not False,
            _tags(message.get("tags")),
            tuple(warnings),
        )

    # --- Listening ----------------------------------------------------------------------------------------------------

    def listening(self, listen: Mapping[str, Any], audio: Mapping[str, Any], language: str | None) -> LiveRequest:
        """Return how the user is heard."""
        provider = _part(listen, "provider")
        kind = _text(provider.get("type")) or "deepgram"
        if kind != "deepgram":
            raise BadSettings(f"agent.listen.provider: unknown type `{kind[:40]}`; known here: deepgram")
        given = _part(audio, "input")
        query = {
            "encoding": given.get("encoding") or "linear16",
            "sample_rate": given.get("sample_rate") or DEFAULT_RATE,
            "keyterm": provider.get("keyterms"),
            "smart_format": provider.get("smart_format"),
            "model": provider.get("model"),
        }
        flux = str(provider.get("model") or "").startswith("flux") or provider.get("version") == "v2"
        if not flux:
            query["language"] = provider.get("language") or language
        try:
            if flux:
                query["model"] = query["model"] or "flux-general-en"
                query |= {
                    name: provider.get(name) for name in ("eot_threshold", "eager_eot_threshold", "eot_timeout_ms")
                }
                request = read_v2(_query(query))
            else:
                request = read_v1(_query({**query, "punctuate": True}))
        except BadParameter as error:
            raise BadSettings(f"agent.listen: {error}") from None
        if not capabilities.language_supported(request.text, self._info):
            raise BadSettings(f"agent.listen: the engine {self._info.name} does not know {request.text.language!r}")
        rules = request.hearing.turns or TurnRules(eot_threshold=QUICK)
        if flux and provider.get("eot_threshold") is None:
            eager = rules.eager_eot_threshold
            rules = turn_rules({"eot_threshold": QUICK if eager is None else max(QUICK, eager)}, rules)
        hearing = replace(request.hearing, interim=True, turns=rules, vad_events=True)
        return replace(request, hearing=hearing)

    # --- Thinking -----------------------------------------------------------------------------------------------------

    def thinking(self, think: object, warnings: list[tuple[str, str]]) -> tuple[Thinking, ...]:
        """Return how the agent thinks: one way or several, to be tried in turn."""
        given = think if isinstance(think, list) else [think]
        found = tuple(self._thinking(item, warnings) for item in given if item is not None)
        if not found:
            raise BadSettings("agent.think: missing; an agent that does not think has nothing to say")
        return found

    def _thinking(self, item: object, warnings: list[tuple[str, str]]) -> Thinking:
        settings = _shaped(ThinkSettingsV1, item, "agent.think")
        provider = settings.provider
        _object(provider, "agent.think.provider")
        _endpoint(settings.endpoint, "agent.think.endpoint")
        try:
            thinker, warning = self._providers.thinker(settings)
        except (UnknownProvider, FetchError) as error:
            raise BadSettings(f"agent.think: {error}") from None
        if warning is not None:
            warnings.append(("THINK_PROVIDER_REPLACED", warning))
        prompt = _text(settings.prompt) or ""
        if len(prompt) > LONGEST_PROMPT:
            warnings.append(("PROMPT_TOO_LONG", f"The prompt was cut to {LONGEST_PROMPT} characters."))
        context = settings.context_length
        return Thinking(
            thinker,
            _text(getattr(provider, "model", None)) or "",
            prompt[:LONGEST_PROMPT],
            _functions(settings.functions),
            _number(getattr(provider, "temperature", None), "agent.think.provider.temperature"),
            _text(getattr(provider, "reasoning_mode", None)),
            None if context == "max" else _number(context, "agent.think.context_length"),
        )

    # --- Speaking -----------------------------------------------------------------------------------------------------

    def voicing(self, speak: object, form: SpeechFormat, warnings: list[tuple[str, str]]) -> Voicing:
        """Return how the agent speaks: the first of several ways that is known here."""
        given = [item for item in (speak if isinstance(speak, list) else [speak]) if item is not None]
        providers = [_part(item, "provider") if isinstance(item, Mapping) else {} for item in given] or [{}]
        for provider in providers:
            kind = _text(provider.get("type")) or "deepgram"
            if kind not in SPEAK_PROVIDERS:
                known = ", ".join(SPEAK_PROVIDERS)
                raise BadSettings(f"agent.speak.provider: unknown type `{kind[:40]}`; known: {known}")
        own = next((provider for provider in providers if (provider.get("type") or "deepgram") == "deepgram"), None)
        if own is None:
            kind = str(providers[0].get("type"))
            warnings.append(("SPEAK_PROVIDER_REPLACED", f"{kind} is not asked: this server speaks by itself."))
            own = {}
        try:
            voice = self._speech.voice(_text(own.get("model")) or DEFAULT_VOICE)
        except UnknownVoice as error:
            raise BadSettings(f"agent.speak: {error}") from None
        speed = _number(own.get("speed"), "agent.speak.provider.speed")
        if speed is not None and not 0.5 <= speed <= 2:
            raise BadSettings("agent.speak: speed is a number from 0.5 to 2")
        return Voicing(voice, form, speed or 1.0)


def _tags(given: object) -> tuple[str, ...]:
    if given is not None and not isinstance(given, list):
        raise BadSettings("tags: expected a list of texts")
    return tuple(tag[:128] for tag in given or () if isinstance(tag, str))[:100]


def _form(output: object) -> SpeechFormat:
    given = output if isinstance(output, Mapping) else {}
    encoding = _text(given.get("encoding")) or "linear16"
    raw = encoding in ("linear16", "mulaw", "alaw")
    query = {
        "encoding": encoding,
        "container": given.get("container") or ("none" if raw else None),
        "sample_rate": given.get("sample_rate") or (DEFAULT_RATE if encoding == "linear16" else None),
        "bit_rate": given.get("bitrate"),
    }
    try:
        return SpeechFormat.read(_query(query), "v2")
    except (BadFormat, BadValue) as error:
        raise BadSettings(f"audio.output: {error}") from None


def _query(values: Mapping[str, object]) -> dict[str, Sequence[str]]:
    """Return settings as a query, which is read elsewhere already."""
    query: dict[str, Sequence[str]] = {}
    for name, value in values.items():
        if isinstance(value, list | tuple):
            query[name] = [_shown(item) for item in value]
        elif value is not None:
            query[name] = [_shown(value)]
    return query


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _entries(context: object) -> tuple[Entry, ...]:
    messages = context.get("messages") if isinstance(context, Mapping) else None
    entries: list[Entry] = []
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, Mapping):
            raise BadSettings("agent.context.messages: expected objects")
        content = message.get("content")
        if isinstance(content, str) and message.get("role") in ("user", "assistant"):
            entries.append(Said(cast("Any", message["role"]), content))
        calls = message.get("function_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, Mapping):
                entries.append(
                    Called(
                        str(call.get("id")),
                        str(call.get("name")),
                        str(call.get("arguments") or "{}"),
                        str(call.get("response") or ""),
                        bool(call.get("client_side", True)),
                        _text(call.get("thought_signature")),
                    )
                )
    return tuple(entries)


def _shaped(shape: type[Any], data: object, where: str = "Settings") -> Any:
    try:
        found = decode(shape, data)
    except ValueError as error:
        raise BadSettings(f"{where}: {error}") from None
    if found is None:
        raise BadSettings(f"{where}: expected an object")
    return found


def _part(parent: object, name: str) -> Mapping[str, Any]:
    """Return an object inside another one; nothing stands for an empty one."""
    part = parent.get(name) if isinstance(parent, Mapping) else None
    if part is None:
        return {}
    if not isinstance(part, Mapping):
        raise BadSettings(f"{name}: expected an object")
    return part


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST_NUMBER:
        raise BadSettings(f"{where}: expected a number")
    return float(value)


def _functions(given: object) -> tuple[ThinkSettingsV1FunctionsItem, ...]:
    where = "agent.think.functions"
    if given is None:
        return ()
    if not isinstance(given, list):
        raise BadSettings(f"{where}: expected a list")
    if len(given) > MOST_FUNCTIONS:
        raise BadSettings(f"{where}: more than {MOST_FUNCTIONS}")
    for function in given:
        if not isinstance(function, ThinkSettingsV1FunctionsItem):
            raise BadSettings(f"{where}: expected objects")
        fields: Any = function  # which may hold anything: models are lenient
        name = fields.name
        if not isinstance(name, str) or not name:
            raise BadSettings(f"{where}: a function has no name")
        if not isinstance(fields.description, str | None) or not isinstance(fields.parameters, dict | None):
            raise BadSettings(f"{where}: {name[:40]}: the description is text, the parameters are an object")
        _endpoint(fields.endpoint, f"{where}: {name[:40]}: endpoint")
        if not isinstance(getattr(fields.endpoint, "method", None), str | None):
            raise BadSettings(f"{where}: {name[:40]}: endpoint: the method is text")
    return tuple(given)


def _endpoint(endpoint: Any, where: str) -> None:
    _object(endpoint, where)
    if endpoint is None:
        return
    headers = endpoint.headers
    if not isinstance(endpoint.url, str | None) or not isinstance(headers, dict | None):
        raise BadSettings(f"{where}: the url is text, the headers are an object")
    if not all(isinstance(value, str) for value in (headers or {}).values()):
        raise BadSettings(f"{where}: the headers hold something that is no text")
    try:
        headers_of_caller(headers)
        if endpoint.url:
            check_url(endpoint.url, allow_private=True)  # where it leads is judged when it is asked
    except FetchError as error:
        raise BadSettings(f"{where}: {error}") from None


def _object(value: object, where: str) -> None:
    if value is not None and not isinstance(value, Model):
        raise BadSettings(f"{where}: expected an object")
