"""What is said in a conversation with a voice agent: commands and events, each of a class of its own.

Sources: developers.deepgram.com/docs/voice-agent-inputs, /docs/voice-agent-outputs
"""

from __future__ import annotations

from typing import Any, Literal, Union

from pydantic import Field

from ..model import Model, Whole
from .agent_settings import (
    AgentV1SettingsAgentSpeak,
    AgentV1SettingsAgentThink,
    AgentV1UpdateListenListen,
    ConversationHistoryMessage,
    ConversationHistoryMessageRole,
    FunctionCallHistoryMessage,
    ThinkLiveSettingsV1,
)

# --- What may be said -------------------------------------------------------------------------------------------------

AgentV1UpdatePromptType = Union[Literal["UpdatePrompt"], Any]
AgentV1UpdateSpeakType = Union[Literal["UpdateSpeak"], Any]
AgentV1InjectUserMessageType = Union[Literal["InjectUserMessage"], Any]
AgentV1InjectAgentMessageType = Union[Literal["InjectAgentMessage"], Any]
AgentV1InjectAgentMessageBehavior = Union[Literal["default", "queue", "interrupt"], Any]
AgentV1KeepAliveType = Union[Literal["KeepAlive"], Any]
AgentV1SendFunctionCallResponseType = Union[Literal["FunctionCallResponse"], Any]


class AgentV1UpdateListen(Model):
    """Listen differently from now on."""

    type: Literal["UpdateListen"] = "UpdateListen"
    listen: AgentV1UpdateListenListen


class AgentV1UpdateThink(Model):
    """Think differently from now on: model, prompt, endpoint and functions are replaced."""

    type: Literal["UpdateThink"] = "UpdateThink"
    think: AgentV1SettingsAgentThink


class AgentV1UpdateThinkLive(Model):
    """Conduct the conversation differently from now on (Think Live, early access)."""

    type: Literal["UpdateThink_Live"] = "UpdateThink_Live"
    think_live: ThinkLiveSettingsV1


class AgentV1UpdateSpeak(Model):
    """Speak differently from now on."""

    type: Literal["UpdateSpeak"] = "UpdateSpeak"
    speak: AgentV1SettingsAgentSpeak


class AgentV1UpdatePrompt(Model):
    """Add to the prompt."""

    type: Literal["UpdatePrompt"] = "UpdatePrompt"
    prompt: str


class AgentV1InjectUserMessage(Model):
    """Let the agent answer to this, as if the user had said it."""

    type: Literal["InjectUserMessage"] = "InjectUserMessage"
    content: str


class AgentV1InjectAgentMessage(Model):
    """Let the agent say this."""

    type: Literal["InjectAgentMessage"] = "InjectAgentMessage"
    message: str
    behavior: AgentV1InjectAgentMessageBehavior | None = None
    """``default``: only if nobody speaks, else InjectionRefused; ``queue``: afterwards; ``interrupt``: now."""


class AgentV1InjectDynamicAgentMessage(Model):
    """Let the agent say something that passes the time (Think Live, early access)."""

    type: Literal["InjectAgentMessage"] = "InjectAgentMessage"
    is_dynamic: Literal[True] = True
    behavior: AgentV1InjectAgentMessageBehavior | None = None


class AgentV1SendFunctionCallResponse(Model):
    """The result of a function that the client carried out."""

    type: Literal["FunctionCallResponse"] = "FunctionCallResponse"
    id: str | None = None
    """That of the request."""
    name: str
    content: str
    """For the language model: text, often JSON."""


class AgentV1KeepAlive(Model):
    """Keep a silent conversation open."""

    type: Literal["KeepAlive"] = "KeepAlive"


class AgentV1ForceEndTurn(Model):
    """End the user's turn now."""

    type: Literal["ForceEndTurn"] = "ForceEndTurn"


class AgentV1CustomToThinkProvider(Model):
    """Hand something to a think provider of one's own."""

    type: Literal["__customToThinkProvider"] = "__customToThinkProvider"
    content: Any


