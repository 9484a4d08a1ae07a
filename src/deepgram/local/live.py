"""Live streams: what they are told and what they say, whichever protocol they are spoken in.

A stream takes audio as it arrives and says what it hears as *happenings*. Handlers turn these into the messages of
listen v1, listen v2 or an agent. All times are seconds from the first sample of the stream.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal, Protocol, Union

from .engines.recognizer import EngineInfo, Hints, Word


@dataclass(frozen=True)
class TurnRules:
    """When a turn of speech is over (listen v2)."""

    eot_threshold: float = 0.7
    """Confidence from which the turn has ended."""
    eager_eot_threshold: float | None = None
    """Confidence from which it is said to end soon; never, if None."""
    eot_timeout_ms: int = 5000
    """Silence after which it has ended whatever the confidence (ms)."""


@dataclass(frozen=True)
class LiveOptions:
    """How a stream is heard."""

    encoding: str | None = None
    """Encoding of raw audio; None for audio in a container."""
    sample_rate: int | None = None
    """Hz of raw audio."""
    channels: int = 1
    """Channels of raw audio."""
    multichannel: bool = False
    """Hear each channel for itself, instead of their mix."""
    hints: Hints = field(default_factory=Hints)
    interim: bool = False
    """Say what is heard before it is final."""
    endpointing_ms: int | None = 10
    """Silence that ends a stretch of speech (ms); None: never."""
    utterance_end_ms: int | None = None
    """Time without a new word after which :class:`UtteranceEnded` is said (ms)."""
    vad_events: bool = False
    """Say :class:`SpeechBegan`."""
    turns: TurnRules | None = None
    """Say :class:`Turn` instead of everything else."""


@dataclass(frozen=True)
class Heard:
    """The words of a stretch of audio, ``duration`` seconds from ``start``."""

    channel: int
    start: float
    duration: float
    words: tuple[Word, ...]
    is_final: bool
    speech_final: bool = False
    """The speaker came to an end (endpointing)."""
    from_finalize: bool = False


@dataclass(frozen=True)
class SpeechBegan:
    """Somebody began to speak."""

    channel: int
    timestamp: float


@dataclass(frozen=True)
class UtteranceEnded:
    """No new word came for a while."""

    channel: int
    last_word_end: float


@dataclass(frozen=True)
class Turn:
    """What is known of a turn of speech."""

    event: Literal["StartOfTurn", "Update", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"]
    index: int
    start: float
    """Where the audio of the turn begins."""
    end: float
    """Up to where audio was heard."""
    words: tuple[Word, ...]
    end_of_turn_confidence: float
    """From 0 to 1."""
    trigger: str | None = None
    """What ended it, in the service's words: ``model`` (confidence), ``timeout`` (silence), ``manual`` (the caller, who
    said so or ended the audio)."""


@dataclass(frozen=True)
class Ended:
    """The stream is over; nothing follows."""

    duration: float
    """Seconds of audio that were heard."""
    channels: int
    sha256: str
    """Hex digest of the bytes that were fed."""


Happening = Union[Heard, SpeechBegan, UtteranceEnded, Turn, Ended]


class Busy(Exception):
    """All places for live streams are taken."""


class LiveStream(Protocol):
    """A stream that is being heard."""

    async def feed(self, data: bytes) -> None:
        """Hear more audio. Waits while the recogniser is behind by more than a few seconds of audio.

        Raises ``AudioError`` once the audio has turned out to be undecodable, ``WorkerLost`` if the engine failed.
        """

    def takes(self, size: int) -> bool:
        """Say whether :meth:`feed` would take so many bytes without waiting. Whether they are wanted is its affair."""
        ...

    async def finalize(self) -> None:
        """Say what was heard so far as final (``from_finalize``), at once."""

    async def end_turn(self) -> None:
        """End the turn now."""

    async def configure(self, *, rules: TurnRules | None = None, hints: Hints | None = None) -> None:
        """Change the rules while the stream goes on; what is None stays."""

    async def finish(self) -> None:
        """No more audio follows: the last words come, then :class:`Ended`."""

    def __aiter__(self) -> AsyncIterator[Happening]:
        """Yield what happens, up to and including :class:`Ended`. Raises what :meth:`feed` raises."""
        ...

    async def close(self) -> None:
        """Give the place back, at once. Safe to call twice, and after the end."""


class LiveEngines(Protocol):
    """Where streams come from: the worker processes of the server."""

    @property
    def info(self) -> EngineInfo:
        """What the engine says of itself."""
        ...

    async def open(self, options: LiveOptions) -> LiveStream:
        """Begin a stream. Raises :class:`Busy`, ``AudioError`` for options that no audio can have."""
        ...
