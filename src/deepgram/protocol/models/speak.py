"""Messages of text to speech, v1 (Aura) and v2 (Flux): what may be said, what comes back."""

from __future__ import annotations

from typing import Any, Literal, Union

from ..model import Model, Whole

# --- v1: what may be said ---------------------------------------------------------------------------------------------

_Control = Union[Literal["Flush", "Clear", "Close"], Any]

SpeakV1FlushType = _Control
SpeakV1ClearType = _Control
SpeakV1CloseType = _Control
SpeakV1TextType = Union[Literal["Speak"], Any]


class SpeakV1Text(Model):
    """Text to speak, 2000 characters at the most. It is kept until there is enough of it, or until Flush."""

    type: SpeakV1TextType = "Speak"
    text: str


class SpeakV1Flush(Model):
    """Speak all text that was sent so far. The service takes 20 of them within 60 s."""

    type: SpeakV1FlushType = "Flush"


class SpeakV1Clear(Model):
    """Forget all text and audio that was not sent yet."""

    type: SpeakV1ClearType = "Clear"


class SpeakV1Close(Model):
    """End the conversation."""

    type: SpeakV1CloseType = "Close"


# --- v1: what comes back ----------------------------------------------------------------------------------------------

SpeakV1MetadataType = Union[Literal["Metadata"], Any]
SpeakV1WarningType = Union[Literal["Warning"], Any]
_Confirmation = Union[Literal["Flushed", "Cleared"], Any]
SpeakV1FlushedType = _Confirmation
SpeakV1ClearedType = _Confirmation


class SpeakV1Metadata(Model):
    """The voice that speaks: the first message."""

    type: Literal["Metadata"] = "Metadata"
    request_id: str
    model_name: str
    model_version: str
    model_uuid: str
    additional_model_uuids: list[str] | None = None


class SpeakV1Flushed(Model):
    """All audio of the text before a Flush has been sent. ``sequence_id`` counts the confirmations, from 0."""

    type: SpeakV1FlushedType = "Flushed"
    sequence_id: Whole


class SpeakV1Cleared(Model):
    """Text and audio were forgotten; audio that follows is of text that follows the Clear."""

    type: SpeakV1ClearedType = "Cleared"
    sequence_id: Whole


class SpeakV1Warning(Model):
    """Something is not as it should be; the conversation goes on."""

    type: Literal["Warning"] = "Warning"
    description: str
    code: str


# --- v2: what may be said ---------------------------------------------------------------------------------------------


class SpeakV2Speak(Model):
    """Text to speak in the turn that is under way, or in a new one."""

    type: Literal["Speak"] = "Speak"
    text: str


class SpeakV2Flush(Model):
    """Say that the text of this turn is complete."""

    type: Literal["Flush"] = "Flush"


class SpeakV2InterruptPlaybackOffset(Model):
    """How much of the turn was heard."""

    type: Literal["time_ms"] = "time_ms"
    value: Whole
    """Milliseconds of the turn's audio that were played."""


class SpeakV2Interrupt(Model):
    """Stop the turn that is under way: somebody has interrupted."""

    type: Literal["Interrupt"] = "Interrupt"
    playback_offset: SpeakV2InterruptPlaybackOffset | None = None
    """How much was heard: without it the answer cannot say which text was."""


class SpeakV2Configure(Model):
    """Change settings while the conversation goes on; what is not given stays."""

    type: Literal["Configure"] = "Configure"
    speed: float | None = None
    """How fast the voice speaks."""


class SpeakV2Close(Model):
    """End the conversation once all turns have been spoken."""

    type: Literal["Close"] = "Close"


# --- v2: what comes back ----------------------------------------------------------------------------------------------

SpeakV2ConfigureFailureCode = Union[
    Literal[
        "SPEED_OUT_OF_RANGE",
        "SPEED_INCREMENT_INVALID",
        "SPEED_NOT_SUPPORTED",
        "CONTROL_COMBINATION_INVALID",
        "INTERNAL_ERROR",
    ],
    Any,
]
SpeakV2ErrorCode = Union[
    Literal[
        "MESSAGE-0000",
        "DATA-0000",
        "DATA-0002",
        "BIG-0000",
        "NET-0000",
        "NET-0001",
        "NET-0002",
        "NET-0003",
        "NET-0004",
    ],
    Any,
]


