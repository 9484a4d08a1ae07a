"""One answer of the agent: it thinks, calls functions, thinks on, and speaks while it thinks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

from ...protocol.model import Model
from ...protocol.models.agent_messages import AgentV1AgentThinking
from ...protocol.models.agent_settings import ThinkSettingsV1FunctionsItem
from ..engines.synthesizer import SynthesizerError
from ..speech_text import end_of_sentences, place_to_cut
from ..thinking.thinker import Call, Called, Question, Text, ThinkError, Thought, whole
from .functions import FunctionCalls
from .history import History
from .latency import Latency
from .plan import Thinking
from .speaker import Speaker

MOST_ROUNDS = 10
"""Times that one answer may think, call functions and think on."""
LONGEST_SENTENCE = 400
"""Characters that wait for the end of their sentence."""


class Teller(Protocol):
    """What an answer says to the client, besides its words."""

    async def say(self, message: Model) -> None:
        """Send a message."""

    async def warn(self, code: str, description: str) -> None:
        """Send a warning."""

    async def fail(self, code: str, description: str) -> None:
        """Send an error; the conversation goes on."""

    async def tell_calls(self, calls: Sequence[Called]) -> None:
        """Send what was called."""


class Answer:
    """An answer, from the first thought to the last word."""

    def __init__(
        self,
        teller: Teller,
        speaker: Speaker,
        latency: Latency,
        *,
        history: History,
        thinking: Callable[[], Sequence[Thinking]],
        calls: FunctionCalls,
        certain: bool = True,
    ) -> None:
        """``certain``: the user has ended. Otherwise it is only thought, until :meth:`confirm` is called."""
        self._teller = teller
        self.latency = latency
        self._history = history
        self._thinking = thinking
        self._calls = calls
        self._certain = asyncio.Event()
        self.speaker = speaker
        self.calling = False
        """Functions have been asked for and not all are answered."""
        if certain:
            self._certain.set()

    def confirm(self) -> None:
        """The user has ended: what was thought may be said."""
        self._certain.set()

    @property
    def certain(self) -> bool:
        """Whether the user has ended."""
        return self._certain.is_set()

    async def run(self, words: str | None = None) -> None:
        """Think and speak; ``words``: say these instead of thinking. The history is for the caller to write."""
        speaking = asyncio.create_task(self._speak())
        thinking = asyncio.create_task(self._say(words) if words is not None else self._think())
        try:
            done, _ = await asyncio.wait((speaking, thinking), return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            for task in (speaking, thinking):
                task.cancel()
            await asyncio.gather(speaking, thinking, return_exceptions=True)

    async def _speak(self) -> None:
        await self._certain.wait()
        try:
            await self.speaker.run()
        except SynthesizerError as error:
            await self._teller.fail("FAILED_TO_SPEAK", str(error))

    async def _say(self, words: str) -> None:
        self.speaker.say(words)
        self.speaker.end()

    async def _think(self) -> None:
        try:
            for _ in range(MOST_ROUNDS):
                calls, functions = await self._round()
                if not calls:
                    return
                await self._certain.wait()
                self.calling = True
                made = await self._calls.make(calls, functions)
                self.calling = False
                for call in made:
                    self._history.add(call)
                await self._teller.tell_calls(made)
            await self._teller.warn("TOO_MANY_FUNCTION_CALLS", f"The model called functions {MOST_ROUNDS} times.")
        finally:
            self.speaker.end()

    async def _round(self) -> tuple[list[Call], Sequence[ThinkSettingsV1FunctionsItem]]:
        """Think once, with the first provider that answers; return the functions that are to be called."""
        problems: list[str] = []
        for way in self._thinking():
            written = _Written(self.speaker)
            try:
                return await self._ask(way, written), way.functions
            except ThinkError as error:
                problems.append(str(error))
                await self._certain.wait()
                await self._teller.warn("THINK_REQUEST_FAILED", str(error))
                if written.any:  # what was begun cannot be begun again
                    written.finish()
                    return [], ()
        await self._teller.fail("FAILED_TO_THINK", "; ".join(problems))
        return [], ()

    async def _ask(self, way: Thinking, written: _Written) -> list[Call]:
        question = Question(
            way.model,
            way.prompt,
            self._history.recent(way.context),
            way.told,
            way.temperature,
            way.reasoning_mode,
        )
        calls: list[Call] = []
        thoughts: list[str] = []
        self.latency.asked()
        async with aclosing(way.thinker.think(question)) as ideas:
            async for idea in ideas:
                self.latency.thought(idea)
                match idea:
                    case Text(text=text):
                        written.add(text)
                    case Thought(text=text):
                        thoughts.append(text)
                    case Call():
                        calls.append(replace(idea, name=whole(idea.name), arguments=whole(idea.arguments)))
        if thoughts:
            await self._certain.wait()
            await self._teller.say(AgentV1AgentThinking(content=whole("".join(thoughts))))
        written.finish()
        return calls


class _Written:
    """The text of a model as it comes, handed on sentence by sentence."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._text = ""
        self.any = False
        """Whether anything was handed on."""

    def add(self, text: str) -> None:
        self._text += text
        cut = end_of_sentences(self._text)
        if not cut and len(self._text) > LONGEST_SENTENCE:
            cut = place_to_cut(self._text, LONGEST_SENTENCE) or LONGEST_SENTENCE
        if cut:
            self._hand_on(self._text[:cut])
            self._text = self._text[cut:]

    def finish(self) -> None:
        self._hand_on(self._text)
        self._text = ""

    def _hand_on(self, text: str) -> None:
        if text.strip():
            self.any = True
            self._speaker.say(whole(text.strip()))
