"""Who has the floor: the user interrupts the agent, the agent answers the user, and nothing is said twice.

Everything that changes it is done one after the other, under a lock; only the answer itself goes on beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from ...protocol.models.agent_messages import (
    AgentV1AgentAudioDone,
    AgentV1ConversationText,
    AgentV1InjectionRefused,
    AgentV1UserStartedSpeaking,
)
from ..speech import Speech
from ..thinking.thinker import Said
from .answer import Answer, Teller
from .functions import FunctionCalls
from .history import History
from .latency import Latency
from .plan import Thinking
from .speaker import Speaker, Voicing

BLIP = 1.5
"""Seconds after which a voice without words was nobody."""
MOST_WAITING = 20
"""Messages of the agent that may wait until nobody speaks."""


class Client(Teller, Protocol):
    """What the floor says to the client."""

    async def tell_said(self, said: Said) -> None:
        """Send an entry of the history."""

    async def play(self, audio: bytes) -> None:
        """Send audio."""


class Floor:
    """The floor of one conversation."""

    def __init__(
        self,
        client: Client,
        *,
        speech: Speech,
        history: History,
        calls: FunctionCalls,
        thinking: Callable[[], Sequence[Thinking]],
        voicing: Callable[[], Voicing],
    ) -> None:
        self._client = client
        self._speech = speech
        self._history = history
        self._calls = calls
        self._thinking = thinking
        self._voicing = voicing
        self._clock = asyncio.get_running_loop().time
        self._lock = asyncio.Lock()
        self._answer: Answer | None = None
        self._answering: asyncio.Task[None] | None = None
        self._waiting: list[str] = []  # messages of the agent that wait until nobody speaks
        self._turn_open = False
        self._voice_at = -BLIP  # when a voice was noticed last
        self._asked: Said | None = None  # what the user said of a turn that may go on
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._patience: asyncio.Task[None] | None = None  # until messages that wait may be said
        self.characters = 0
        """Characters that were spoken."""

    async def failure(self) -> None:
        """Wait until an answer fails, and raise what it failed with."""
        await asyncio.shield(self._failed)

    async def close(self) -> None:
        """Stop the answer, without a word. Nobody calls anything else any more."""
        self._waiting.clear()
        tasks = [task for task in (self._patience, self._answering) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._failed.cancel()

    # --- The user -----------------------------------------------------------------------------------------------------

    async def voice(self) -> None:
        """A voice was noticed: what the agent is saying stops at once."""
        async with self._lock:
            told = self._user_is_speaking
            self._voice_at = self._clock()
            answer = await self._silence()
            if not told:  # after the last of the audio: clients forget what has come before
                await self._client.say(AgentV1UserStartedSpeaking())
            await self._write_off(answer)
            self._go_on()

    async def turn_begins(self) -> None:
        """The user said a first word."""
        if not self._user_is_speaking:
            await self.voice()
        self._turn_open = True

    async def turn_may_have_ended(self, text: str, spoke_until: float) -> None:
        """Begin to think; nothing is said before it is certain."""
        async with self._lock:
            if self._answer is None and text:
                self._asked = Said("user", text)
                self._history.add(self._asked)
                self._begin(spoke_until, certain=False)

    async def turn_goes_on(self) -> None:
        """What was thought is void."""
        async with self._lock:
            await self._interrupt()

    async def turn_ended(self, text: str, spoke_until: float) -> None:
        """The user has ended: the agent answers. ``spoke_until``: when the last word was said, on the clock."""
        async with self._lock:
            self._turn_open = False
            self._voice_at = -BLIP
            if not text:
                self._go_on()
                return
            await self._client.say(AgentV1ConversationText(role="user", content=text))
            prepared, asked = self._answer, self._asked
            if prepared is not None and not prepared.certain and asked is not None and asked.text == text:
                self._asked = None
                await self._client.tell_said(asked)
                prepared.latency.confirmed(spoke_until)
                prepared.confirm()
            else:
                await self._interrupt()
                await self._reply_to(text, spoke_until)

    async def user_wrote(self, text: str) -> None:
        """The client has a message for the agent, as if the user had said it."""
        async with self._lock:
            await self._interrupt()
            await self._client.say(AgentV1ConversationText(role="user", content=text))
            await self._reply_to(text, self._clock())

    async def _reply_to(self, text: str, spoke_until: float) -> None:
        said = Said("user", text)
        self._history.add(said)
        await self._client.tell_said(said)
        self._begin(spoke_until)

    @property
    def _user_is_speaking(self) -> bool:
        return self._turn_open or self._clock() - self._voice_at < BLIP

    # --- The agent ----------------------------------------------------------------------------------------------------

    async def agent_says(self, words: str, behavior: object = None) -> None:
        """Let the agent say something: now, after what is being said (``queue``), or instead of it (``interrupt``)."""
        async with self._lock:
            if behavior == "interrupt":
                await self._interrupt()
            elif self._answer is not None or self._user_is_speaking:
                who = "the agent" if self._answer is not None else "the user"
                if behavior == "queue" and len(self._waiting) < MOST_WAITING:
                    self._waiting.append(words)
                    self._go_on()
                else:
                    message = f"The message was not injected: {who} is speaking."
                    await self._client.say(AgentV1InjectionRefused(message=message))
                return
            self._begin(self._clock(), words)

    def _begin(self, spoke_until: float, words: str | None = None, *, certain: bool = True) -> None:
        latency = Latency(self._clock, spoke_until)
        client = self._client

        async def announce(sentence: str) -> None:
            self.characters += len(sentence)
            await client.say(AgentV1ConversationText(role="assistant", content=sentence))

        async def begin() -> None:
            for report in latency.began():
                await client.say(report)

        speaker = Speaker(self._speech, self._voicing(), announce=announce, begin=begin, play=client.play)
        answer = Answer(
            client,
            speaker,
            latency,
            history=self._history,
            thinking=self._thinking,
            calls=self._calls,
            certain=certain,
        )
        self._answer = answer
        self._answering = asyncio.create_task(self._hold(answer, words))

    async def _hold(self, answer: Answer, words: str | None) -> None:
        try:
            await answer.run(words)
            if answer.speaker.begun:
                await self._client.say(AgentV1AgentAudioDone())
            # Until it has been played it can still be interrupted.
            await answer.speaker.played()
            async with self._lock:
                await self._remember(answer)
                self._answer = self._answering = None
                self._go_on()
        except Exception as error:
            if not self._failed.done():
                self._failed.set_exception(error)

    def _go_on(self) -> None:
        """Say what waits, if nobody speaks; if it is only a voice that may be nobody's, as soon as that is known."""
        if not self._waiting or self._answer is not None or self._turn_open:
            return
        if not self._user_is_speaking:
            self._begin(self._clock(), self._waiting.pop(0))
        elif self._patience is None or self._patience.done():
            self._patience = asyncio.create_task(self._until_quiet())

    async def _until_quiet(self) -> None:
        await asyncio.sleep(max(0.0, self._voice_at + BLIP - self._clock()))
        async with self._lock:
            self._patience = None
            self._go_on()  # waits again if there was another voice

    async def _interrupt(self) -> None:
        """Stop the answer. Nothing more of it is sent; the history has what was heard of it."""
        await self._write_off(await self._silence())

    async def _silence(self) -> Answer | None:
        """Stop the answer, and return it; None if there is none."""
        answer, answering = self._answer, self._answering
        if answer is None or answering is None:
            return None
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
        self._answer = self._answering = None
        return answer

    async def _write_off(self, answer: Answer | None) -> None:
        """Void the calls of an answer that was stopped, and write down what was heard of it."""
        if answer is None:
            return
        await self._calls.cancel()
        if self._asked is not None and not answer.certain:
            self._history.retract(self._asked)
        self._asked = None
        await self._remember(answer)

    async def _remember(self, answer: Answer) -> None:
        """Write down what the user has heard of an answer."""
        if heard := answer.speaker.heard():
            said = Said("assistant", heard)
            self._history.add(said)
            await self._client.tell_said(said)
