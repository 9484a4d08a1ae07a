"""Live audio with turns: what is said, and what becomes of those who do not behave."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from deepgram.protocol.model import decode_json
from deepgram.protocol.models.listen_live import ListenV2Connected, ListenV2TurnInfo, V2SocketClientResponse

from .hearing import RAW, SECOND, Ears, all_said, recorded, said, serving, tell, until, v2

HALF = bytes(SECOND // 2)


async def test_a_conversation_begins_with_connected_and_tells_how_each_turn_stands() -> None:
    async with serving(Ears()) as local, v2(local) as socket:
        connected = await said(socket)
        assert (connected["type"], connected["sequence_id"]) == ("Connected", 0)
        for _ in range(2):
            await socket.send(HALF)
        await tell(socket, "ForceEndTurn")
        await socket.send(HALF)
        await tell(socket, "CloseStream")
        messages = await all_said(socket)
        assert socket.close_code == 1000
        records = await recorded(local)
    assert [message["event"] for message in messages] == [
        *("StartOfTurn", "Update", "EndOfTurn"),
        *("StartOfTurn", "EndOfTurn"),
    ]
    assert [message["sequence_id"] for message in messages] == [1, 2, 3, 4, 5]
    assert [message["turn_index"] for message in messages] == [0, 0, 0, 1, 1]
    update, end = messages[1:3]
    assert (update["audio_window_start"], update["audio_window_end"]) == (0.0, 1.0)
    assert update["transcript"] == "Hello world."
    assert update["words"][1] == {"word": "world.", "confidence": 0.9, "start": 0.5, "end": 0.9}
    assert (update["end_of_turn_confidence"], "trigger" in update) == (0.2, False)
    assert (end["trigger"], messages[-1]["trigger"]) == ("manual", "manual")
    assert {message["request_id"] for message in messages} == {connected["request_id"]}
    assert (records[0].path, records[0].duration) == ("/v2/listen", 1.5)


async def test_what_the_server_says_is_what_the_client_decodes() -> None:
    async with serving(Ears()) as local, v2(local) as socket:
        await socket.send(HALF)
        await tell(socket, "CloseStream")
        messages = await all_said(socket)
    decoded = [decode_json(V2SocketClientResponse, json.dumps(message)) for message in messages]
    assert {type(event) for event in decoded} == {ListenV2Connected, ListenV2TurnInfo}
    assert [event.dict() for event in decoded] == messages


async def test_numbers_are_redacted_while_they_are_spoken() -> None:
    async with serving(Ears(script="pin four two seven")) as local, v2(local, f"{RAW}&redact=numbers") as socket:
        for _ in range(4):
            await socket.send(HALF)
        await tell(socket, "CloseStream")
        messages = await all_said(socket)
    assert messages[-1]["transcript"] == "Pin [NUMERICAL_PII_1]."
    transcripts = [message.get("transcript", "") + str(message.get("words")) for message in messages]
    assert not any(word in str(transcripts) for word in ("four", "two", "seven"))


async def test_rules_key_terms_and_numerals_can_be_changed() -> None:
    ears = Ears()
    async with serving(ears) as local, v2(local, RAW + "&keyterm=old&eager_eot_threshold=0.4") as socket:
        await said(socket)
        await tell(
            socket,
            "Configure",
            thresholds={"eot_threshold": "0.8", "eot_timeout_ms": 7000},
            keyterms=["HeLLo"],
            numerals=True,
        )
        changed = await said(socket)
        assert (changed["type"], changed["sequence_id"]) == ("ConfigureSuccess", 1)
        assert changed["thresholds"] == {"eot_threshold": 0.8, "eager_eot_threshold": 0.4, "eot_timeout_ms": 7000}
        assert (changed["keyterms"], changed["numerals"]) == (["HeLLo"], True)
        await tell(socket, "Configure", thresholds={"eot_threshold": 0.6}, keyterms="one")
        changed = await said(socket)
        assert (changed["thresholds"]["eot_timeout_ms"], changed["keyterms"]) == (7000, ["one"])
        await tell(socket, "Configure", language_hints=["en"])
        assert (await said(socket))["language_hints"] == ["en"]
    (first, second, third) = ears.streams[0].configured
    assert first[0] is not None
    assert second[0] is not None
    assert (first[0].eot_threshold, first[0].eager_eot_threshold, second[0].eot_threshold) == (0.8, 0.4, 0.6)
    assert second[1] is not None
    assert (second[1].keyterms, third[1]) == (("one",), None)


NONSENSE: list[dict[str, Any]] = [
    {"thresholds": {"eot_threshold": 7}},
    {"thresholds": {"eot_threshold": "very"}},
    {"thresholds": {"eot_threshold": True}},
    {"thresholds": {"eot_threshold": [0.7]}},
    {"thresholds": {"eager_eot_threshold": 0.9, "eot_threshold": 0.5}},
    {"thresholds": {"eot_timeout_ms": 1}},
    {"thresholds": [1, 2]},
    {"keyterms": {"a": 1}},
    {"keyterms": [None]},
    {"keyterms": ["word " * 600]},
    {"language_hints": 5},
    {"numerals": "perhaps"},
]


async def test_the_same_words_are_written_anew_when_it_is_asked_for() -> None:
    async with serving(Ears(script="room twelve")) as local, v2(local) as socket:
        await socket.send(bytes(SECOND))
        await socket.send(bytes(320))
        await tell(socket, "Configure", numerals=True)
        await socket.send(bytes(320))
        await tell(socket, "CloseStream")
        messages = await all_said(socket)
    told = [message["transcript"] for message in messages if message["type"] == "TurnInfo"]
    assert told == ["Room twelve.", "Room twelve.", "Room 12.", "Room 12."]


async def test_a_configuration_that_makes_no_sense_fails_and_changes_nothing() -> None:
    ears = Ears()
    async with serving(ears) as local, v2(local, RAW + "&keyterm=old") as socket:
        await said(socket)
        for number, nonsense in enumerate(NONSENSE, start=1):
            await tell(socket, "Configure", **nonsense)
            answer = await said(socket)
            assert (answer["type"], answer["sequence_id"]) == ("ConfigureFailure", number), nonsense
            assert answer["error_code"] == answer["code"]
            assert answer["description"]
        assert ears.streams[0].configured == []
        await tell(socket, "Configure")
        answer = await said(socket)
        assert answer["thresholds"] == {"eot_threshold": 0.7, "eot_timeout_ms": 5000}
        assert answer["keyterms"] == ["old"]


async def test_what_cannot_be_done_is_said_as_a_warning_after_connected() -> None:
    async with serving(Ears()) as local, v2(local, RAW + "&language_hint=tlh&redact=names") as socket:
        messages = [await said(socket) for _ in range(3)]
        await tell(socket, "Configure", language_hints=["xx"])
        messages += [await said(socket) for _ in range(2)]
    assert [message["type"] for message in messages] == [
        *("Connected", "Warning", "Warning", "ConfigureSuccess", "Warning")
    ]
    assert "NOT redacted" in messages[1]["description"]
    assert "'tlh'" in messages[2]["description"]


async def test_what_is_no_message_of_this_protocol_is_an_error_and_the_end() -> None:
    ears = Ears()
    async with serving(ears) as local:
        for frame in ('{"type": "KeepAlive"}', "not JSON", "[]", "\x00" * 640, '{"type": {"a": 1}}'):
            async with v2(local) as socket:
                await said(socket)
                await socket.send(frame)
                (error,) = await all_said(socket)
                assert (error["type"], error["code"], error["sequence_id"]) == ("Error", "UNPARSABLE_CLIENT_MESSAGE", 1)
                assert socket.close_code == 1008
        assert ears.taken == 0


async def test_audio_that_cannot_be_decoded_is_an_error_and_the_end() -> None:
    async with serving(Ears()) as local, v2(local) as socket:
        await said(socket)
        await socket.send(b"no audio")
        (error,) = await all_said(socket)
        assert (error["code"], socket.close_code) == ("DATA-0000", 1008)
        assert "no decoder" in error["description"]


async def test_a_recogniser_that_fails_is_an_error_and_the_end() -> None:
    async with serving(Ears()) as local, v2(local) as socket:
        await said(socket)
        await socket.send(b"poison")
        (error,) = await all_said(socket)
        assert (error["code"], socket.close_code) == ("INTERNAL_SERVER_ERROR", 1011)


async def test_pings_keep_a_silent_conversation_open_and_nothing_else_does() -> None:
    ears = Ears()
    async with serving(ears, idle_timeout=0.1) as local:
        patient, silent = await v2(local, ping_interval=0.2), await v2(local, ping_interval=None)
        messages = await all_said(silent)
        assert (messages[-1]["code"], silent.close_code) == ("INACTIVE_CLIENT", 1011)
        await asyncio.sleep(0.6)
        await patient.send(HALF)
        await tell(patient, "CloseStream")
        assert [message["type"] for message in await all_said(patient)] == ["Connected", "TurnInfo", "TurnInfo"]
        assert patient.close_code == 1000


async def test_an_empty_message_is_no_audio_and_no_end() -> None:
    async with serving(Ears()) as local, v2(local) as socket:
        await socket.send(b"")
        await socket.send(HALF)
        await said(socket)
        assert (await said(socket))["event"] == "StartOfTurn"


async def test_a_client_that_vanishes_frees_its_place_at_once() -> None:
    ears = Ears()
    async with serving(ears) as local:
        socket = await v2(local)
        await socket.send(HALF)
        await until(lambda: ears.streams and ears.streams[0].fed)
        socket.transport.abort()
        await until(lambda: ears.taken == 0)
