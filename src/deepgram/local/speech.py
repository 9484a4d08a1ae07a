"""Speaking: the owner of the engine that speaks, of its thread, and of the audio between them and who listens.

A text is cut into phrases, and phrases of many texts take turns in one thread. What is made waits until it is taken;
while a listener has a few seconds of audio ahead, nothing more is made for it. So a client that does not read costs a
bounded amount of memory and no time of the others.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from . import voices
from .engines.synthesizer import Manner, Phrase, Synthesizer, SynthesizerError, SynthesizerInfo
from .engines.synthesizers import AUTO, chosen, create
from .speech_text import LONGEST_PHRASE, Pause, SpokenText, phrases, read
from .voices import UnknownVoice, Voice

__all__ = ["Speech", "SynthesizerError", "UnknownVoice", "Voice"]

log = logging.getLogger("deepgram.local")

AHEAD = 2.0
"""Seconds of audio that wait to be taken, at the least, before the next phrase is made."""
LONGEST_PIECE = 0.5
"""Seconds of audio that are handed out at once, at most."""
FIRST_PHRASE = 80
"""Characters of the first phrase for an engine that gives nothing before a phrase is done."""


class Speech:
    """The engine that speaks, as the rest of the server sees it."""

    def __init__(self, engine: str = AUTO, *, weights: str | None = None) -> None:
        """``engine``: name of an engine, or ``auto`` for the first that can be used here."""
        self._engine = engine
        self._weights = weights
        self._synthesizer: Synthesizer | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._listeners: set[_Audio] = set()

    async def start(self) -> None:
        """Make the engine ready. Raises :class:`SynthesizerError` if it was asked for by name and cannot be had."""
        name = chosen(self._engine)
        if name is None:
            log.warning("no engine that speaks is installed: pip install 'deepgram-sdk[espeak]'")
            return
        self._thread = thread = ThreadPoolExecutor(1, thread_name_prefix="speech")
        try:
            loop = asyncio.get_running_loop()
            self._synthesizer = await loop.run_in_executor(thread, self._load, name)
        except BaseException:
            thread.shutdown(wait=False)
            self._thread = None
            raise

    def _load(self, name: str) -> Synthesizer:
        # What the first text needs beside the engine is imported now, lest it wait for that.
        for module in ("numpy", "soxr"):
            importlib.import_module(module)
        return create(name, self._weights)

    async def stop(self) -> None:
        """Stop: who still listens gets no more."""
        for audio in self._listeners:
            audio.unwanted()
        if self._thread is not None:
            thread, self._thread = self._thread, None
            await asyncio.to_thread(thread.shutdown, wait=True, cancel_futures=True)
        if self._synthesizer is not None:
            self._synthesizer.close()
            self._synthesizer = None

    @property
    def info(self) -> SynthesizerInfo:
        """What the engine says of itself. Raises :class:`SynthesizerError` if there is none."""
        return self._ready()[0].info

    def voice(self, model: str) -> Voice:
        """Return a voice of the catalogue; raise :class:`UnknownVoice`."""
        return voices.voice(model)

    def speaks(self, voice: Voice) -> bool:
        """Tell whether the engine knows the language of a voice."""
        return voice.language in self.info.languages

    async def say(
        self,
        text: str | SpokenText,
        voice: Voice,
        *,
        speed: float = 1.0,
        sample_rate: int = 24000,
        more: bool = False,
    ) -> AsyncGenerator[bytes, None]:
        """Speak a text: yield linear16, mono, as it is made, a half second at a time at most.

        ``speed``: 2.0 takes half the time; ``sample_rate`` in Hz; ``more``: other text follows, so the pause after a
        sentence is made. Controls in a text are those of ``speech_text``.
        Raises :class:`SynthesizerError`, and :class:`~.speech_text.BadControl` for controls that mean nothing.
        """
        synthesizer, thread = self._ready()
        spoken = read(text) if isinstance(text, str) else text
        manner = replace(voice.manner, pace=voice.manner.pace * speed)
        work = _Work(synthesizer, spoken, manner, sample_rate, more=more)
        audio = _Audio(asyncio.get_running_loop(), round(AHEAD * sample_rate) * 2)
        self._listeners.add(audio)
        maker = asyncio.create_task(self._make(work, audio, thread))
        longest = round(LONGEST_PIECE * sample_rate) * 2
        try:
            while piece := await audio.take(longest):
                yield piece
            await maker  # raises what went wrong
        finally:
            self._listeners.discard(audio)
            audio.unwanted()
            maker.cancel()
            await asyncio.gather(maker, return_exceptions=True)

    def _ready(self) -> tuple[Synthesizer, ThreadPoolExecutor]:
        if self._synthesizer is None or self._thread is None:
            raise SynthesizerError("no engine that speaks is installed: pip install 'deepgram-sdk[espeak]'")
        return self._synthesizer, self._thread

    async def _make(self, work: _Work, audio: _Audio, thread: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        try:
            for step in work.steps(audio):
                await audio.room()
                if thread is not self._thread:
                    raise SynthesizerError("the engine that speaks was stopped")
                await loop.run_in_executor(thread, step)
        except asyncio.CancelledError:
            if thread is self._thread:
                raise
            # The step was called off because the server stops; nobody has cancelled who listens.
            raise SynthesizerError("the engine that speaks was stopped") from None
        finally:
            audio.end()


class _Work:
    """What is to be made for one listener: a step for each phrase, to be run in the thread of the engine."""

    def __init__(
        self, synthesizer: Synthesizer, spoken: SpokenText, manner: Manner, sample_rate: int, *, more: bool
    ) -> None:
        self._synthesizer = synthesizer
        self._spoken = spoken
        self._manner = manner
        self._rate = sample_rate
        self._more = more

    def steps(self, audio: _Audio) -> Iterator[Callable[[], None]]:
        resampled = _Resampled(self._synthesizer.info.sample_rate, self._rate, audio.put)
        first = LONGEST_PHRASE if self._synthesizer.info.streams else FIRST_PHRASE
        coming = deque(phrases(self._spoken, first=first))
        while coming:
            step = coming.popleft()
            if isinstance(step, Pause):
                yield self._silence(step, resampled)
            else:
                # The pause after a sentence is not added to one that is written.
                last = isinstance(coming[0], Pause) if coming else not self._more
                yield self._speaking(step, resampled, last=last)
        yield resampled.finish

    def _silence(self, pause: Pause, resampled: _Resampled) -> Callable[[], None]:
        samples = self._synthesizer.info.sample_rate * pause.milliseconds // 1000

        def silence() -> None:
            resampled.put(bytes(2 * samples))

        return silence

    def _speaking(self, phrase: Phrase, resampled: _Resampled, *, last: bool) -> Callable[[], None]:
        return lambda: self._synthesizer.speak(phrase, self._manner, resampled.put, last=last)


class _Resampled:
    """Brings audio to the rate that is wanted; its state goes on from phrase to phrase."""

    def __init__(self, made: int, wanted: int, put: Callable[[bytes], bool]) -> None:
        self._put = put
        self._stream = None
        if made != wanted:
            import soxr

            self._stream = soxr.ResampleStream(made, wanted, 1, dtype="int16", quality="MQ")

    def put(self, pcm: bytes) -> bool:
        if self._stream is None:
            return self._put(pcm)
        import numpy

        return self._put(self._stream.resample_chunk(numpy.frombuffer(pcm, numpy.int16)).tobytes())

    def finish(self) -> None:
        if self._stream is not None:
            import numpy

            self._put(self._stream.resample_chunk(numpy.empty(0, numpy.int16), last=True).tobytes())


class _Audio:
    """Audio on its way from the thread of the engine to the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ahead: int) -> None:
        self._loop = loop
        self._ahead = ahead
        self._lock = threading.Lock()
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._told = False
        self._wanted = True
        self._ended = False
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()

    # --- In the thread of the engine ----------------------------------------------------------------------------------

    def put(self, pcm: bytes) -> bool:
        """Add audio; tell whether anybody still wants it."""
        if not self._wanted or not pcm:
            return self._wanted
        with self._lock:
            self._pieces.append(pcm)
            self._size += len(pcm)
            told, self._told = self._told, True
        if not told:  # once is enough until it is taken
            self._loop.call_soon_threadsafe(self._arrived.set)
        return True

    # --- In the event loop --------------------------------------------------------------------------------------------

    async def take(self, longest: int) -> bytes:
        """Wait for audio and return what there is, up to so many bytes; nothing at the end."""
        while True:
            with self._lock:
                piece = self._cut(longest)
                if not self._pieces:
                    self._told = False
                    self._arrived.clear()
                ended = self._ended
            if piece or ended:
                self._taken.set()
                return piece
            await self._arrived.wait()

    def _cut(self, longest: int) -> bytes:
        taken: list[bytes] = []
        size = 0
        while self._pieces and size < longest:
            piece = self._pieces.popleft()
            if size + len(piece) > longest:
                self._pieces.appendleft(piece[longest - size :])
                piece = piece[: longest - size]
            taken.append(piece)
            size += len(piece)
        self._size -= size
        return b"".join(taken)

    async def room(self) -> None:
        """Wait until the listener has not much left."""
        while self._size > self._ahead and self._wanted:
            self._taken.clear()
            await self._taken.wait()

    def end(self) -> None:
        """Say that nothing more comes."""
        self._ended = True
        self._arrived.set()

    def unwanted(self) -> None:
        """Say that nobody listens any more."""
        self._wanted = False
        self._taken.set()
