"""What a caller may ask of speech beside its form: voice, speed and the like, read from a query and checked.

Sources: developers.deepgram.com/docs/tts-voice-controls and /docs/tts-expressivity (ranges, codes), /docs/errors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .engines.synthesizer import SynthesizerError
from .refusals import Refusal, bad_request
from .speech import Speech, UnknownVoice, Voice
from .speech_formats import BadFormat, BadValue, SpeechFormat, Version
from .speech_text import BadControl, SpokenText, read
from .voices import DEFAULT

FASTEST_WITH_PAUSES = 1.15
"""On ``/v2/speak``."""


class BadSpeed(ValueError):
    """A speed, or an expressivity, that the service refuses."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        """As the service calls it: ``SPEED_OUT_OF_RANGE``."""


@dataclass(frozen=True)
class SpeechOptions:
    """Everything of the query that the server honours."""

    voice: Voice
    form: SpeechFormat
    speed: float = 1.0


def options(query: Mapping[str, Sequence[str]], speech: Speech, version: Version, *, live: bool) -> SpeechOptions:
    """Return what a query asks for; raise ``Refusal`` for what the service refuses, or this engine cannot do."""
    try:
        form = SpeechFormat.read_live(query, version) if live else SpeechFormat.read(query, version)
        voice = _voice(query, speech, version)
        speed = checked_speed(_number(query, "speed"), version)
        liveliness = _liveliness(_number(query, "expressivity")) if version == "v2" else 1.0
    except BadFormat as error:
        raise bad_request(f"Unsupported audio format: {error}", "UNSUPPORTED_AUDIO_FORMAT") from None
    except BadValue as error:
        raise bad_request(f"Failed to deserialize query parameters: {error}", "INVALID_QUERY_PARAMETER") from None
    except BadSpeed as error:
        raise bad_request(str(error), error.code) from None
    except UnknownVoice:
        raise bad_request("Bad Request: No such model/language/tier combination found.") from None
    _check_engine(speech, voice)
    manner = replace(voice.manner, liveliness=liveliness)
    return SpeechOptions(replace(voice, manner=manner), form, speed)


def checked_speed(speed: float | None, version: Version) -> float:
    """Return a speed that the service accepts; raise :class:`BadSpeed`."""
    if speed is None:
        return 1.0
    slowest = 0.7 if version == "v1" else 0.5
    if not slowest <= speed <= 1.5:
        if version == "v1":
            raise BadSpeed("speed_out_of_range", "Speed must be between 0.7 and 1.5")
        raise BadSpeed("SPEED_OUT_OF_RANGE", "'speed' must be between 0.5 and 1.5")
    if version == "v2" and abs(speed * 20 - round(speed * 20)) > 1e-6:
        raise BadSpeed("SPEED_INCREMENT_INVALID", "'speed' must be provided in increments of 0.05")
    return speed


def understood(text: str, speed: float, version: Version) -> SpokenText:
    """Return a text with its controls understood; raise :class:`BadControl` for what the service refuses."""
    spoken = read(text, strict=version == "v2")
    if version == "v2" and speed != 1.0:
        if spoken.pronunciations:
            raise BadControl("CONTROL_COMBINATION_INVALID", "Pronunciations and a speed do not go together.")
        if spoken.pauses and speed > FASTEST_WITH_PAUSES:
            raise BadControl("PAUSE_SPEED_CAP_EXCEEDED", f"With a pause, speed is {FASTEST_WITH_PAUSES} at most.")
    return spoken


def unavailable(error: SynthesizerError) -> Refusal:
    """There is nothing here that speaks (503)."""
    return Refusal(503, "SERVICE_UNAVAILABLE", f"This server cannot speak: {error}.")


def _check_engine(speech: Speech, voice: Voice) -> None:
    try:
        info = speech.info
    except SynthesizerError as error:
        raise unavailable(error) from None
    if voice.language not in info.languages:
        raise bad_request(
            f"Bad Request: the engine {info.name} does not speak the language of {voice.model}. It speaks: "
            f"{', '.join(info.languages)}. Other engines: deepgram serve --voice-engine.",
            "UNSUPPORTED_LANGUAGE",
        )


def _voice(query: Mapping[str, Sequence[str]], speech: Speech, version: Version) -> Voice:
    model = next((value.strip().lower() for value in query.get("model", ()) if value.strip()), None)
    if model is None:
        if version == "v2":
            raise BadValue("missing field `model`")
        model = DEFAULT
    voice = speech.voice(model)
    if (voice.family == "flux") != (version == "v2"):  # the families do not overlap
        raise UnknownVoice(model)
    return voice


def _liveliness(expressivity: float | None) -> float:
    """Return how lively a voice is to be, from -2 (calm) to 2 (animated), as a factor."""
    if expressivity is None:
        return 1.0
    if expressivity != int(expressivity):
        raise BadSpeed("EXPRESSIVITY_INCREMENT_INVALID", "'expressivity' must be a whole number")
    if not -2 <= expressivity <= 2:
        raise BadSpeed("EXPRESSIVITY_OUT_OF_RANGE", "'expressivity' must be between -2 and 2")
    return 1.0 + expressivity / 4


def _number(query: Mapping[str, Sequence[str]], name: str) -> float | None:
    values = query.get(name)
    if not values or not values[-1].strip():
        return None
    try:
        number = float(values[-1][:40])
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadValue(f"{name}: `{values[-1][:40]}` is no number")
    return number
