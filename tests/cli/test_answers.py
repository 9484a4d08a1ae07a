"""Reading answers of the service: what is printed as text and what captions are made of."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepgram.cli import answers, captions


def word(text: str, start: object = 0.0, end: object = 0.5, **more: object) -> dict[str, Any]:
    return {"word": text.lower().strip("."), "punctuated_word": text, "start": start, "end": end, **more}


def answer(*channels: list[dict[str, Any]], **results: object) -> dict[str, Any]:
    def alternative(words: list[dict[str, Any]]) -> dict[str, Any]:
        return {"transcript": " ".join(str(w["punctuated_word"]) for w in words), "words": words}

    return {"results": {"channels": [{"alternatives": [alternative(words)]} for words in channels], **results}}


def test_one_voice_is_the_plain_transcript() -> None:
    assert answers.text(answer([word("Hello"), word("world.")])) == "Hello world."


def test_paragraphs_are_kept_when_they_were_asked_for() -> None:
    said = answer([word("One."), word("Two.")])
    said["results"]["channels"][0]["alternatives"][0]["paragraphs"] = {"transcript": "\nOne.\n\nTwo."}
    assert answers.text(said) == "One.\n\nTwo."


def test_several_channels_are_told_apart_and_ordered_by_time() -> None:
    said = answer([word("Hello?", 0, 1), word("Good.", 5, 6)], [word("Hi.", 2, 3)])
    assert answers.text(said) == "Channel 0: Hello? Good.\nChannel 1: Hi."
    utterances = [
        {"start": 0, "end": 1, "channel": 0, "transcript": "Hello?", "words": [word("Hello?", 0, 1)]},
        {"start": 2, "end": 3, "channel": 1, "transcript": "Hi.", "words": [word("Hi.", 2, 3)]},
        {"start": 5, "end": 6, "channel": 0, "transcript": "Good.", "words": [word("Good.", 5, 6)]},
    ]
    said["results"]["utterances"] = utterances
    assert answers.text(said) == "Channel 0: Hello?\nChannel 1: Hi.\nChannel 0: Good."


def test_several_speakers_are_told_apart_and_one_is_not_named() -> None:
    two = answer([word("Hello?", 0, 1, speaker=0), word("Hi.", 1, 2, speaker=1), word("You.", 2, 3, speaker=1)])
    assert answers.text(two) == "Speaker 0: Hello?\nSpeaker 1: Hi. You."
    one = answer([word("Hello?", 0, 1, speaker=0), word("Hi.", 1, 2, speaker=0)])
    assert answers.text(one) == "Hello? Hi."


def test_speakers_of_several_channels_have_both_names() -> None:
    said = answer([word("a", 0, 1, speaker=0), word("b", 1, 2, speaker=1)], [word("c", 2, 3, speaker=0)])
    assert [phrase.voice for phrase in answers.phrases(said)] == [
        "Channel 0 Speaker 0",
        "Channel 0 Speaker 1",
        "Channel 1 Speaker 0",
    ]


def test_an_utterance_without_words_gives_its_text_spread_over_its_time() -> None:
    said = answer([], utterances=[{"start": 2.0, "end": 4.0, "channel": 0, "transcript": "two words"}])
    (phrase,) = answers.phrases(said)
    assert phrase.words == (captions.Spoken("two", 2.0, 3.0), captions.Spoken("words", 3.0, 4.0))


def test_words_without_usable_times_follow_the_word_before() -> None:
    said = answer([word("a", 1.0, 2.0), word("b", None, None), word("c", "x", -1), word("d", float("nan"), 10**400)])
    assert [(w.start, w.end) for w in answers.phrases(said)[0].words] == [
        (1.0, 2.0),
        (2.0, 2.0),
        (2.0, 2.0),
        (2.0, 2.0),
    ]


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert answers.text(answer([word("\x1b]0;title\x07Hello\x9b2J.")])) == "]0;titleHello2J."


def test_warnings_are_told_with_the_parameter_they_are_about() -> None:
    said = {"metadata": {"warnings": [{"parameter": "diarize", "type": "unsupported", "message": "not done"}, 3, {}]}}
    assert answers.remarks(said) == ["diarize: not done"]


@pytest.mark.parametrize(
    "odd",
    [{}, {"results": None}, {"results": {"channels": "x"}}, {"results": {"channels": [None, {"alternatives": 1}]}}],
)
def test_an_answer_without_a_transcript_is_empty_text(odd: dict[str, Any]) -> None:
    assert answers.text(odd).strip() == ""
    assert answers.phrases(odd) == []


names = ["metadata", "warnings", "results", "channels", "utterances", "alternatives", "words", "word", "start", "end"]
names += ["transcript", "paragraphs", "speaker", "channel", "punctuated_word", "message", "parameter"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(names), inner, max_size=5),
    max_leaves=30,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(names), json_values, max_size=5))
def test_no_json_object_whatsoever_raises(odd: dict[str, Any]) -> None:
    odd = json.loads(json.dumps(odd))
    made = captions.cues(answers.phrases(odd))
    assert isinstance(answers.text(odd) + captions.srt(made) + captions.vtt(made) + "".join(answers.remarks(odd)), str)
