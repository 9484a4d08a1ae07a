"""Messages of live speech to text, v1 and v2 (turns): what may be asked and said, what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Union

from typing_extensions import Required, TypedDict

from ..model import Model, Whole

# --- v1: what may be asked --------------------------------------------------------------------------------------------

ListenV1Model = Union[
    Literal[
        "nova-3",
        "nova-3-general",
        "nova-3-medical",
        "nova-2",
        "nova-2-general",
        "nova-2-meeting",
        "nova-2-finance",
        "nova-2-conversationalai",
        "nova-2-voicemail",
        "nova-2-video",
        "nova-2-medical",
        "nova-2-drivethru",
        "nova-2-automotive",
        "nova",
        "nova-general",
        "nova-phonecall",
        "nova-medical",
        "enhanced",
        "enhanced-general",
        "enhanced-meeting",
        "enhanced-phonecall",
        "enhanced-finance",
        "base",
        "meeting",
        "phonecall",
        "finance",
        "conversationalai",
        "voicemail",
        "video",
        "custom",
    ],
    Any,
]
ListenV1Encoding = Union[
    Literal[
        "linear16",
        "linear32",
        "flac",
        "alaw",
        "mulaw",
        "amr-nb",
        "amr-wb",
        "opus",
        "ogg-opus",
        "speex",
        "g729",
    ],
    Any,
]
ListenV1CallbackMethod = Union[Literal["POST", "GET", "PUT", "DELETE"], Any]
ListenV1Redact = Union[Literal["true", "false", "pci", "numbers", "aggressive_numbers", "ssn"], Any]
DiarizeModel = Union[Literal["latest", "v1"], Any]
ListenV1DetectEntities = Union[Literal["true", "false"], Any]
ListenV1Diarize = Union[Literal["true", "false"], Any]
ListenV1Dictation = Union[Literal["true", "false"], Any]
ListenV1InterimResults = Union[Literal["true", "false"], Any]
ListenV1Multichannel = Union[Literal["true", "false"], Any]
ListenV1Numerals = Union[Literal["true", "false"], Any]
ListenV1ProfanityFilter = Union[Literal["true", "false"], Any]
ListenV1Punctuate = Union[Literal["true", "false"], Any]
ListenV1SmartFormat = Union[Literal["true", "false"], Any]
ListenV1VadEvents = Union[Literal["true", "false"], Any]
ListenV1LanguageHint = Union[str, list[str]]
# The API itself is open here: numbers, booleans and text are all understood, and lists repeat the parameter.
ListenV1Callback = Any
ListenV1Channels = Any
ListenV1Endpointing = Any
ListenV1Extra = Any
ListenV1Keyterm = Any
ListenV1Keywords = Any
ListenV1Language = Any
ListenV1MipOptOut = Any
ListenV1Replace = Any
ListenV1SampleRate = Any
ListenV1Search = Any
ListenV1Tag = Any
ListenV1UtteranceEndMs = Any
ListenV1Version = Any


class ListenV1Options(TypedDict, total=False):
    """How live audio is transcribed. Numbers and booleans may be given as such or as text.

    Source: developers.deepgram.com/reference/speech-to-text/listen-streaming
    """

    callback: ListenV1Callback | None
    """URL that receives the results instead of this connection."""
    callback_method: ListenV1CallbackMethod | None
    """HTTP method of the callback, POST by default."""
    channels: ListenV1Channels | None
    """Number of channels of raw audio, 1 by default."""
    detect_entities: ListenV1DetectEntities | None
    """Find names, places and other entities."""
    diarize: ListenV1Diarize | None
    """Number the speakers."""
    diarize_model: DiarizeModel | None
    """Model that tells the speakers apart; switches diarization on."""
    dictation: ListenV1Dictation | None
    """Turn spoken punctuation into punctuation."""
    encoding: ListenV1Encoding | None
    """Encoding of raw audio. Leave it out for audio in a container."""
    endpointing: ListenV1Endpointing | None
    """Milliseconds of silence that end a stretch of speech (``speech_final``), 10 by default; false for never."""
    extra: ListenV1Extra | None
    """Pairs ``key:value`` that come back in the answers."""
    interim_results: ListenV1InterimResults | None
    """Send results while they may still change."""
    keyterm: ListenV1Keyterm | None
    """Terms to favour (Nova-3)."""
    keywords: ListenV1Keywords | None
    """Words to favour or to suppress: ``word:boost``."""
    language: ListenV1Language | None
    """BCP-47 tag of the spoken language, ``en`` by default."""
    language_hint: ListenV1LanguageHint | None
    """Languages that are likely, where several may be spoken."""
    mip_opt_out: ListenV1MipOptOut | None
    """Keep the audio out of the model improvement program."""
    model: Required[ListenV1Model]
    """Model that transcribes."""
    multichannel: ListenV1Multichannel | None
    """Transcribe each channel on its own."""
    numerals: ListenV1Numerals | None
    """Write numbers as digits."""
    profanity_filter: ListenV1ProfanityFilter | None
    """Replace or remove profanity."""
    punctuate: ListenV1Punctuate | None
    """Add punctuation and capitals."""
    redact: ListenV1Redact | None
    """Remove sensitive information."""
    replace: ListenV1Replace | None
    """Terms to find and replace: ``find:replace``."""
    sample_rate: ListenV1SampleRate | None
    """Samples per second (Hz) of raw audio."""
    search: ListenV1Search | None
    """Terms to find."""
    smart_format: ListenV1SmartFormat | None
    """Format dates, amounts and the like for reading."""
    tag: ListenV1Tag | None
    """Labels for usage reports."""
    utterance_end_ms: ListenV1UtteranceEndMs | None
    """Milliseconds without a new word after which an UtteranceEnd is sent; 1000 or more, with interim results."""
    vad_events: ListenV1VadEvents | None
    """Send SpeechStarted when speech begins."""
    version: ListenV1Version | None
    """Version of the model, ``latest`` by default."""


# --- v1: what may be said ---------------------------------------------------------------------------------------------

_Control = Union[Literal["Finalize", "CloseStream", "KeepAlive"], Any]

ListenV1FinalizeType = _Control
ListenV1CloseStreamType = _Control
ListenV1KeepAliveType = _Control


class ListenV1Finalize(Model):
    """Ask for the results of all audio sent so far."""

    type: ListenV1FinalizeType = "Finalize"


class ListenV1CloseStream(Model):
    """Say that no more audio follows."""

    type: ListenV1CloseStreamType = "CloseStream"


class ListenV1KeepAlive(Model):
    """Keep a silent conversation open."""

    type: ListenV1KeepAliveType = "KeepAlive"


class ListenV1Configure(Model):
    """Change settings while the conversation goes on."""

    type: Literal["Configure"] = "Configure"
    keyterms: list[str] | None = None
    """Terms to favour from now on, instead of those before."""
    features: dict[str, bool] | None = None


# --- v1: what comes back ----------------------------------------------------------------------------------------------

ListenV1ResultsType = Union[Literal["Results"], Any]
ListenV1MetadataType = Union[Literal["Metadata"], Any]
ListenV1UtteranceEndType = Union[Literal["UtteranceEnd"], Any]
ListenV1SpeechStartedType = Union[Literal["SpeechStarted"], Any]
ListenV1ConfigureFailureCode = Union[
    Literal[
        "CONFIGURE_KEYTERMS_NOT_SUPPORTED",
        "CONFIGURE_KEYTERM_LIMIT_EXCEEDED",
        "CONFIGURE_ALREADY_PENDING",
        "CONFIGURE_INTERNAL_ERROR",
    ],
    Any,
]


class ListenV1ResultsChannelAlternativesItemWordsItem(Model):
    """A word; ``start`` and ``end`` in seconds from the start of the conversation's audio."""

    word: str
    start: float
    end: float
    confidence: float
    """From 0 to 1."""
    language: str | None = None
    punctuated_word: str | None = None
    """The word as it stands in the formatted transcript."""
    speaker: Whole | None = None
    """Number of the speaker, from 0."""


