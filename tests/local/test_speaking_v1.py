"""``WS /v1/speak`` of a running server: text comes in as it may, real audio goes out in order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import psutil
import pytest
from websockets.exceptions import InvalidStatus

import deepgram.local
from deepgram.local import Server

from .sounding import decoded, loudness, samples_of
from .talking import CLEAR, CLOSE, FLUSH, PATIENCE, Talk, say, talking

PATH = "v1/speak"
TEXT = "The quick brown fox jumps over the lazy dog."


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with deepgram.local.running(engine="scripted") as running:
        yield running


async def test_metadata_comes_first(server: Server) -> None:
    async with talking(server, PATH, "model=aura-2-thalia-en") as talk:
        first = await talk.next()
        assert first["type"] == "Metadata"
        assert first["model_name"] == "aura-2-thalia-en"
        assert len(first["request_id"]) == len(first["model_uuid"]) == 36
        response = talk.socket.response
        assert response is not None
        assert response.headers["dg-request-id"] == first["request_id"]


async def test_text_that_comes_word_by_word_is_spoken_as_a_whole(server: Server) -> None:
    async with talking(server, PATH) as talk:
        await talk.send(*(say(word + " ") for word in TEXT.split()), FLUSH)
        flushed = await talk.until("Flushed")
        assert flushed["sequence_id"] == 0
        assert talk.types == ["Metadata", "audio", "Flushed"]
        whole = bytes(talk.audio)
        talk.audio.clear()
        await talk.send(say(TEXT + " "), FLUSH)
        assert (await talk.until("Flushed"))["sequence_id"] == 1
        assert len(talk.audio) == pytest.approx(len(whole), rel=0.03)
        assert 1.5 < len(whole) / 48000 < 5
        assert loudness(samples_of(whole)) > 0.02


async def test_a_sentence_is_spoken_while_the_next_is_written(server: Server) -> None:
    async with talking(server, PATH) as talk:
        await talk.send(say("This sentence is complete. And this one is"))
        assert (await talk.until("audio"))["bytes"] > 0
        await talk.send(say(" complete too."), FLUSH)
        await talk.until("Flushed")


async def test_several_flushes_in_flight_keep_their_order(server: Server) -> None:
    async with talking(server, PATH) as talk:
        for number in range(10):
            await talk.send(say(f"Number {number}."), FLUSH)
        for number in range(10):
            assert (await talk.until("Flushed"))["sequence_id"] == number
        assert talk.types == ["Metadata", *["audio", "Flushed"] * 10]


async def test_two_flushes_in_a_row_and_one_with_nothing_to_say_are_answered(server: Server) -> None:
    async with talking(server, PATH) as talk:
        await talk.send(FLUSH, say("Hello."), FLUSH, FLUSH, CLOSE)
        await talk.rest()
        assert talk.types == ["Metadata", "Flushed", "audio", "Flushed", "Flushed"]
        assert talk.closed == (1000, "")


async def test_more_flushes_than_allowed_are_warned_of_and_lose_no_text(server: Server) -> None:
    async with talking(server, PATH) as talk:
        await talk.send(*[FLUSH] * 20, say("Not to be lost"), FLUSH, CLOSE)
        await talk.rest()
        assert talk.types.count("Flushed") == 20
        assert talk.codes == ["EXCESSIVE_FLUSH"]
        assert talk.types[-1] == "audio", "what the refused flush would have spoken is spoken at the end"


async def test_clear_drops_what_was_not_sent(server: Server) -> None:
    async with talking(server, PATH, "sample_rate=48000") as talk:
        texts = [say((TEXT + " ") * 40)] * 20  # more than half an hour
        await talk.send(*texts, CLEAR, say("Short."), FLUSH, CLOSE)
        await talk.rest()
        assert talk.types.count("Cleared") == 1
        assert talk.types[-3:] == ["Cleared", "audio", "Flushed"]
        assert len(talk.audio) / 96000 < 20 * 60, "all of it was spoken"
        assert 0.2 < talk.events[-2]["bytes"] / 96000 < 3, "what came after Clear is spoken whole, and nothing else"


async def test_every_clear_is_confirmed_and_a_flush_before_it_is_forgotten(server: Server) -> None:
    async with talking(server, PATH) as talk:
        await talk.send(say((TEXT + " ") * 40), FLUSH, CLEAR, CLEAR, say("Bye."), FLUSH, CLOSE)
        await talk.rest()
        assert [event["sequence_id"] for event in talk.events if event["type"] == "Cleared"] == [0, 1]
        assert [event["sequence_id"] for event in talk.events if event["type"] == "Flushed"][-1:] == [
            talk.types.count("Flushed") - 1
        ]


async def test_close_speaks_what_is_left_and_says_goodbye(server: Server) -> None:
    async with talking(server, PATH) as talk:
        await talk.send(say("Without an end"), CLOSE)
        await talk.rest()
        assert talk.types == ["Metadata", "audio"]
        assert talk.closed == (1000, "")


async def test_text_after_close_is_told_to_be_lost(server: Server) -> None:
    async with talking(server, PATH) as talk:
        await talk.send(say((TEXT + " ") * 20), CLOSE, say("Too late."))
        await talk.rest()
        assert talk.codes in ([], ["CLOSED"]), "unless everything was said before it came"
        assert talk.closed[0] == 1000


@pytest.mark.parametrize(
    ("query", "rate", "width"),
    [
        ("encoding=linear16&sample_rate=8000", 8000, 2),
        ("encoding=linear16&sample_rate=48000", 48000, 2),
        ("encoding=mulaw", 8000, 1),
        ("encoding=alaw&sample_rate=16000", 16000, 1),
        ("encoding=linear16&sample_rate=24000.0&container=none&mip_opt_out=true&no_such=thing", 24000, 2),
    ],
)
async def test_live_encodings_can_be_read(server: Server, query: str, rate: int, width: int) -> None:
    async with talking(server, PATH, query) as talk:
        await talk.send(say(TEXT), FLUSH, CLOSE)
        await talk.rest()
    assert 1.5 < len(talk.audio) / rate / width < 5
    kind = {"mulaw": "mulaw", "alaw": "alaw"}.get(query.partition("=")[2].partition("&")[0], "s16le")
    samples, _ = decoded(bytes(talk.audio), raw=kind, rate=rate)
    assert loudness(samples) > 0.02


async def test_speed_and_controls_are_honoured(server: Server) -> None:
    async def length(query: str, text: str) -> float:
        async with talking(server, PATH, query) as talk:
            await talk.send(say(text), FLUSH, CLOSE)
            await talk.rest()
        return len(talk.audio) / 48000

    usual = await length("", TEXT)
    assert await length("speed=1.5", TEXT) == pytest.approx(usual / 1.5, rel=0.1)
    assert await length("", r"\{pause:2s\} " + TEXT) == pytest.approx(usual + 2, abs=0.3)


async def test_a_control_cut_in_two_is_understood(server: Server) -> None:
    text = r'I use \{"word": "Mr. SQL. Jr. ", "pronounce": "siːkwəl"\} here. Yes.'
    async with talking(server, PATH) as talk:
        await talk.send(*(say(sign) for sign in text), FLUSH, CLOSE)
        await talk.rest()
        assert talk.codes == []
        assert 0.8 < len(talk.audio) / 48000 < 4, "nobody spells a control"


@pytest.mark.parametrize(
    "text", ["x" * 1990, "word " * 390, "{" * 1990, r"\{pause " * 200, '{"word": "' + "a b " * 450]
)
async def test_text_without_sentences_is_spoken_before_it_piles_up(server: Server, text: str) -> None:
    async with talking(server, PATH) as talk:
        for _ in range(5):
            await talk.send(say(text))
        await talk.until("audio")
        await talk.send(CLEAR, say("Hello."), FLUSH)
        await talk.until("Cleared")
        await talk.until("Flushed")


async def test_a_control_that_means_nothing_is_warned_of(server: Server) -> None:
    async with talking(server, PATH) as talk:
        await talk.send(say(r"One \{pause:1ms\} two. "), say("Three."), FLUSH, CLOSE)
        await talk.rest()
        assert talk.codes == ["BREAK_OUT_OF_RANGE"]
        assert talk.audio


# --- Bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        b"\x00\x01",
        "nonsense",
        "[]",
        "5",
        "{}",
        '{"type": "Sing", "text": "la"}',
        '{"type": "Speak"}',
        '{"type": "Speak", "text": 5}',
        '{"type": "Speak", "text": "half \\ud800 of a pair"}',
        "[" * 10_000,
        json.dumps({"type": "Flush", "x": "x" * 70_000}),
    ],
)
async def test_what_is_no_message_is_warned_of_and_the_conversation_goes_on(
    server: Server, message: str | bytes
) -> None:
    async with talking(server, PATH) as talk:
        await talk.send(message, say("Hello."), FLUSH, CLOSE)
        await talk.rest()
        assert talk.codes == ["UNPARSABLE_CLIENT_MESSAGE"]
        assert talk.types[-2:] == ["audio", "Flushed"]


@pytest.mark.parametrize("text", ["", "   ", "\n", "\0", "..."])
async def test_text_with_nothing_to_say_harms_nothing(server: Server, text: str) -> None:
    async with talking(server, PATH) as talk:
        await talk.send(say(text), FLUSH, say("Hello."), FLUSH, CLOSE)
        await talk.rest()
        assert talk.types.count("Flushed") == 2
        assert talk.closed[0] == 1000


async def test_a_message_of_2001_characters_is_too_big(server: Server) -> None:
    async with talking(server, PATH) as talk:
        await talk.send(say("a" * 2001))
        await talk.rest()
        code, reason = talk.closed
        assert code == 1009
        assert "BIG-0001" in (reason or "")
    async with talking(server, PATH) as talk:
        await talk.send(say(("ab " * 700)[:2000]), FLUSH)
        await talk.until("Flushed")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("model=aura-2-nobody-en", 400, "Bad Request"),
        ("model=flux-haley-en", 400, "Bad Request"),
        ("encoding=mp3", 400, "INVALID_QUERY_PARAMETER"),
        ("container=wav", 400, "UNSUPPORTED_AUDIO_FORMAT"),
        ("sample_rate=44100", 400, "UNSUPPORTED_AUDIO_FORMAT"),
        ("encoding=mulaw&sample_rate=24000", 400, "UNSUPPORTED_AUDIO_FORMAT"),
        ("speed=9", 400, "speed_out_of_range"),
    ],
)
async def test_a_handshake_that_makes_no_sense_is_refused(server: Server, query: str, status: int, code: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with talking(server, PATH, query):
            pass
    response = refused.value.response
    body = json.loads(response.body or b"")
    assert (response.status_code, body["err_code"]) == (status, code)
    assert body["request_id"] == response.headers["dg-request-id"]
    assert response.headers["dg-error"] == body["err_msg"]


@asynccontextmanager
async def as_soon_as_possible(server: Server) -> AsyncGenerator[Talk, None]:
    """Open a conversation, again and again until there is a place."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        try:
            async with talking(server, PATH) as talk:
                yield talk
                return
        except InvalidStatus as refused:
            assert refused.response.status_code == 429
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.02)


