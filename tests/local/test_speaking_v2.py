"""``WS /v2/speak`` of a running server: turns, interruptions, configuration, and errors that end it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

import deepgram.local
from deepgram.local import Server

from .talking import CLOSE, FLUSH, INTERRUPT, Talk, interrupt, say, talking

PATH = "v2/speak"
MODEL = "model=flux-haley-en"
TEXT = "The quick brown fox jumps over the lazy dog."
LONG = (TEXT + " ") * 40
TURN = ["SpeechStarted", "audio", "Flushed", "SpeechMetadata"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with deepgram.local.running(engine="scripted") as running:
        yield running


async def held(server: Server, *messages: dict[str, Any] | str | bytes, query: str = MODEL) -> Talk:
    """Send messages and read to the end."""
    async with talking(server, PATH, query) as talk:
        await talk.send(*messages)
        await talk.rest()
        return talk


def of(talk: Talk, kind: str) -> list[dict[str, Any]]:
    return [event for event in talk.events if event["type"] == kind]


async def test_a_turn_has_its_audio_between_its_start_and_its_metadata(server: Server) -> None:
    talk = await held(server, *(say(word + " ") for word in TEXT.split()), FLUSH, CLOSE)
    assert talk.types == ["Connected", *TURN, "SessionMetadata"]
    connected, started, _, flushed, metadata, session = talk.events
    assert connected["model_name"] == "flux-haley-en"
    assert len(connected["request_id"]) == len(connected["model_uuids"][0]) == 36
    assert re.fullmatch(r"dg_sp_[0-9a-f]{12}", started["speech_id"])
    assert started["speech_id"] == flushed["speech_id"] == metadata["speech_id"]
    assert metadata["audio_duration_ms"] == pytest.approx(len(talk.audio) / 48, abs=1)
    assert metadata["input_character_count"] == metadata["billable_character_count"] == len(TEXT) + 1
    controls = {"pronunciations_applied": 0, "breaks_applied": 0, "pronunciation_warnings": 0}
    assert metadata["controls_applied"] == controls
    assert session["total_audio_duration_ms"] == metadata["audio_duration_ms"]
    assert session["total_input_character_count"] == session["total_billable_character_count"] == len(TEXT) + 1
    assert talk.closed == (1000, "")


async def test_speech_starts_before_the_turn_is_flushed(server: Server) -> None:
    async with talking(server, PATH, MODEL) as talk:
        await talk.send(say("This sentence is complete. And this one is not"))
        await talk.until("audio")
        assert talk.types == ["Connected", "SpeechStarted", "audio"]
        await talk.send(FLUSH)
        await talk.until("SpeechMetadata")


async def test_turns_wait_for_each_other(server: Server) -> None:
    messages = [message for number in range(5) for message in (say(f"Turn {number}."), FLUSH)]
    talk = await held(server, *messages, CLOSE)
    assert talk.types == ["Connected", *TURN * 5, "SessionMetadata"]
    assert len({event["speech_id"] for event in of(talk, "SpeechStarted")}) == 5
    total = sum(event["audio_duration_ms"] for event in of(talk, "SpeechMetadata"))
    assert talk.events[-1]["total_audio_duration_ms"] == pytest.approx(total, abs=5)


async def test_a_flush_without_a_turn_is_warned_of(server: Server) -> None:
    talk = await held(server, FLUSH, say("Hello."), FLUSH, FLUSH, CLOSE)
    assert talk.codes == ["NO_ACTIVE_SPEECH", "NO_ACTIVE_SPEECH"]
    assert talk.types.count("SpeechMetadata") == 1
    assert talk.closed[0] == 1000


async def test_a_turn_that_was_not_flushed_is_spoken_when_the_session_closes(server: Server) -> None:
    talk = await held(server, say("Without an end"), CLOSE)
    assert talk.types == ["Connected", "SpeechStarted", "audio", "SpeechMetadata", "SessionMetadata"]


async def test_a_turn_with_nothing_to_say_is_told_and_ends(server: Server) -> None:
    talk = await held(server, say(" ... "), FLUSH, say("Hello."), FLUSH, CLOSE)
    assert talk.codes == ["NO_SYNTHESIZABLE_TEXT"]
    first, second = of(talk, "SpeechMetadata")
    assert first["audio_duration_ms"] == 0
    assert first["input_character_count"] == 5
    assert second["audio_duration_ms"] > 200


async def test_text_after_close_is_told_to_be_lost(server: Server) -> None:
    talk = await held(server, say(LONG), CLOSE, say("Too late."))
    assert talk.codes in ([], ["CLOSED"]), "unless everything was said before it came"
    assert talk.types[-1] == "SessionMetadata"


async def test_pronunciations_are_counted_and_odd_ones_warned_of(server: Server) -> None:
    text = r'I use \{"word": "SQL", "pronounce": "siːkwəl1"\} here.'
    talk = await held(server, say(text), FLUSH, CLOSE)
    assert talk.codes == ["PRONUNCIATION_WARNINGS"]
    (metadata,) = of(talk, "SpeechMetadata")
    counted = {"pronunciations_applied": 1, "breaks_applied": 0, "pronunciation_warnings": 1}
    assert metadata["controls_applied"] == counted
    assert metadata["input_character_count"] == len(text)
    assert metadata["billable_character_count"] == len("I use SQL here.")


# --- Interruptions ----------------------------------------------------------------------------------------------------


async def test_an_interruption_with_nothing_to_stop_is_warned_of(server: Server) -> None:
    talk = await held(server, INTERRUPT, interrupt(100), say("Hello."), FLUSH, CLOSE)
    assert talk.codes == ["NO_ACTIVE_SPEECH", "NO_ACTIVE_SPEECH"]
    assert of(talk, "SpeechMetadata")


async def test_an_interruption_stops_the_turn_and_says_what_was_heard(server: Server) -> None:
    async with talking(server, PATH, MODEL + "&sample_rate=48000") as talk:
        await talk.send(*[say(LONG)] * 20)  # half an hour: more than fits between server and client
        while len(talk.audio) < 3 * 96_000:
            await talk.until("audio")
        await talk.send(interrupt(2340))
        interrupted = await talk.until("SpeechInterrupted")
        assert interrupted["audio_played_ms"] == 2340
        assert interrupted["text_spoken"] + interrupted["text_remaining"] == LONG * 20
        assert LONG.startswith(interrupted["text_spoken"])
        assert 15 < len(interrupted["text_spoken"]) < 80
        assert interrupted["text_spoken"].endswith(tuple(TEXT.rstrip(".").split())), "whole words"
        metadata = interrupted["metadata"]
        assert metadata["speech_id"] == talk.events[1]["speech_id"]
        assert metadata["audio_duration_ms"] == pytest.approx(len(talk.audio) / 96, abs=2)
        assert metadata["audio_duration_ms"] < 20 * 60_000
        await talk.send(say("Go on."), FLUSH, CLOSE)
        after = len(talk.events)
        await talk.rest()
        assert talk.types[after:] == [*TURN, "SessionMetadata"], "nothing of the turn comes after its interruption"
        assert talk.events[-1]["total_audio_duration_ms"] < 2340 + 2000, "counted is what was heard"


async def test_a_turn_that_is_over_here_and_still_played_there_can_be_interrupted(server: Server) -> None:
    async with talking(server, PATH, MODEL) as talk:
        await talk.send(say(TEXT), FLUSH)
        await talk.until("SpeechMetadata")
        await talk.send(interrupt(600))
        interrupted = await talk.until("SpeechInterrupted")
        assert interrupted["text_spoken"] + interrupted["text_remaining"] == TEXT
        assert 0 < len(interrupted["text_spoken"]) < len(TEXT)
        await talk.send(interrupt(600))
        assert (await talk.until("Warning"))["code"] == "INVALID_INTERRUPT_OFFSET"
        await talk.send(interrupt(60_000))
        assert (await talk.until("Warning"))["code"] == "NO_ACTIVE_SPEECH"


async def test_an_interruption_that_does_not_say_what_was_played_gets_no_text(server: Server) -> None:
    async with talking(server, PATH, MODEL + "&sample_rate=48000") as talk:
        await talk.send(*[say(LONG)] * 20)
        await talk.until("audio")
        await talk.send(INTERRUPT)
        interrupted = await talk.until("SpeechInterrupted")
        assert "text_spoken" not in interrupted
        assert interrupted["audio_played_ms"] == pytest.approx(len(talk.audio) / 96, abs=2)


async def test_turns_that_wait_survive_an_interruption(server: Server) -> None:
    async with talking(server, PATH, MODEL + "&sample_rate=48000") as talk:
        await talk.send(*[say(LONG)] * 20, FLUSH, say("Second turn."), FLUSH)
        await talk.until("audio")
        await talk.send(INTERRUPT, CLOSE)
        await talk.rest()
        assert talk.types == ["Connected", "SpeechStarted", "audio", "SpeechInterrupted", *TURN, "SessionMetadata"]


# --- Configuration ----------------------------------------------------------------------------------------------------


async def test_the_speed_can_be_changed(server: Server) -> None:
    fast = {"type": "Configure", "speed": 1.5}
    talk = await held(server, say(TEXT), FLUSH, say("x"), FLUSH, CLOSE)
    usual = of(talk, "SpeechMetadata")[0]["audio_duration_ms"]
    talk = await held(server, fast, say(TEXT), FLUSH, CLOSE)
    assert of(talk, "ConfigureSuccess") == [{"type": "ConfigureSuccess", "applied": {"speed": 1.5}}]
    assert of(talk, "SpeechMetadata")[0]["audio_duration_ms"] == pytest.approx(usual / 1.5, rel=0.1)
    talk = await held(server, say(TEXT), FLUSH, CLOSE, query=MODEL + "&speed=0.5")
    assert of(talk, "SpeechMetadata")[0]["audio_duration_ms"] == pytest.approx(usual / 0.5, rel=0.1)


@pytest.mark.parametrize(
    ("speed", "code", "says"),
    [
        (0.45, "SPEED_OUT_OF_RANGE", "'speed' must be between 0.5 and 1.5"),
        (1.55, "SPEED_OUT_OF_RANGE", "'speed' must be between 0.5 and 1.5"),
        (1.07, "SPEED_INCREMENT_INVALID", "'speed' must be provided in increments of 0.05"),
    ],
)
async def test_a_speed_that_is_not_allowed_is_refused_and_the_old_one_stays(
    server: Server, speed: float, code: str, says: str
) -> None:
    talk = await held(server, {"type": "Configure", "speed": speed}, {"type": "Configure"}, CLOSE)
    failure = {"type": "ConfigureFailure", "code": code, "field": "speed", "value": speed, "description": says}
    assert of(talk, "ConfigureFailure") == [failure]
    assert of(talk, "ConfigureSuccess") == [{"type": "ConfigureSuccess", "applied": {"speed": 1.0}}]


async def test_a_speed_is_refused_while_a_pronunciation_waits(server: Server) -> None:
    text = r'I use \{"word": "SQL", "pronounce": "siːkwəl"\} here'
    talk = await held(server, say(text), {"type": "Configure", "speed": 1.2}, FLUSH, CLOSE)
    assert of(talk, "ConfigureFailure")[0]["code"] == "CONTROL_COMBINATION_INVALID"
    assert of(talk, "SpeechMetadata")[0]["controls_applied"]["pronunciations_applied"] == 1


# --- Bad input: here every error ends the conversation ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "code", "closed"),
    [
        ("nonsense", "MESSAGE-0000", 1008),
        (b"\x00", "MESSAGE-0000", 1008),
        ("[]", "MESSAGE-0000", 1008),
        ('{"type": "Clear"}', "MESSAGE-0000", 1008),
        ('{"type": "Speak"}', "MESSAGE-0000", 1008),
        ('{"type": "Speak", "text": "half \\ud800 of a pair"}', "MESSAGE-0000", 1008),
        ('{"type": "Configure", "speed": "fast"}', "MESSAGE-0000", 1008),
        ('{"type": "Interrupt", "playback_offset": 5}', "MESSAGE-0000", 1008),
        ('{"type": "Interrupt", "playback_offset": {"type": "time_ms", "value": -1}}', "MESSAGE-0000", 1008),
        (json.dumps(say("x" * 70_000)), "BIG-0000", 1009),
        (json.dumps(say(r"One. \{pause:1s\} Two. ")), "DATA-0002", 1008),
        (json.dumps(say(r"One. \{pause:1ms\} Two. ")), "DATA-0002", 1008),
    ],
)
async def test_an_error_is_the_last_word(server: Server, message: str | bytes, code: str, closed: int) -> None:
    talk = await held(server, message)
    assert talk.events[-1]["type"] == "Error"
    assert talk.events[-1]["code"] == code
    assert talk.closed[0] == closed


async def test_a_pronunciation_at_another_speed_is_an_error(server: Server) -> None:
    text = r'\{"word": "SQL", "pronounce": "siːkwəl"\}. '
    talk = await held(server, say(text), FLUSH, query=MODEL + "&speed=1.1")
    assert talk.codes == ["DATA-0002"]


@pytest.mark.parametrize("text", ["\0", "a\0b", "\x1b[31m red", "\ufeff"])
async def test_signs_that_nobody_says_harm_nothing(server: Server, text: str) -> None:
    talk = await held(server, say(text), FLUSH, CLOSE)
    assert talk.types[-1] == "SessionMetadata"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "INVALID_QUERY_PARAMETER"),
        ("model=aura-2-thalia-en", "Bad Request"),
        ("model=flux-nobody-en", "Bad Request"),
        (MODEL + "&encoding=mp3", "INVALID_QUERY_PARAMETER"),
        (MODEL + "&container=wav", "INVALID_QUERY_PARAMETER"),
        (MODEL + "&bit_rate=48000", "INVALID_QUERY_PARAMETER"),
        (MODEL + "&sample_rate=22050", "UNSUPPORTED_AUDIO_FORMAT"),
        (MODEL + "&speed=2", "SPEED_OUT_OF_RANGE"),
        (MODEL + "&expressivity=1.5", "EXPRESSIVITY_INCREMENT_INVALID"),
        (MODEL + "&expressivity=3", "EXPRESSIVITY_OUT_OF_RANGE"),
    ],
)
async def test_a_handshake_that_makes_no_sense_is_refused(server: Server, query: str, code: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with talking(server, PATH, query):
            pass
    assert refused.value.response.status_code == 400
    assert json.loads(refused.value.response.body or b"")["err_code"] == code


async def test_a_silent_session_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepgram.local.handlers.speaking_turns.SILENCE", 0.1)
    with deepgram.local.running(engine="scripted", audio_timeout=1) as server:
        async with talking(server, PATH, MODEL) as talk:
            await talk.rest()
            assert talk.codes == ["NET-0004"]
            assert talk.closed[0] == 1011


async def test_an_engine_that_fails_ends_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    from deepgram.local.engines.espeak import Espeak
    from deepgram.local.engines.synthesizer import SynthesizerError

    def fail(*_: object, **__: object) -> None:
        raise SynthesizerError("hoarse")

    monkeypatch.setattr(Espeak, "speak", fail)
    with deepgram.local.running(engine="scripted") as server:
        talk = await held(server, say(TEXT), FLUSH)
        assert talk.codes == ["NET-0000"]
        assert talk.closed[0] == 1011
