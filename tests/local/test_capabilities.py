"""What cannot be done is said; languages are told apart."""

from __future__ import annotations

import pytest

from deepgram.local.capabilities import ENGINES_THAT_CAN, language_supported, unsupported, warnings
from deepgram.local.engines.recognizer import EngineInfo
from deepgram.local.options import ANALYSES, ListenOptions

ENGLISH = EngineInfo("pocketsphinx", "5.1", "en-us", ("en",))
AMERICAN = EngineInfo("strict", "1", "en-us", ("en-us",))
ALL = EngineInfo("whisper", "1", "tiny", ("*",), punctuates=True)
SWITCHING = EngineInfo("switching", "1", "m", ("multi", "en"))


def test_what_every_engine_can_do_gives_no_warning() -> None:
    options = ListenOptions.read(
        {name: ["true"] for name in ("punctuate", "smart_format", "numerals", "dictation", "utterances", "redact")}
        | {"search": ["x"], "keyterm": ["y"], "diarize": ["false"], "profanity_filter": ["true"]}
    )
    assert unsupported(options, ENGLISH) == []


def test_an_analysis_that_no_engine_has_is_warned_of_in_the_form_of_the_service() -> None:
    (warning,) = warnings(ListenOptions(analyses=("diarize",)), ENGLISH)
    assert warning.model_dump(exclude_none=True) == {
        "parameter": "diarize",
        "type": "unsupported_model",
        "message": "The engine pocketsphinx cannot tell speakers apart: diarize is left out. "
        "None of the embedded engines can.",
    }


def test_an_engine_that_can_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENGINES_THAT_CAN, "diarize", ("pyannote",))
    (warning,) = warnings(ListenOptions(analyses=("diarize",)), ENGLISH)
    assert "Engines that can: pyannote." in str(warning.message)


def test_each_analysis_is_warned_of_once() -> None:
    found = [warning.parameter for warning in unsupported(ListenOptions(analyses=ANALYSES, alternatives=3), ENGLISH)]
    assert found == [*ANALYSES, "alternatives"]


TEXT_ANALYSES = ("sentiment", "summarize", "topics", "intents")


def test_transcripts_of_recordings_are_analysed_and_live_audio_is_not() -> None:
    options = ListenOptions(analyses=TEXT_ANALYSES)
    assert unsupported(options, ENGLISH, recorded=True) == []
    live = unsupported(options, ENGLISH)
    assert [(one.parameter, one.type) for one in live] == [(name, "unsupported_model") for name in TEXT_ANALYSES]
    assert all("recorded audio only" in str(one.message) for one in live)


def test_transcripts_in_other_languages_are_not_analysed() -> None:
    options = ListenOptions(language="de", analyses=TEXT_ANALYSES)
    found = unsupported(options, ALL, recorded=True)
    assert [(one.parameter, one.type) for one in found] == [(name, "unsupported_language") for name in TEXT_ANALYSES]


def test_older_names_of_analyses_are_answered_with_the_newer_ones() -> None:
    found = unsupported(ListenOptions(analyses=("detect_topics", "analyze_sentiment")), ENGLISH, recorded=True)
    assert [(one.type, str(one.message)) for one in found] == [
        ("deprecated", "detect_topics is left out: ask for topics instead."),
        ("deprecated", "analyze_sentiment is left out: ask for sentiment instead."),
    ]


def test_kinds_of_redaction_that_cannot_be_told_are_warned_of_loudly() -> None:
    (warning,) = unsupported(ListenOptions(redact=("pci", "pii", "ssn")), ENGLISH)
    assert warning.parameter == "redact"
    assert "redact=pii has no effect, the transcript is NOT redacted for it" in str(warning.message)


def test_what_is_known_for_english_only_is_warned_of_in_other_languages() -> None:
    options = ListenOptions(
        language="fi", numerals=True, dictation=True, smart_format=True, redact=("pci",), punctuate=True
    )
    found = [(warning.parameter, warning.type) for warning in unsupported(options, ALL)]
    assert found == [(name, "unsupported_language") for name in ("dictation", "smart_format", "redact", "numerals")]


@pytest.mark.parametrize(
    ("language", "info", "supported"),
    [
        ("en", ENGLISH, True),
        ("en-US", ENGLISH, True),
        ("en_GB", ENGLISH, True),
        ("de", ENGLISH, False),
        ("multi", ENGLISH, False),
        ("enx", ENGLISH, False),
        ("en", AMERICAN, True),
        ("en-US", AMERICAN, True),
        ("en-GB", AMERICAN, False),
        ("fi", ALL, True),
        ("zh-Hant", ALL, True),
        ("multi", ALL, False),
        ("klingon!", ALL, False),
        ("multi", SWITCHING, True),
    ],
)
def test_languages(language: str, info: EngineInfo, supported: bool) -> None:
    assert language_supported(ListenOptions(language=language), info) is supported
