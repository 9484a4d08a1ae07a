"""Who listens, thinks and speaks for a voice agent: the providers, as the settings name them.

Sources: developers.deepgram.com/docs/voice-agent-settings, /docs/voice-agent-llm-models, /docs/voice-agent-tts-models
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Union

from pydantic import Field

from ..model import Model, UnionMetadata, Whole
from .speak_options import Aura2EnglishVoice, AuraVoice

# --- Listen -----------------------------------------------------------------------------------------------------------

DeepgramListenProviderV2LanguageHint = Union[str, list[str]]


class _FirstGeneration(Model):
    """How Nova and older models transcribe the user."""

    type: Literal["deepgram"] = "deepgram"
    model: str | None = None
    """Such as ``nova-3``."""
    language: str | None = None
    """BCP-47 tag such as ``en``, or ``multi``."""
    keyterms: list[str] | None = None
    """Terms to favour."""
    smart_format: bool | None = None
    """Format numbers, dates and the like."""


class _Turns(Model):
    """How Flux transcribes the user, and tells when a turn has ended."""

    type: Literal["deepgram"] = "deepgram"
    model: str
    """Such as ``flux-general-en``."""
    language_hints: list[str] | None = None
    """BCP-47 tags of likely languages (``flux-general-multi``)."""
    language_hint: DeepgramListenProviderV2LanguageHint | None = Field(default=None, exclude=True)
    """Older name of ``language_hints``; sent as that."""
    eot_threshold: float | None = None
    """Confidence, 0.5 to 0.9, from which a turn has ended; 0.7 by default."""
    eager_eot_threshold: float | None = None
    """Confidence, 0.3 to 0.9, from which an answer is prepared before the turn has certainly ended."""
    eot_timeout_ms: Whole | None = None
    """Milliseconds of silence after which a turn has ended whatever the confidence; 5000 by default."""
    keyterms: list[str] | None = None
    """Terms to favour."""

    def model_post_init(self, context: Any, /) -> None:
        self.__pydantic_fields_set__.update(name for name in ("type", "version") if getattr(self, name, None))
        hint = self.language_hint
        if hint is not None and self.language_hints is None:
            self._also(language_hints=[hint] if isinstance(hint, str) else hint)
            self.__pydantic_fields_set__.add("language_hints")


class AgentV1SettingsAgentListenProvider_V1(_FirstGeneration):
    """Speech to text, first version: Nova and older models."""

    version: Literal["v1"] = "v1"


class AgentV1SettingsAgentListenProvider_V2(_Turns):
    """Speech to text with turns: Flux."""

    version: Literal["v2"] = "v2"


class DeepgramListenProviderV1(_FirstGeneration):
    """Speech to text, first version; ``version`` may be left out."""

    version: Literal["v1"] | None = None


class DeepgramListenProviderV2(_Turns):
    """Speech to text with turns; ``version`` may be left out."""

    version: Literal["v2"] | None = None


AgentV1SettingsAgentListenProvider = Union[
    AgentV1SettingsAgentListenProvider_V1,
    AgentV1SettingsAgentListenProvider_V2,
    DeepgramListenProviderV1,
    DeepgramListenProviderV2,
]

AgentV1SettingsAgentListenProviderV1Type = Union[Literal["deepgram"], Any]

# --- Think ------------------------------------------------------------------------------------------------------------

OpenAiThinkProviderModel = Union[
    Literal[
        "gpt-5",
        "gpt-5-mini",
        "gpt-5-nano",
        "gpt-4.1",
        "gpt-4.1-mini",
        "gpt-4.1-nano",
        "gpt-4o",
        "gpt-4o-mini",
    ],
    Any,
]
AnthropicModel = Union[Literal["claude-3-5-haiku-latest", "claude-sonnet-4-20250514"], Any]
GoogleModel = Union[Literal["gemini-2.0-flash", "gemini-2.0-flash-lite", "gemini-2.5-flash"], Any]
GoogleVersion = Union[Literal["ai-studio-v1beta", "gemini-enterprise-agent-v1", "v1beta"], Any]
GroqReasoningMode = Union[Literal["none", "minimal", "low", "medium", "high"], Any]
AwsBedrockThinkProviderModel = Union[
    Literal["anthropic/claude-3-5-sonnet-20240620-v1:0", "anthropic/claude-3-5-haiku-20240307-v1:0"], Any
]
DeepgramThinkProviderModel = Union[Literal["think-fast", "phonellm-mini-alpha-2-fp8"], Any]
AwsBedrockThinkProviderCredentialsType = Union[Literal["sts", "iam"], Any]


class ThinkSettingsV1Provider_OpenAi(Model):
    """OpenAI, or whatever speaks its chat completions at an endpoint of one's own."""

    type: Literal["open_ai"] = "open_ai"
    version: Literal["v1"] | None = None
    model: OpenAiThinkProviderModel
    temperature: float | None = None
    """From 0 to 2."""
    reasoning_mode: GroqReasoningMode | None = None
    """How much it thinks before it answers."""


