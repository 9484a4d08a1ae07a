r"""Text that is to be spoken: the controls written into it, and where it may be cut.

The controls of the service: a pronunciation ``\{"word": "SQL", "pronounce": "ˈsiːkwəl"\}`` and a pause
``\{pause:500ms\}`` (or ``\{pause:500\}``, ``\{pause:1.5s\}``, ``{pause:{duration_ms:500}}``).
Programs written with the helpers of the SDK before version 7 send both without backslashes; these are understood too.

Sources: developers.deepgram.com/docs/tts-voice-controls ("Speed, Pause, Pronunciation": syntax, limits, codes of errors
and warnings); ``deepgram.helpers``, which writes either form.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from .engines.synthesizer import Phrase, Pronounced
from .ipa import ipa_warnings

MOST_PRONUNCIATIONS = 500
MOST_PAUSES = 8
MOST_IPA = 128
"""Characters of one pronunciation."""
SHORTEST_PAUSE, LONGEST_PAUSE, STEP_OF_PAUSES = 500, 3000, 100
"""Milliseconds."""
LONGEST_OLD_PAUSE, MOST_OLD_PAUSES = 5000, 50
"""What the helpers of version 6 allowed, in their own form."""
LONGEST_PHRASE = 220
"""Characters that are given to an engine at once: some fifteen seconds."""


class BadControl(ValueError):
    """A control that means nothing, or must not stand where it does."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        """As the service calls it: ``BREAK_OUT_OF_RANGE``."""


@dataclass(frozen=True)
class Pause:
    """Silence."""

    milliseconds: int


Part: TypeAlias = "str | Pronounced | Pause"


@dataclass(frozen=True)
class SpokenText:
    """Text with its controls understood."""

    parts: tuple[Part, ...]
    written: int
    """Characters as they came."""
    characters: int
    """Characters that are billed: controls are not, but the words of pronunciations are."""
    warnings: tuple[str, ...] = ()
    """Codes of pronunciations that are said as well as can be: ``PRON-001``."""

    @property
    def pronunciations(self) -> int:
        """How many there are."""
        return sum(isinstance(part, Pronounced) for part in self.parts)

    @property
    def pauses(self) -> int:
        """How many there are."""
        return sum(isinstance(part, Pause) for part in self.parts)

    @property
    def speakable(self) -> bool:
        """Whether there is more than spaces and punctuation."""
        texts = (part if isinstance(part, str) else part.word for part in self.parts if not isinstance(part, Pause))
        return any(unicodedata.category(sign)[0] not in "PZC" for text in texts for sign in text)


# --- Reading ----------------------------------------------------------------------------------------------------------

_CONTROL = re.compile(
    r"""\\\{ \s* (?P<escaped> [^{}]*? ) \s* \\\}     # escaped: a pronunciation or a pause
      | \{ (?P<plain> \s* "word" \s* : [^{}]*? | pause: [^{}]*? ) \}   # as the helpers of version 6 wrote them
      | (?P<open> \\? ) \{ \s* pause \s* : \s* \\? \{ \s* "? duration_ms "? \s* : \s* (?P<ms> \d+ )
        \s* \\? \} \s* (?P<close> \\? ) \}
    """,
    re.VERBOSE,
)
_PAUSE = re.compile(r"pause\s*:\s*(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ms|s)?\Z")
_UNWRITTEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ufeff\ufffe\uffff]")
"""Signs that nobody says: NUL, other controls, byte order marks."""


def controls() -> re.Pattern[str]:
    """Return what finds controls, and what may be meant for one."""
    return _CONTROL


def read(text: str, *, strict: bool = False) -> SpokenText:
    """Understand the controls of a text.

    ``strict``: by the rules of ``/v2/speak``, where pauses must be escaped, are few, and stand apart from each other.
    Raises :class:`BadControl`, and ``UnicodeEncodeError`` for what is no text (half of a surrogate pair).
    """
    text.encode()
    parts: list[Part] = []
    plain: list[str] = []
    characters = place = 0

    def say(words: str) -> None:
        if words:
            plain.append(_UNWRITTEN.sub(" ", words))

    for found in _CONTROL.finditer(text):
        control = _control(found, strict=strict)
        if control is None:
            continue
        say(text[place : found.start()])
        characters += found.start() - place
        place = found.end()
        if plain:
            parts.append("".join(plain))
            plain.clear()
        parts.append(control)
        characters += len(control.word) if isinstance(control, Pronounced) else 0
    say(text[place:])
    characters += len(text) - place
    if plain:
        parts.append("".join(plain))
    spoken = SpokenText(tuple(parts), len(text), characters, tuple(_warnings(parts, strict=strict)))
    _check(spoken, strict=strict)
    return spoken


def _control(found: re.Match[str], *, strict: bool) -> Pronounced | Pause | None:
    """Return what a control says; None if it is none, but text in braces."""
    if found["ms"] is not None:
        if found["open"] or found["close"]:
            raise BadControl("BREAK_SYNTAX_INVALID", "A structured pause is written without backslashes.")
        return _pause(int(found["ms"]), LONGEST_PAUSE)
    escaped = found["escaped"] is not None
    inner = found["escaped"] if escaped else found["plain"].strip()
    if pause := _PAUSE.match(inner):
        if strict and not escaped:
            raise BadControl("BREAK_SYNTAX_INVALID", r"A pause is written with backslashes: \{pause:500ms\}.")
        number = float(pause["number"]) * (1000 if pause["unit"] == "s" else 1)
        if number != int(number):
            raise BadControl("BREAK_INCREMENT_INVALID", f"A pause is a multiple of {STEP_OF_PAUSES} ms.")
        return _pause(int(number), LONGEST_PAUSE if escaped else LONGEST_OLD_PAUSE)
    if inner.startswith("pause"):
        raise BadControl("BREAK_SYNTAX_INVALID", r"A pause is written \{pause:500ms\}.")
    return _pronounced(inner)


def _pause(milliseconds: int, longest: int) -> Pause:
    if not SHORTEST_PAUSE <= milliseconds <= longest:
        raise BadControl("BREAK_OUT_OF_RANGE", f"A pause lasts from {SHORTEST_PAUSE} ms to {longest} ms.")
    if milliseconds % STEP_OF_PAUSES:
        raise BadControl("BREAK_INCREMENT_INVALID", f"A pause is a multiple of {STEP_OF_PAUSES} ms.")
    return Pause(milliseconds)


def _pronounced(inner: str) -> Pronounced | None:
    try:
        said = json.loads(f"{{{inner}}}")
    except ValueError:
        return None
    if not isinstance(said, dict) or not {"word", "pronounce"} <= said.keys():
        return None
    word, ipa = said["word"], said["pronounce"]
    if not (isinstance(word, str) and isinstance(ipa, str) and word.strip() and ipa.strip()):
        raise BadControl("pronunciation_invalid", "A pronunciation has a word and its IPA, neither of them empty.")
    if any("\ud800" <= sign <= "\udfff" for sign in word + ipa):  # written with escapes: half of a surrogate pair
        raise BadControl("pronunciation_invalid", "A pronunciation is written in Unicode.")
    if len(ipa) > min(MOST_IPA, max(15, 10 * len(word))):
        raise BadControl("PRONUNCIATION_TOO_LONG", f"The IPA of {word[:40]!r} is too long.")
    return Pronounced(_UNWRITTEN.sub(" ", word), _UNWRITTEN.sub("", ipa))


def _check(spoken: SpokenText, *, strict: bool) -> None:
    if spoken.pronunciations > MOST_PRONUNCIATIONS:
        raise BadControl("PRONUNCIATIONS_LIMIT_EXCEEDED", f"A text has at most {MOST_PRONUNCIATIONS} pronunciations.")
    if spoken.pauses > (MOST_PAUSES if strict else MOST_OLD_PAUSES):
        raise BadControl("BREAKS_LIMIT_EXCEEDED", f"A text has at most {MOST_PAUSES} pauses.")
    if not strict:
        return
    if spoken.pauses and spoken.pronunciations:
        raise BadControl("CONTROL_COMBINATION_INVALID", "Pronunciations and pauses do not go together.")
    telling = [part for part in spoken.parts if not (isinstance(part, str) and not part.strip())]
    for one, other in zip(telling, telling[1:]):  # noqa: B905, RUF007  # pairs
        if isinstance(one, Pause) and isinstance(other, Pause):
            raise BadControl("BREAKS_LIMIT_EXCEEDED", "Between two pauses there has to be text.")


def _warnings(parts: list[Part], *, strict: bool) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Pronounced):
            yield from ipa_warnings(part.ipa, stress_before_vowels=not strict)


# --- Cutting ----------------------------------------------------------------------------------------------------------

_END_OF_SENTENCE = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)|[。！？]+|\n")
_BREATH = re.compile(r"[,;:—–](?=\s)|[、，；：]")
LONGEST_ABBREVIATION = 8
_NOT_AN_END = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e|No|Sra|Srta|Herr|Fr|z\.B|bzw)|\b[A-Z])\.\Z"
)


def phrases(spoken: SpokenText, *, first: int = LONGEST_PHRASE) -> Iterator[Phrase | Pause]:
    """Cut a text into what an engine is given at once, at the ends of sentences where there are some.

    ``first``: characters of the first phrase, at most: fewer for an engine that gives nothing before it is done.
    """
    limit = first
    phrase: list[str | Pronounced] = []
    room = limit
    for part in spoken.parts:
        if isinstance(part, Pause):
            if phrase:
                yield tuple(phrase)
                phrase, room = [], (limit := LONGEST_PHRASE)
            yield part
        elif isinstance(part, Pronounced):
            phrase.append(part)
            room -= len(part.word)
        else:
            rest = part
            while len(rest) > max(room, 0):
                cut = place_to_cut(rest, max(room, 0)) if room > 0 else 0
                if not cut and not phrase:
                    cut = max(1, room)  # no space anywhere: within a word
                if rest[:cut].strip() or phrase:
                    yield (*phrase, rest[:cut])
                phrase, room = [], (limit := LONGEST_PHRASE)
                rest = rest[cut:]
            if rest:
                phrase.append(rest)
                room -= len(rest)
    if any(not isinstance(part, str) or part.strip() for part in phrase):
        yield tuple(phrase)


def place_to_cut(text: str, limit: int) -> int:
    """Return the best place to cut ``text`` within ``limit`` characters: 0 if there is none."""
    start = text[: limit + 1]
    breaths = [found.end() for found in _BREATH.finditer(start)]
    return (ends_of_sentences(start) or breaths or [start.rfind(" ") + 1])[-1]


def end_of_sentences(text: str) -> int:
    """Return where the last whole sentence of ``text`` ends: 0 if none does."""
    return max(ends_of_sentences(text), default=0)


def ends_of_sentences(text: str) -> list[int]:
    """Return where sentences of ``text`` end. Its own end is none, unless it is a line's: more may follow."""
    ends = (found.end() for found in _END_OF_SENTENCE.finditer(text))
    return [end for end in ends if not _NOT_AN_END.search(text[max(0, end - LONGEST_ABBREVIATION) : end])]