async def test_there_are_so_many_places_and_no_more() -> None:
    with deepgram.local.running(engine="scripted", max_speaking=2) as server:
        async with talking(server, PATH), talking(server, PATH) as second:
            with pytest.raises(InvalidStatus) as refused:
                async with talking(server, PATH):
                    pass
            assert refused.value.response.status_code == 429
            await second.send(CLOSE)
            await second.rest()
            async with as_soon_as_possible(server) as third:
                assert (await third.next())["type"] == "Metadata"


async def test_a_client_that_does_not_read_costs_little_memory_and_loses_its_place_in_the_end() -> None:
    options: dict[str, Any] = {"engine": "scripted", "audio_timeout": 0.5, "max_speaking": 2}
    with deepgram.local.running(**options) as server:
        before = psutil.Process().memory_info().rss
        # This client takes one message off its socket and then no more.
        async with talking(server, PATH, "sample_rate=48000", max_queue=1, close_timeout=0) as deaf:
            for _ in range(40):  # an hour of audio, 350 MB
                await deaf.send(say((TEXT + " ") * 40))
            async with talking(server, PATH) as other:
                await other.send(say(TEXT), FLUSH)
                await other.until("Flushed")
                async with as_soon_as_possible(server) as third:
                    assert (await third.next())["type"] == "Metadata"
            deaf.socket.transport.abort()
        assert psutil.Process().memory_info().rss - before < 80e6