class AwsBedrockThinkProviderCredentials(Model):
    """Keys of AWS: short-lived (``sts``) or long-lived (``iam``)."""

    type: AwsBedrockThinkProviderCredentialsType | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None
    session_token: str | None = None
    """Needed for ``sts``."""


class ThinkSettingsV1Provider_AwsBedrock(Model):
    """Amazon Bedrock."""

    type: Literal["aws_bedrock"] = "aws_bedrock"
    model: AwsBedrockThinkProviderModel
    temperature: float | None = None
    """From 0 to 2."""
    credentials: AwsBedrockThinkProviderCredentials | None = None


class ThinkSettingsV1Provider_Anthropic(Model):
    """Anthropic."""

    type: Literal["anthropic"] = "anthropic"
    version: Literal["v1"] | None = None
    model: AnthropicModel
    temperature: float | None = None
    """From 0 to 1."""


class ThinkSettingsV1Provider_Google(Model):
    """Google."""

    type: Literal["google"] = "google"
    version: GoogleVersion | None = None
    model: GoogleModel
    temperature: float | None = None
    """From 0 to 2."""


class ThinkSettingsV1Provider_Groq(Model):
    """Groq."""

    type: Literal["groq"] = "groq"
    version: Literal["v1"] | None = None
    model: Literal["openai/gpt-oss-20b"] = "openai/gpt-oss-20b"
    temperature: float | None = None
    """From 0 to 2."""
    reasoning_mode: GroqReasoningMode | None = None
    """How much it thinks before it answers."""


class ThinkSettingsV1Provider_Deepgram(Model):
    """Language models of Deepgram's own."""

    type: Literal["deepgram"] = "deepgram"
    model: DeepgramThinkProviderModel
    version: Literal["v1"] | None = None
    temperature: float | None = None
    """From 0 to 2."""
    reasoning_mode: GroqReasoningMode | None = None
    """How much it thinks before it answers."""
    voice_prompt_opt_out: bool | None = None
    """Leave out what is otherwise added to the prompt for spoken answers."""


class ScriptedThinkProvider(Model):
    """Rules instead of a language model: only the embedded server has it (``deepgram.local.ScriptedThinkProvider``)."""

    type: Literal["scripted"] = "scripted"


ThinkSettingsV1Provider = Annotated[
    Union[
        ThinkSettingsV1Provider_OpenAi,
        ThinkSettingsV1Provider_AwsBedrock,
        ThinkSettingsV1Provider_Anthropic,
        ThinkSettingsV1Provider_Google,
        ThinkSettingsV1Provider_Groq,
        ThinkSettingsV1Provider_Deepgram,
        ScriptedThinkProvider,
    ],
    UnionMetadata(discriminant="type"),
]


class DeepgramThinkLiveProviderV1(Model):
    """The model that listens along and helps to conduct the conversation (Think Live, early access)."""

    type: Literal["deepgram"] = "deepgram"
    version: Literal["v1"] = "v1"
    agent_backchannel_sensitivity: float | None = None
    presence_check_max_count: Whole | None = None
    presence_check_interval_ms: Whole | None = None
    frustration_max_count: Whole | None = None
    restricted_terms: list[str] | None = None


# --- Speak ------------------------------------------------------------------------------------------------------------

