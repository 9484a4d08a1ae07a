"""The voice agent: what can be said in a conversation, and the sockets that hold it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .command import command
from .functions import Functions
from .model import Model
from .models.agent_messages import (
    AgentV1AgentAudioDone,
    AgentV1AgentStartedSpeaking,
    AgentV1ConversationText,
    AgentV1CustomToThinkProvider,
    AgentV1Error,
    AgentV1ForceEndTurn,
    AgentV1FunctionCallCancelled,
    AgentV1FunctionCallRequest,
    AgentV1InjectAgentMessage,
    AgentV1InjectDynamicAgentMessage,
    AgentV1InjectionRefused,
    AgentV1InjectUserMessage,
    AgentV1KeepAlive,
    AgentV1ReceiveFunctionCallResponse,
    AgentV1SendFunctionCallResponse,
    AgentV1UpdateListen,
    AgentV1UpdatePrompt,
    AgentV1UpdateSpeak,
    AgentV1UpdateThink,
    AgentV1UpdateThinkLive,
    AgentV1UserStartedSpeaking,
    V1SocketClientResponse,
)
from .models.agent_settings import AgentV1Settings
from .session import Conduct, Session
from .socket import AsyncSocket, AsyncTransport, Media, SyncSocket, SyncTransport

if TYPE_CHECKING:
    from .functions import Calls

Dict = Mapping[str, Any]
"""A message written as a dict: accepted wherever a model is."""

Plain = dict[str, Any]
F = TypeVar("F", bound=Callable[..., Any])

NOT_OURS = "functions are carried out in conversations opened by connect(): elsewhere, use Functions.answer()"


def plain(message: Model | Dict) -> Plain:
    """Return a message as JSON has it, whole numbers as such: the service refuses 24000.0 where it wants 24000."""
    return cast("Plain", _whole(message))


def _whole(value: Any) -> Any:
    if isinstance(value, Model):
        value = value.dict()
    if isinstance(value, Mapping):
        return {name: _whole(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


class V1Socket:
    """A voice agent: what may be said."""

    # One every 8 s is what the service asks for: developers.deepgram.com/docs/agent-keep-alive
    conduct = Conduct(keep_alive='{"type": "KeepAlive"}', keep_alive_after=7.5)
    _session: Session
    _functions: Functions | None = None
    _calls: Calls | None
    _open_calls: Callable[[V1Socket, Functions], Calls] | None
    _reading_ended: Callable[[], object] | None

    @command
    def send_settings(self, message: AgentV1Settings | Dict) -> Plain:
        """Say what the agent is, or name a stored configuration (``agent="id"``). Once, before anything else."""
        settings = plain(message)
        functions = self._functions
        return settings if functions is None else functions.declared_in(settings, "agent")

    @command
    def send_media(self, message: Media) -> Media:
        """Send the user's audio, in the encoding of the settings, once SettingsApplied has come."""
        return message

    @command
    def send_keep_alive(self, message: AgentV1KeepAlive | Dict | None = None) -> AgentV1KeepAlive | Dict:
        """Keep a silent conversation open. It is sent by itself after 8 s without audio."""
        return message or AgentV1KeepAlive()

    @command
    def send_update_listen(self, message: AgentV1UpdateListen | Dict) -> Plain:
        """Listen differently from now on; ListenUpdated confirms it."""
        return plain(message)

    @command
    def send_update_think(self, message: AgentV1UpdateThink | Dict) -> Plain:
        """Replace model, prompt, endpoint and functions; ThinkUpdated confirms it."""
        update = plain(message)
        functions = self._functions
        return update if functions is None else functions.declared_in({"agent": update}, "agent")["agent"]

    @command
    def send_update_think_live(self, message: AgentV1UpdateThinkLive | Dict) -> Plain:
        """Conduct the conversation differently (Think Live, early access); ThinkLiveUpdated confirms it."""
        return plain(message)

    @command
    def send_update_speak(self, message: AgentV1UpdateSpeak | Dict) -> Plain:
        """Speak differently from now on; SpeakUpdated confirms it."""
        return plain(message)

    @command
    def send_update_prompt(self, message: AgentV1UpdatePrompt | Dict) -> AgentV1UpdatePrompt | Dict:
        """Add to the prompt; PromptUpdated confirms it."""
        return message

    @command
    def send_inject_user_message(self, message: AgentV1InjectUserMessage | Dict) -> AgentV1InjectUserMessage | Dict:
        """Let the agent answer to a text, as if the user had said it."""
        self._owe()
        return message

    @command
    def send_inject_agent_message(self, message: AgentV1InjectAgentMessage | Dict) -> AgentV1InjectAgentMessage | Dict:
        """Let the agent say something; InjectionRefused comes if somebody speaks."""
        self._owe()
        return message

    @command
    def send_inject_dynamic_agent_message(
        self, message: AgentV1InjectDynamicAgentMessage | Dict
    ) -> AgentV1InjectDynamicAgentMessage | Dict:
        """Let the agent say something that passes the time (Think Live, early access)."""
        return message

    @command
    def send_function_call_response(
        self, message: AgentV1SendFunctionCallResponse | AgentV1ReceiveFunctionCallResponse | Dict
    ) -> AgentV1SendFunctionCallResponse | AgentV1ReceiveFunctionCallResponse | Dict:
        """Answer a FunctionCallRequest."""
        return message

    @command
    def send_force_end_turn(self, message: AgentV1ForceEndTurn | Dict | None = None) -> AgentV1ForceEndTurn | Dict:
        """End the user's turn now, whatever the confidence."""
        return message or AgentV1ForceEndTurn()

    @command
    def send_custom_to_think_provider(self, message: AgentV1CustomToThinkProvider | Dict) -> Plain:
        """Hand something to a think provider of one's own."""
        return plain(message)

    @command
    def send_raw(self, message: Dict | str) -> Any:
        """Send a message as it is: a dict, or JSON text. For messages newer than this version."""
        return plain(message) if isinstance(message, Mapping) else message

    # --- Functions ----------------------------------------------------------------------------------------------------

    def function(self, function: F) -> F:
        """Let the agent call ``function`` in this conversation: a decorator, to be used before the settings are sent.

        :meth:`Functions.function` says how functions are described, and what else can be said about them.
        """
        if self._functions is None:
            self._functions = Functions()
        return self._functions.function(function)

    def _take_functions(self, functions: Functions | None) -> None:
        """Keep what ``connect`` was given: a copy, because this conversation may add functions of its own."""
        if functions is not None:
            self._functions = functions.copy()

    def _call(self, event: Any) -> None:
        functions = self._functions
        if functions is None:
            return
        if self._calls is None:
            if self._open_calls is None:
                raise RuntimeError(NOT_OURS)
            self._calls = self._open_calls(self, functions)
        self._calls.take(event)

    # --- What is due --------------------------------------------------------------------------------------------------

    def _note(self, event: Any) -> None:
        match event:
            case AgentV1FunctionCallRequest():
                self._owe()
                self._call(event)
            case AgentV1FunctionCallCancelled():
                if self._calls is not None:
                    self._calls.take(event)
            case AgentV1UserStartedSpeaking():
                if self._calls is not None:
                    self._calls.take(event)
                self._settle()
            case AgentV1ConversationText() if event.role == "user":
                self._owe()
            case AgentV1AgentStartedSpeaking():
                self._owe()
            case AgentV1AgentAudioDone() | AgentV1Error() | AgentV1InjectionRefused():
                self._settle()
            case _:
                pass

    def _owe(self) -> None:
        """The agent has something to say: leaving waits for it, within a bound."""
        self._session.owed = True

    def _settle(self) -> None:
        self._session.owed = False
        if self._reading_ended is not None:
            self._reading_ended()


class V1SocketClient(V1Socket, SyncSocket[V1SocketClientResponse]):
    """A voice agent, from a thread."""

    def __init__(self, *, websocket: SyncTransport, functions: Functions | None = None) -> None:
        super().__init__(websocket=websocket)
        self._take_functions(functions)


class AsyncV1SocketClient(V1Socket, AsyncSocket[V1SocketClientResponse]):
    """A voice agent, from an event loop."""

    def __init__(self, *, websocket: AsyncTransport, functions: Functions | None = None) -> None:
        super().__init__(websocket=websocket)
        self._take_functions(functions)
