"""What a caller may ask of a transcription: the query of ``/v1/listen``, read and checked.

Names and defaults are those of the service (its reference of ``POST /v1/listen``); limits are those its documentation
gives (pages "Find and Replace", "Search", "Keyterm Prompting", "Keywords", "Tagging", "Extra Metadata").
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_ON = frozenset({"", "true", "1", "yes", "on"})
_OFF = frozenset({"false", "0", "no", "off", "none", "null", "undefined"})

# From the service's documentation.
MOST_REPLACEMENTS = 200
MOST_SEARCHES = 50
MOST_KEYTERMS = 100
MOST_KEYTERM_TOKENS = 500
MOST_KEYWORDS = 100
MOST_TAG_CHARACTERS = 128
MOST_EXTRA_CHARACTERS = 2048
# Ours: the service does not say. They bound what one query can make the server do.
MOST_TERM_CHARACTERS = 200
MOST_REPLACEMENT_CHARACTERS = 2000
MOST_LABELS = 100
LONGEST_UTT_SPLIT = 3600.0

# Analyses that are asked for by a parameter of their own, beside what the formatting does. Whether an engine has them
# is said in `capabilities`. The older names of the same things are still sent by programs.
ANALYSES = (
    "diarize",
    "diarize_model",
    "diarize_version",
    "detect_language",
    "detect_entities",
    "detect_topics",
    "sentiment",
    "analyze_sentiment",
    "summarize",
    "topics",
    "intents",
    "translate",
)

_PIECE = re.compile(r"\w+|[^\w\s]")


class BadParameter(ValueError):
    """A value that means nothing: answered with a 400 that names the parameter."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter
        self.message = message


@dataclass(frozen=True)
class ListenOptions:
    """Everything of the query that the server honours, or says that it cannot."""

    model: str | None = None
    version: str | None = None
    language: str = "en"
    """BCP-47 tag as it was sent, or ``multi``."""
    punctuate: bool = False
    smart_format: bool = False
    numerals: bool = False
    measurements: bool = False
    dictation: bool = False
    profanity_filter: bool = False
    filler_words: bool = False
    paragraphs: bool = False
    utterances: bool = False
    utt_split: float = 0.8
    """Seconds of silence that end an utterance."""
    multichannel: bool = False
    redact: tuple[str, ...] = ()
    """Kinds in lower case; ``true`` has become ``numbers``."""
    replace: tuple[tuple[str, str], ...] = ()
    """What to find, and what to write instead; empty: nothing."""
    search: tuple[str, ...] = ()
    keyterm: tuple[str, ...] = ()
    keywords: tuple[tuple[str, float], ...] = ()
    """Word and intensifier."""
    tag: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict[str, str])
    callback: str | None = None
    callback_method: str = "POST"
    encoding: str | None = None
    sample_rate: int | None = None
    """Hz."""
    channels: int | None = None
    alternatives: int = 1
    analyses: tuple[str, ...] = ()
    """Names of :data:`ANALYSES` that were asked for."""

    @property
    def punctuated(self) -> bool:
        """Whether words come with ``punctuated_word``: smart formatting and paragraphs switch punctuation on."""
        return self.punctuate or self.smart_format or self.paragraphs

    @property
    def in_paragraphs(self) -> bool:
        """Whether alternatives come with ``paragraphs``: smart formatting includes them."""
        return self.paragraphs or self.smart_format

    @property
    def keyterms(self) -> tuple[str, ...]:
        """What the caller expects to hear: key terms, and keywords that are not suppressed."""
        return self.keyterm + tuple(word for word, boost in self.keywords if boost > 0)

    @classmethod
    def read(cls, query: Mapping[str, Sequence[str]], *, live: bool = False) -> ListenOptions:
        """Read a query, given as the values of each name in the order they were sent.

        Names the server does not know are ignored: programs send those of live audio too, which ``live_options``
        reads. Raises :class:`BadParameter`.
        """
        values = stripped(query)
        return cls(
            model=text(values, "model"),
            version=text(values, "version"),
            language=text(values, "language") or "en",
            **{name: switch(values, name) for name in _SWITCHES},
            utt_split=_seconds(values, "utt_split", 0.8),
            redact=_redact(values),
            replace=_replace(values),
            search=_terms(values, "search", MOST_SEARCHES),
            keyterm=keyterms_of(values),
            keywords=_keywords(values),
            tag=_labels(values, "tag", MOST_TAG_CHARACTERS),
            extra=_extra(values),
            callback=text(values, "callback"),
            callback_method=callback_method(values, live=live),
            encoding=text(values, "encoding"),
            sample_rate=whole(values, "sample_rate"),
            channels=whole(values, "channels"),
            alternatives=whole(values, "alternatives") or 1,
            analyses=tuple(name for name in ANALYSES if _asked(values, name)),
        )


_SWITCHES = (
    "punctuate",
    "smart_format",
    "numerals",
    "measurements",
    "dictation",
    "profanity_filter",
    "filler_words",
    "paragraphs",
    "utterances",
    "multichannel",
)

Values = Mapping[str, Sequence[str]]


def stripped(query: Mapping[str, Sequence[str]]) -> Values:
    """Return the values of a query without white space around them."""
    return {name: [value.strip() for value in given] for name, given in query.items() if given}


def text(values: Values, name: str) -> str | None:
    """Return the last value of a parameter, None if it was not given or is empty."""
    given = values.get(name)
    return (given[-1] or None) if given else None


def switch(values: Values, name: str) -> bool:
    """Tell whether a parameter is on: ``true``, ``1`` or nothing behind its name, in any case."""
    given = values.get(name)
    if not given:
        return False
    value = given[-1].lower()
    if value in _ON:
        return True
    if value in _OFF:
        return False
    raise BadParameter(name, f"{name} is either true or false, not {shown(given[-1])}.")


