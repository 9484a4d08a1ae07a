"""What may be asked of live speech to text, v1 and v2 (turns). No models: a client is made without them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Union

from typing_extensions import Required, TypedDict

# --- v1: what may be asked --------------------------------------------------------------------------------------------

TranscriptionModel = Literal[
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
]
"""Models that everybody has, for recorded and live audio."""
ListenV1Model = Union[Literal[TranscriptionModel, "custom"], Any]
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
ListenV1LanguageHint = Union[str, Sequence[str]]
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
    """Find names, places and other entities. Default false."""
    diarize: ListenV1Diarize | None
    """Number the speakers. Default false."""
    diarize_model: DiarizeModel | None
    """Model that tells the speakers apart; switches diarization on."""
    dictation: ListenV1Dictation | None
    """Turn spoken punctuation into punctuation. Default false."""
    encoding: ListenV1Encoding | None
    """Encoding of raw audio. Leave it out for audio in a container."""
    endpointing: ListenV1Endpointing | None
    """Milliseconds of silence that end a stretch of speech (``speech_final``), 10 by default; false for never."""
    extra: ListenV1Extra | None
    """Pairs ``key:value`` that come back in the answers."""
    interim_results: ListenV1InterimResults | None
    """Send results while they may still change. Default false."""
    keyterm: ListenV1Keyterm | None
    """Terms to favour (Nova-3)."""
    keywords: ListenV1Keywords | None
    """Words to favour or to suppress: ``word:boost``."""
    language: ListenV1Language | None
    """BCP-47 tag of the spoken language, ``en`` by default."""
    language_hint: ListenV1LanguageHint | None
    """Languages that are likely, where several may be spoken."""
    mip_opt_out: ListenV1MipOptOut | None
    """Keep the audio out of the model improvement program. Default false."""
    model: Required[ListenV1Model]
    """Model that transcribes."""
    multichannel: ListenV1Multichannel | None
    """Transcribe each channel on its own. Default false."""
    numerals: ListenV1Numerals | None
    """Write numbers as digits. Default false."""
    profanity_filter: ListenV1ProfanityFilter | None
    """Replace or remove profanity. Default false."""
    punctuate: ListenV1Punctuate | None
    """Add punctuation and capitals. Default false."""
    redact: ListenV1Redact | None
    """Remove sensitive information. Default off."""
    replace: ListenV1Replace | None
    """Terms to find and replace: ``find:replace``."""
    sample_rate: ListenV1SampleRate | None
    """Samples per second (Hz) of raw audio."""
    search: ListenV1Search | None
    """Terms to find."""
    smart_format: ListenV1SmartFormat | None
    """Format dates, amounts and the like for reading. Default false."""
    tag: ListenV1Tag | None
    """Labels for usage reports."""
    utterance_end_ms: ListenV1UtteranceEndMs | None
    """Milliseconds without a new word after which an UtteranceEnd is sent; 1000 or more, with interim results."""
    vad_events: ListenV1VadEvents | None
    """Send SpeechStarted when speech begins. Default false."""
    version: ListenV1Version | None
    """Version of the model, ``latest`` by default."""


# --- v2: what may be asked --------------------------------------------------------------------------------------------

ListenV2Model = Union[Literal["flux-general-en", "flux-general-multi"], Any]
ListenV2Encoding = Union[Literal["linear16", "linear32", "mulaw", "alaw", "opus", "ogg-opus"], Any]
ListenV2ProfanityFilter = Union[Literal["true", "false"], Any]
ListenV2Numerals = Union[Literal["true", "false"], Any]
ListenV2ConfigureNumerals = bool
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
    """Replace or remove profanity. Default false."""
    numerals: ListenV2Numerals | None
    """Write numbers as digits. Default false."""
    redact: ListenV2Redact | None
    """Remove numbers. Default off."""
    mip_opt_out: ListenV2MipOptOut | None
    """Keep the audio out of the model improvement program. Default false."""
    tag: ListenV2Tag | None
    """Labels for usage reports."""