class ListenV1ResultsChannelAlternativesItem(Model):
    """A transcript of a stretch of audio."""

    transcript: str
    confidence: float
    """From 0 to 1."""
    languages: list[str] | None = None
    languages_hinted: list[str] | None = None
    words: list[ListenV1ResultsChannelAlternativesItemWordsItem]


class ListenV1ResultsChannel(Model):
    """The transcripts of a channel, the best first."""

    alternatives: list[ListenV1ResultsChannelAlternativesItem]


class ListenV1ResultsMetadataModelInfo(Model):
    """The model that transcribed."""

    name: str
    version: str
    arch: str


class ListenV1ResultsMetadataDiarizeInfo(Model):
    """The model that told the speakers apart."""

    model_uuid: str
    arch: str


class ListenV1ResultsMetadata(Model):
    """Where a result comes from."""

    request_id: str
    model_info: ListenV1ResultsMetadataModelInfo
    model_uuid: str
    diarize_info: ListenV1ResultsMetadataDiarizeInfo | None = None


class ListenV1ResultsEntitiesItem(Model):
    """A name, place, number or other entity; words are counted from 0."""

    label: str
    value: str
    raw_value: str
    confidence: float
    start_word: Whole
    end_word: Whole


class ListenV1Results(Model):
    """The transcript of a stretch of audio: ``duration`` seconds from ``start``."""

    type: Literal["Results"] = "Results"
    channel_index: list[Whole]
    """Channel, and number of channels."""
    duration: float
    start: float
    is_final: bool | None = None
    """This stretch will not change any more."""
    speech_final: bool | None = None
    """The speaker has come to an end (endpointing)."""
    channel: ListenV1ResultsChannel
    metadata: ListenV1ResultsMetadata
    from_finalize: bool | None = None
    """It was asked for by Finalize."""
    entities: list[ListenV1ResultsEntitiesItem] | None = None