DeepgramModel = Union[
    Literal[
        AuraVoice,
        Aura2EnglishVoice,
        "aura-2-sirio-es",
        "aura-2-nestor-es",
        "aura-2-carina-es",
        "aura-2-celeste-es",
        "aura-2-alvaro-es",
        "aura-2-diana-es",
        "aura-2-aquila-es",
        "aura-2-selena-es",
        "aura-2-estrella-es",
        "aura-2-javier-es",
        "flux-alexis-en",
        "flux-bree-en",
        "flux-brittany-en",
        "flux-brooke-en",
        "flux-bruce-en",
        "flux-cliff-en",
        "flux-cole-en",
        "flux-colin-en",
        "flux-conor-en",
        "flux-donovan-en",
        "flux-drew-en",
        "flux-elise-en",
        "flux-gemma-en",
        "flux-haley-en",
        "flux-hannah-en",
        "flux-heather-en",
        "flux-jack-en",
        "flux-kai-en",
        "flux-kelsey-en",
        "flux-kit-en",
        "flux-maeve-en",
        "flux-marcelo-en",
        "flux-marcus-en",
        "flux-meena-en",
        "flux-meghan-en",
        "flux-miles-en",
        "flux-naveen-en",
        "flux-paige-en",
        "flux-priya-en",
        "flux-rufus-en",
        "flux-sean-en",
        "flux-sharon-en",
        "flux-sienna-en",
        "flux-tanner-en",
        "flux-wade-en",
        "flux-wes-en",
    ],
    Any,
]
ElevenLabsSpeakProviderModelId = Union[
    Literal["eleven_turbo_v2_5", "eleven_monolingual_v1", "eleven_multilingual_v2"], Any
]
CartesiaModelId = Union[Literal["sonic-2", "sonic-multilingual"], Any]
OpenAiSpeakProviderModel = Union[Literal["tts-1", "tts-1-hd"], Any]
OpenAiSpeakProviderVoice = Union[Literal["alloy", "echo", "fable", "onyx", "nova", "shimmer"], Any]
AwsPollySpeakProviderVoice = Union[
    Literal["Matthew", "Joanna", "Amy", "Emma", "Brian", "Arthur", "Aria", "Ayanda"], Any
]
AwsPollySpeakProviderEngine = Union[Literal["generative", "long-form", "standard", "neural"], Any]
AwsPollySpeakProviderCredentialsType = AwsBedrockThinkProviderCredentialsType
SpeakProviderVersion = Union[Literal["v1"], Any]
CartesiaSpeakProviderVersion = Union[Literal["2025-03-17"], Any]


class SpeakSettingsV1Provider_Deepgram(Model):
    """Deepgram's voices: Aura (``v1``) and Flux (``v2``)."""

    type: Literal["deepgram"] = "deepgram"
    version: str | None = None
    model: DeepgramModel
    """The voice, such as ``aura-2-thalia-en``."""
    speed: float | None = None
    """1 is the voice's own."""
    expressivity: Whole | None = None


class SpeakSettingsV1Provider_ElevenLabs(Model):
    """ElevenLabs; the voice is part of the endpoint's address."""

    type: Literal["eleven_labs"] = "eleven_labs"
    version: Literal["v1"] | None = None
    model_id: ElevenLabsSpeakProviderModelId
    language: str | None = None
    """BCP-47 tag."""
    language_code: str | None = None
    """Older name of ``language``."""


class CartesiaVoice(Model):
    """A voice of Cartesia."""

    mode: str
    id: str


class SpeakSettingsV1Provider_Cartesia(Model):
    """Cartesia."""

    type: Literal["cartesia"] = "cartesia"
    version: Literal["2025-03-17"] | None = None
    model_id: CartesiaModelId
    voice: CartesiaVoice
    language: str | None = None
    volume: float | None = None
    """From 0.5 to 2."""


class SpeakSettingsV1Provider_OpenAi(Model):
    """OpenAI, or whatever speaks its protocol at an endpoint of one's own."""

    type: Literal["open_ai"] = "open_ai"
    version: Literal["v1"] | None = None
    model: OpenAiSpeakProviderModel
    voice: OpenAiSpeakProviderVoice


class AwsPollySpeakProviderCredentials(Model):
    """Keys of AWS: short-lived (``sts``) or long-lived (``iam``)."""

    type: AwsPollySpeakProviderCredentialsType
    region: str
    access_key_id: str
    secret_access_key: str
    session_token: str | None = None
    """Needed for ``sts``."""


class SpeakSettingsV1Provider_AwsPolly(Model):
    """Amazon Polly."""

    type: Literal["aws_polly"] = "aws_polly"
    voice: AwsPollySpeakProviderVoice
    language: str
    """BCP-47 tag."""
    language_code: str | None = None
    """Older name of ``language``."""
    engine: AwsPollySpeakProviderEngine
    credentials: AwsPollySpeakProviderCredentials


SpeakSettingsV1Provider = Annotated[
    Union[
        SpeakSettingsV1Provider_Deepgram,
        SpeakSettingsV1Provider_ElevenLabs,
        SpeakSettingsV1Provider_Cartesia,
        SpeakSettingsV1Provider_OpenAi,
        SpeakSettingsV1Provider_AwsPolly,
    ],
    UnionMetadata(discriminant="type"),
]