# --- What comes back: how things stand --------------------------------------------------------------------------------

AgentV1WelcomeType = Union[Literal["Welcome"], Any]
AgentV1SettingsAppliedType = Union[Literal["SettingsApplied"], Any]
AgentV1PromptUpdatedType = Union[Literal["PromptUpdated"], Any]
AgentV1SpeakUpdatedType = Union[Literal["SpeakUpdated"], Any]
AgentV1InjectionRefusedType = Union[Literal["InjectionRefused"], Any]
AgentV1ErrorType = Union[Literal["Error"], Any]
AgentV1WarningType = Union[Literal["Warning"], Any]


class AgentV1Welcome(Model):
    """The conversation is open: the first message."""

    type: Literal["Welcome"] = "Welcome"
    request_id: str


class AgentV1SettingsApplied(Model):
    """The settings are in force: audio may be sent."""

    type: Literal["SettingsApplied"] = "SettingsApplied"


class AgentV1ListenUpdated(Model):
    """UpdateListen is in force."""

    type: Literal["ListenUpdated"] = "ListenUpdated"


class AgentV1ThinkUpdated(Model):
    """UpdateThink is in force."""

    type: Literal["ThinkUpdated"] = "ThinkUpdated"


class AgentV1ThinkLiveUpdated(Model):
    """UpdateThink_Live is in force."""

    type: Literal["ThinkLiveUpdated"] = "ThinkLiveUpdated"


class AgentV1SpeakUpdated(Model):
    """UpdateSpeak is in force."""

    type: Literal["SpeakUpdated"] = "SpeakUpdated"


class AgentV1PromptUpdated(Model):
    """UpdatePrompt is in force."""

    type: Literal["PromptUpdated"] = "PromptUpdated"


class AgentV1InjectionRefused(Model):
    """A message was not injected: somebody speaks."""

    type: Literal["InjectionRefused"] = "InjectionRefused"
    message: str


class AgentV1Error(Model):
    """Something went wrong; the conversation may end."""

    type: Literal["Error"] = "Error"
    description: str
    code: str


class AgentV1Warning(Model):
    """Something is not as it should be; the conversation goes on."""

    type: Literal["Warning"] = "Warning"
    description: str
    code: str


# --- What comes back: the conversation --------------------------------------------------------------------------------

AgentV1ConversationTextType = Union[Literal["ConversationText"], Any]
AgentV1ConversationTextConversationalBehavior = Union[
    Literal["default", "backchannel", "presence_check", "filler"], Any
]
AgentV1UserStartedSpeakingType = Union[Literal["UserStartedSpeaking"], Any]
AgentV1AgentThinkingType = Union[Literal["AgentThinking"], Any]
AgentV1AgentStartedSpeakingType = Union[Literal["AgentStartedSpeaking"], Any]
AgentV1AgentAudioDoneType = Union[Literal["AgentAudioDone"], Any]


class AgentV1ConversationText(Model):
    """What the user or the agent said."""

    type: Literal["ConversationText"] = "ConversationText"
    role: ConversationHistoryMessageRole
    content: str
    conversational_behavior: AgentV1ConversationTextConversationalBehavior = Field(default_factory=lambda: "default")
    """What the words are for (Think Live)."""
    languages_hinted: list[str] | None = None
    """Of the user's words (``flux-general-multi``): the hints in force."""
    languages: list[str] | None = None
    """Of the user's words (``flux-general-multi``): those heard, that of most words first."""


class AgentV1UserStartedSpeaking(Model):
    """The user speaks: what the agent is saying should stop."""

    type: Literal["UserStartedSpeaking"] = "UserStartedSpeaking"


class AgentV1AgentThinking(Model):
    """What the agent thinks without saying it."""

    type: Literal["AgentThinking"] = "AgentThinking"
    content: str


