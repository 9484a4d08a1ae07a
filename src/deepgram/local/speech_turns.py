"""The turns of a conversation that speaks: their sentences, how much of each was spoken, and what was heard of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .speaking import Say

USUAL_PACE = 60.0
"""Milliseconds that a character takes to be spoken, as long as nothing better is known."""
_WORD = re.compile(r"\s*\S+")


@dataclass
class Part:
    """A sentence of a turn."""

    said: Say
    milliseconds: float = 0.0
    """Milliseconds of audio that went out."""
    whole: bool = False
    """That was all of it."""


@dataclass(eq=False)
class Turn:
    """One answer of an agent."""

    speech_id: str
    began: float = 0.0
    """Milliseconds of the session's audio before it."""
    parts: list[Part] = field(default_factory=list["Part"])
    """Its sentences, in order."""
    written: int = 0
    """Characters as they came."""
    billable: int = 0
    pronunciations: int = 0
    warnings: int = 0
    flushed: bool = False
    begun: int = 0
    """The place of the sentence that is spoken."""

    @property
    def speaking(self) -> Part:
        """The sentence that is spoken."""
        return self.parts[self.begun]

    @property
    def milliseconds(self) -> float:
        """Milliseconds of audio that went out."""
        return sum(part.milliseconds for part in self.parts)

    def split(self, milliseconds: float, speed: float) -> tuple[str, str]:
        """Return what was heard of the turn within so many milliseconds, in whole words, and what was not.

        Audio of a sentence is spread over its characters: which word comes when, no engine is asked.
        """
        pace = self._pace(speed)
        heard: list[str] = []
        left = milliseconds
        for index, part in enumerate(self.parts):
            text = part.said.raw
            if not part.said.text.speakable or (part.whole and left >= part.milliseconds):
                heard.append(text)
                left -= part.milliseconds
                continue
            whole = part.milliseconds if part.whole else max(part.milliseconds, len(text) * pace)
            characters = len(text) * max(0.0, left) / whole
            size = 0
            for word in _WORD.finditer(text):
                if word.end() > characters:
                    break
                size = word.end()
            heard.append(text[:size])
            return "".join(heard), text[size:] + "".join(other.said.raw for other in self.parts[index + 1 :])
        return "".join(heard), ""

    def _pace(self, speed: float) -> float:
        """Return the milliseconds that a character takes, as far as it is known."""
        whole = [part for part in self.parts if part.whole]
        characters = sum(len(part.said.raw) for part in whole)
        return sum(part.milliseconds for part in whole) / characters if characters else USUAL_PACE / speed
