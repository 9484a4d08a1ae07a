"""What may be asked of text to speech, recorded and live, v1 and v2. No models: a client is made without them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Union

from typing_extensions import Required, TypedDict

# --- v1 (Aura) --------------------------------------------------------------------------------------------------------

AudioGenerateRequestCallbackMethod = Union[Literal["POST", "PUT"], Any]
AudioGenerateRequestContainer = Union[Literal["none", "wav", "ogg"], Any]
AudioGenerateRequestEncoding = Union[Literal["linear16", "flac", "mulaw", "alaw", "mp3", "opus", "aac"], Any]
AuraVoice = Literal[
    "aura-angus-en",
    "aura-arcas-en",
    "aura-asteria-en",
    "aura-athena-en",
    "aura-helios-en",
    "aura-hera-en",
    "aura-luna-en",
    "aura-orion-en",
    "aura-orpheus-en",
    "aura-perseus-en",
    "aura-stella-en",
    "aura-zeus-en",
]
Aura2EnglishVoice = Literal[
    "aura-2-amalthea-en",
    "aura-2-andromeda-en",
    "aura-2-apollo-en",
    "aura-2-arcas-en",
    "aura-2-aries-en",
    "aura-2-asteria-en",
    "aura-2-athena-en",
    "aura-2-atlas-en",
    "aura-2-aurora-en",
    "aura-2-callista-en",
    "aura-2-cora-en",
    "aura-2-cordelia-en",
    "aura-2-delia-en",
    "aura-2-draco-en",
    "aura-2-electra-en",
    "aura-2-harmonia-en",
    "aura-2-helena-en",
    "aura-2-hera-en",
    "aura-2-hermes-en",
    "aura-2-hyperion-en",
    "aura-2-iris-en",
    "aura-2-janus-en",
    "aura-2-juno-en",
    "aura-2-jupiter-en",
    "aura-2-luna-en",
    "aura-2-mars-en",
    "aura-2-minerva-en",
    "aura-2-neptune-en",
    "aura-2-odysseus-en",
    "aura-2-ophelia-en",
    "aura-2-orion-en",
    "aura-2-orpheus-en",
    "aura-2-pandora-en",
    "aura-2-phoebe-en",
    "aura-2-pluto-en",
    "aura-2-saturn-en",
    "aura-2-selene-en",
    "aura-2-thalia-en",
    "aura-2-theia-en",
    "aura-2-vesta-en",
    "aura-2-zeus-en",
]
SpeakV1Model = Union[
    Literal[
        AuraVoice,
        Aura2EnglishVoice,
        "aura-2-agustina-es",
        "aura-2-alvaro-es",
        "aura-2-antonia-es",
        "aura-2-aquila-es",
        "aura-2-carina-es",
        "aura-2-celeste-es",
        "aura-2-diana-es",
        "aura-2-estrella-es",
        "aura-2-gloria-es",
        "aura-2-javier-es",
        "aura-2-luciano-es",
        "aura-2-nestor-es",
        "aura-2-olivia-es",
        "aura-2-selena-es",
        "aura-2-silvia-es",
        "aura-2-sirio-es",
        "aura-2-valerio-es",
        "aura-2-aurelia-de",
        "aura-2-elara-de",
        "aura-2-fabian-de",
        "aura-2-julius-de",
        "aura-2-kara-de",
        "aura-2-lara-de",
        "aura-2-viktoria-de",
        "aura-2-beatrix-nl",
        "aura-2-cornelia-nl",
        "aura-2-daphne-nl",
        "aura-2-hestia-nl",
        "aura-2-lars-nl",
        "aura-2-leda-nl",
        "aura-2-rhea-nl",
        "aura-2-roman-nl",
        "aura-2-sander-nl",
        "aura-2-agathe-fr",
        "aura-2-hector-fr",
        "aura-2-cesare-it",
        "aura-2-cinzia-it",
        "aura-2-demetra-it",
        "aura-2-dionisio-it",
        "aura-2-elio-it",
        "aura-2-flavio-it",
        "aura-2-livia-it",
        "aura-2-maia-it",
        "aura-2-melia-it",
        "aura-2-ama-ja",
        "aura-2-ebisu-ja",
        "aura-2-fujin-ja",
        "aura-2-izanami-ja",
        "aura-2-uzume-ja",
    ],
    Any,
]
AudioGenerateRequestModel = SpeakV1Model
SpeakV1Encoding = Union[Literal["linear16", "mulaw", "alaw"], Any]
SpeakV1SampleRate = Union[Literal["8000", "16000", "24000", "32000", "48000"], Any]
SpeakV1Speed = float
SpeakV1Response = bytes
SpeakV1MipOptOut = Any  # the API itself is open here: booleans and text are both understood


class V1AudioOptions(TypedDict, total=False):
    """How a text becomes audio. What is left out, or ``None``, is the service's default.

    Source: developers.deepgram.com/reference/text-to-speech/speak-request
    """

    callback: str | None
    """URL that receives the audio later; the call itself then answers at once with a request id, as JSON."""
    callback_method: AudioGenerateRequestCallbackMethod | None
    """HTTP method of the callback. Default ``POST``."""
    mip_opt_out: bool | None
    """Keep the text out of the model improvement program. Default false."""
    tag: str | Sequence[str] | None
    """Labels by which usage reports tell requests apart."""
    bit_rate: float | None
    """Bits per second of a compressed encoding: 32000 or 48000 for mp3, 4000 to 650000 for opus, 4000 to 192000 for
    aac. Default 48000 for mp3 and aac, 12000 for opus."""
    container: AudioGenerateRequestContainer | None
    """What the audio is wrapped in. Default ``wav`` for linear16, mulaw and alaw, ``ogg`` for opus."""
    encoding: AudioGenerateRequestEncoding | None
    """Encoding of the audio. Default ``mp3``."""
    model: SpeakV1Model | None
    """Voice. Default ``aura-asteria-en``."""
    sample_rate: float | None
    """Samples per second (Hz), where the encoding leaves a choice. Default 24000, 8000 for mulaw and alaw."""
    speed: SpeakV1Speed | None
    """How fast the voice speaks, 0.7 to 1.5. Default 1."""


class SpeakV1Options(TypedDict, total=False):
    """How live text becomes audio. Numbers and booleans may be given as such or as text.

    Source: developers.deepgram.com/reference/text-to-speech/speak-streaming
    """

    encoding: SpeakV1Encoding | None
    """Encoding of the audio, which comes without a container. Default ``linear16``."""
    mip_opt_out: SpeakV1MipOptOut | None
    """Keep the text out of the model improvement program. Default false."""
    model: SpeakV1Model | None
    """Voice. Default ``aura-asteria-en``."""
    sample_rate: SpeakV1SampleRate | None
    """Samples per second (Hz). Default 24000 for linear16, 8000 for mulaw and alaw."""
    speed: SpeakV1Speed | None
    """How fast the voice speaks, 0.7 to 1.5. Default 1."""


# --- v2 (Flux) --------------------------------------------------------------------------------------------------------

SpeakV2Encoding = Union[Literal["linear16", "mulaw", "alaw"], Any]
SpeakV2SampleRate = Union[Literal["8000", "16000", "24000", "32000", "44100", "48000"], Any]
SpeakV2Model = str
SpeakV2Expressivity = int
SpeakV2Speed = float
SpeakV2SpeedValue = float
SpeakV2Response = bytes
SpeakV2MipOptOut = Any
SpeakV2Tag = Any


class V2AudioOptions(TypedDict, total=False):
    """How a text becomes audio with a Flux voice. What is left out, or ``None``, is the service's default.

    Source: developers.deepgram.com/reference/text-to-speech/speak-flux-batch
    """

    callback: str | None
    """URL that receives the audio later; the call itself then answers at once with a request id, as JSON."""
    callback_method: AudioGenerateRequestCallbackMethod | None
    """HTTP method of the callback. Default ``POST``."""
    mip_opt_out: bool | None
    """Keep the text out of the model improvement program. Default false."""
    tag: str | Sequence[str] | None
    """Labels by which usage reports tell requests apart."""
    bit_rate: int | None
    """Bits per second of a compressed encoding. Default 48000."""
    container: AudioGenerateRequestContainer | None
    """What the audio is wrapped in. Default ``wav`` for linear16, mulaw and alaw, ``ogg`` for opus."""
    encoding: AudioGenerateRequestEncoding | None
    """Encoding of the audio. Default ``mp3``."""
    expressivity: SpeakV2Expressivity | None
    """How lively the voice is."""
    model: Required[SpeakV2Model]
    """Voice, ``flux-{voice}-{language}``; there is no default."""
    sample_rate: int | None
    """Samples per second (Hz), where the encoding leaves a choice. Default 24000."""
    speed: SpeakV2Speed | None
    """How fast the voice speaks. Default 1."""
    priority: Literal["low"] | None
    """``low``: a request with a callback may wait for its turn."""


class SpeakV2Options(TypedDict, total=False):
    """How live text becomes audio, turn by turn. Numbers and booleans may be given as such or as text.

    Source: developers.deepgram.com/reference/text-to-speech/speak-flux
    """

    model: Required[SpeakV2Model]
    """Voice, ``flux-{voice}-{language}``; there is no default, and an Aura voice is refused."""
    encoding: SpeakV2Encoding | None
    """Encoding of the audio, which comes without a container. Default ``linear16``."""
    sample_rate: SpeakV2SampleRate | None
    """Samples per second (Hz); mulaw and alaw know 8000 and 16000 only. Default is the voice's own."""
    speed: SpeakV2Speed | None
    """How fast the voice speaks. Default 1."""
    expressivity: SpeakV2Expressivity | None
    """How lively the voice is."""
    mip_opt_out: SpeakV2MipOptOut | None
    """Keep the text out of the model improvement program. Default false."""
    tag: SpeakV2Tag | None
    """Labels for usage reports."""