async def test_a_client_that_just_leaves_harms_nobody(server: Server) -> None:
    for _ in range(20):
        async with talking(server, PATH, close_timeout=0) as talk:
            await talk.send(say((TEXT + " ") * 40), FLUSH)
            talk.socket.transport.abort()
    async with talking(server, PATH) as talk:
        await talk.send(say(TEXT), FLUSH)
        await talk.until("Flushed")


async def test_a_server_that_stops_says_so() -> None:
    server = deepgram.local.running(engine="scripted")
    server.start()
    async with talking(server, PATH) as talk:
        await talk.next()
        await asyncio.to_thread(server.stop)
        await talk.rest()
        assert talk.closed[0] == 1012


async def test_fifty_conversations_at_once_each_get_their_own_audio(server: Server) -> None:
    async def one(words: int) -> tuple[int, int]:
        async with talking(server, PATH) as talk:
            await talk.send(say("one " * words), FLUSH, CLOSE)
            await talk.rest()
            assert talk.types == ["Metadata", "audio", "Flushed"]
            return words, len(talk.audio)

    lengths: dict[int, set[int]] = {}
    for words, length in await asyncio.gather(*(one(number % 5 + 1) for number in range(50))):
        lengths.setdefault(words, set()).add(length)
    for found in lengths.values():
        assert max(found) - min(found) < 5000
    assert sorted(lengths) == sorted(lengths, key=lambda words: max(lengths[words]))
