"""A conversation with an agent, from the settings to the end: audio out, audio in, interruptions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

from typing_extensions import Self

from ..protocol.models.agent_messages import (
    AgentV1AgentAudioDone,
    AgentV1ConversationText,
    AgentV1Error,
    AgentV1InjectionRefused,
    AgentV1InjectUserMessage,
    AgentV1SettingsApplied,
    AgentV1UserStartedSpeaking,
    AgentV1Welcome,
)
from ..protocol.models.agent_settings import AgentV1Settings
from ..protocol.socket import EventType
from .playback import Playback, Player
from .record import Record, Said, Turn

if TYPE_CHECKING:
    from ..protocol.agent_sockets import AsyncV1SocketClient

Settings = AgentV1Settings | Mapping[str, Any] | str

PATIENCE = 10.0
"""Seconds until the settings must be applied."""
LAST_WORDS = 60.0
"""Seconds that playing to the end may take when the block is left."""
INPUT_RATE = 16_000
OUTPUT_RATE = 24_000
"""Hz, where neither the settings nor a device says otherwise."""


class AgentError(RuntimeError):
    """The agent cannot be talked with. The message says what happened and what to do."""

    def __init__(self, message: str, code: str | None = None, request_id: str | None = None) -> None:
        super().__init__(f"{message} (request {request_id})" if request_id else message)
        self.code = code
        """The code of the service, if it gave one."""
        self.request_id = request_id


class Conversation:
    """Talks with an agent while its ``async with`` block runs.

        async with Conversation(
            client.agent.v1.connect(), settings, microphone=Microphone(), speaker=Speaker()
        ) as conversation:
            await conversation.finished()

    What the user says goes out and what the agent says is played; when the user begins to speak, the agent falls silent
    at once. Leaving the block ends the audio, lets the agent finish its answer, plays it to its end, and closes; after
    an exception all of it stops at once. Messages are given to the handlers of :attr:`agent` as well.
    """

    def __init__(
        self,
        connection: AbstractAsyncContextManager[AsyncV1SocketClient],
        settings: Settings,
        *,
        microphone: AsyncIterable[bytes] | None = None,
        speaker: Player | None = None,
        patience: float = PATIENCE,
        play_to_end: bool = True,
    ) -> None:
        """Describe a conversation; nothing is opened yet.

        Args:
            connection: What ``AsyncDeepgramClient().agent.v1.connect(...)`` returns.
            settings: The settings, or the id of a stored configuration. ``audio`` may be left out: it follows from
                ``sample_rate`` of the microphone and the speaker.
            microphone: :class:`deepgram.audio.Microphone`, or anything that yields linear16. It is opened and closed if
                it is a context manager. None for text alone (:meth:`say`).
            speaker: :class:`deepgram.audio.Speaker`, or any other :class:`Player`. Opened and closed likewise.
            patience: Seconds until the service must have applied the settings.
            play_to_end: Whether leaving the block waits until the answer has been heard.
        """
        self._connection = connection
        self._microphone = microphone
        self._speaker = speaker
        self._settings = _with_audio(settings, microphone, speaker)
        self._patience = patience
        self._play_to_end = play_to_end
        self._record = Record()
        self._playback: Playback | None = None
        self._devices = ExitStack()
        self._tasks: set[asyncio.Task[None]] = set()
        self._applied = asyncio.Event()
        self._over = asyncio.Event()
        self._cut_off = False  # the conversation ended while something was due
        self._silent = asyncio.Event()
        self._silent.set()
        self._began = 0.0
        self._error: BaseException | None = None
        self.request_id: str | None = None
        """The id by which the service knows this conversation."""
        self.audio_ended = asyncio.Event()
        """The microphone, or what stands for it, has come to its end."""
        self._handlers: list[tuple[EventType | str, Callable[[Any], Any]]] = []

    agent: AsyncV1SocketClient
    """The socket: for commands, and for handlers of its messages."""

    @property
    def transcript(self) -> Sequence[Said]:
        """What was said so far, with times."""
        return self._record.said

    @property
    def turns(self) -> Sequence[Turn]:
        """The user's turns so far, each with its latency: from the end of speech to the first audio."""
        return self._record.turns

    @property
    def is_speaking(self) -> bool:
        """Whether the agent is being heard."""
        return self._playback is not None and self._playback.is_playing

    async def __aenter__(self) -> Self:
        """Open the conversation and the speaker, have the settings applied, then open the microphone.

        Raises :class:`AgentError` if the service refuses the settings or does not answer in time, ``ApiError`` if it
        cannot be reached, and ``DeviceError`` if a device cannot be used.
        """
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self.agent = await self._connection.__aenter__()
        for event, handler in self._handlers:
            self.agent.on(event, handler)
        try:
            self._open_speaker()
            self._start(self._listen())
            await self._apply()
            self._open_microphone()
        except BaseException as error:
            await self.__aexit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the conversation; after an orderly block the agent may finish its answer."""
        orderly = kind is None and not self._over.is_set()
        try:
            self._hang_up()
            await self._connection.__aexit__(kind, error, trace)
            if orderly and self._play_to_end and self._playback is not None:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._playback.finish(), LAST_WORDS)
        finally:
            if self._playback is not None:
                await self._playback.end()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._devices.close()

    def on(self, event_name: EventType | str, callback: Callable[[Any], Any]) -> None:
        """Call ``callback`` with every ``event_name``, as on a socket; beforehand too, so that none is missed.

        Handlers run between messages: one that takes long keeps the speaker from falling silent in time.
        """
        self._handlers.append((event_name, callback))
        if hasattr(self, "agent"):
            self.agent.on(event_name, callback)

    async def say(self, text: str) -> None:
        """Say something in writing: the agent answers as if the user had said it."""
        self._interrupt()
        self._record.sends_text(self._now())
        await self.agent.send_inject_user_message(AgentV1InjectUserMessage(content=text))

    async def finished(self) -> None:
        """Wait until the service ends the conversation. Raises what broke it, if it did not end well."""
        await self._over.wait()
        if self._error is not None:
            raise self._error

    async def silence(self, timeout: float | None = None) -> bool:
        """Wait until the agent has said all that is due, and it was played; tell whether that came, and in time."""
        try:
            await asyncio.wait_for(self._fallen_silent(), timeout)
        except asyncio.TimeoutError:
            return False
        return not self._cut_off

    # --- The beginning ------------------------------------------------------------------------------------------------

    async def _apply(self) -> None:
        await self.agent.send_settings(self._settings)
        waiting = {self._loop.create_task(self._applied.wait()), self._loop.create_task(self._over.wait())}
        try:
            await asyncio.wait(waiting, timeout=self._patience, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        if self._applied.is_set():
            return
        if self._error is not None:
            raise self._error
        if self._over.is_set():
            raise AgentError(
                "the service closed the conversation before it applied the settings", None, self.request_id
            )
        came = "Welcome, but no SettingsApplied" if self.request_id else "nothing"
        raise AgentError(
            f"the service did not apply the settings within {self._patience:g} s: {came} came. "
            "Check the address, and the settings",
            None,
            self.request_id,
        )

    def _open_speaker(self) -> None:
        if self._speaker is None:
            return
        if isinstance(self._speaker, AbstractContextManager):
            self._speaker.__enter__()
            # As after an exception: it stops at once. What is to be heard to its end has been waited for.
            self._devices.callback(self._speaker.__exit__, RuntimeError, None, None)
        self._playback = Playback(self._speaker, self._no_device)

    def _open_microphone(self) -> None:
        if self._microphone is None:
            return
        if isinstance(self._microphone, AbstractContextManager):
            self._devices.enter_context(self._microphone)
        self._sending = self._start(self._send(self._microphone))

    # --- Beside the program -------------------------------------------------------------------------------------------

    def _start(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = self._loop.create_task(work)
        self._tasks.add(task)
        return task

    async def _listen(self) -> None:
        try:
            async for event in self.agent:
                self._take(event)
                await self.agent._deliver(event)
        except Exception as error:
            self._error = self._error or error
        finally:
            self._cut_off = not self._silent.is_set()
            self._over.set()
            self._silent.set()

    def _take(self, event: object) -> None:
        """Do what a message asks for, before anybody else gets it."""
        self._record.take(event, self._now(), playing=self.is_speaking)
        match event:
            case bytes():
                self._silent.clear()
                if self._playback is not None:
                    self._playback.put(event)
            case AgentV1UserStartedSpeaking():
                self._interrupt()
            case AgentV1ConversationText() if event.role == "user":
                self._silent.clear()
            case AgentV1AgentAudioDone() | AgentV1InjectionRefused():
                self._silent.set()
            case AgentV1Welcome():
                self.request_id = str(event.request_id)
            case AgentV1SettingsApplied():
                self._began = self._loop.time()
                self._applied.set()
            case AgentV1Error() if not self._applied.is_set():
                self._error = AgentError(str(event.description), str(event.code), self.request_id)
                self._over.set()
            case _:
                pass

    async def _send(self, microphone: AsyncIterable[bytes]) -> None:
        try:
            chunks = microphone.__aiter__()
            close = getattr(chunks, "aclose", None)
            try:
                async for chunk in chunks:
                    self._record.sends(chunk, self._now())
                    await self.agent.send_media(chunk)
            finally:
                if close is not None:
                    await close()
        except Exception as error:
            if not self._over.is_set():  # otherwise the reader says why the conversation has ended
                self._error = self._error or error
                self._over.set()
        finally:
            self.audio_ended.set()

    def _interrupt(self) -> None:
        """Fall silent at once; an answer is due."""
        self._silent.clear()
        if self._playback is not None:
            self._playback.clear()

    def _no_device(self, error: BaseException) -> None:
        self._error = self._error or error
        self._over.set()

    def _hang_up(self) -> None:
        if self._microphone is not None and hasattr(self, "_sending"):
            self._sending.cancel()

    async def _fallen_silent(self) -> None:
        await self._silent.wait()
        if self._playback is not None:
            await self._playback.finish()

    def _now(self) -> float:
        """Return the seconds since the settings were applied."""
        return self._loop.time() - self._began


def _with_audio(settings: Settings, microphone: object, speaker: object) -> Mapping[str, Any]:
    """Return settings whose audio is that of the devices, where they do not say it themselves."""
    if isinstance(settings, str):
        settings = {"agent": settings}
    plain: dict[str, Any] = {
        "type": "Settings",
        **(dict(settings) if isinstance(settings, Mapping) else settings.dict()),
    }
    audio = dict(plain.get("audio") or {})
    # The rate is asked for only where there is a device: the service's own is as good for text.
    if microphone is not None:
        audio.setdefault("input", {"encoding": "linear16", "sample_rate": _rate(microphone, INPUT_RATE)})
    if speaker is not None:
        output = {"encoding": "linear16", "sample_rate": _rate(speaker, OUTPUT_RATE), "container": "none"}
        audio.setdefault("output", output)
        _check_output(audio["output"], _rate(speaker, 0))
    return {**plain, "audio": audio}


def _rate(device: object, usual: int) -> int:
    rate = getattr(device, "sample_rate", usual)
    return rate if isinstance(rate, int) else usual


def _check_output(output: Any, rate: int) -> None:
    fields = output if isinstance(output, Mapping) else output.dict()
    if fields.get("encoding", "linear16") != "linear16" or fields.get("container", "none") != "none":
        raise ValueError("the speaker plays bare linear16: leave audio.output out of the settings, or say that")
    if rate and fields.get("sample_rate", rate) != rate:
        raise ValueError(f"the speaker plays {rate} Hz, the settings say {fields['sample_rate']} Hz")
