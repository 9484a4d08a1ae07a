"""A word on its way from what was heard to what is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..engines.recognizer import Word

_OPENING = "\"'\u201c\u2018([{\u00bf\u00a1"
_CLOSING = '.,;:!?\u2026"\u201d\u2019)]}\u2014\u2013'
# "U.S." and "p.m." keep their last dot: it belongs to the word.
_INITIALS = re.compile(r"(?:[^\W\d]\.){2,}\Z")


@dataclass(frozen=True, slots=True)
class Token:
    """A word with its time, its bare text and the text to show. Formatting replaces tokens; it never changes one."""

    text: str
    """Bare text, the ``word`` of the answer."""
    start: float
    """Seconds."""
    end: float
    """Seconds."""
    confidence: float
    """From 0 to 1."""
    written: str
    """With capitals, without the punctuation around it."""
    before: str = ""
    """Punctuation that precedes the word."""
    after: str = ""
    """Punctuation that follows the word."""
    line_break: str = ""
    """Line breaks that were dictated after the word."""
    sentiment: float | None = None
    """From -1 to 1, if it was asked for."""
    fixed: bool = False
    """A result of formatting that no later step may change: a date, a placeholder, a replacement."""

    @property
    def punctuated(self) -> str:
        """The text to show, the ``punctuated_word`` of the answer."""
        return self.before + self.written + self.after


@dataclass(frozen=True, slots=True)
class Edit:
    """Tokens from ``start`` up to ``end`` become ``instead``."""

    start: int
    end: int
    instead: Sequence[Token]


def tokens_of(words: Iterable[Word], *, punctuated: bool) -> list[Token]:
    """Turn recognised words into tokens; ``punctuated``: the engine writes punctuation and capitals itself."""
    tokens: list[Token] = []
    for word in words:
        heard = word.text.strip()
        if not heard:
            continue
        before, core, after = _taken_apart(heard) if punctuated else ("", heard, "")
        tokens.append(
            Token(
                text=core.lower() if punctuated else core,
                start=float(word.start),
                end=float(word.end),
                confidence=float(word.confidence),
                written=core,
                before=before,
                after=after,
            )
        )
    return tokens


def _taken_apart(heard: str) -> tuple[str, str, str]:
    core = heard.lstrip(_OPENING)
    before = heard[: len(heard) - len(core)]
    bare = core.rstrip(_CLOSING)
    if _INITIALS.match(bare + "."):
        bare += "."
    if not bare:
        return "", heard, ""  # nothing but punctuation: better shown than lost
    return before, bare, core[len(bare) :]


def merged(tokens: Sequence[Token], text: str, written: str | None = None) -> Token:
    """Return one token for several: it spans them, and keeps the punctuation at both ends. No later step changes it."""
    first, last = tokens[0], tokens[-1]
    return Token(
        text=text,
        start=first.start,
        end=last.end,
        confidence=sum(token.confidence for token in tokens) / len(tokens),
        written=text if written is None else written,
        before=first.before,
        after=last.after,
        line_break=last.line_break,
        fixed=True,
    )


def capitalized(token: Token) -> Token:
    """Return the token with a capital first letter."""
    written = token.written[:1].upper() + token.written[1:]
    return token if written == token.written else replace(token, written=written)


def edited(tokens: Sequence[Token], edits: Iterable[Edit]) -> list[Token]:
    """Apply edits, given in the order of their places. Of two that overlap, the earlier one wins."""
    result: list[Token] = []
    done = 0
    for edit in edits:
        if edit.start < done:
            continue
        result.extend(tokens[done : edit.start])
        result.extend(edit.instead)
        done = edit.end
    result.extend(tokens[done:])
    return result


def joined(tokens: Sequence[Token], *, punctuated: bool) -> str:
    """Return the text of tokens: separated by a space, or by the line breaks that were dictated."""
    parts: list[str] = []
    separator = ""
    for token in tokens:
        parts.append(separator)
        parts.append(token.punctuated if punctuated else token.text)
        separator = (token.line_break if punctuated else "") or " "
    return "".join(parts)
