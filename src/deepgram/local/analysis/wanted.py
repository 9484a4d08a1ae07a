"""Which analyses a request asks for: read from its query, and handed to the process that makes them.

Limits are those of the service (its pages "Topic Detection" and "Intent Recognition").
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..options import MOST_TERM_CHARACTERS, BadParameter, shown, stripped, switch, text

MOST_CUSTOM = 100
"""Topics, and intents, that a caller may name."""
_SUMMARIES = frozenset({"v2", "latest", "v1"})
"""Versions of the service's summaries: ``v1`` is withdrawn, ours is the same for all."""


@dataclass(frozen=True)
class Wanted:
    """The analyses that are asked for."""

    sentiment: bool = False
    topics: bool = False
    intents: bool = False
    summary: bool = False
    custom_topic: tuple[str, ...] = ()
    custom_topic_mode: str = "extended"
    custom_intent: tuple[str, ...] = ()
    custom_intent_mode: str = "extended"

    def __bool__(self) -> bool:
        return bool(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that ask for an analysis."""
        asked = {"sentiment": self.sentiment, "topics": self.topics, "intents": self.intents, "summarize": self.summary}
        return tuple(name for name, on in asked.items() if on)

    @property
    def tags_words(self) -> bool:
        """Whether parts of speech must be known."""
        return self.topics or self.intents

    @classmethod
    def read(cls, query: Mapping[str, Sequence[str]]) -> Wanted:
        """Read a query, given as the values of each name. Raises :class:`~..options.BadParameter`."""
        values = stripped(query)
        return cls(
            sentiment=switch(values, "sentiment"),
            topics=switch(values, "topics"),
            intents=switch(values, "intents"),
            summary=_summary(values),
            custom_topic=_custom(values, "custom_topic"),
            custom_topic_mode=_mode(values, "custom_topic_mode"),
            custom_intent=_custom(values, "custom_intent"),
            custom_intent_mode=_mode(values, "custom_intent_mode"),
        )

    def message(self) -> dict[str, Any]:
        """Return the fields as JSON has them."""
        return dataclasses.asdict(self)

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Wanted:
        """Return what :meth:`message` was made of."""
        fields: dict[str, Any] = dict(message)
        for name in ("custom_topic", "custom_intent"):
            fields[name] = tuple(fields[name])
        return cls(**fields)


def _summary(values: Mapping[str, Sequence[str]]) -> bool:
    value = (text(values, "summarize") or "").lower()
    if value in _SUMMARIES:
        return True
    try:
        return switch(values, "summarize")
    except BadParameter:
        raise BadParameter("summarize", f"summarize is true, false or v2, not {shown(value)}.") from None


def _custom(values: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    given = tuple(dict.fromkeys(value for value in values.get(name, ()) if value))
    if len(given) > MOST_CUSTOM:
        raise BadParameter(
            name, f"At most {MOST_CUSTOM} values of {name} can be given in one request, not {len(given)}."
        )
    for value in given:
        if len(value) > MOST_TERM_CHARACTERS:
            raise BadParameter(
                name, f"A value of {name} has at most {MOST_TERM_CHARACTERS} characters, not {len(value)}."
            )
    return given


def _mode(values: Mapping[str, Sequence[str]], name: str) -> str:
    mode = (text(values, name) or "extended").lower()
    if mode not in ("extended", "strict"):
        raise BadParameter(name, f"{name} is extended or strict, not {shown(mode)}.")
    return mode
