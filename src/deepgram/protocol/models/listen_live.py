"""Messages of live speech to text, v1 and v2 (turns): what may be said, what comes back."""

from __future__ import annotations

from typing import Any, Literal, Union

from ..model import Model, Whole
from .listen_live_options import ListenV2EagerEotThreshold, ListenV2EotThreshold, ListenV2EotTimeoutMs

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
