"""The transcript and the latency of turns, out of messages and audio with their times."""

from __future__ import annotations

from array import array

import pytest

from deepgram.conversation import Said, Turn
from deepgram.conversation.record import KEPT, Record, level
from deepgram.protocol.models.agent_messages import (
    AgentV1AgentAudioDone,
    AgentV1AgentStartedSpeaking,
    AgentV1ConversationText,
    AgentV1LatencyReport,
    AgentV1UserStartedSpeaking,
)

SPEECH = array("h", [3000, -3000] * 400).tobytes()
SILENCE = bytes(1600)


def user(text: str) -> AgentV1ConversationText:
    return AgentV1ConversationText(role="user", content=text)


def agent(text: str) -> AgentV1ConversationText:
    return AgentV1ConversationText(role="assistant", content=text)


def test_latency_is_from_the_end_of_speech_to_the_first_audio() -> None:
    record = Record()
    record.take(AgentV1UserStartedSpeaking(), 1.0)
    for chunk in range(20):
        record.sends(SPEECH if chunk < 10 else SILENCE, 1.0 + chunk * 0.05)
    record.take(user("What time is it?"), 2.0)
    record.take(agent("It is noon."), 2.2)
    record.take(b"\1\2", 2.25)
    record.take(b"\1\2", 2.5)
    record.take(AgentV1AgentAudioDone(), 2.6)
    (turn,) = record.turns
    assert turn == Turn("What time is it?", 1.0 + 9 * 0.05, 2.25, measured=True)
    assert turn.latency == pytest.approx(0.8)
    assert record.said == [
        Said("user", "What time is it?", 1.0, 2.0),
        Said("assistant", "It is noon.", 2.2, 2.6),
    ]


def test_without_speech_that_could_be_measured_the_words_count() -> None:
    record = Record()
    record.sends(SILENCE, 0.5)
    record.take(AgentV1UserStartedSpeaking(), 1.0)
    record.take(user("Hello"), 2.0)
    assert record.turns == [Turn("Hello", 1.0)]
    record.sends(SPEECH, 2.5)  # before the next turn begins
    record.take(AgentV1UserStartedSpeaking(), 3.0)
    record.take(user("Again"), 4.0)
    assert record.turns[-1] == Turn("Again", 4.0)


def test_text_ends_when_it_is_sent() -> None:
    record = Record()
    record.sends(SPEECH, 0.5)
    record.sends_text(1.0)
    record.take(user("Hello"), 1.3)
    record.take(b"\0\0", 1.5)
    (turn,) = record.turns
    assert turn.latency == pytest.approx(0.5)
    assert not turn.measured


def test_the_services_own_figures_are_kept_with_the_turn() -> None:
    record = Record()
    record.take(AgentV1LatencyReport(total_latency=9), 0.0)
    record.take(user("Hello"), 1.0)
    record.take(AgentV1AgentStartedSpeaking(total_latency=0.9, tts_latency=0.2, ttt_latency=0.6), 1.5)
    assert (record.turns[0].total_latency, record.turns[0].tts_latency, record.turns[0].ttt_latency) == (0.9, 0.2, 0.6)
    record.take(AgentV1LatencyReport(stt_latency=0.1, ttt_text_latency=0.5, total_latency=0.8), 1.6)
    turn = record.turns[0]
    assert (turn.stt_latency, turn.ttt_latency, turn.tts_latency, turn.total_latency) == (0.1, 0.5, 0.2, 0.8)
    record.take(AgentV1LatencyReport.model_construct(total_latency="odd"), 1.7)
    assert record.turns[0].total_latency == 0.8


def test_an_interruption_is_noted_even_if_all_audio_had_been_sent() -> None:
    record = Record()
    record.take(user("Tell me a story."), 1.0)
    record.take(agent("Once upon a time,"), 2.0)
    record.take(agent("there was a king."), 2.1)
    record.take(AgentV1UserStartedSpeaking(), 3.0, playing=True)
    assert record.said[1:] == [
        Said("assistant", "Once upon a time,", 2.0, 3.0, interrupted=True),
        Said("assistant", "there was a king.", 2.1, 3.0, interrupted=True),
    ]
    record.take(user("Stop."), 3.5)
    record.take(agent("Sorry."), 4.0)
    record.take(AgentV1AgentAudioDone(), 4.1)
    record.take(AgentV1UserStartedSpeaking(), 4.2, playing=True)
    assert record.said[-1] == Said("assistant", "Sorry.", 4.0, 4.1, interrupted=True)
    record.take(AgentV1UserStartedSpeaking(), 9.0)
    assert record.said[-1].end == 4.1


def test_what_is_kept_is_bounded() -> None:
    record = Record()
    for number in range(KEPT + 5):
        record.take(user(str(number)), float(number))
    assert len(record.said) == len(record.turns) == KEPT
    assert record.said[0].text == "5"


def test_the_level_of_audio() -> None:
    assert level(b"") == level(b"\1") == 0.0
    assert level(SILENCE) == 0.0
    assert level(SPEECH) == pytest.approx(3000 / 32768)
    assert level(array("h", [-32768] * 10).tobytes()) == 1.0
