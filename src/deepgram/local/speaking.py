"""Holding a conversation in which text comes and audio goes: what both versions of it share.

Two tasks: one reads messages and lines up what is to be said, the other says it, in that order. Text is spoken sentence
by sentence as it comes, so that the first one is heard while the next is written. While a client does not read its
audio, nothing more is made for it; when it leaves it unread for too long, the conversation ends.
The protocols (``handlers.speaking``, ``handlers.speaking_turns``) say what messages mean.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from .conversation import Conversation, Ending, Gone
from .engines.synthesizer import SynthesizerError
from .services import log
from .speech_formats import Encoder
from .speech_options import SpeechOptions
from .speech_text import SpokenText, controls, ends_of_sentences, place_to_cut

LONGEST_MESSAGE = 64 * 1024
"""Characters of a message that are looked at."""
LONGEST_SENTENCE = 1000
"""Characters that wait for the end of their sentence, at most."""
MOST_WAITING = 100_000
"""Characters that wait to be spoken, before the client is made to wait."""
LONGEST_CONTROL = 1000
"""Characters within which a brace that was opened is expected to be closed."""
LONGEST_SESSION = 3600.0
"""Seconds; the service's (NET-0003)."""
TICK = 1.0
"""Seconds between two looks at the conversation, at most."""


class SpeakingError(Exception):
    """Nothing can be said: the engine failed."""


@dataclass(frozen=True)
class Say:
    """Text to be spoken."""

    text: SpokenText
    raw: str
    """The text as it came."""
    more: bool
    """It was spoken before it was known whether more follows: so with the pause after a sentence."""


Tell: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
"""Something to be told when everything before it has been said."""


