r"""Text with pauses and pronunciations for text to speech.

Such controls stand inside the text: ``\{pause:500ms\}`` and ``\{"word": "tomato", "pronounce": "təˈmɑːtəʊ"\}``.
The service documents the escaped braces. ``form="6.1"`` writes what the releases up to 6.1.1 wrote, with their limits:
``{pause:500}``, for servers that know nothing else.

Source: developers.deepgram.com/docs/tts-voice-controls; limits as in the release 7.17.0 of the official package.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final, Literal, cast

from typing_extensions import Self

Form = Literal["7", "6.1"]
"""How controls are written: ``7`` as the service documents it, ``6.1`` as releases up to 6.1.1 did."""

PRONUNCIATION_PATTERN: Final = r'\\\{"word":\s*"(?:[^"\\]|\\.)*",\s*"pronounce":\s*"(?:[^"\\]|\\.)*"\\\}'
"""Finds a pronunciation in a text."""
PAUSE_PATTERN: Final = r"\\\{pause:(\d+)ms\\\}"
"""Finds a pause in a text, and its milliseconds."""

MOST_CHARACTERS: Final = 2000
"""Characters of a text; controls do not count, the words that they pronounce do."""
MOST_PRONUNCIATIONS: Final = 500
LONGEST_IPA: Final = 100
SHORTEST_PAUSE: Final = 500  # ms
PAUSE_STEP: Final = 100  # ms

_SPEAK = re.compile(r"<speak[^>]*>(.*?)</speak>", re.DOTALL)
_BREAK = re.compile(r"""<break\s+time=["'](\d+(?:\.\d+)?)(ms|s)["']\s*/>""")
_PHONEME = re.compile(r"<phoneme\b([^>]*)>([^<]*)</phoneme>")
_ATTRIBUTE = r"""\s{name}\s*=\s*(["'])(.*?)\1(?=\s|$)"""
_PHONEME_6 = re.compile(r"""<phoneme\s+alphabet=["']ipa["']\s+ph=["'](.*?)["']\s*>(.*?)</phoneme>""")
_PAUSE_6 = re.compile(r"\{pause:\d+\}")
_PRONUNCIATION_6 = re.compile(r'\{"word":\s*"(?:[^"\\]|\\.)*",\s*"pronounce":\s*"(?:[^"\\]|\\.)*"\}')
_PATTERNS = {
    "7": (re.compile(PRONUNCIATION_PATTERN), re.compile(PAUSE_PATTERN)),
    "6.1": (_PRONUNCIATION_6, _PAUSE_6),
}
"""Finds pronunciations and pauses in text."""
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class _Rules:
    """How controls are written, and how many there may be."""

    longest_pause: int  # ms
    most_pauses: int
    both: bool
    """Whether one text may have pauses and pronunciations."""

    def pronunciation(self, word: str, ipa: str) -> str:
        """Return the control that has ``word`` pronounced like ``ipa``."""
        fields = json.dumps({"word": word, "pronounce": ipa}, ensure_ascii=False)
        return fields if self.both else rf"\{{{fields[1:-1]}\}}"

    def pause(self, duration_ms: int) -> str:
        """Return the control that is silent for ``duration_ms``."""
        return f"{{pause:{duration_ms}}}" if self.both else rf"\{{pause:{duration_ms}ms\}}"


_RULES: Final = {"7": _Rules(3000, 8, both=False), "6.1": _Rules(5000, 50, both=True)}


def _rules(form: Form) -> _Rules:
    if form not in _RULES:
        raise ValueError(f"form is {form!r}: '7' and '6.1' are known")
    return _RULES[form]


def validate_ipa(ipa: str) -> tuple[bool, str]:
    """Return whether ``ipa`` can be a pronunciation, and what is wrong with it if it cannot.

    It is not empty, has at most 100 characters, and none of: quotation mark, backslash, line break, tab.
    """
    given = cast(object, ipa)  # nobody has checked it
    if not given:
        return False, "The pronunciation is empty"
    if not isinstance(given, str):
        return False, f"The pronunciation is no text, but {type(given).__name__}"
    for character in '"\\\n\r\t':
        if character in given:
            return False, f"The pronunciation holds {character!r}, which it must not"
    if len(given) > LONGEST_IPA:
        return False, f"The pronunciation has {len(given)} characters: {LONGEST_IPA} are allowed"
    return True, ""


def validate_pause(duration_ms: int, *, form: Form = "7") -> tuple[bool, str]:
    """Return whether a pause of ``duration_ms`` (ms) is possible, and what is wrong with it if it is not.

    From 500 to 3000 ms (5000 ms in the form 6.1), in steps of 100 ms.
    """
    longest = _rules(form).longest_pause
    given = cast(object, duration_ms)  # nobody has checked it
    if not isinstance(given, int):
        return False, f"The length of a pause is a whole number of milliseconds, not {type(given).__name__}"
    if not SHORTEST_PAUSE <= given <= longest:
        return False, f"A pause of {given} ms is not possible: from {SHORTEST_PAUSE} to {longest} ms are"
    if given % PAUSE_STEP:
        return False, f"A pause of {given} ms is not possible: its length is a multiple of {PAUSE_STEP} ms"
    return True, ""


def _require(verdict: tuple[bool, str]) -> None:
    valid, problem = verdict
    if not valid:
        raise ValueError(problem)


def _check_numbers(pronunciations: int, pauses: int, form: Form) -> None:
    most = _rules(form).most_pauses
    if pronunciations > MOST_PRONUNCIATIONS:
        raise ValueError(
            f"The text has {pronunciations} pronunciations: {MOST_PRONUNCIATIONS} are allowed in a request"
        )
    if pauses > most:
        raise ValueError(f"The text has {pauses} pauses: {most} are allowed in a request")


def _check_mixture(pronunciations: int, pauses: int, form: Form) -> None:
    if pauses and pronunciations and not _rules(form).both:
        raise ValueError("A text can have pauses or pronunciations, not both: split it into two requests")


def _check_text(text: str, form: Form) -> None:
    """Raise ``ValueError`` for too many controls in ``text``, or both kinds; the form 6.1 checked none."""
    if form == "7":
        pronunciations, pauses = (len(pattern.findall(text)) for pattern in _PATTERNS[form])
        _check_numbers(pronunciations, pauses, form)
        _check_mixture(pronunciations, pauses, form)


def add_pronunciation(text: str, word: str, ipa: str, *, form: Form = "7") -> str:
    """Return ``text`` with a pronunciation for the first ``word`` in it; as it is if the word is not there.

    Raises ``ValueError`` for an ``ipa`` that is not possible, and if the text has pauses (not in the form 6.1).
    """
    _require(validate_ipa(ipa))
    control = _rules(form).pronunciation(word, ipa)
    changed = re.sub(rf"\b{re.escape(word)}\b", lambda _: control, text, count=1)
    _check_text(changed, form)
    return changed


def ssml_to_deepgram(ssml_text: str, *, form: Form = "7") -> str:
    """Return SSML as text with controls: ``<break time>`` and ``<phoneme alphabet="ipa" ph>``; other tags are left out.

    Raises ``ValueError`` for pauses that are not possible and for too many controls. The form 6.1 rounds such pauses.
    """
    found = _SPEAK.search(ssml_text)
    text = found[1] if found else ssml_text
    text = _with_pronunciations(text, form)
    text = _BREAK.sub(lambda match: _pause_of(match[1], match[2], form), text)
    text = _TAG.sub("", text).strip()
    _check_text(text, form)
    return text


def _with_pronunciations(text: str, form: Form) -> str:
    rules = _rules(form)
    if form != "7":
        return _PHONEME_6.sub(lambda match: rules.pronunciation(match[2], match[1]), text)

    def written(match: re.Match[str]) -> str:
        alphabet, ipa = (re.search(_ATTRIBUTE.format(name=name), match[1]) for name in ("alphabet", "ph"))
        if alphabet is None or alphabet[2] != "ipa" or ipa is None:
            return match[2]
        return rules.pronunciation(match[2], ipa[2])

    return _PHONEME.sub(written, text)


def _pause_of(number: str, unit: str, form: Form) -> str:
    rules = _rules(form)
    duration = float(number) * (1000 if unit == "s" else 1)
    if form == "7":
        whole = int(duration) if duration == int(duration) else duration
        _require(validate_pause(whole))  # type: ignore[arg-type]  # a fraction is refused
        return rules.pause(int(duration))
    nearest = round(duration / PAUSE_STEP) * PAUSE_STEP
    return rules.pause(min(max(nearest, SHORTEST_PAUSE), rules.longest_pause))


class TextBuilder:
    """Puts a text together out of words, pauses and pronunciations::

        text = TextBuilder().text("Take ").pronunciation("azathioprine", "ˌæzəˈθaɪəpriːn").text(" daily.").build()

    Each step returns the builder, and raises ``ValueError`` for a control that is not possible, or one too many.
    """

    def __init__(self, *, form: Form = "7") -> None:
        """Begin; ``form`` says how controls are written."""
        self._form: Form = form
        self._rules = _rules(form)
        self._parts: list[str] = []
        self._characters = 0
        self._pronunciations = 0
        self._pauses = 0

    def text(self, content: str) -> Self:
        """Add text as it is. Controls in it count as controls, not as characters (in the form 6.1 as characters)."""
        if content and self._form == "7":
            for duration in re.findall(PAUSE_PATTERN, content):
                _require(validate_pause(int(duration)))
            self._add(content)
        elif content:
            self._characters += len(content)
            self._parts.append(content)
        return self

    def pronunciation(self, word: str, ipa: str) -> Self:
        """Add ``word``, pronounced like ``ipa`` (International Phonetic Alphabet)."""
        _require(validate_ipa(ipa))
        _check_numbers(self._pronunciations + 1, 0, self._form)
        self._characters += len(word)
        self._pronunciations += 1
        self._parts.append(self._rules.pronunciation(word, ipa))
        return self

    def pause(self, duration_ms: int) -> Self:
        """Add a pause (ms)."""
        _require(validate_pause(duration_ms, form=self._form))
        _check_numbers(0, self._pauses + 1, self._form)
        self._pauses += 1
        self._parts.append(self._rules.pause(duration_ms))
        return self

    def from_ssml(self, ssml_text: str) -> Self:
        """Add SSML, converted by :func:`ssml_to_deepgram`."""
        self._add(ssml_to_deepgram(ssml_text, form=self._form))
        return self

    def build(self) -> str:
        """Return the text.

        Raises ``ValueError`` if it is longer than 2000 characters, or has pauses as well as pronunciations (which the
        form 6.1 allows).
        """
        if self._characters > MOST_CHARACTERS:
            raise ValueError(f"The text has {self._characters} characters: {MOST_CHARACTERS} are allowed in a request")
        _check_mixture(self._pronunciations, self._pauses, self._form)
        return "".join(self._parts)

    def _add(self, content: str) -> None:
        """Add text, and count the controls in it apart from its characters."""
        pronunciation, pause = _PATTERNS[self._form]
        rest, pronunciations = pronunciation.subn("", content)
        rest, pauses = pause.subn("", rest)
        if self._form == "7":
            _check_numbers(self._pronunciations + pronunciations, self._pauses + pauses, self._form)
        self._characters += len(rest)
        self._pronunciations += pronunciations
        self._pauses += pauses
        self._parts.append(content)
