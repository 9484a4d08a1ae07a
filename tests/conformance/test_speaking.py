"""Live speech with a peer that does what a test tells it to: every command and event, and what goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.events import EventType
from deepgram.protocol.model import Unknown
from deepgram.protocol.models import speak
from deepgram.protocol.socket import KEPT_BYTES
from deepgram.runtime.errors import ApiError, ConversationClosed
from deepgram.speak.v1.types import SpeakV1Cleared, SpeakV1Flushed, SpeakV1Metadata, SpeakV1Text, SpeakV1Warning
from deepgram.speak.v2.types import SpeakV2Configure, SpeakV2Interrupt, SpeakV2InterruptPlaybackOffset, SpeakV2Speak

from .conversing import Peer
from .speaking_peer import COUNTS, METADATA, Speaker, told

V1_EVENTS: list[dict[str, Any]] = [
    METADATA | {"additional_model_uuids": ["w"]},
    {"type": "Flushed", "sequence_id": 0},
    {"type": "Cleared", "sequence_id": 1},
    {"type": "Warning", "description": "slow down", "code": "FLUSH_LIMIT"},
]
TURN = {"speech_id": "s", "audio_duration_ms": 10, "input_character_count": 2, "billable_character_count": 2}
V2_EVENTS: list[dict[str, Any]] = [
    {"type": "Connected", "request_id": "r", "model_name": "n", "model_version": "v", "model_uuids": ["u"]},
    {"type": "SpeechStarted", "speech_id": "s"},
    {"type": "SpeechMetadata", **TURN, "controls_applied": COUNTS},
    {
        "type": "SpeechInterrupted",
        "audio_played_ms": 5,
        "text_spoken": "a",
        "text_remaining": "b",
        "metadata": {**TURN, "controls_applied": COUNTS},
    },
    {"type": "Flushed", "speech_id": "s"},
    {
        "type": "SessionMetadata",
        "total_audio_duration_ms": 1,
        "total_input_character_count": 2,
        "total_billable_character_count": 3,
    },
    {"type": "ConfigureSuccess", "applied": {"speed": 1.5}},
    {"type": "ConfigureFailure", "code": "SPEED_OUT_OF_RANGE", "field": "speed", "value": 9.0, "description": "no"},
    {"type": "Warning", "code": "NO_ACTIVE_SPEECH", "description": "nothing to stop"},
    {"type": "Error", "code": "DATA-0000", "description": "no"},
]


def client(peer: Peer, **options: Any) -> DeepgramClient:
    return DeepgramClient(api_key="k", base_url=peer.url, **options)


def async_client(peer: Peer, **options: Any) -> AsyncDeepgramClient:
    return AsyncDeepgramClient(api_key="k", base_url=peer.url, **options)


def says(*frames: str | bytes) -> Callable[[ServerConnection], Any]:
    """Return the behaviour of a peer that says these and waits for the end."""

    async def behave(connection: ServerConnection) -> None:
        for frame in frames:
            await connection.send(frame)
        async for frame in connection:
            if "Close" in str(frame):
                return

    return behave


# --- Events ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2])
async def test_every_event_arrives_as_its_class_and_audio_as_bytes(version: int) -> None:
    events = V1_EVENTS if version == 1 else V2_EVENTS
    frames = [frame for event in events for frame in (json.dumps(event), b"\1\2")]
    with Peer(says(*frames)) as peer:
        with client(peer) as deepgram, connect(deepgram, version) as connection:
            received = [connection.recv() for _ in frames]
        async with async_client(peer) as loop_client, connect(loop_client, version) as loop_connection:
            later = [await loop_connection.recv() for _ in frames]
    assert received[1::2] == [b"\1\2"] * len(events)
    assert [type(event) for event in received[::2]] == [
        getattr(speak, f"SpeakV{version}{event['type']}") for event in events
    ]
    assert [event.dict() for event in received[::2]] == events
    assert later == received


def connect(client: Any, version: int) -> Any:
    if version == 1:
        return client.speak.v1.connect(model="aura-2-thalia-en", encoding="linear16", sample_rate=24000, speed=1.1)
    return client.speak.v2.connect(model="flux-alexis-en", encoding="linear16", sample_rate="24000", tag=["a", "b"])


async def test_d10_cleared_is_cleared_and_flushed_is_flushed() -> None:
    flushed, cleared = told(type="Flushed", sequence_id=0), told(type="Cleared", sequence_id=1)
    incomplete = told(type="Cleared")
    with Peer(says(flushed, cleared, incomplete)) as peer:
        with client(peer) as deepgram, deepgram.speak.v1.connect() as connection:
            kinds = [type(connection.recv()) for _ in range(3)]
            heard: list[Any] = []
        with client(peer) as deepgram, deepgram.speak.v1.connect() as connection:
            connection.on(EventType.MESSAGE, heard.append)
            connection.send_close()
            connection.start_listening()
        async with async_client(peer) as loop_client, loop_client.speak.v1.connect() as loop_connection:
            later = [type(await loop_connection.recv()) for _ in range(3)]
    assert kinds == later == [type(event) for event in heard] == [SpeakV1Flushed, SpeakV1Cleared, SpeakV1Cleared]
    assert heard[1].sequence_id == 1


async def test_what_is_not_known_yet_arrives_whole() -> None:
    with Peer(says(told(type="Visemes", mouth=[1, 2]), "no json", told(type="Warning", code="x"))) as peer:
        with client(peer) as deepgram, deepgram.speak.v1.connect() as connection:
            errors: list[Any] = []
            connection.on(EventType.ERROR, errors.append)
            unknown: Any = connection.recv()
            warning = connection.recv()
    assert isinstance(unknown, Unknown)
    assert unknown["mouth"] == [1, 2]
    assert isinstance(warning, SpeakV1Warning)  # though a field is missing
    assert len(errors) == 1


# --- Commands -------------------------------------------------------------------------------------------------------


async def test_every_command_travels_as_the_official_client_writes_it() -> None:
    first = [
        '{"type": "Speak", "text": "Gr\\u00fc\\u00dfe"}',
        '{"type": "Speak", "text": "a\\u0000b"}',
        '{"type": "Flush"}',
        '{"type": "Clear"}',
        '{"type": "Close"}',
    ]
    second = [
        '{"type": "Speak", "text": "Hello"}',
        '{"type": "Speak", "text": ""}',
        '{"type": "Flush"}',
        '{"type": "Interrupt"}',
        '{"type": "Interrupt", "playback_offset": {"type": "time_ms", "value": 1200}}',
        '{"type": "Configure", "speed": 1.2}',
        '{"type": "Close"}',
    ]

    async def hear(connection: ServerConnection) -> None:
        received: list[str] = []
        async for frame in connection:
            received.append(str(frame))
            if "Close" in str(frame):
                break
        seen.append(received)

    seen: list[list[str]] = []
    offset = SpeakV2InterruptPlaybackOffset(value=1200)
    with Peer(hear) as peer:
        with client(peer) as deepgram:
            with deepgram.speak.v1.connect() as one:
                one.send_text(SpeakV1Text(text="Grüße"))
                one.send_text({"type": "Speak", "text": "a\0b"})
                one.send_flush()
                one.send_clear()
                one.send_close()
            with deepgram.speak.v2.connect(model="flux-alexis-en") as two:
                two.send_speak(SpeakV2Speak(text="Hello"))
                two.send_speak({"type": "Speak", "text": ""})
                two.send_flush()
                two.send_interrupt()
                two.send_interrupt(SpeakV2Interrupt(playback_offset=offset))
                two.send_configure(SpeakV2Configure(speed=1.2))
                two.send_close()
        async with async_client(peer) as loop_client:
            async with loop_client.speak.v1.connect() as three:
                await three.send_text(SpeakV1Text(text="Grüße"))
                await three.send_text({"type": "Speak", "text": "a\0b"})
                await three.send_flush({"type": "Flush"})
                await three.send_clear()
                await three.send_close()
        assert [request.path for request in peer.handshakes][:2] == ["/v1/speak", "/v2/speak?model=flux-alexis-en"]
    assert seen == [first, second, first]


def test_options_of_a_conversation_stand_in_its_url() -> None:
    with Peer(says()) as peer, client(peer) as deepgram:
        with connect(deepgram, 1), connect(deepgram, 2):
            paths = [request.path for request in peer.handshakes]
    assert paths == [
        "/v1/speak?encoding=linear16&model=aura-2-thalia-en&sample_rate=24000&speed=1.1",
        "/v2/speak?model=flux-alexis-en&encoding=linear16&sample_rate=24000&tag=a&tag=b",
    ]


async def test_what_is_said_after_close_is_an_error_and_not_lost_in_silence() -> None:
    with Peer(says()) as peer:
        with client(peer) as deepgram, connect(deepgram, 1) as one, connect(deepgram, 2) as two:
            one.send_close()
            two.send_close({"type": "Close"})
            for late in (
                lambda: one.send_text(SpeakV1Text(text="late")),
                one.send_flush,
                one.send_clear,
                lambda: two.send_speak(SpeakV2Speak(text="late")),
                two.send_flush,
                two.send_interrupt,
                lambda: two.send_configure(SpeakV2Configure(speed=1)),
            ):
                with pytest.raises(ConversationClosed, match="Close was sent already"):
                    late()
        async with async_client(peer) as loop_client, connect(loop_client, 1) as connection:
            await connection.send_close()
            with pytest.raises(ApiError, match="Close was sent already"):
                await connection.send_text(SpeakV1Text(text="late"))


async def test_half_a_character_is_refused_and_the_conversation_goes_on() -> None:
    speaker = Speaker(1)
    with speaker.peer() as peer:
        with client(peer) as deepgram, connect(deepgram, 1) as connection:
            for text in (SpeakV1Text(text="a\ud83d"), {"type": "Speak", "text": "\udc00"}):
                with pytest.raises(ApiError, match="lone surrogate"):
                    connection.send_text(text)
            connection.send_text(SpeakV1Text(text="well"))
            connection.send_flush()
            assert isinstance(connection.recv(), SpeakV1Metadata)
            assert connection.recv() == b"well"
        async with async_client(peer) as loop_client, connect(loop_client, 2) as turns:
            with pytest.raises(ApiError, match="lone surrogate"):
                await turns.send_speak(SpeakV2Speak(text="\ud83d"))


# --- The end --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2])
async def test_the_audio_after_close_is_waited_for_however_long_it_takes(version: int) -> None:
    speaker = Speaker(version, pause=0.05)
    text = "This takes longer than the results of a conversation may take."
    say = "send_text" if version == 1 else "send_speak"
    with speaker.peer() as peer:
        with client(peer, drain_timeout=0.3) as deepgram:
            with connect(deepgram, version) as connection:
                heard: list[Any] = []
                connection.on(EventType.MESSAGE, heard.append)
                getattr(connection, say)({"type": "Speak", "text": text})
                connection.send_flush()
                connection.send_close()
            assert b"".join(event for event in heard if isinstance(event, bytes)) == text.encode()
            with connect(deepgram, version) as connection:
                getattr(connection, say)({"type": "Speak", "text": text})
                connection.send_flush()
                connection.send_close()
            left = list(connection)  # nobody listened: it is kept for whoever reads on
            assert b"".join(event for event in left if isinstance(event, bytes)) == text.encode()
        async with async_client(peer, drain_timeout=0.3) as loop_client:
            async with connect(loop_client, version) as loop_connection:
                heard = []
                loop_connection.on(EventType.MESSAGE, heard.append)
                await getattr(loop_connection, say)({"type": "Speak", "text": text})
                await loop_connection.send_flush()
                await loop_connection.send_close()
            assert b"".join(event for event in heard if isinstance(event, bytes)) == text.encode()
            if version == 2:
                assert heard[-1].type == "SessionMetadata"


async def test_who_walks_away_does_not_wait_for_audio_that_nobody_wants() -> None:
    async def endless(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await connection.send(bytes(4000))
                await asyncio.sleep(0.01)

    with Peer(endless) as peer:
        began = time.monotonic()
        with client(peer) as deepgram, connect(deepgram, 1) as connection:
            assert connection.recv()
        async with async_client(peer) as loop_client, connect(loop_client, 2) as loop_connection:
            assert await loop_connection.recv()
        assert time.monotonic() - began < 4.5  # the closing handshake has a bound of its own


async def test_a_service_that_does_not_close_is_left_in_time() -> None:
    async def deaf(connection: ServerConnection) -> None:
        await connection.send(b"audio")
        await connection.wait_closed()

    with Peer(deaf) as peer:
        began = time.monotonic()
        with client(peer, drain_timeout=0.5) as deepgram, connect(deepgram, 1) as connection:
            connection.send_close()
        async with async_client(peer, drain_timeout=0.5) as loop_client, connect(loop_client, 1) as loop_connection:
            await loop_connection.send_close()
        assert time.monotonic() - began < 9


async def test_audio_that_is_left_unread_has_a_limit(caplog: pytest.LogCaptureFixture) -> None:
    async def floods(connection: ServerConnection) -> None:
        for _ in range((KEPT_BYTES >> 20) + 8):
            await connection.send(bytes(1 << 20))

    with Peer(floods) as peer:
        with client(peer) as deepgram:
            with connect(deepgram, 1) as connection:
                connection.send_close()
            kept = sum(len(event) for event in connection._left if isinstance(event, bytes))
        assert kept <= KEPT_BYTES
        async with async_client(peer) as loop_client:
            async with connect(loop_client, 1) as loop_connection:
                await loop_connection.send_close()
            assert sum(len(event) for event in loop_connection._left if isinstance(event, bytes)) <= KEPT_BYTES
    assert caplog.text.count("left unread") == 2


async def test_a_service_that_dies_in_mid_audio_is_an_error() -> None:
    async def dies(connection: ServerConnection) -> None:
        await connection.send(json.dumps(METADATA))
        await connection.send(b"half of it")
        connection.transport.abort()

    with Peer(dies) as peer:
        with client(peer) as deepgram, connect(deepgram, 1) as connection:
            heard: list[Any] = []
            with pytest.raises(ConversationClosed) as caught:
                heard += connection
            assert isinstance(caught.value, ConnectionClosedError)
            with pytest.raises(ConversationClosed):
                connection.recv()
        async with async_client(peer) as loop_client, connect(loop_client, 2) as loop_connection:
            with pytest.raises(ConversationClosed):
                async for _ in loop_connection:
                    pass
        with client(peer) as deepgram, connect(deepgram, 1) as connection:
            errors: list[Any] = []
            connection.on(EventType.ERROR, errors.append)
            connection.start_listening()
        assert isinstance(errors[0], ConversationClosed)


async def test_who_reads_slowly_slows_the_service_down_and_is_not_blamed_on_it() -> None:
    sent: dict[ServerConnection, int] = {}
    size = 48 << 20

    async def floods(connection: ServerConnection) -> None:
        sent[connection] = 0
        for _ in range(size >> 14):
            await connection.send(bytes(1 << 14))
            sent[connection] += 1 << 14
        await connection.send(told(type="Flushed", sequence_id=0))
        async for _ in connection:
            return

    pause = 4.6  # longer than a silent peer is waited for
    with Peer(floods) as peer:

        def slowly() -> int:
            with client(peer) as deepgram, connect(deepgram, 1) as connection:
                read = len(connection.recv())
                time.sleep(pause)
                for event in connection:
                    if not isinstance(event, bytes):
                        break
                    read += len(event)
            return read

        async def slowly_in_a_loop() -> int:
            async with async_client(peer) as deepgram, connect(deepgram, 1) as connection:
                read = len(await connection.recv())
                await asyncio.sleep(pause)
                assert max(sent.values()) < 24 << 20  # what the sockets' buffers take, and no more
                async for event in connection:
                    if not isinstance(event, bytes):
                        break
                    read += len(event)
            return read

        read = await asyncio.gather(asyncio.to_thread(slowly), slowly_in_a_loop())
    assert [*read] == [size, size]


def test_handlers_hear_audio_while_another_thread_speaks() -> None:
    speaker = Speaker(1)
    done = threading.Event()
    heard: list[Any] = []

    def take(event: Any) -> None:
        heard.append(event)
        if isinstance(event, SpeakV1Flushed):
            done.set()

    with speaker.peer() as peer, client(peer) as deepgram, connect(deepgram, 1) as connection:
        connection.on(EventType.MESSAGE, take)
        connection.listen_in_background()
        connection.send_text(SpeakV1Text(text="Hello there"))
        connection.send_flush()
        assert done.wait(10)
    assert b"".join(event for event in heard if isinstance(event, bytes)) == b"Hello there"
