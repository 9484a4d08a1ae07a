"""What an engine that hears must offer, whole recordings and live streams alike.

An engine runs inside a worker process (``deepgram.local.workers``): it may block, and it may hold the GIL.
Audio is always linear16, mono, at ``info.sample_rate``. All times are seconds from the start of that audio.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass


class EngineError(RuntimeError):
    """An engine that is not installed, lacks its weights, or failed at its work. The message says what to do."""


@dataclass(frozen=True)
class Word:
    """A word as it was heard."""

    text: str
    """Lower case without punctuation, unless the engine writes punctuation itself (``EngineInfo.punctuates``)."""
    start: float
    """Seconds."""
    end: float
    """Seconds, never before ``start``."""
    confidence: float
    """From 0 to 1, as the engine knows it."""


@dataclass(frozen=True)
class EngineInfo:
    """What an engine says of itself; the answers of the server repeat it."""

    name: str
    """Name in the registry: ``pocketsphinx``."""
    version: str
    """Version of the library that recognises."""
    model: str
    """Model that is loaded: ``en-us``."""
    languages: tuple[str, ...]
    """BCP-47 tags, in lower case. ``en`` stands for every English; ``*`` for all languages."""
    sample_rate: int = 16000
    """Hz of the audio it wants."""
    punctuates: bool = False
    """It writes punctuation and capitals itself."""
    streams: bool = True
    """It offers :meth:`Recognizer.stream`."""
    longest_piece: float = 15.0
    """Seconds of speech it wants at once, at most; infinite: a whole recording, silence included."""
    light: bool = False
    """It costs next to nothing and takes all that is loud for speech: the server hears live PCM with it in its own
    event loop, without a worker process and without a detector of voices."""


@dataclass(frozen=True)
class Hints:
    """What the caller expects to hear. An engine uses what it can and ignores the rest."""

    keyterms: tuple[str, ...] = ()
    """Terms to favour."""
    language: str = "en"
    """BCP-47 tag."""


class RecognizerStream(ABC):
    """One utterance that is still being spoken."""

    @abstractmethod
    def feed(self, pcm: bytes) -> None:
        """Hear more audio: linear16, whole samples."""

    @abstractmethod
    def interim(self) -> Sequence[Word]:
        """Return the words heard so far; they may still change."""

    @abstractmethod
    def finish(self) -> Sequence[Word]:
        """Return the final words. The stream is over."""

    def close(self) -> None:
        """Give the stream up before it was finished: nobody wants its words."""
        self.finish()


class Recognizer(ABC):
    """An engine that hears. One instance lives in each worker process and serves one piece of audio at a time."""

    info: EngineInfo

    @abstractmethod
    def recognize(self, pcm: bytes, hints: Hints) -> Sequence[Word]:
        """Return the words of a whole piece of audio (one segment of speech)."""

    def find(self, pcm: bytes, terms: Sequence[str]) -> Sequence[Word]:
        """Return where ``terms`` are spoken, each as one ``Word``: evidence for ``search`` and ``keyterm``.

        Engines without keyword spotting find nothing here; the caller then searches the transcript.
        """
        return ()

    def stream(self, hints: Hints) -> RecognizerStream:
        """Begin an utterance whose audio arrives piece by piece."""
        raise TypeError(f"the engine {self.info.name} does not recognise live audio")

    def prepare(self, streams: int) -> None:  # noqa: B027  # most load nothing for a stream
        """Load what so many streams at the same time need: their first words should not wait for it."""

    def close(self) -> None:  # noqa: B027  # most have nothing to give back
        """Give back what the engine holds."""
