"""Text to be spoken, cut into what one request may hold, at the ends of sentences; however long it is."""

from __future__ import annotations

import codecs
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast
from unicodedata import category

from ..protocol.sentences import Sentences
from .failures import WrongUse

MOST_CHARACTERS = 2000
"""Of a request (developers.deepgram.com/docs/tts-rest, "Character Limits")."""
READ = 4096
"""Bytes that are taken from standard input at once."""
_ENDS = re.compile(r"[.!?…。！？।॥؟۔][\"'”’»›)\]]*\s*$|\n\s*\n\s*$")  # noqa: RUF001  # marks of other scripts
"""A sentence or a paragraph ends here, and not just a line."""


@dataclass(frozen=True)
class Piece:
    """What is spoken by one request."""

    text: str
    characters: int
    """Of the whole text, up to the end of this piece."""
    size: int
    """The same in bytes of UTF-8."""


def pieces(texts: Iterable[str], most: int = MOST_CHARACTERS) -> Iterator[Piece]:
    """Cut a text into pieces of ``most`` characters at most; they are as long as they can be.

    No more of the text is held than two pieces. What nobody could say, such as a line of asterisks, is left out.
    """
    characters = size = 0
    for text in _packed(_sentences(texts, most), most):
        characters += len(text)
        size += len(text.encode())
        if any(map(_is_said, text)):
            yield Piece(text.strip(), characters, size)


def _sentences(texts: Iterable[str], most: int) -> Iterator[str]:
    sentences = Sentences(longest=most)
    for text in texts:
        yield from sentences.add(text)
    yield from sentences.finish()


def _packed(sentences: Iterable[str], most: int) -> Iterator[str]:
    held: list[str] = []
    length = 0
    for sentence in sentences:
        if length + len(sentence) > most and held:
            ended = _last_end(held)
            yield "".join(held[:ended])
            del held[:ended]
            length = sum(map(len, held))
            if length + len(sentence) > most:  # what was put back and this do not fit together
                yield "".join(held)
                held, length = [], 0
        held.append(sentence)
        length += len(sentence)
    yield "".join(held)


def _last_end(held: list[str]) -> int:
    """Return how many of these to speak now: up to the end of a sentence, for lines may end within one."""
    for count in range(len(held), len(held) // 2, -1):
        if _ENDS.search(held[count - 1]):
            return count
    return len(held)


def _is_said(character: str) -> bool:
    return category(character)[0] in "LN" or category(character) in ("So", "Sc")  # letters, numbers, emoji, money


def of_argument(text: str) -> str:
    """Return the text of the command line. Raises ``WrongUse`` if there is nothing in it to speak."""
    try:
        text.encode()
    except UnicodeEncodeError:  # bytes that the shell passed on as they were
        raise WrongUse("The text is not UTF-8.") from None
    if not text.strip():
        raise WrongUse("There is no text to speak.")
    return text


def of_stdin() -> Iterator[str]:
    """Yield what comes from standard input as it comes, which must be UTF-8."""
    if sys.stdin.isatty():
        raise WrongUse("Nothing comes from standard input: use a pipe, or give the text itself.")
    return _decoded(sys.stdin.buffer)


def _decoded(source: BinaryIO) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    taken = 0
    while True:
        read = cast("bytes", source.read1(READ))  # type: ignore[attr-defined]  # what is there, without waiting for more
        try:
            text = decoder.decode(read, final=not read)
        except UnicodeDecodeError as error:
            raise WrongUse(f"Standard input is not text in UTF-8 (byte {taken + error.start}).") from None
        taken += len(read)
        if text:
            yield text
        if not read:
            return
