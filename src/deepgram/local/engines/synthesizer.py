"""What an engine that speaks must offer.

An engine runs in a thread of the server (``deepgram.local.speech``), one phrase at a time: it may block, and should let
go of the GIL while it works. What it makes is linear16, mono, at ``info.sample_rate``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


class SynthesizerError(RuntimeError):
    """An engine that is not installed, lacks its weights, or failed at its work. The message says what to do."""


@dataclass(frozen=True)
class Pronounced:
    """A word with the way it is to be said."""

    word: str
    ipa: str
    """In the International Phonetic Alphabet."""


Phrase: TypeAlias = "tuple[str | Pronounced, ...]"
"""A sentence or a part of one: short enough to be made in one go."""

Sink: TypeAlias = Callable[[bytes], bool]
"""Takes audio as it is made (whole samples), and tells whether more is wanted. It never waits."""


@dataclass(frozen=True)
class Manner:
    """How a phrase is to be said; an engine comes as close as it can."""

    language: str
    """BCP-47 tag: ``en-US``, ``es``."""
    female: bool
    shade: int
    """Which of the engine's voices for the language and sex, or which timbre: a number from 0, taken modulo."""
    pitch: float
    """Height of the voice, relative to what the engine has for the sex: 1.0 is as it is."""
    pace: float
    """Speed, relative to the engine's own: 2.0 takes half the time."""
    liveliness: float = 1.0
    """How far the voice rises and falls, relative to the engine's own: 0.5 is calm, 1.5 animated."""


@dataclass(frozen=True)
class SynthesizerInfo:
    """What an engine says of itself; the answers of the server repeat it."""

    name: str
    """Name in the registry: ``espeak``."""
    version: str
    """Version of the library that speaks."""
    languages: tuple[str, ...]
    """Primary language tags, in lower case: ``en``."""
    sample_rate: int
    """Hz of the audio it makes."""
    streams: bool = True
    """It gives audio while it makes a phrase; otherwise the whole phrase when it is made."""
    spells_ipa: bool = True
    """It can say what is written in the International Phonetic Alphabet; otherwise it says the word its own way."""


class Synthesizer(ABC):
    """An engine that speaks. One thread uses it at a time."""

    info: SynthesizerInfo

    @abstractmethod
    def speak(self, phrase: Phrase, manner: Manner, sink: Sink, *, last: bool = True) -> None:
        """Say a phrase: hand its audio to ``sink`` as it is made, and stop when that returns False.

        ``last``: nothing follows; otherwise the pause after a sentence belongs to it.
        Raises :class:`SynthesizerError`.
        """

    def close(self) -> None:  # noqa: B027  # most have nothing to give back
        """Give back what the engine holds."""