class SpeakingConversation(ABC):
    """One conversation. Subclasses are the protocols."""

    def __init__(self, conversation: Conversation, asked_for: SpeechOptions) -> None:
        self.conversation = conversation
        self.asked_for = asked_for
        self.speed = asked_for.speed
        self.written = ""
        """Text whose sentence has not ended yet."""
        self.closing = False
        """The client has said that nothing more comes."""
        self.audio_bytes = 0
        """Bytes of audio that went out."""
        self.characters = 0
        """Characters that were spoken or are lined up, without controls."""
        self._clock = asyncio.get_running_loop().time
        self.began = self.active_at = self._clock()
        self._line: deque[tuple[Say | Tell, object]] = deque()
        self._waiting = 0
        self._lined_up = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._playing: asyncio.Task[None] | None = None

    # --- What a protocol says -----------------------------------------------------------------------------------------

    @abstractmethod
    async def begin(self) -> None:
        """Say what is said first."""

    @abstractmethod
    async def obey(self, message: dict[str, Any]) -> None:
        """Do what the client says."""

    @abstractmethod
    async def misunderstand(self, why: str, *, too_large: bool = False) -> None:
        """The client said something that is no message."""

    def idles(self, now: float) -> Ending | None:
        """Return how the conversation is to end if the client has been silent for too long."""
        return None

    async def complain(self, ending: Ending) -> None:  # noqa: B027  # v1 leaves it to the close frame
        """Say that the conversation ends badly."""

    def played(self, said: Say, seconds: float, *, whole: bool) -> None:  # noqa: B027  # v1 does not count
        """So much more audio of a text went out; ``whole``: that was all of it."""

    @abstractmethod
    async def finished(self) -> None:
        """Write down what was spoken."""

    # --- Lining up ----------------------------------------------------------------------------------------------------

    def line_up(self, item: Say | Tell, owner: object = None) -> None:
        """Have something said or told after everything that is lined up already; ``owner``: what it belongs to."""
        self._line.append((item, owner))
        if isinstance(item, Say):
            self._waiting += len(item.raw)
            self.characters += item.text.characters
            if self._waiting > MOST_WAITING:
                self._room.clear()
        self._lined_up.set()

    def drop(self, unwanted: Callable[[object], bool]) -> None:
        """Stop speaking, and forget what of that which is lined up belongs to an unwanted owner."""
        for item, owner in self._line:
            if isinstance(item, Say) and unwanted(owner):
                self._waiting -= len(item.raw)
                self.characters -= item.text.characters
        self._line = deque(entry for entry in self._line if not unwanted(entry[1]))
        if self._waiting <= MOST_WAITING:
            self._room.set()
        if self._playing is not None:
            self._playing.cancel()

    def tell_next(self, tell: Tell) -> None:
        """Have something told before all that is lined up."""
        self._line.appendleft((tell, None))
        self._lined_up.set()

    @property
    def lined_up(self) -> list[Say]:
        """The texts that are lined up and not begun."""
        return [item for item, _ in self._line if isinstance(item, Say)]

    @property
    def busy(self) -> bool:
        """Whether something is being said, or waits for it."""
        return bool(self._line) or self._playing is not None

    def whole_sentences(self) -> list[str]:
        """Take the whole sentences of the text that was written so far."""
        sentences, self.written = _cut_off(self.written)
        return sentences

    def what_is_left(self) -> list[str]:
        """Take all of the text that was written so far, sentence by sentence: no more belongs to it."""
        sentences, rest = _cut_off(self.written)
        self.written = ""
        return [*sentences, rest] if rest else sentences

    # --- The conversation ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Hold the conversation, from the handshake to the end."""
        ending: Ending | None
        tasks: list[asyncio.Task[None]] = []
        try:
            await self.conversation.accept()
            await self.begin()
            tasks = [asyncio.create_task(work) for work in (self._say(), self._read())]
            await self._watch(*tasks)
            ending = Ending(1000)
        except Gone:
            ending = None
        except Exception as error:
            ending = _ending_of(error)
        finally:
            playing = [self._playing] if self._playing is not None else []
            for task in (*tasks, *playing):
                task.cancel()
            await asyncio.gather(*tasks, *playing, return_exceptions=True)
        if ending is not None and ending.code != 1000 and self.conversation.saying_since is None:
            with suppress(Gone, asyncio.TimeoutError):  # the close frame says it as well
                await asyncio.wait_for(self.complain(ending), 1.0)
        await self.finished()
        if ending is not None:
            await self.conversation.close(ending.code, ending.reason)

    async def _watch(self, saying: asyncio.Task[None], reading: asyncio.Task[None]) -> None:
        """Return when everything is said; raise what went wrong, or how it is to end."""
        waiting = {saying, reading}
        patience = self.conversation.services.settings.audio_timeout
        while not saying.done():
            done, waiting = await asyncio.wait(
                waiting, timeout=min(TICK, patience / 4), return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
            now = self._clock()
            unread = self.conversation.saying_since
            if unread is not None and now - unread > patience:
                raise Ending(1008, f"The client has not read its audio for {patience:g} s.", "NET-0002")
            if now - self.began > LONGEST_SESSION:
                raise Ending(1011, f"NET-0003: a session lasts {LONGEST_SESSION:g} s at most.", "NET-0003")
            if not self.busy and (ending := self.idles(now)) is not None:
                raise ending

    async def _read(self) -> None:
        while True:
            frame = await self.conversation.receive()
            self.active_at = self._clock()
            if isinstance(frame, bytes):
                await self.misunderstand("a binary message, where text is expected")
            elif len(frame) > LONGEST_MESSAGE:
                await self.misunderstand(f"a message of more than {LONGEST_MESSAGE} characters", too_large=True)
            else:
                await self._obey(frame)
            await self._room.wait()

    async def _obey(self, frame: str) -> None:
        try:
            message = json.loads(frame)
        except (ValueError, RecursionError) as error:
            await self.misunderstand(str(error))
            return
        if isinstance(message, dict):
            await self.obey(message)
        else:
            await self.misunderstand("expected an object")

    async def _say(self) -> None:
        while True:
            while not self._line:
                if self.closing:
                    return
                self._lined_up.clear()
                await self._lined_up.wait()
            item, _ = self._line.popleft()
            if not isinstance(item, Say):
                await item()
                continue
            self._waiting -= len(item.raw)
            if self._waiting <= MOST_WAITING:
                self._room.set()
            self._playing = asyncio.create_task(self._play(item))
            try:
                await asyncio.wait((self._playing,))
                if not self._playing.cancelled():  # what was dropped ends like that
                    self._playing.result()
            finally:
                self._playing = None

    async def _play(self, said: Say) -> None:
        conversation, asked_for = self.conversation, self.asked_for
        form = asked_for.form
        encoder = Encoder(form)
        audio = conversation.services.speech.say(
            said.text, asked_for.voice, speed=self.speed, sample_rate=form.sample_rate, more=said.more
        )
        try:
            async with aclosing(audio):
                async for pcm in audio:
                    await conversation.play(encoder.encode(pcm))
                    self.audio_bytes += len(pcm)
                    self.played(said, len(pcm) / 2 / form.sample_rate, whole=False)
            self.played(said, 0.0, whole=True)
        except SynthesizerError as error:
            raise SpeakingError(str(error)) from error

    @property
    def seconds(self) -> float:
        """Seconds of audio that went out."""
        return self.audio_bytes / 2 / self.asked_for.form.sample_rate


def text_of(message: dict[str, Any]) -> str | None:
    """Return the text of a ``Speak``; None if it is none."""
    text = message.get("text")
    if not isinstance(text, str):
        return None
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return None
    return text


def _cut_off(text: str) -> tuple[list[str], str]:
    """Return the whole sentences of a text to which more may come, and the rest. No control is cut in two."""
    plain = controls().sub(lambda found: "x" * len(found[0]), text)
    opened = plain.rfind("{")
    if plain.rfind("}") < opened and len(plain) - opened < LONGEST_CONTROL:  # it may still be closed
        plain = plain[:opened].removesuffix("\\")
    sentences: list[str] = []
    begin = 0
    for end in ends_of_sentences(plain):
        sentences.append(text[begin:end])
        begin = end
    while len(plain) - begin > LONGEST_SENTENCE:
        end = begin + (place_to_cut(plain[begin:], LONGEST_SENTENCE) or LONGEST_SENTENCE)
        sentences.append(text[begin:end])
        begin = end
    return sentences, text[begin:]


def _ending_of(error: Exception) -> Ending:
    if isinstance(error, Ending):
        return error
    if isinstance(error, SpeakingError):
        log.error("text could not be spoken: %s", error)
        return Ending(1011, "The engine that speaks failed.", "NET-0000")
    log.error("a conversation that speaks failed", exc_info=error)
    return Ending(1011, "The server failed; its log says why.", "NET-0000")
