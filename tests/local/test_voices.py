"""The voices of the catalogue: all there, no two alike."""

from __future__ import annotations

from itertools import combinations
from typing import get_args

import numpy as np
import pytest

from deepgram.local.engines.espeak import Espeak
from deepgram.local.voices import DEFAULT, UnknownVoice, catalogue, voice
from deepgram.protocol.models import speak_options

from .sounding import Samples, pitch, samples_of, spoken, timbre


def enumerated() -> set[str]:
    """Return the names of voices that the options of the SDK spell out."""
    found: set[str] = set()
    for value in vars(speak_options).values():
        pending = [value]
        while pending:
            one = pending.pop()
            if isinstance(one, str) and one.startswith(("aura-", "flux-")):
                found.add(one)
            elif not isinstance(one, str):
                pending += get_args(one)
    return found


def test_every_voice_that_the_sdk_spells_out_is_there() -> None:
    names = enumerated()
    assert len(names) > 90
    assert names <= set(catalogue())


@pytest.mark.parametrize("model", ["flux-alexis-en", "flux-heather-en", DEFAULT, "aura-2-perseo-it"])
def test_a_voice_is_found_by_its_name(model: str) -> None:
    found = voice(model)
    assert found.model == model
    assert found.name == model.split("-")[-2]
    assert found.language == model[-2:]


@pytest.mark.parametrize("model", ["", "aura", "aura-2-nobody-en", "flux-nobody-en", "nova-3", "AURA-2-THALIA-EN"])
def test_an_unknown_voice_is_told(model: str) -> None:
    with pytest.raises(UnknownVoice):
        voice(model)


def test_no_two_voices_are_meant_to_sound_alike() -> None:
    manners = [entry.manner for entry in catalogue().values()]
    assert len({(m.language[:2], m.female, m.pitch, m.pace) for m in manners}) == len(manners)
    assert len({entry.uuid for entry in catalogue().values()}) == len(manners)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Good morning to you all, how are you doing today?"),
        ("es", "Buenos días a todos, cómo están ustedes hoy?"),
        ("de", "Guten Morgen, wie geht es Ihnen heute?"),
        ("fr", "Bonjour tout le monde, comment allez vous?"),
        ("it", "Buongiorno a tutti, come state oggi?"),
        ("ja", "こんにちは。お元気ですか。"),
        ("nl", "Goedemorgen allemaal, hoe gaat het vandaag?"),
    ],
)
def test_the_voices_of_a_language_differ_audibly(language: str, text: str) -> None:
    engine = Espeak()
    rate = engine.info.sample_rate
    heard: dict[str, tuple[float, float, Samples]] = {}
    for model, entry in catalogue().items():
        if entry.language == language:
            samples = samples_of(spoken(engine, (text,), entry.manner))
            heard[model] = (pitch(samples, rate), len(samples) / rate, timbre(samples, rate))
    assert len(heard) >= 2
    for one, other in combinations(heard, 2):
        # 2 % of height or of pace and 1.5 dB of timbre are heard when voices follow each other.
        (height, length, colour), (other_height, other_length, other_colour) = heard[one], heard[other]
        height, pace = abs(height / other_height - 1), abs(length / other_length - 1)
        decibels = float(np.sqrt(np.mean((colour - other_colour) ** 2)))
        assert height > 0.02 or pace > 0.02 or decibels > 1.5, f"{one} sounds like {other}"
