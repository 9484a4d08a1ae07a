"""What a voice agent is told: its audio, how it listens, thinks and speaks, and what went before.

Source: developers.deepgram.com/docs/voice-agent-settings
"""

from __future__ import annotations

from typing import Any, Literal, Union

from pydantic import Field, model_validator

from ..model import Model, Whole
from .agent_providers import (
    AgentV1SettingsAgentListenProvider,
    DeepgramThinkLiveProviderV1,
    SpeakSettingsV1Provider,
    ThinkSettingsV1Provider,
)
from .listen_live_options import ListenV1Encoding

# --- Think ------------------------------------------------------------------------------------------------------------

Max = Union[Literal["max"], Any]
ThinkSettingsV1ContextLength = Union[Literal["max"], float]
AgentV1SettingsAgentThinkOneItemProvider = Any
AgentV1SettingsAgentThinkOneItemContextLength = Union[Literal["max"], float, Any]


class ThinkSettingsV1Endpoint(Model):
    """Where the language model answers, if not at its provider's own address."""

    url: str | None = None
    headers: dict[str, str] | None = None


class ThinkSettingsV1FunctionsItemEndpoint(Model):
    """What the service calls by itself, server-side."""

    url: str | None = None
    method: str | None = None
    headers: dict[str, str] | None = None


class ThinkSettingsV1FunctionsItem(Model):
    """A function that the language model may ask for; without ``endpoint`` the client carries it out."""

    name: str | None = None
    description: str | None = None
    """What it does and when to use it, for the language model."""
    parameters: dict[str, Any] | None = None
    """JSON schema of the arguments: an object."""
    defer_until_eot: bool | None = None
    """Wait until the user's turn has certainly ended: for functions that change something."""
    initial_agent_filler: bool | None = None
    """Say something while the function runs (Think Live)."""
    agent_filler_max_count: Whole | None = None
    """How often at the most."""
    agent_filler_interval_ms: Whole | None = None
    """Milliseconds between two."""
    endpoint: ThinkSettingsV1FunctionsItemEndpoint | None = None


class ThinkSettingsV1(Model):
    """How the agent thinks."""

    provider: ThinkSettingsV1Provider | None = None
    endpoint: ThinkSettingsV1Endpoint | None = None
    """Optional for OpenAI, Anthropic and Google; needed for the others."""
    functions: list[ThinkSettingsV1FunctionsItem] | None = None
    prompt: str | None = None
    """What the agent is to be and to do."""
    context_length: ThinkSettingsV1ContextLength | None = None
    """Characters of the conversation that are kept, or ``max``."""


class ThinkLiveSettingsV1(Model):
    """How the conversation is conducted (Think Live, early access)."""

    provider: DeepgramThinkLiveProviderV1


AgentV1SettingsAgentThink = Union[ThinkSettingsV1, list[ThinkSettingsV1]]
"""Several are tried in turn."""

# --- Speak and listen -------------------------------------------------------------------------------------------------


class SpeakSettingsV1Endpoint(Model):
    """Where speech is made, if not at its provider's own address: https, or wss for what streams."""

    url: str | None = None
    headers: dict[str, str] | None = None


class SpeakSettingsV1(Model):
    """How the agent speaks."""

    provider: SpeakSettingsV1Provider
    endpoint: SpeakSettingsV1Endpoint | None = None
    """Needed for providers other than Deepgram."""


AgentV1SettingsAgentSpeak = Union[SpeakSettingsV1, list[SpeakSettingsV1]]
"""Several are tried in turn."""


class AgentV1SettingsAgentListen(Model):
    """How the agent listens."""

    provider: AgentV1SettingsAgentListenProvider | None = None


class AgentV1UpdateListenListen(Model):
    """How the agent listens from now on."""

    provider: AgentV1SettingsAgentListenProvider


# --- What went before -------------------------------------------------------------------------------------------------

ConversationHistoryMessageRole = Union[Literal["user", "assistant"], Any]
AgentV1SettingsAgentContextMessagesItemContentType = Union[Literal["History"], Any]


class ConversationHistoryMessage(Model):
    """Something that was said."""

    type: Literal["History"] = "History"
    role: ConversationHistoryMessageRole
    content: str