def _asked(values: Values, name: str) -> bool:
    """Tell whether an analysis is on: ``true``, or a value such as ``v2``, ``latest`` or languages."""
    given = values.get(name)
    return bool(given) and any(value.lower() not in _OFF for value in given or ())


def number(name: str, value: str, what: str) -> float:
    """Return a finite number; ``what`` says in the error what was expected."""
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise BadParameter(name, f"{name} is {what}, not {shown(value)}.")
    return found


def _seconds(values: Values, name: str, default: float) -> float:
    value = text(values, name)
    if value is None:
        return default
    what = f"a number of seconds from 0 to {LONGEST_UTT_SPLIT:g}"
    found = number(name, value, what)
    if not 0 <= found <= LONGEST_UTT_SPLIT:
        raise BadParameter(name, f"{name} is {what}, not {shown(value)}.")
    return found


def whole(values: Values, name: str) -> int | None:
    """Return a positive whole number, None if it was not given."""
    value = text(values, name)
    if value is None:
        return None
    found = number(name, value, "a positive whole number")
    if found < 1 or found != int(found) or found > 1_000_000_000:
        raise BadParameter(name, f"{name} is a positive whole number, not {shown(value)}.")
    return int(found)


def callback_method(values: Values, *, live: bool = False) -> str:
    """Return the HTTP method by which a callback is called."""
    method = (text(values, "callback_method") or "POST").upper()
    methods = ("POST", "PUT", "GET", "DELETE") if live else ("POST", "PUT")
    if method not in methods:
        raise BadParameter("callback_method", f"callback_method is {' or '.join(methods)}, not {shown(method)}.")
    return method


def _terms(values: Values, name: str, most: int) -> tuple[str, ...]:
    terms = tuple(dict.fromkeys(value for value in values.get(name, ()) if value))
    if len(terms) > most:
        raise BadParameter(name, f"At most {most} values of {name} can be given in one request, not {len(terms)}.")
    for term in terms:
        _bounded(name, term, MOST_TERM_CHARACTERS)
    return terms


def _labels(values: Values, name: str, characters: int) -> tuple[str, ...]:
    labels = tuple(value for value in values.get(name, ()) if value)
    if len(labels) > MOST_LABELS:
        raise BadParameter(name, f"At most {MOST_LABELS} values of {name} can be given in one request.")
    for label in labels:
        _bounded(name, label, characters)
    return labels


def keyterms_of(values: Values) -> tuple[str, ...]:
    """Return the terms to favour; raise :class:`BadParameter` if they are more than the service takes."""
    terms = _terms(values, "keyterm", MOST_KEYTERMS)
    # The service counts the tokens of its own vocabulary; words and punctuation marks are the nearest to that.
    if sum(len(_PIECE.findall(term)) for term in terms) > MOST_KEYTERM_TOKENS:
        raise BadParameter(
            "keyterm",
            f"Keyterm limit exceeded. The maximum number of tokens across all keyterms is {MOST_KEYTERM_TOKENS}.",
        )
    return terms


def _keywords(values: Values) -> tuple[tuple[str, float], ...]:
    keywords: list[tuple[str, float]] = []
    for value in _terms(values, "keywords", MOST_KEYWORDS):
        word, colon, boost = value.rpartition(":")
        if not colon:
            keywords.append((value, 1.0))
        elif word.strip():
            keywords.append((word.strip(), number("keywords", boost or "1", "a word, or a word:intensifier")))
        else:
            raise BadParameter("keywords", f"keywords is a word, or a word:intensifier, not {shown(value)}.")
    return tuple(keywords)


def _replace(values: Values) -> tuple[tuple[str, str], ...]:
    given = [value for value in values.get("replace", ()) if value]
    if len(given) > MOST_REPLACEMENTS:
        raise BadParameter("replace", f"At most {MOST_REPLACEMENTS} replacements can be given in one request.")
    replacements: dict[str, str] = {}
    for value in given:
        find, _, instead = value.partition(":")
        find = " ".join(find.split())
        if not find:
            raise BadParameter("replace", f"replace is what to find, a colon, and what to write, not {shown(value)}.")
        _bounded("replace", find, MOST_TERM_CHARACTERS)
        _bounded("replace", instead, MOST_REPLACEMENT_CHARACTERS)
        replacements[find] = instead
    return tuple(replacements.items())


def _redact(values: Values) -> tuple[str, ...]:
    kinds: dict[str, None] = {}
    for value in values.get("redact", ()):
        _bounded("redact", value, MOST_REPLACEMENT_CHARACTERS)
        for kind in value.lower().split(","):
            kind = kind.strip()
            if kind in _ON:
                kinds["numbers"] = None
            elif kind not in _OFF:
                kinds[kind] = None
    if len(kinds) > MOST_LABELS:
        raise BadParameter("redact", f"At most {MOST_LABELS} kinds of redaction can be given in one request.")
    return tuple(kinds)


def _extra(values: Values) -> dict[str, str]:
    extra: dict[str, str] = {}
    for value in _labels(values, "extra", MOST_EXTRA_CHARACTERS):
        key, colon, text = value.partition(":")
        if not colon or not key.strip():
            raise BadParameter("extra", f"extra is a key, a colon, and a value, not {shown(value)}.")
        extra[key.strip()] = text.strip()
    return extra


def _bounded(name: str, value: str, most: int) -> None:
    if len(value) > most:
        raise BadParameter(name, f"A value of {name} has at most {most} characters, not {len(value)}.")


def shown(value: str) -> str:
    """Quote what was sent, shortened: it goes back to the sender and into the log."""
    return repr(value if len(value) <= 40 else value[:37] + "...")
