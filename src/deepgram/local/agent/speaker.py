"""Speaking one answer: sentence by sentence as they come, not far ahead of what the user has heard."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from ..speech import Speech
from ..speech_formats import Encoder, SpeechFormat
from ..speech_text import BadControl, SpokenText, read
from ..voices import Voice
from .playback import Playback

LEAD = 0.6
"""Seconds of audio that are sent ahead: enough for a bad network, little enough to be interrupted."""


@dataclass(frozen=True)
class Voicing:
    """Who speaks, and in which form."""

    voice: Voice
    form: SpeechFormat
    speed: float = 1.0


class Speaker:
    """Speaks the sentences of one answer."""

    def __init__(
        self,
        speech: Speech,
        voicing: Voicing,
        *,
        announce: Callable[[str], Awaitable[None]],
        begin: Callable[[], Awaitable[None]],
        play: Callable[[bytes], Awaitable[None]],
    ) -> None:
        """``announce`` is called before the audio of each sentence, ``begin`` before that of the first."""
        self._speech = speech
        self._voicing = voicing
        self._announce = announce
        self._begin = begin
        self._play = play
        self._clock = asyncio.get_running_loop().time
        self._waiting: deque[str] = deque()
        self._news = asyncio.Event()
        self._over = False
        self._played = Playback()
        self._encoder = Encoder(voicing.form)
        self._begun = False

    def say(self, sentence: str) -> None:
        """Line up a sentence."""
        self._waiting.append(sentence)
        self._news.set()

    def end(self) -> None:
        """No more sentences follow."""
        self._over = True
        self._news.set()

    @property
    def begun(self) -> bool:
        """Whether any audio went out."""
        return self._begun

    def heard(self) -> str:
        """Return what the user has heard by now."""
        return self._played.heard(self._clock())

    async def run(self) -> None:
        """Speak until all is said. Raises ``SynthesizerError``, and ``Gone`` when the client has left."""
        while True:
            while not self._waiting:
                if self._over:
                    if self._begun and (rest := self._encoder.finish()):
                        await self._play(rest)
                    return
                self._news.clear()
                await self._news.wait()
            await self._speak(self._waiting.popleft())

    async def _speak(self, sentence: str) -> None:
        rate = self._voicing.form.sample_rate
        await self._announce(sentence)
        self._played.begin(sentence)
        audio = self._speech.say(
            _spoken(sentence),
            self._voicing.voice,
            speed=self._voicing.speed,
            sample_rate=rate,
            more=bool(self._waiting) or not self._over,
        )
        async with aclosing(audio):
            async for pcm in audio:
                if not self._begun:
                    await self._begin()
                    self._begun = True
                if encoded := self._encoder.encode(pcm):
                    await self._play(encoded)
                self._played.send(len(pcm) / 2 / rate, self._clock())
                if (ahead := self._played.ahead(self._clock())) > LEAD:
                    await asyncio.sleep(ahead - LEAD)
        self._played.complete()

    async def played(self) -> None:
        """Wait until the user has heard everything."""
        await asyncio.sleep(self._played.ahead(self._clock()))


def _spoken(sentence: str) -> SpokenText:
    """Return a sentence with its controls understood; where a language model wrote one that is none, they are text."""
    try:
        return read(sentence)
    except BadControl:
        return SpokenText((sentence,), len(sentence), len(sentence))