class FunctionCallHistoryMessageFunctionCallsItem(Model):
    """A function call and its result."""

    id: str
    name: str
    client_side: bool
    """Whether the client carried it out."""
    arguments: str
    """The arguments as JSON text."""
    response: str
    thought_signature: str | None = None
    """Some Gemini models want it back."""


class FunctionCallHistoryMessage(Model):
    """Function calls that were made."""

    type: Literal["History"] = "History"
    function_calls: list[FunctionCallHistoryMessageFunctionCallsItem]


AgentV1History = Union[ConversationHistoryMessage, FunctionCallHistoryMessage]


class AgentV1SettingsAgentContextContext(Model):
    """The conversation so far."""

    messages: list[AgentV1History] | None = None


# --- The agent --------------------------------------------------------------------------------------------------------


class AgentV1SettingsAgentContext(Model):
    """What the agent is.

    In releases before 7 this name stood for the conversation so far. ``messages``, its only field then, is still taken
    and read here: it goes over the wire as ``context.messages``.
    """

    language: str | None = None
    """Deprecated: languages belong to the providers."""
    context: AgentV1SettingsAgentContextContext | AgentV1SettingsAgentContext | None = None
    listen: AgentV1SettingsAgentListen | None = None
    think: AgentV1SettingsAgentThink | None = None
    think_live: ThinkLiveSettingsV1 | None = None
    speak: AgentV1SettingsAgentSpeak | None = None
    greeting: str | None = None
    """What the agent says first."""
    messages: list[AgentV1History] | None = Field(default=None, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _take_older_context(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("context"), AgentV1SettingsAgentContext):
            return {**data, "context": data["context"].context}
        return data

    def model_post_init(self, context: Any, /) -> None:
        if self.context is None and self.messages is not None:
            self._also(context=AgentV1SettingsAgentContextContext(messages=self.messages))
            self.__pydantic_fields_set__.add("context")
        elif isinstance(self.context, AgentV1SettingsAgentContextContext) and self.messages is None:
            self._also(messages=self.context.messages)


class AgentV1SettingsAgent(AgentV1SettingsAgentContext):
    """What the agent is: how it listens, thinks and speaks."""


# --- The settings -----------------------------------------------------------------------------------------------------

AgentV1SettingsType = Union[Literal["Settings"], Any]
AgentV1SettingsAudioOutputEncoding = Union[Literal["linear16", "mulaw", "alaw", "mp3", "opus", "flac", "aac"], Any]
AgentV1SettingsAudioOutputContainer = Union[Literal["none", "wav", "ogg"], Any]


class AgentV1SettingsFlags(Model):
    """What the service reports."""

    history: bool | None = None
    """Send History messages; they are by default."""


class AgentV1SettingsAudioInput(Model):
    """The audio that is sent."""

    encoding: ListenV1Encoding
    sample_rate: Whole
    """Samples per second (Hz)."""


class AgentV1SettingsAudioOutput(Model):
    """The audio that comes back."""

    encoding: AgentV1SettingsAudioOutputEncoding | None = None
    """linear16 by default."""
    sample_rate: Whole | None = None
    """Samples per second (Hz)."""
    bitrate: Whole | None = None
    """Bits per second, for encodings that compress."""
    container: AgentV1SettingsAudioOutputContainer | None = None
    """None by default: bare samples."""


class AgentV1SettingsAudio(Model):
    """The audio of both directions; linear16 at 24 kHz where nothing is said."""

    input: AgentV1SettingsAudioInput | None = None
    output: AgentV1SettingsAudioOutput | None = None


class AgentV1Settings(Model):
    """The first message of a conversation: what the agent is, or the id of a stored configuration."""

    type: Literal["Settings"] = "Settings"
    tags: list[str] | None = None
    """Labels for usage reports."""
    experimental: bool | None = None
    flags: AgentV1SettingsFlags | None = None
    mip_opt_out: bool | None = None
    """Keep the conversation out of the model improvement program."""
    audio: AgentV1SettingsAudio
    agent: AgentV1SettingsAgent | AgentV1SettingsAgentContext | str
    """The agent, or the id of a stored configuration."""