class SpeakV2Connected(Model):
    """The conversation is open: the first message."""

    type: Literal["Connected"] = "Connected"
    request_id: str
    model_name: str
    model_version: str
    model_uuids: list[str]


class SpeakV2SpeechStarted(Model):
    """A turn begins: audio up to its SpeechMetadata or SpeechInterrupted is of this turn."""

    type: Literal["SpeechStarted"] = "SpeechStarted"
    speech_id: str


class SpeakV2SpeechMetadataControlsApplied(Model):
    """How many controls inside the text took effect."""

    pronunciations_applied: Whole
    breaks_applied: Whole
    pronunciation_warnings: Whole


class SpeakV2SpeechMetadata(Model):
    """A turn has been spoken to its end."""

    type: Literal["SpeechMetadata"] = "SpeechMetadata"
    speech_id: str
    audio_duration_ms: Whole
    """Milliseconds of audio that were made."""
    input_character_count: Whole
    billable_character_count: Whole
    controls_applied: SpeakV2SpeechMetadataControlsApplied


class SpeakV2SpeechInterruptedMetadataControlsApplied(Model):
    """How many controls inside the text took effect."""

    pronunciations_applied: Whole
    breaks_applied: Whole
    pronunciation_warnings: Whole


class SpeakV2SpeechInterruptedMetadata(Model):
    """What the turn had come to."""

    speech_id: str
    audio_duration_ms: Whole
    """Milliseconds of audio that were made."""
    input_character_count: Whole
    billable_character_count: Whole
    controls_applied: SpeakV2SpeechInterruptedMetadataControlsApplied


class SpeakV2SpeechInterrupted(Model):
    """A turn was stopped: no more of its audio follows."""

    type: Literal["SpeechInterrupted"] = "SpeechInterrupted"
    audio_played_ms: Whole
    """Milliseconds that were heard; of the audio that was made, if the Interrupt did not say."""
    text_spoken: str | None = None
    """What was heard; only known if the Interrupt said how much was played."""
    text_remaining: str | None = None
    """What was not heard."""
    metadata: SpeakV2SpeechInterruptedMetadata


class SpeakV2Flushed(Model):
    """A Flush was understood. The end of the turn's audio is its SpeechMetadata."""

    type: Literal["Flushed"] = "Flushed"
    speech_id: str


class SpeakV2SessionMetadata(Model):
    """What the conversation was: the last message before the end."""

    type: Literal["SessionMetadata"] = "SessionMetadata"
    total_audio_duration_ms: Whole
    total_input_character_count: Whole
    total_billable_character_count: Whole


class SpeakV2ConfigureSuccessApplied(Model):
    """The settings in force."""

    speed: float | None = None


class SpeakV2ConfigureSuccess(Model):
    """New settings are in force."""

    type: Literal["ConfigureSuccess"] = "ConfigureSuccess"
    applied: SpeakV2ConfigureSuccessApplied


class SpeakV2ConfigureFailure(Model):
    """New settings were refused; the old ones stay in force."""

    type: Literal["ConfigureFailure"] = "ConfigureFailure"
    code: SpeakV2ConfigureFailureCode
    field: Literal["speed"] | None = None
    value: float | None = None
    description: str


class SpeakV2Warning(Model):
    """Something is not as it should be, such as ``NO_ACTIVE_SPEECH``; the conversation goes on."""

    type: Literal["Warning"] = "Warning"
    code: str
    description: str


class SpeakV2Error(Model):
    """Something went wrong; the conversation ends."""

    type: Literal["Error"] = "Error"
    code: SpeakV2ErrorCode
    description: str


# --- What comes back where a callback was asked for -------------------------------------------------------------------


class SpeakV2AcceptedResponse(Model):
    """A request whose audio goes to a callback was accepted."""

    request_id: str
