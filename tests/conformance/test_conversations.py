"""Conversations with a peer that misbehaves: rows D2 to D16 of the official package's defects, handshakes apart.

Each test is run by a client of threads and by one of an event loop. The peer is a server of the `websockets` library
that does what the test tells it to.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.events import EventType
from deepgram.protocol.iteration import FrameError
from deepgram.protocol.models.listen_live import ListenV1Metadata, ListenV1Results
from deepgram.protocol.socket import HandlerError
from deepgram.runtime.errors import ConversationClosed

from .conversing import METADATA, RESULT, Held, Peer, converse, given, service, until_goodbye


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


def test_d2_silence_is_kept_alive(mode: str) -> None:
    behave, received = service()

    async def talk(connection: Any) -> None:
        await given(connection.send_media(b"\0\0"))
        if mode == "sync":
            time.sleep(5.2)
        else:
            await asyncio.sleep(5.2)

    with Peer(behave) as peer:
        converse(mode, peer, talk)
    assert received == [b"\0\0", '{"type": "KeepAlive"}', '{"type": "CloseStream"}']


def test_d3_leaving_right_after_close_stream_waits_for_the_last_words(mode: str) -> None:
    behave, received = service()
    held = Held()

    async def talk(connection: Any) -> None:
        connection.listen_in_background()
        await given(connection.send_close_stream())

    with Peer(behave) as peer:
        converse(mode, peer, talk, held)
    assert [type(message) for message in held.heard] == [ListenV1Results, ListenV1Metadata]
    assert held.order == ["open", "message", "message", "close"]
    assert received == ['{"type": "CloseStream"}'], "it is not sent twice"


def test_d3_the_goodbye_is_said_for_a_program_that_forgets_it(mode: str) -> None:
    behave, received = service()
    held = Held()

    async def talk(connection: Any) -> Any:
        await given(connection.send_media(b"\0\0"))
        return connection

    with Peer(behave) as peer:
        connection = converse(mode, peer, talk, held)
    assert received == [b"\0\0", '{"type": "CloseStream"}']
    assert [type(message) for message in held.heard] == [ListenV1Results, ListenV1Metadata]
    report = connection.report()
    assert (report.audio_bytes, report.words, report.finalized, report.messages_received) == (2, 2, 1.0, 2)


def test_d3_what_came_while_leaving_can_still_be_read(mode: str) -> None:
    behave, _ = service()

    async def talk(connection: Any) -> Any:
        return connection

    with Peer(behave) as peer:
        connection = converse(mode, peer, talk)
    if mode == "sync":
        rest = list(connection)
    else:

        async def read() -> list[Any]:
            return [message async for message in connection]

        rest = asyncio.run(read())
    assert [type(message) for message in rest] == [ListenV1Results, ListenV1Metadata]


def test_d3_waiting_for_the_last_words_is_bounded(mode: str) -> None:
    async def behave(connection: ServerConnection) -> None:
        async for _ in connection:  # takes everything and never closes
            pass

    async def talk(connection: Any) -> None:
        await given(connection.send_close_stream())

    with Peer(behave) as peer:
        began = time.monotonic()
        converse(mode, peer, talk, drain_timeout=1.0)
        assert time.monotonic() - began < 1 + 2 + 2


def test_an_exception_of_the_block_passes_and_nothing_is_awaited(mode: str) -> None:
    async def behave(connection: ServerConnection) -> None:
        async for _ in connection:
            pass

    async def talk(connection: Any) -> None:
        await given(connection.send_media(b"\0\0"))
        raise LookupError("the program's own")

    with Peer(behave) as peer:
        began = time.monotonic()
        with pytest.raises(LookupError, match="own"):
            converse(mode, peer, talk)
        assert time.monotonic() - began < 4


def test_d4_and_d5_and_d6_odd_frames_and_handlers_that_raise_do_not_end_listening(mode: str) -> None:
    async def behave(connection: ServerConnection) -> None:
        await connection.send('{"type": "FromTheFuture", "depth": {"a": 1}}')
        await connection.send("this is no JSON")
        await connection.send(b"\1\2")
        await connection.send(json.dumps(RESULT))

    held = Held()

    async def talk(connection: Any) -> Any:
        def clumsy(message: Any) -> None:
            if isinstance(message, bytes):
                raise ValueError("cannot take bytes")

        connection.on("message", clumsy)
        await given(connection.start_listening())
        return connection

    with Peer(behave) as peer:
        connection = converse(mode, peer, talk, held)
    future, media, result = held.heard
    assert future.type == "FromTheFuture" and future.depth == {"a": 1}
    assert media == b"\1\2"
    assert isinstance(result, ListenV1Results)
    misread, raised = held.errors
    assert isinstance(misread, FrameError) and "no JSON" in str(misread)
    assert isinstance(raised, HandlerError) and isinstance(raised.__cause__, ValueError)
    assert held.order == ["open", "message", "error", "message", "error", "message", "close"]
    assert (connection.report().misread, connection.report().handler_errors) == (1, 1)


def test_d9_a_peer_that_stops_reading_is_noticed_and_leaving_is_bounded(mode: str) -> None:
    async def behave(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await connection.wait_closed()

    async def talk(connection: Any) -> None:
        megabyte = bytes(1024 * 1024)
        for _ in range(200):
            await given(connection.send_media(megabyte))

    with Peer(behave) as peer:
        began = time.monotonic()
        with pytest.raises(ConversationClosed, match="not read") as caught:
            converse(mode, peer, talk)
        assert time.monotonic() - began < 5 + 2 + 2
        assert isinstance(caught.value, ConnectionClosed), "programs catch the library's exception"


def test_a_peer_that_falls_silent_is_noticed(mode: str) -> None:
    async def behave(connection: ServerConnection) -> None:
        connection.transport.pause_reading()  # answers no ping
        await connection.wait_closed()

    held = Held()

    async def talk(connection: Any) -> None:
        await given(connection.start_listening())

    with Peer(behave) as peer:
        began = time.monotonic()
        converse(mode, peer, talk, held)
        assert time.monotonic() - began < 5 + 2 + 2
    assert held.order == ["open", "error", "close"]
    assert isinstance(held.errors[0], ConversationClosed) and "not answered" in str(held.errors[0])


def test_d14_large_messages_arrive_and_huge_ones_are_bounded(mode: str) -> None:
    async def behave(connection: ServerConnection) -> None:
        await connection.send(bytes(3 * 1024 * 1024))
        await connection.send(bytes(17 * 1024 * 1024))
        await connection.wait_closed()

    held = Held()

    async def talk(connection: Any) -> None:
        await given(connection.start_listening())

    with Peer(behave) as peer:
        converse(mode, peer, talk, held)
    assert [len(message) for message in held.heard] == [3 * 1024 * 1024]
    assert isinstance(held.errors[0], ConversationClosed) and held.errors[0].code == 1009


def test_d16_a_handler_can_be_taken_off(mode: str) -> None:
    async def behave(connection: ServerConnection) -> None:
        await connection.send(json.dumps(RESULT))
        await connection.send(json.dumps(METADATA))

    async def talk(connection: Any) -> list[Any]:
        heard: list[Any] = []

        def once(message: Any) -> None:
            heard.append(message)
            connection.off(EventType.MESSAGE, once)

        connection.on("message", once)
        await given(connection.start_listening())
        connection.off("close")
        return heard

    with Peer(behave) as peer:
        assert len(converse(mode, peer, talk)) == 1


@pytest.mark.parametrize(("code", "errors"), [(1000, 0), (1001, 0), (1011, 1), (4000, 1)])
def test_how_the_peer_closes_decides_whether_that_is_an_error(mode: str, code: int, errors: int) -> None:
    async def behave(connection: ServerConnection) -> None:
        await connection.send(json.dumps(RESULT))
        await connection.close(code, "the reason")

    held = Held()

    async def talk(connection: Any) -> None:
        await given(connection.start_listening())
        with pytest.raises(ConnectionClosed):
            await given(connection.send_media(b"\0"))
        with pytest.raises(ConnectionClosed):
            await given(connection.recv())

    with Peer(behave) as peer:
        converse(mode, peer, talk, held)
    assert held.order == ["open", "message", *(["error"] * errors), "close"]
    for error in held.errors:
        assert isinstance(error, ConversationClosed) and isinstance(error, ConnectionClosedError)
        assert (error.code, error.reason) == (code, "the reason")


async def test_recv_under_a_short_timeout_loses_no_message() -> None:
    async def behave(connection: ServerConnection) -> None:
        for number in range(40):
            await connection.send(json.dumps({**RESULT, "start": float(number)}))
            await asyncio.sleep(0.01)

    with Peer(behave) as peer:
        async with AsyncDeepgramClient(api_key="k", base_url=peer.url) as client:
            async with client.listen.v1.connect(model="nova-3") as connection:
                starts: list[float] = []
                while len(starts) < 40:
                    try:
                        message = await asyncio.wait_for(connection.recv(), 0.003)
                    except (TimeoutError, asyncio.TimeoutError):
                        continue
                    assert isinstance(message, ListenV1Results)
                    starts.append(message.start)
    assert starts == [float(number) for number in range(40)]


async def test_a_connection_is_entered_in_one_task_and_left_in_another() -> None:
    behave, received = service()
    with Peer(behave) as peer:
        async with AsyncDeepgramClient(api_key="k", base_url=peer.url) as client:
            manager = client.listen.v1.connect(model="nova-3")
            connection = await asyncio.wait_for(manager.__aenter__(), 5)
            await connection.send_media(b"\0\0")
            await asyncio.create_task(manager.__aexit__(None, None, None))
    assert received == [b"\0\0", '{"type": "CloseStream"}']


async def test_iteration_is_left_and_taken_up_again() -> None:
    async def behave(connection: ServerConnection) -> None:
        for number in range(4):
            await connection.send(json.dumps({**RESULT, "start": float(number)}))

    with Peer(behave) as peer:
        async with AsyncDeepgramClient(api_key="k", base_url=peer.url) as client:
            async with client.listen.v1.connect(model="nova-3") as connection:
                starts: list[float] = []
                for _ in range(2):
                    async for message in connection:
                        assert isinstance(message, ListenV1Results)
                        starts.append(message.start)
                        if len(starts) == 2:
                            break
    assert starts == [0.0, 1.0, 2.0, 3.0]


async def test_cancelling_the_listener_says_close_and_not_error() -> None:
    async def behave(connection: ServerConnection) -> None:
        await connection.wait_closed()

    held = Held()
    with Peer(behave) as peer:
        async with AsyncDeepgramClient(api_key="k", base_url=peer.url) as client:
            with pytest.raises(asyncio.CancelledError):
                async with client.listen.v1.connect(model="nova-3") as connection:
                    held.attach(connection)
                    task = asyncio.create_task(connection.start_listening())
                    await asyncio.sleep(0.05)
                    task.cancel()
                    await task
    assert held.order == ["open", "close"]


async def test_coroutine_handlers_are_awaited_in_turn() -> None:
    async def behave(connection: ServerConnection) -> None:
        for number in range(3):
            await connection.send(json.dumps({**RESULT, "start": float(number)}))

    steps: list[str] = []
    with Peer(behave) as peer:
        async with AsyncDeepgramClient(api_key="k", base_url=peer.url) as client:
            async with client.listen.v1.connect(model="nova-3") as connection:

                async def slow(message: Any) -> None:
                    steps.append(f"begin {message.start}")
                    await asyncio.sleep(0.01)
                    steps.append(f"end {message.start}")

                connection.on(EventType.MESSAGE, slow)
                await connection.start_listening()
    assert steps == [f"{step} {number}.0" for number in range(3) for step in ("begin", "end")]


def test_fifty_conversations_leave_no_thread_and_no_file_behind() -> None:
    import os

    behave_received: list[str | bytes] = []

    async def behave(connection: ServerConnection) -> None:
        await until_goodbye(connection, behave_received)
        await connection.send(json.dumps(RESULT))

    with Peer(behave) as peer:
        with DeepgramClient(api_key="k", base_url=peer.url) as client:

            def hold() -> None:
                with client.listen.v1.connect(model="nova-3") as connection:
                    connection.listen_in_background()
                    connection.send_media(b"\0\0")

            hold()
            threads_before, files_before = threading.active_count(), len(os.listdir("/proc/self/fd"))
            workers = [threading.Thread(target=hold) for _ in range(50)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join(30)
            # The peer lives in this process too, and closes its ends a moment later.
            deadline = time.monotonic() + 10
            while len(os.listdir("/proc/self/fd")) > files_before and time.monotonic() < deadline:
                time.sleep(0.05)
            assert len(os.listdir("/proc/self/fd")) <= files_before
            assert threading.active_count() == threads_before
    assert behave_received.count(b"\0\0") == 51
