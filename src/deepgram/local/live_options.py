"""What a caller may ask of live audio: the queries of ``/v1/listen`` and ``/v2/listen``, read and checked.

What concerns the text is read as for recorded audio (``options``); here is what concerns the hearing. Limits are those
of the service's documentation (pages "Endpointing", "Utterance End", "End-of-Turn Detection Parameters").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .engines.recognizer import Hints
from .live import LiveOptions, TurnRules
from .options import BadParameter, ListenOptions, Values, number, shown, stripped, switch, text

ENDPOINTING_MS = 10
"""The service's default (ms)."""
LONGEST_SILENCE_MS = 600_000
"""Ours: more is never reached (ms)."""
THRESHOLDS: Mapping[str, tuple[float, float]] = {
    "eot_threshold": (0.5, 0.9),
    "eager_eot_threshold": (0.3, 0.9),
    "eot_timeout_ms": (500, 60_000),
}
"""Smallest and largest value of each rule for turns."""


@dataclass(frozen=True)
class LiveRequest:
    """What a handshake asks for."""

    text: ListenOptions
    """How what is heard is written."""
    hearing: LiveOptions
    """How it is heard."""
    language_hints: tuple[str, ...] = ()


def read_v1(query: Mapping[str, Sequence[str]]) -> LiveRequest:
    """Read the query of ``/v1/listen``. Raises :class:`BadParameter`."""
    values = stripped(query)
    written = ListenOptions.read(query, live=True)
    if (written.model or "").startswith("flux"):
        raise BadParameter("model", f"The model {shown(written.model or '')} is for /v2/listen.")
    hearing = LiveOptions(
        encoding=written.encoding,
        sample_rate=written.sample_rate,
        channels=written.channels or 1,
        multichannel=written.multichannel,
        hints=Hints(keyterms=written.keyterms, language=written.language),
        interim=switch(values, "interim_results"),
        endpointing_ms=_endpointing(values),
        utterance_end_ms=_milliseconds(values, "utterance_end_ms"),
        vad_events=switch(values, "vad_events"),
    )
    return LiveRequest(written, hearing)


def read_v2(query: Mapping[str, Sequence[str]]) -> LiveRequest:
    """Read the query of ``/v2/listen``. Raises :class:`BadParameter`."""
    values = stripped(query)
    model = text(values, "model")
    if model is None or not model.startswith("flux"):
        raise BadParameter("model", f"model is flux-general-en or flux-general-multi, not {shown(model or '')}.")
    # These models write punctuation and capitals by themselves.
    written = replace(ListenOptions.read(query, live=True), punctuate=True)
    hints = tuple(dict.fromkeys(hint for hint in values.get("language_hint", ()) if hint))
    hearing = LiveOptions(
        encoding=written.encoding,
        sample_rate=written.sample_rate,
        hints=Hints(keyterms=written.keyterms, language=written.language),
        interim=True,
        turns=turn_rules({name: value for name in THRESHOLDS if (value := text(values, name)) is not None}),
    )
    return LiveRequest(written, hearing, hints)


def turn_rules(given: Mapping[str, object], rules: TurnRules | None = None) -> TurnRules:
    """Return ``rules`` with what is given instead, as numbers or as text. Raises :class:`BadParameter`."""
    changed = {name: _threshold(name, given[name]) for name in THRESHOLDS if given.get(name) is not None}
    rules = rules or TurnRules()
    rules = TurnRules(
        eot_threshold=changed.get("eot_threshold", rules.eot_threshold),
        eager_eot_threshold=changed.get("eager_eot_threshold", rules.eager_eot_threshold),
        eot_timeout_ms=int(changed.get("eot_timeout_ms", rules.eot_timeout_ms)),
    )
    if rules.eager_eot_threshold is not None and rules.eager_eot_threshold > rules.eot_threshold:
        raise BadParameter(
            "eager_eot_threshold",
            f"eager_eot_threshold ({rules.eager_eot_threshold:g}) is at most eot_threshold ({rules.eot_threshold:g}).",
        )
    return rules


def _threshold(name: str, value: object) -> float:
    least, most = THRESHOLDS[name]
    what = f"a number from {least:g} to {most:g}"
    found = number(name, str(value), what)
    if not least <= found <= most:
        raise BadParameter(name, f"{name} is {what}, not {shown(str(value))}.")
    return found


def _endpointing(values: Values) -> int | None:
    value = text(values, "endpointing")
    if value is None or value.lower() == "true":
        return ENDPOINTING_MS
    try:
        off = not switch(values, "endpointing")
    except BadParameter:
        off = False
    return None if off else _milliseconds(values, "endpointing", "a number of milliseconds, or false")


def _milliseconds(values: Values, name: str, what: str = "a number of milliseconds") -> int | None:
    value = text(values, name)
    if value is None or value.lower() == "false":
        return None
    found = number(name, value, what)
    if not 1 <= found <= LONGEST_SILENCE_MS:
        raise BadParameter(name, f"{name} is {what} from 1 to {LONGEST_SILENCE_MS}, not {shown(value)}.")
    return round(found)
