"""Cuts a stream of text into sentences, as it is written: the tokens of a language model, for example.

A sentence ends with a mark of its script (``. ! ? … 。 ！ ？ । ؟ ۔ ։`` and others, with quotes and brackets after it)
or with a line. The marks of Latin script have other uses too: they end one before white space only, and not after an
abbreviation (``Dr.``), initials (``J. R. R.``) or the number of an item (``1.``), nor before a small letter (``wait...
what``). So the beginning of the next word must be known, unless the text ends.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

LONGEST: Final = 400
"""Characters of a text without an end of a sentence after which it is cut all the same."""

_CLOSING = "\"'”’»›)\\]}」』）】〉》〕"
_SURE = "。！？｡．।॥؟۔።፧፨։។៕༎܀꓿᙮᠃᠉⸮‽⁇⁈⁉"
_END = re.compile(
    rf"""
    (?P<line>[ \t]*\n\s*)
    | (?P<sure>[{_SURE}]+[{_CLOSING}]*\s*)
    | (?P<open>[.!?…\u037e]+[{_CLOSING}]*)\s+  # ends one if what comes before and after is as it should
    """,
    re.VERBOSE,
)
_CLAUSE = re.compile(r"[,;:،؛、，；：—–][\"'”’»)\]]*\s*(?=\S)")
_SPACE = re.compile(r"\s+")
_LAST_WORD = re.compile(r"[^\s(\[\"'“„«¿¡]*$")
_ITEM = re.compile(r"\s*\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})")
_INITIALS = re.compile(r"(?:[A-Z]\.)*[A-Z]")

_BEFORE_WORDS = frozenset(
    "mr mrs ms mx dr prof st mt gen col capt cmdr lt sgt maj rev hon messrs hr fr frl dipl mme mlle mgr sr sra "
    "srta dña sig dott avv dhr mevr vs cf viz approx ca resp bzw z.b u.a d.h e.g i.e p.ej ej".split()
)
"""Abbreviations, without their last full stop, that something always follows."""
_BEFORE_NUMBERS = frozenset(
    "no nos nr vol p pp fig figs eq eqs sec ch chap art núm pág núms págs abb bd kap tel ext par jan feb mar apr "
    "jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun".split()
)
"""Abbreviations, without their last full stop, that a number may follow."""


class Sentences:
    """Takes text piece by piece and gives out whole sentences; put together, they are the text to the character."""

    def __init__(self, *, longest: int = LONGEST) -> None:
        """Begin; ``longest`` is how many characters without an end there may be. Raises ``ValueError`` below 20."""
        if longest < 20:
            raise ValueError(f"longest is {longest}: no sentence fits into less than 20 characters")
        self._longest = longest
        self._text = ""

    def add(self, text: str) -> list[str]:
        """Return the sentences that are complete with ``text``, white space after them included."""
        self._text += text
        return [*self._complete()]

    def finish(self) -> list[str]:
        """The text has ended: return what is left, which may be nothing."""
        left, self._text = self._text, ""
        return [left] if left else []

    def _complete(self) -> Iterator[str]:
        text, start = self._text, 0
        while True:
            window = text[start : start + self._longest + 1]
            end = self._next_end(window)
            if end is None and len(window) > self._longest:
                end = _cut(window, self._longest)
            if end is None:
                self._text = text[start:]
                return
            yield window[:end]
            start += end

    def _next_end(self, text: str) -> int | None:
        """Return where the first sentence in ``text`` ends; None if that cannot be told yet."""
        at = 0
        while (found := _END.search(text, at, self._longest)) is not None:
            at = found.end()
            if at == len(text):  # what follows decides how far it goes, and whether it is one
                return None
            if text[: found.start()].strip() and self._ends(found):
                return at
        return None

    def _ends(self, found: re.Match[str]) -> bool:
        """Tell whether this is the end of a sentence, and not just looks like one."""
        text = found.string
        if _inside_control(text, found.start()):
            return False
        if found["open"] is None:
            return True
        if text[found.end()].islower():
            return False
        if found["open"][0] != "." or found["open"].startswith(".."):
            return True
        return not _abbreviated(text[: found.start()], text[found.end()])


def _abbreviated(before: str, following: str) -> bool:
    """Tell whether the full stop after ``before`` belongs to a word or number, and ends nothing."""
    if _ITEM.fullmatch(before):
        return True  # "1. Milk", in a list
    last = _LAST_WORD.search(before)
    word = last[0] if last else ""
    if _INITIALS.fullmatch(word):
        return word != "I"  # "J. Smith", "the U.S. Senate"
    return word.lower() in (_BEFORE_NUMBERS if following.isdecimal() else _BEFORE_WORDS)


def _inside_control(text: str, position: int) -> bool:
    r"""Tell whether ``position`` is inside of a pronunciation, such as ``\{"word": "Dr. No", ...\}``."""
    return text.rfind(r"\{", 0, position) > text.rfind(r"\}", 0, position)


def _cut(text: str, longest: int) -> int:
    """Return where to cut a text that has no end: after a clause, else after a word, else not inside of a character."""
    for mark in (_CLAUSE, _SPACE):
        ends = [found.end() for found in mark.finditer(text, longest // 2, longest)]
        for end in reversed(ends):
            if not _inside_control(text, end):
                return end
    opened = text.rfind(r"\{", 0, longest)
    if opened > 0 and _inside_control(text, longest):
        return opened
    end = longest
    while end > longest // 2 and _belongs(text[end - 1], text[end]):
        end -= 1
    return end


def _belongs(before: str, after: str) -> bool:
    """Tell whether two code points are one character: a combining mark, an emoji made of several."""
    joined = "\u200d\ufe0f\ufe0e"
    return (
        unicodedata.combining(after) != 0
        or after in joined
        or before == "\u200d"
        or "\U0001f3fb" <= after <= "\U0001f3ff"
    )
