"""What is said of a text that is spoken while it is written, with a hand-moved clock."""

from __future__ import annotations

from typing import Any

import pytest

from deepgram.protocol.models.speak import (
    SpeakV1Cleared,
    SpeakV1Flushed,
    SpeakV1Warning,
    SpeakV2SpeechInterrupted,
    SpeakV2SpeechMetadata,
    SpeakV2Warning,
)
from deepgram.protocol.spoken_text import AHEAD, V1, V2, Dialect, Pace, SpokenText

FLUSHED = SpeakV1Flushed(sequence_id=0)
CLEARED = SpeakV1Cleared(sequence_id=0)
COUNTS = {"pronunciations_applied": 0, "breaks_applied": 0, "pronunciation_warnings": 0}
TURN: dict[str, Any] = {
    "speech_id": "s",
    "audio_duration_ms": 1,
    "input_character_count": 1,
    "billable_character_count": 1,
    "controls_applied": COUNTS,
}
SPOKEN = SpeakV2SpeechMetadata.model_construct(**TURN)


def told(text: SpokenText, now: float, *, ended: bool = False) -> list[str]:
    """Return the commands that are due, with the text of those that have some."""
    said, _ = text.says(now, ended=ended)
    return [getattr(message, "text", command) for command, message in said]


def spoken(dialect: Dialect, pace: Pace | None = None) -> SpokenText:
    return SpokenText(dialect, pace or Pace())


def test_the_first_sentence_is_flushed_and_later_ones_when_some_time_has_passed() -> None:
    text = spoken(V1)
    text.writes("One. Two. Three. F")
    assert told(text, 0) == ["One. ", "send_flush", "Two. ", "Three. "]
    text.writes("our. F")
    assert told(text, 3.9) == ["Four. "]
    text.writes("ive. S")
    assert told(text, 4.0) == ["Five. ", "send_flush"]
    text.ends()
    assert told(text, 5, ended=True) == ["S", "send_flush"]
    assert text.state == "ended"
    for _ in range(3):
        assert text.speaking
        text.hears(FLUSHED)
    assert not text.speaking
    assert text.last == FLUSHED


def test_a_turn_is_flushed_once() -> None:
    text = spoken(V2)
    text.writes("One. Two. Three. F")
    assert told(text, 0) == ["One. ", "Two. ", "Three. "]
    text.ends()
    assert told(text, 100, ended=True) == ["F", "send_flush"]
    text.hears(SPOKEN)
    assert not text.speaking


def test_no_more_flushes_are_sent_than_the_service_takes() -> None:
    pace = Pace()
    for number in range(20):
        assert pace.wait(number) == 0
        pace.sent.append(number)
    assert pace.wait(20) == 40
    assert not pace.due(20)
    assert pace.wait(60) == 0
    assert pace.due(60)
    text = spoken(V1, pace)
    pace.sent.append(60)
    text.writes("One. T")
    text.ends()
    said, wait = text.says(60.5, ended=True)
    assert [command for command, _ in said] == ["send_text", "send_text"]
    assert wait == 0.5  # the last has to wait until the service takes it
    assert told(text, 61, ended=True) == ["send_flush"]


def test_a_writer_far_ahead_waits_until_something_is_spoken() -> None:
    for dialect, confirmation in ((V1, FLUSHED), (V2, SPOKEN)):
        text = spoken(dialect)
        sentence = "x" * 98 + ". "
        text.writes(sentence * 100 + "X")
        said, wait = text.says(0, ended=False)
        assert wait == float("inf")
        characters = sum(len(getattr(message, "text", "")) for _, message in said)
        assert 2000 <= characters <= AHEAD + 100
        while wait is not None:
            text.hears(confirmation)
            said, wait = text.says(1000, ended=False)
            characters += sum(len(getattr(message, "text", "")) for _, message in said)
        assert characters == len(sentence) * 100


def test_an_interruption_says_nothing_more_and_waits_for_its_confirmation() -> None:
    text = spoken(V1)
    text.writes("One. Two. T")
    assert told(text, 0)
    text.writes("hree. F")
    assert [command for command, _ in text.stop()] == ["send_clear"]
    text.writes("our. F")
    assert told(text, 1) == []
    assert text.stop() == []
    text.hears(FLUSHED)
    text.hears(SpeakV1Warning(description="d", code="c"))
    assert text.speaking
    text.hears(CLEARED)
    assert not text.speaking
    assert text.last == CLEARED
    assert text.stop() == []


def test_how_much_was_heard_goes_along() -> None:
    for played, fields in ((None, {"type": "Interrupt"}), (7, {"type": "time_ms", "value": 7})):
        text = spoken(V2)
        text.writes("One. T")
        told(text, 0)
        ((command, message),) = text.stop(played)
        assert command == "send_interrupt"
        assert message.dict().get("playback_offset", message.dict()) == fields
    text.hears(SpeakV2Warning(code="SYNTHESIS_RETRYING", description="d"))
    assert text.speaking
    stopped = SpeakV2SpeechInterrupted.model_construct(audio_played_ms=7, metadata=TURN)
    text.hears(stopped)
    assert text.last is stopped


@pytest.mark.parametrize("dialect", [V1, V2])
def test_a_text_without_words_still_comes_to_an_end(dialect: Dialect) -> None:
    text = spoken(dialect)
    text.writes("  \n ")
    text.ends()
    assert told(text, 0, ended=True) == ["send_clear" if dialect is V1 else "send_interrupt"]
    text.hears(CLEARED if dialect is V1 else SpeakV2Warning(code="NO_ACTIVE_SPEECH", description="d"))
    assert not text.speaking
