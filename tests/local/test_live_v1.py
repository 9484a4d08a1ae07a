"""Live audio, first version: what is said, and what becomes of those who do not behave."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import socket as sockets
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from deepgram.local import callbacks as callbacks_module
from deepgram.local.server import STOPPING
from deepgram.protocol.model import decode_json
from deepgram.protocol.models.listen_live import ListenV1Metadata, ListenV1Results, V1SocketClientResponse

from .hearing import RAW, SECOND, Ears, Local, all_said, recorded, said, serving, tell, until, v1

HALF = bytes(SECOND // 2)


def text_of(message: dict[str, Any]) -> str:
    return str(message["channel"]["alternatives"][0]["transcript"])


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in messages]


async def heard(local: Local, query: str, seconds: float = 2.0) -> list[dict[str, Any]]:
    """Return everything that is said about so much audio."""
    async with v1(local, f"{RAW}&{query}") as socket:
        for _ in range(round(2 * seconds)):
            await socket.send(HALF)
        await tell(socket, "CloseStream")
        messages = await all_said(socket)
        assert socket.close_code == 1000
        return messages


async def test_a_conversation_has_interim_and_final_results_then_metadata_and_ends_well() -> None:
    async with serving(Ears()) as local:
        messages = await heard(local, "interim_results=true&punctuate=true")
        records = await recorded(local)
    assert kinds(messages) == ["Results"] * 5 + ["Metadata"]
    interim, final = messages[:2]
    assert (interim["is_final"], interim["speech_final"], text_of(interim)) == (False, False, "Hello.")
    assert (final["is_final"], final["speech_final"], final["from_finalize"]) == (True, True, False)
    assert (final["start"], final["duration"], final["channel_index"]) == (0.0, 1.0, [0, 1])
    (alternative,) = final["channel"]["alternatives"]
    assert alternative["transcript"] == "Hello world."
    assert alternative["words"][1] == {
        "word": "world",
        "start": 0.5,
        "end": 0.9,
        "confidence": 0.9,
        "punctuated_word": "world.",
    }
    assert final["metadata"]["model_info"] == {"name": "test", "version": "1", "arch": "ears"}
    metadata = messages[-1]
    assert metadata["sha256"] == hashlib.sha256(HALF * 4).hexdigest()
    assert (metadata["duration"], metadata["channels"], metadata["transaction_key"]) == (2.0, 1, "deprecated")
    assert metadata["request_id"] == final["metadata"]["request_id"] == records[0].request_id
    assert metadata["model_info"][metadata["models"][0]] == final["metadata"]["model_info"]
    assert metadata["created"].endswith("Z")
    assert (records[0].path, records[0].duration, records[0].model) == ("/v1/listen", 2.0, "test")


async def test_what_the_server_says_is_what_the_client_decodes() -> None:
    async with serving(Ears()) as local:
        messages = await heard(local, "interim_results=true&extra=a:b")
    decoded = [decode_json(V1SocketClientResponse, json.dumps(message)) for message in messages]
    assert {type(event) for event in decoded} == {ListenV1Results, ListenV1Metadata}
    assert [event.dict() for event in decoded] == messages


async def test_without_interim_results_only_final_ones_are_said() -> None:
    async with serving(Ears()) as local:
        messages = await heard(local, "endpointing=false")
    assert [message["is_final"] for message in messages[:-1]] == [True] * 3
    assert not any(message["speech_final"] for message in messages[:-1])


async def test_the_beginning_of_speech_and_the_end_of_utterances_are_said() -> None:
    async with serving(Ears()) as local:
        messages = await heard(local, "vad_events=true&utterance_end_ms=1000&interim_results=true", 1)
    assert messages[0] == {"type": "SpeechStarted", "channel": [0, 1], "timestamp": 0.0}
    assert {"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": 1.0} in messages


async def test_every_channel_has_its_results() -> None:
    async with serving(Ears()) as local:
        messages = await heard(local, "multichannel=true&channels=2", 1)
    assert [message["channel_index"] for message in messages[:-1]] == [[0, 2], [1, 2]] * 2
    assert messages[-1]["channels"] == 2


FORMATS = {
    "smart_format=true": ("twenty five", "25."),
    "numerals=true": ("thirty people", "30 people"),
    "profanity_filter=true": ("oh shit", "oh ****"),
    "redact=numbers": ("seven one", "[NUMERICAL_PII_1]"),
    "redact=ssn": ("pin four", "pin [NUMERICAL_PII_1]"),
    "replace=hello:goodbye": ("hello you", "goodbye you"),
    "punctuate=true&keyterm=DeepGram": ("use deepgram", "Use DeepGram."),
}


async def test_the_text_is_written_as_in_recorded_audio_and_interim_results_reveal_nothing() -> None:
    ears = Ears()
    async with serving(ears) as local:
        for query, (words, expected) in FORMATS.items():
            ears.script = words
            messages = await heard(local, f"{query}&interim_results=true", 1)
            assert text_of(messages[1]) == expected, query
            assert messages[1]["is_final"]
            if "redact" in query or "profanity" in query:
                assert not any(word in str(messages) for word in ("shit", "seven", "one'", "four")), query


async def test_a_search_is_answered_with_hits_in_final_results() -> None:
    async with serving(Ears()) as local:
        messages = await heard(local, "search=world&search=mars&interim_results=true", 1)
    (final,) = [message for message in messages[:-1] if message["is_final"] and message["duration"]]
    found, missing = final["channel"]["search"]
    assert (found["query"], found["hits"][0]["start"], found["hits"][0]["snippet"]) == ("world", 0.5, "world")
    assert missing["query"] == "mars"


async def test_labels_come_back_and_what_cannot_be_done_is_said(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(Ears()) as local:
        messages = await heard(local, "tag=one&tag=two&extra=room:7&diarize=true", 1)
        records = await recorded(local)
    metadata = messages[-1]
    assert (metadata["tags"], metadata["extra"]) == (["one", "two"], {"room": "7"})
    assert messages[0]["metadata"]["extra"] == {"room": "7"}
    assert metadata["warnings"][0]["parameter"] == "diarize"
    assert "tell speakers apart" in caplog.text
    assert records[0].tags == ("one", "two")


# --- What the client says ---------------------------------------------------------------------------------------------


async def test_finalize_gives_what_was_heard_so_far_even_directly_before_the_end() -> None:
    async with serving(Ears()) as local, v1(local) as socket:
        await socket.send(HALF)
        await tell(socket, "Finalize")
        first = await said(socket)
        assert (first["from_finalize"], first["is_final"], text_of(first)) == (True, True, "hello")
        await socket.send(HALF)
        await tell(socket, "Finalize")
        await tell(socket, "CloseStream")
        messages = await all_said(socket)
    assert [message.get("from_finalize") for message in messages] == [True, False, None]
    assert text_of(messages[0]) == "world"


async def test_keep_alive_may_be_the_first_message_and_keeps_the_conversation_open() -> None:
    async with serving(Ears(), idle_timeout=0.8) as local, v1(local) as socket:
        for _ in range(5):
            await tell(socket, "KeepAlive")
            await asyncio.sleep(0.3)
        await tell(socket, "CloseStream")
        (_, metadata) = await all_said(socket)
        assert (metadata["duration"], socket.close_code) == (0.0, 1000)
        assert "models" not in metadata


async def test_a_client_that_is_silent_is_told_so_in_the_words_of_the_service() -> None:
    async with serving(Ears(), idle_timeout=0.4) as local, v1(local) as socket:
        await socket.send(HALF)
        messages = await all_said(socket)
        assert kinds(messages) == ["Results", "Metadata"]
        assert text_of(messages[0]) == "hello"
        assert socket.close_code == 1011
        assert socket.close_reason == (
            "Deepgram did not receive audio data or a text message within the timeout window."
            " See https://dpgr.am/net0001"
        )


async def test_pings_do_not_keep_a_conversation_of_v1_open() -> None:
    async with serving(Ears(), idle_timeout=0.6) as local, v1(local, ping_interval=0.1) as socket:
        await all_said(socket)
        assert socket.close_code == 1011


async def test_an_empty_message_ends_the_audio() -> None:
    async with serving(Ears()) as local, v1(local) as socket:
        await socket.send(HALF)
        await socket.send(b"")
        assert kinds(await all_said(socket)) == ["Results", "Metadata"]
        assert socket.close_code == 1000


async def test_audio_after_the_end_is_not_heard() -> None:
    ears = Ears()
    async with serving(ears) as local, v1(local) as socket:
        await socket.send(HALF)
        await tell(socket, "CloseStream")
        await socket.send(HALF)
        await all_said(socket)
    assert len(ears.streams[0].fed) == len(HALF)


async def test_key_terms_and_features_can_be_changed() -> None:
    ears = Ears()
    async with serving(ears) as local, v1(local, RAW + "&keyterm=old&punctuate=true") as socket:
        await tell(socket, "Configure", keyterms=["HeLLo"], features={"numerals": True, "punctuate": True})
        assert await said(socket) == {
            "type": "ConfigureSuccess",
            "request_id": socket.response.headers["dg-request-id"] if socket.response else "",
            "keyterms": ["HeLLo"],
        }
        await tell(socket, "Configure", features={"numerals": False})
        assert (await said(socket))["keyterms"] == ["HeLLo"]
        await socket.send(HALF)
        await tell(socket, "Finalize")
        assert text_of(await said(socket)) == "HeLLo."
        await tell(socket, "Configure", keyterms=[])
        assert (await said(socket))["keyterms"] == []
    (first, second) = ears.streams[0].configured
    assert first[1] is not None
    assert second[1] is not None
    assert (first[1].keyterms, second[1].keyterms) == (("HeLLo",), ())


NONSENSE: list[dict[str, Any]] = [
    {"keyterms": "one"},
    {"keyterms": [1]},
    {"keyterms": ["word"] * 3 + [f"word {n}" for n in range(101)]},
    {"keyterms": ["x" * 10_000]},
    {"features": {"fly": True}},
    {"features": {"numerals": "perhaps"}},
    {"features": []},
    {"keyterm": ["one"]},
]


async def test_a_configuration_that_makes_no_sense_fails_and_changes_nothing() -> None:
    ears = Ears()
    async with serving(ears) as local, v1(local, RAW + "&keyterm=old") as socket:
        for nonsense in NONSENSE:
            await tell(socket, "Configure", **nonsense)
            answer = await said(socket)
            assert answer["type"] == "ConfigureFailure", nonsense
            assert answer["description"]
            assert answer["code"].startswith("CONFIGURE_")
        await tell(socket, "Configure")
        assert (await said(socket))["keyterms"] == ["old"]
    assert ears.streams[0].configured == []


MISUNDERSTOOD = [
    '{"type": "Dance"}',
    '{"type": 5}',
    "{}",
    "[]",
    "not JSON",
    "[" * 60_000,
    "\x00" * 640,
    '"audio"',
    " " * 10**6,
]


async def test_a_message_without_a_type_is_told_so() -> None:
    async with serving(Ears()) as local, v1(local) as socket:
        await socket.send('{"thresholds": {}}')
        assert "missing field `type`, expected one of" in (await said(socket))["description"]


async def test_text_that_is_no_message_is_answered_and_the_conversation_goes_on() -> None:
    async with serving(Ears()) as local, v1(local) as socket:
        for frame in MISUNDERSTOOD:
            await socket.send(frame)
            answer = await said(socket)
            assert (answer["type"], answer["variant"]) == ("Error", "SchemaError")
            assert "Could not deserialize last text message" in answer["description"]
            assert len(answer["message"]) <= 200
        await socket.send(HALF)
        await tell(socket, "CloseStream")
        assert kinds(await all_said(socket)) == ["Results", "Metadata"]


# --- What goes wrong --------------------------------------------------------------------------------------------------


async def test_audio_that_cannot_be_decoded_ends_the_conversation_with_the_code_of_the_service() -> None:
    ears = Ears()
    async with serving(ears) as local, v1(local) as socket:
        await socket.send(b"no audio at all" + "\N{SNOWMAN}".encode() * 100)
        assert await all_said(socket) == []
        assert socket.close_code == 1008
        assert (socket.close_reason or "").startswith("DATA-0000")
        assert ears.taken == 0


async def test_a_recogniser_that_fails_ends_its_conversation_and_no_other() -> None:
    async with serving(Ears()) as local, v1(local) as other, v1(local) as socket:
        await socket.send(b"poison")
        assert await all_said(socket) == []
        assert socket.close_code == 1011
        await other.send(HALF)
        await tell(other, "CloseStream")
        assert kinds(await all_said(other)) == ["Results", "Metadata"]


async def test_a_failure_of_the_server_is_logged_and_said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ears = Ears()
    async with serving(ears) as local, v1(local) as socket:
        await until(lambda: ears.streams)

        async def fail(data: bytes) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(ears.streams[0], "feed", fail)
        await socket.send(HALF)
        await all_said(socket)
        assert socket.close_code == 1011
    assert "ZeroDivisionError" in caplog.text


async def test_a_message_that_is_too_large_is_refused_by_its_size() -> None:
    ears = Ears()
    async with serving(ears) as local:
        async with v1(local) as socket:
            with pytest.raises(ConnectionClosedError):
                await _send_all(socket, bytes(100 * 1024 * 1024), 2)
            await socket.wait_closed()
            assert socket.close_code == 1009
        await until(lambda: ears.taken == 0)
        assert len(await heard(local, "", 1)) == 3


async def test_a_client_that_vanishes_frees_its_place_at_once() -> None:
    ears = Ears()
    async with serving(ears) as local:
        for half_way in (False, True):
            socket = await v1(local)
            if half_way:
                await socket.send(HALF)
            await until(lambda: ears.taken == 1)
            socket.transport.abort()  # no close frame, no goodbye
            await until(lambda: ears.taken == 0)
        assert [record.path for record in await recorded(local, 2)] == ["/v1/listen"] * 2


async def test_while_the_recogniser_is_behind_the_client_is_slowed_down_and_nothing_is_lost() -> None:
    ears = Ears()
    ears.ready.clear()
    async with serving(ears) as local, v1(local) as socket:
        chunk, count = bytes(1024 * 1024), 60
        sending = asyncio.create_task(_send_all(socket, chunk, count))
        await asyncio.sleep(0.5)
        assert not sending.done(), "60 MB went into nobody's ears"
        ears.ready.set()
        receiving = asyncio.create_task(all_said(socket))
        await asyncio.wait_for(sending, 20)
        await tell(socket, "CloseStream")
        messages = await asyncio.wait_for(receiving, 20)
        assert len(ears.streams[0].fed) == len(chunk) * count
        assert messages[-1]["duration"] == round(len(chunk) * count / SECOND, 6)


async def test_while_the_recogniser_is_behind_pings_are_answered_and_who_leaves_frees_its_place() -> None:
    ears = Ears()
    ears.ready.clear()
    async with serving(ears) as local:
        socket = await v1(local)
        await socket.send(bytes(1024 * 1024))
        await asyncio.wait_for(await socket.ping(), 5)
        socket.transport.abort()
        await until(lambda: ears.taken == 0)


async def _send_all(socket: ClientConnection, chunk: bytes, count: int) -> None:
    for _ in range(count):
        await socket.send(chunk)


async def test_a_client_that_never_reads_is_cut_off_and_no_longer_listened_to() -> None:
    ears = Ears(chatter=400)
    async with serving(ears, send_timeout=0.5) as local, v1(local) as other:
        deaf = await v1(local, RAW + "&interim_results=true", max_queue=1)
        deaf.transport.pause_reading()
        sending = asyncio.create_task(_send_all(deaf, HALF[:3200], 100_000))
        await until(lambda: len(ears.streams) == 2 and ears.streams[1].closed)
        # Not much more than the buffers of two kernels went to it: the rest was never heard.
        assert len(ears.streams[1].fed) < 100 * 3200
        assert ears.taken == 1
        await other.send(HALF)
        await tell(other, "CloseStream")
        assert kinds(await all_said(other))[-1] == "Metadata"
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        deaf.transport.abort()


async def test_a_server_stops_in_time_though_a_client_does_not_read() -> None:
    ears = Ears(chatter=400)
    async with serving(ears) as local:
        deaf = await v1(local, RAW + "&interim_results=true", max_queue=1)
        deaf.transport.pause_reading()
        sending = asyncio.create_task(_send_all(deaf, HALF[:3200], 100_000))
        await until(lambda: ears.streams and len(ears.streams[0].fed) > 32_000)
        stopping = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - stopping < STOPPING, "it was not the server that ended it"
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    deaf.transport.abort()
    assert ears.taken == 0


async def test_audio_fifty_times_faster_than_speech_is_taken() -> None:
    async with serving(Ears()) as local:
        messages = await heard(local, "interim_results=true", 60)
    assert messages[-1]["duration"] == 60.0


async def test_bytes_that_are_no_websocket_do_not_hurt(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    ears = Ears()
    async with serving(ears) as local:
        socket = await v1(local)
        socket.transport.write(b"\xff" * 64)
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 5)
        assert socket.close_code == 1002
        await until(lambda: ears.taken == 0)


# --- Callbacks --------------------------------------------------------------------------------------------------------


class Received(BaseHTTPRequestHandler):
    """Keeps the results that are sent to it."""

    bodies: list[dict[str, Any]]

    def do_PUT(self) -> None:
        self.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.parametrize("goodbye", [True, False])
async def test_results_go_to_the_callback_instead(goodbye: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies: list[dict[str, Any]] = []
    with HTTPServer(("127.0.0.1", 0), type("Receiver", (Received,), {"bodies": bodies})) as receiver:
        monkeypatch.setattr(callbacks_module, "PORTS", frozenset({receiver.server_port}))
        thread = Thread(target=receiver.serve_forever, args=(0.05,))
        thread.start()
        try:
            url = f"http://127.0.0.1:{receiver.server_port}/"
            async with serving(Ears(), allow_private_urls=True) as local:
                async with v1(local, f"{RAW}&callback={url}&callback_method=put") as socket:
                    await socket.send(HALF)
                    if goodbye:
                        await tell(socket, "CloseStream")
                        assert await all_said(socket) == []
                        assert socket.close_code == 1000
                await until(lambda: len(bodies) == 2)
        finally:
            receiver.shutdown()
            thread.join(5)
    assert sorted(kinds(bodies)) == ["Metadata", "Results"]


async def test_a_peer_that_only_opens_a_connection_takes_no_place() -> None:
    ears = Ears()
    async with serving(ears) as local:
        host, port = local.url.removeprefix("ws://").split(":")
        with sockets.create_connection((host, int(port))):
            assert ears.taken == 0
