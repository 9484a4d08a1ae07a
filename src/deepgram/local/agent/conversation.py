"""Holding a conversation with an agent: messages are read and obeyed, audio is heard, and everything ends in time.

Tasks read the socket, feed what comes to the recogniser, and follow what it hears; ``floor`` decides who speaks.
Source of messages and their order: developers.deepgram.com/docs/voice-agent-message-flow, /docs/voice-agent-outputs;
of the codes of errors and warnings: /docs/voice-agent-errors-warnings.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

from ...protocol.model import Model
from ...protocol.models.agent_messages import (
    AgentV1Error,
    AgentV1ListenUpdated,
    AgentV1PromptUpdated,
    AgentV1SettingsApplied,
    AgentV1SpeakUpdated,
    AgentV1ThinkUpdated,
    AgentV1Warning,
    AgentV1Welcome,
)
from ...protocol.models.agent_settings import (
    ConversationHistoryMessage,
    FunctionCallHistoryMessage,
    FunctionCallHistoryMessageFunctionCallsItem,
)
from ..agent_configurations import NotJson, UnknownVariable
from ..audio import AudioError
from ..conversation import Conversation, Ending, Gone, unknown
from ..database import Absent
from ..engines.recognizer import EngineError
from ..formatting import formatted
from ..formatting.token import joined
from ..live import Ended, Happening, LiveStream, SpeechBegan, Turn
from ..live_conversation import BEHIND, LONGEST_MESSAGE, MESSAGE, READ_AHEAD, TICK, open_stream
from ..model_ids import recorded
from ..refusals import Refusal
from ..services import log
from ..thinking.thinker import Called, Said
from ..workers import WorkerLost
from .client_messages import Unparsable, read_message
from .floor import Floor
from .functions import FunctionCalls
from .history import History
from .plan import BadSettings, Plan, Planner, Thinking

LONGEST_SETTINGS = 1024 * 1024
"""Characters of a Settings message: prompts and conversations so far are long."""


class AgentConversation:
    """One conversation."""

    def __init__(self, conversation: Conversation) -> None:
        services = conversation.services
        self.conversation = conversation
        self._services = services
        self._planner = Planner(services.live.info, services.thinkers, services.speech)
        self._clock = asyncio.get_running_loop().time
        self._began = self._active_at = self._clock()
        self._plan: Plan | None = None
        self._thinking: Sequence[Thinking] = ()
        self._calls = FunctionCalls(services.client, self.say, self.warn, services.settings.function_timeout)
        self._stream: LiveStream | None = None
        self._floor: Floor | None = None
        self._unheard: asyncio.Queue[bytes] = asyncio.Queue()
        self._ahead = 0
        self._room = asyncio.Event()
        self._feeding_since: float | None = None
        self._working: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Hold the conversation, from the handshake to the end."""
        ending: Ending | None
        try:
            await self.conversation.accept()
            await self.say(AgentV1Welcome(request_id=self.conversation.request_id))
            self._work(self._read())
            await self._watch()
            ending = Ending(1000)
        except Gone:
            ending = None
        except Exception as error:
            ending = _ending_of(error)
        finally:
            self._record()
            await self._stop_everything()
        if ending is not None:
            if ending.code != 1000 and self.conversation.saying_since is None:
                await self._complain(ending)
            await self.conversation.close(ending.code, ending.reason)

    def _record(self) -> None:
        """Say what was used; usage is counted from the records of conversations. Whoever hears gives it its model."""
        record, plan = self.conversation.record, self._plan
        record.duration = round(self._clock() - self._began, 3)
        if plan is None or self._floor is None:
            return
        record.characters = self._floor.characters
        for name, value in recorded(self._services.live.info).items():
            setattr(record, name, value)
        asked = {
            "listen": plan.listening.text.model,
            "think": self._thinking[0].model,
            "speak": plan.voicing.voice.model,
        }
        record.config = {part: model[:100] for part, model in asked.items() if model}
        record.asked_model = record.config.get("listen")

    # --- What is said to the client -----------------------------------------------------------------------------------

    async def say(self, message: Model) -> None:
        """Send a message."""
        await self.conversation.say(message.json(exclude_none=True))

    async def play(self, audio: bytes) -> None:
        """Send audio."""
        await self.conversation.play(audio)

    async def warn(self, code: str, description: str) -> None:
        """Send a warning; the conversation goes on."""
        log.warning("%s: %s: %s", self.conversation.request_id, code, " ".join(description.split()))
        await self.say(AgentV1Warning(code=code, description=description))

    async def fail(self, code: str, description: str) -> None:
        """Send an error; the conversation goes on."""
        log.error("%s: %s: %s", self.conversation.request_id, code, " ".join(description.split()))
        await self.say(AgentV1Error(code=code, description=description))

    async def tell_said(self, said: Said) -> None:
        """Tell the history of what was said."""
        if self._plan is not None and self._plan.history:
            await self.say(ConversationHistoryMessage(role=said.role, content=said.text))

    async def tell_calls(self, calls: Sequence[Called]) -> None:
        """Tell the history of function calls."""
        if self._plan is not None and self._plan.history:
            await self.say(FunctionCallHistoryMessage(function_calls=[_told(call) for call in calls]))

    async def _complain(self, ending: Ending) -> None:
        try:
            await asyncio.wait_for(self.say(AgentV1Error(code=ending.error, description=ending.reason)), 1.0)
        except (Gone, asyncio.TimeoutError):
            return  # the close frame says it as well

    # --- The tasks ----------------------------------------------------------------------------------------------------

    def _work(self, work: Coroutine[Any, Any, None]) -> None:
        self._working.add(asyncio.create_task(work))

    async def _watch(self) -> None:
        """Look after the tasks until one of them raises how it is to end."""
        settings = self._services.settings
        tick = min(TICK, settings.idle_timeout / 4)
        while True:
            done, _ = await asyncio.wait(self._working, timeout=tick, return_when=asyncio.FIRST_COMPLETED)
            self._working -= done
            for task in done:
                task.result()
            now = self._clock()
            unread, feeding = self.conversation.saying_since, self._feeding_since
            if unread is not None and now - unread > settings.send_timeout:
                raise Ending(1008, f"The client has not read its messages for {settings.send_timeout:g} s.")
            if feeding is not None and now - feeding > BEHIND:
                raise Ending(1011, "The recogniser does not keep up.", "ASR_DRIVER_TIMEOUT")
            if now - self._active_at > settings.idle_timeout:
                what = "Settings" if self._plan is None else "audio or KeepAlive"
                reason = f"The client has sent no {what} for {settings.idle_timeout:g} s."
                raise Ending(1011, reason, "CLIENT_MESSAGE_TIMEOUT")

    async def _stop_everything(self) -> None:
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)
        if self._floor is not None:
            await self._floor.close()
        if self._stream is not None:
            await self._stream.close()

    async def _read(self) -> None:
        while True:
            frame = await self.conversation.receive()
            if isinstance(frame, str):
                # Before there are settings nothing else counts as a sign of life: who sends none has nothing to say.
                self._active_at = self._clock() if self._plan is not None else self._active_at
                await self._obey_text(frame)
            elif self._plan is None:
                reason = "Audio came before Settings: they are the first message."
                raise Ending(1008, reason, "NON_SETTINGS_MESSAGE_BEFORE_SETTINGS")
            elif frame:
                self._unheard.put_nowait(frame)
                self._ahead += len(frame) + MESSAGE
                if self._ahead > READ_AHEAD:
                    self._room.clear()
                    await self._room.wait()
                self._active_at = self._clock()

    async def _hear(self, stream: LiveStream) -> None:
        while True:
            audio = await self._unheard.get()
            self._feeding_since = self._clock()
            await stream.feed(audio)
            self._feeding_since = None
            self._ahead -= len(audio) + MESSAGE
            if self._ahead <= READ_AHEAD:
                self._room.set()

    async def _follow(self, stream: LiveStream, floor: Floor) -> None:
        async for happening in stream:
            await self._heard(happening, floor)

    async def _heard(self, happening: Happening, floor: Floor) -> None:
        match happening:
            case SpeechBegan():
                await floor.voice()
            case Turn(event="StartOfTurn"):
                await floor.turn_begins()
            case Turn(event="EagerEndOfTurn"):
                await floor.turn_may_have_ended(self._written(happening), self._spoke_until(happening))
            case Turn(event="TurnResumed"):
                await floor.turn_goes_on()
            case Turn(event="EndOfTurn"):
                await floor.turn_ended(self._written(happening), self._spoke_until(happening))
            case Ended():
                raise Ending(1011, "The recogniser ended.", "ASR_CONNECTION_CLOSED")
            case _:
                pass

    def _written(self, turn: Turn) -> str:
        assert self._plan is not None
        tokens = formatted(turn.words, self._plan.listening.text, self._services.live.info, live=True)
        return joined(tokens, punctuated=True).strip()

    def _spoke_until(self, turn: Turn) -> float:
        """Return when the last word was said, on the clock: audio is heard as it comes."""
        return self._clock() - (max(0.0, turn.end - turn.words[-1].end) if turn.words else 0.0)

    # --- What the client says -----------------------------------------------------------------------------------------

    async def _obey_text(self, frame: str) -> None:
        try:
            message = read_message(frame, LONGEST_SETTINGS if self._plan is None else LONGEST_MESSAGE)
        except Unparsable as error:
            raise _unparsable(str(error)) from None
        kind = message.get("type")
        if kind == "Settings":
            await self._settle(message)
        elif self._plan is None or self._floor is None:
            if kind != "KeepAlive":
                reason = f"{str(kind)[:40]} came before Settings: they are the first message."
                raise Ending(1008, reason, "NON_SETTINGS_MESSAGE_BEFORE_SETTINGS")
        else:
            await self._obey(str(kind), message, self._plan, self._floor)

    async def _obey(self, kind: str, message: dict[str, Any], plan: Plan, floor: Floor) -> None:
        match kind:
            case "KeepAlive":
                pass
            case "InjectUserMessage":
                await floor.user_wrote(_field(message, "content"))
            case "InjectAgentMessage":
                await floor.agent_says(_field(message, "message"), message.get("behavior"))
            case "FunctionCallResponse":
                await self._take_result(message)
            case "UpdatePrompt":
                prompt = _field(message, "prompt")
                self._thinking = [replace(way, prompt=f"{way.prompt}\n\n{prompt}".strip()) for way in self._thinking]
                await self.say(AgentV1PromptUpdated())
            case "UpdateThink" | "UpdateSpeak" | "UpdateListen":
                await self._update(kind, message, plan)
            case "ForceEndTurn":
                if self._stream is not None:
                    await self._stream.end_turn()
            case _:
                raise _unparsable(unknown(message.get("type")))

    async def _take_result(self, message: dict[str, Any]) -> None:
        identity, name = message.get("id"), str(message.get("name"))
        content = message.get("content", message.get("output"))
        content = content if isinstance(content, str) else json.dumps(content)
        if not self._calls.answer(identity if isinstance(identity, str) else None, name, content):
            await self.warn("UNEXPECTED_FUNCTION_CALL_RESPONSE", f"Nothing waits for a result of {name[:40]}.")

    async def _settle(self, message: dict[str, Any]) -> None:
        """Take the settings: from now on the agent listens."""
        if self._plan is not None:
            raise Ending(1008, "Settings came twice; Update messages change them.", "SETTINGS_ALREADY_APPLIED")
        try:
            plan = self._planner.plan(message, await self._agent(message.get("agent")))
        except BadSettings as error:
            raise Ending(1008, str(error), "INVALID_SETTINGS") from None
        self._active_at = self._clock()  # it may take a while, which is not the client's fault
        try:
            self._stream = await open_stream(self._services, plan.listening.hearing)
        except Refusal as refusal:
            raise Ending(1011, refusal.message, "FAILED_TO_START_LISTENING") from None
        self._plan = plan
        self._thinking = plan.thinking
        self._active_at = self._clock()
        self._floor = floor = Floor(
            self,
            speech=self._services.speech,
            history=History(plan.entries),
            calls=self._calls,
            thinking=lambda: self._thinking,
            voicing=lambda: (self._plan or plan).voicing,
        )
        self.conversation.record.tags = [*self.conversation.record.tags, *plan.tags]
        for work in (self._hear(self._stream), self._follow(self._stream, floor), floor.failure()):
            self._work(work)
        await self.say(AgentV1SettingsApplied())
        for code, description in plan.warnings:
            await self.warn(code, description)
        if plan.greeting is not None and not plan.entries:
            await floor.agent_says(plan.greeting)

    async def _agent(self, agent: object) -> dict[str, Any]:
        """Return the agent that a Settings message means: itself, or a stored configuration."""
        if isinstance(agent, dict):
            return agent
        if not isinstance(agent, str):
            raise BadSettings("agent: expected an object, or the id of a configuration")
        try:
            project = self.conversation.identity.project_id
            return await self._services.state.agents.resolve(project, agent)
        except Absent:
            raise BadSettings(f"agent: there is no configuration {agent[:40]!r}") from None
        except (UnknownVariable, NotJson) as error:
            raise BadSettings(f"agent: {error}") from None

    async def _update(self, kind: str, message: dict[str, Any], plan: Plan) -> None:
        warnings: list[tuple[str, str]] = []
        answered: Model
        try:
            if kind == "UpdateThink":
                self._thinking = self._planner.thinking(message.get("think"), warnings)
                answered = AgentV1ThinkUpdated()
            elif kind == "UpdateSpeak":
                plan = replace(plan, voicing=self._planner.voicing(message.get("speak"), plan.voicing.form, warnings))
                answered = AgentV1SpeakUpdated()
            else:
                listen = message.get("listen")
                heard = self._planner.listening(listen if isinstance(listen, dict) else {}, {}, None)
                plan = replace(plan, listening=heard)
                assert self._stream is not None
                await self._stream.configure(rules=heard.hearing.turns, hints=heard.hearing.hints)
                answered = AgentV1ListenUpdated()
        except BadSettings as error:
            await self.warn("INVALID_UPDATE", f"{kind} changes nothing: {error}")
            return
        self._plan = plan
        await self.say(answered)
        for code, description in warnings:
            await self.warn(code, description)


def _told(call: Called) -> FunctionCallHistoryMessageFunctionCallsItem:
    return FunctionCallHistoryMessageFunctionCallsItem(
        id=call.id,
        name=call.name,
        client_side=call.client_side,
        arguments=call.arguments,
        response=call.result,
        thought_signature=call.thought_signature,
    )


def _field(message: dict[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _unparsable(f"missing field `{name}`")
    return value


def _unparsable(why: str) -> Ending:
    return Ending(1008, f"The message could not be understood: {why}", "UNPARSABLE_CLIENT_MESSAGE")


def _ending_of(error: Exception) -> Ending:
    if isinstance(error, Ending):
        return error
    if isinstance(error, AudioError):
        return Ending(1008, str(error), "USER_AUDIO_FORMAT")
    if isinstance(error, WorkerLost | EngineError):
        log.error("a live stream was lost: %s", error)
        return Ending(1011, "The recogniser failed.", "ASR_CONNECTION_CLOSED")
    log.error("a conversation with an agent failed", exc_info=error)
    return Ending(1011, "The server failed; its log says why.", "INTERNAL_SERVER_ERROR")