class ListenV1Metadata(Model):
    """What the conversation was: the last message before the end."""

    type: Literal["Metadata"] = "Metadata"
    transaction_key: str
    request_id: str
    sha256: str
    created: str
    duration: float
    """Seconds of audio that were received."""
    channels: Whole


class ListenV1UtteranceEnd(Model):
    """No new word came for ``utterance_end_ms``."""

    type: Literal["UtteranceEnd"] = "UtteranceEnd"
    channel: list[Whole]
    """Channel, and number of channels."""
    last_word_end: float
    """Seconds from the start of the audio; -1 if no word is known."""


class ListenV1SpeechStarted(Model):
    """Somebody began to speak."""

    type: Literal["SpeechStarted"] = "SpeechStarted"
    channel: list[Whole]
    """Channel, and number of channels."""
    timestamp: float
    """Seconds from the start of the audio."""


class ListenV1ConfigureSuccess(Model):
    """New settings are in force."""

    type: Literal["ConfigureSuccess"] = "ConfigureSuccess"
    request_id: str
    keyterms: list[str] | None = None


class ListenV1ConfigureFailure(Model):
    """New settings were refused; the old ones stay in force."""

    type: Literal["ConfigureFailure"] = "ConfigureFailure"
    request_id: str
    code: ListenV1ConfigureFailureCode
    description: str


class ListenV1Error(Model):
    """Something went wrong."""

    type: Literal["Error"] = "Error"
    variant: str
    description: str
    code: str | None = None
    message: str | None = None


V1SocketClientResponse = Union[
    ListenV1Results,
    ListenV1Metadata,
    ListenV1UtteranceEnd,
    ListenV1SpeechStarted,
    ListenV1ConfigureSuccess,
    ListenV1ConfigureFailure,
    ListenV1Error,
]

# --- v2: what may be asked --------------------------------------------------------------------------------------------

ListenV2Model = Union[Literal["flux-general-en", "flux-general-multi"], Any]
ListenV2Encoding = Union[Literal["linear16", "linear32", "mulaw", "alaw", "opus", "ogg-opus"], Any]
ListenV2ProfanityFilter = Union[Literal["true", "false"], Any]
ListenV2Numerals = Union[Literal["true", "false"], Any]
ListenV2Redact = Union[Literal["numbers", "aggressive_numbers"], Any]
ListenV2Keyterm = Union[str, Sequence[str]]
ListenV2LanguageHint = Union[str, Sequence[str]]
ListenV2SampleRate = Any
ListenV2EagerEotThreshold = Any
ListenV2EotThreshold = Any
ListenV2EotTimeoutMs = Any
ListenV2MipOptOut = Any
ListenV2Tag = Any


class ListenV2Options(TypedDict, total=False):
    """How live audio is transcribed with turns. Numbers and booleans may be given as such or as text.

    Source: developers.deepgram.com/reference/speech-to-text/listen-flux
    """

    model: Required[ListenV2Model]
    """Model that transcribes."""
    encoding: ListenV2Encoding | None
    """Encoding of raw audio. Leave it out for audio in a container."""
    sample_rate: ListenV2SampleRate | None
    """Samples per second (Hz) of raw audio."""
    eager_eot_threshold: ListenV2EagerEotThreshold | None
    """Confidence, 0.3 to 0.9, from which an EagerEndOfTurn is sent; none by default."""
    eot_threshold: ListenV2EotThreshold | None
    """Confidence, 0.5 to 0.9, from which a turn has ended; 0.7 by default."""
    eot_timeout_ms: ListenV2EotTimeoutMs | None
    """Milliseconds of silence after which a turn has ended whatever the confidence; 5000 by default."""
    keyterm: ListenV2Keyterm | None
    """Terms to favour."""
    language_hint: ListenV2LanguageHint | None
    """Languages that are likely (``flux-general-multi``)."""
    profanity_filter: ListenV2ProfanityFilter | None
    """Replace or remove profanity."""
    numerals: ListenV2Numerals | None
    """Write numbers as digits."""
    redact: ListenV2Redact | None
    """Remove numbers."""
    mip_opt_out: ListenV2MipOptOut | None
    """Keep the audio out of the model improvement program."""
    tag: ListenV2Tag | None
    """Labels for usage reports."""


# --- v2: what may be said ---------------------------------------------------------------------------------------------