class AgentV1AgentStartedSpeaking(Model):
    """The agent's audio begins. Latencies in seconds; the total is from the user's words to the agent's."""

    type: Literal["AgentStartedSpeaking"] = "AgentStartedSpeaking"
    total_latency: float
    tts_latency: float
    """The part of speech synthesis."""
    ttt_latency: float
    """The part of the language model."""


class AgentV1AgentAudioDone(Model):
    """All audio of an answer has been sent; it may still have to be played."""

    type: Literal["AgentAudioDone"] = "AgentAudioDone"


class AgentV1LatencyReport(Model):
    """How long the parts of an answer took, in seconds."""

    type: Literal["LatencyReport"] = "LatencyReport"
    stt_latency: float | None = None
    """Speech recognition."""
    ttt_token_latency: float | None = None
    """To the first token of any kind."""
    ttt_text_latency: float | None = None
    """To the first token of text."""
    ttt_tool_latency: float | None = None
    """To the first token of a function call."""
    ttt_thinking_latency: float | None = None
    """To the first token of thought."""
    tts_latency: float | None = None
    """From the first token of text to the first byte of audio."""
    total_latency: float | None = None
    """From the end of the user's words to the first byte of audio."""


class AgentV1FrustrationDetected(Model):
    """The user seems to be frustrated (Think Live, early access)."""

    type: Literal["FrustrationDetected"] = "FrustrationDetected"
    count: Whole
    """How often so far."""
    escalated: bool


# --- What comes back: functions ---------------------------------------------------------------------------------------

AgentV1FunctionCallRequestType = Union[Literal["FunctionCallRequest"], Any]
AgentV1ReceiveFunctionCallResponseType = AgentV1SendFunctionCallResponseType


class AgentV1FunctionCallRequestFunctionsItem(Model):
    """A function to be called."""

    id: str
    name: str
    arguments: str
    """The arguments as JSON text: an object."""
    client_side: bool
    """The client is to carry it out and to answer; otherwise the service does."""
    thought_signature: str | None = None
    """Some Gemini models want it back."""


class AgentV1FunctionCallRequest(Model):
    """The language model asks for functions."""

    type: Literal["FunctionCallRequest"] = "FunctionCallRequest"
    functions: list[AgentV1FunctionCallRequestFunctionsItem]


class AgentV1FunctionCallCancelledFunctionsItem(Model):
    """A function whose result is not wanted any more."""

    id: str
    name: str


class AgentV1FunctionCallCancelled(Model):
    """The user spoke on: calls that were asked for are void, and must not be answered."""

    type: Literal["FunctionCallCancelled"] = "FunctionCallCancelled"
    functions: list[AgentV1FunctionCallCancelledFunctionsItem]


class AgentV1ReceiveFunctionCallResponse(Model):
    """The result of a function that the service carried out."""

    type: Literal["FunctionCallResponse"] = "FunctionCallResponse"
    id: str | None = None
    name: str
    content: str


class AgentV1CustomFromThinkProvider(Model):
    """What a think provider of one's own hands over."""

    type: Literal["__customFromThinkProvider"] = "__customFromThinkProvider"
    content: Any


V1SocketClientResponse = Union[
    AgentV1Welcome,
    AgentV1SettingsApplied,
    AgentV1ConversationText,
    AgentV1UserStartedSpeaking,
    AgentV1AgentThinking,
    AgentV1FunctionCallRequest,
    AgentV1FunctionCallCancelled,
    AgentV1ReceiveFunctionCallResponse,
    AgentV1AgentStartedSpeaking,
    AgentV1AgentAudioDone,
    AgentV1LatencyReport,
    ConversationHistoryMessage,
    FunctionCallHistoryMessage,
    AgentV1PromptUpdated,
    AgentV1SpeakUpdated,
    AgentV1ThinkUpdated,
    AgentV1ThinkLiveUpdated,
    AgentV1ListenUpdated,
    AgentV1InjectionRefused,
    AgentV1FrustrationDetected,
    AgentV1CustomFromThinkProvider,
    AgentV1Error,
    AgentV1Warning,
    bytes,
]