ListenV2CloseStreamType = Union[Literal["CloseStream", "Finalize", "KeepAlive"], Any]


class ListenV2CloseStream(Model):
    """Say that no more audio follows."""

    type: ListenV2CloseStreamType = "CloseStream"


class ListenV2ForceEndTurn(Model):
    """End the turn now."""

    type: Literal["ForceEndTurn"] = "ForceEndTurn"


class ListenV2ConfigureThresholds(Model):
    """When a turn ends, as in the options of the conversation; what is not given stays."""

    eager_eot_threshold: ListenV2EagerEotThreshold | None = None
    eot_threshold: ListenV2EotThreshold | None = None
    eot_timeout_ms: ListenV2EotTimeoutMs | None = None


class ListenV2Configure(Model):
    """Change settings while the conversation goes on; what is not given stays."""

    type: Literal["Configure"] = "Configure"
    thresholds: ListenV2ConfigureThresholds | None = None
    keyterms: list[str] | str | None = None
    language_hints: list[str] | None = None
    numerals: bool | None = None


# --- v2: what comes back ----------------------------------------------------------------------------------------------

ListenV2ConnectedType = Union[Literal["Connected"], Any]
ListenV2TurnInfoType = Union[Literal["TurnInfo"], Any]
ListenV2FatalErrorType = Union[Literal["Error"], Any]
ListenV2TurnInfoEvent = Union[Literal["Update", "StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"], Any]


class ListenV2ResponseDictCompatModel(Model):
    """A message that reads like a dict too: ``message["event"]``. ``sequence_id`` counts all messages, from 0."""

    def __getitem__(self, name: str) -> Any:
        """Return a field that was sent, by its wire name; raise ``KeyError`` for any other."""
        return self.dict()[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field that was sent, ``default`` for any other."""
        return self.dict().get(name, default)


class ListenV2Connected(ListenV2ResponseDictCompatModel):
    """The conversation is open: the first message."""

    type: Literal["Connected"] = "Connected"
    request_id: str
    sequence_id: Whole


class ListenV2TurnInfoWordsItem(ListenV2ResponseDictCompatModel):
    """A word; ``start`` and ``end`` in seconds from the start of the conversation's audio."""

    word: str
    confidence: float
    """From 0 to 1."""
    start: float | None = None
    end: float | None = None


class ListenV2TurnInfo(ListenV2ResponseDictCompatModel):
    """What is known of the turn that is being spoken, or has just ended."""

    type: Literal["TurnInfo"] = "TurnInfo"
    request_id: str
    sequence_id: Whole
    event: ListenV2TurnInfoEvent
    turn_index: Whole
    """Number of the turn, from 0."""
    audio_window_start: float
    """Seconds: where the audio of the turn begins."""
    audio_window_end: float
    """Seconds: up to where audio was transcribed."""
    transcript: str
    words: list[ListenV2TurnInfoWordsItem]
    end_of_turn_confidence: float
    """From 0 to 1."""
    trigger: str | None = None
    """What ended the turn."""
    languages: list[str] | None = None
    languages_hinted: list[str] | None = None


class ListenV2ConfigureSuccessThresholds(ListenV2ResponseDictCompatModel):
    """The thresholds in force."""

    eager_eot_threshold: ListenV2EagerEotThreshold | None = None
    eot_threshold: ListenV2EotThreshold | None = None
    eot_timeout_ms: ListenV2EotTimeoutMs | None = None


class ListenV2ConfigureSuccess(ListenV2ResponseDictCompatModel):
    """New settings are in force."""

    type: Literal["ConfigureSuccess"] = "ConfigureSuccess"
    request_id: str
    thresholds: ListenV2ConfigureSuccessThresholds
    keyterms: list[str] | str
    language_hints: list[str] | None = None
    numerals: bool | None = None
    sequence_id: Whole


class ListenV2ConfigureFailure(ListenV2ResponseDictCompatModel):
    """New settings were refused; the old ones stay in force."""

    type: Literal["ConfigureFailure"] = "ConfigureFailure"
    request_id: str
    sequence_id: Whole
    error_code: str | None = None
    code: str | None = None
    description: str | None = None


class ListenV2Warning(ListenV2ResponseDictCompatModel):
    """Something is not as it should be; the conversation goes on."""

    type: Literal["Warning"] = "Warning"
    request_id: str
    sequence_id: Whole
    code: str
    description: str


class ListenV2FatalError(ListenV2ResponseDictCompatModel):
    """Something went wrong; the conversation ends."""

    type: Literal["Error"] = "Error"
    sequence_id: Whole
    code: str
    description: str


V2SocketClientResponse = Union[
    ListenV2Connected,
    ListenV2TurnInfo,
    ListenV2ConfigureSuccess,
    ListenV2ConfigureFailure,
    ListenV2Warning,
    ListenV2FatalError,
]
