"""Conversations with a peer that misbehaves, over real sockets: rows D2 to D16 of the official package's defects.

Each test is run by a client of threads and by one of an event loop. The peer is a server of the `websockets` library
that does what the test tells it to.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.http11 import Request, Response

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.events import EventType
from deepgram.protocol.iteration import FrameError
from deepgram.protocol.models.listen_live import ListenV1Metadata, ListenV1Results
from deepgram.protocol.request import RequestOptions
from deepgram.protocol.socket import HandlerError
from deepgram.runtime.errors import (
    ApiError,
    ConversationClosed,
    RateLimitError,
    RequestTimedOut,
    UnauthorizedError,
)
from deepgram.transport import install_transport, restore_transport

Behaviour = Callable[[ServerConnection], Awaitable[None]]

RESULT: dict[str, Any] = {
    "type": "Results",
    "channel_index": [0, 1],
    "duration": 1.0,
    "start": 0.0,
    "is_final": True,
    "speech_final": True,
    "channel": {
        "alternatives": [
            {
                "transcript": "hello there",
                "confidence": 0.9,
                "words": [
                    {"word": "hello", "start": 0.1, "end": 0.4, "confidence": 0.9},
                    {"word": "there", "start": 0.5, "end": 0.9, "confidence": 0.9},
                ],
            }
        ]
    },
    "metadata": {"request_id": "r", "model_info": {"name": "n", "version": "v", "arch": "a"}, "model_uuid": "u"},
}
METADATA: dict[str, Any] = {
    "type": "Metadata",
    "transaction_key": "deprecated",
    "request_id": "r",
    "sha256": "s",
    "created": "2026-01-01T00:00:00Z",
    "duration": 1.0,
    "channels": 1,
}


class Peer:
    """A WebSocket server in a thread, with one behaviour for every connection."""

    def __init__(
        self,
        behaviour: Behaviour,
        refuse: Callable[[Request], Response | None] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.behaviour = behaviour
        self.tls = tls
        self.refuse = refuse
        self.handshakes: list[Request] = []
        self.received: list[str | bytes] = []
        self._stop = asyncio.Event()
        self._ready = threading.Event()

    def __enter__(self) -> Peer:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve()))
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(15)
        self._loop.close()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def _serve(self) -> None:
        async def process(_: ServerConnection, request: Request) -> Response | None:
            self.handshakes.append(request)
            return self.refuse(request) if self.refuse else None

        async def handle(connection: ServerConnection) -> None:
            with contextlib.suppress(ConnectionClosed):
                await self.behaviour(connection)

        async with serve(
            handle,
            "127.0.0.1",
            0,
            process_request=process,
            compression=None,
            close_timeout=1,
            max_size=None,
            ssl=self.tls,
        ) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._ready.set()
            await self._stop.wait()
            for connection in server.connections:
                connection.transport.abort()


class Held:
    """A conversation, held by a sync or an async client, as the tests see it."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.errors: list[Any] = []
        self.order: list[str] = []

    def attach(self, connection: Any) -> None:
        def on(event: EventType, keep: list[Any]) -> None:
            def handle(data: Any) -> None:
                self.order.append(event.value)
                keep.append(data)

            connection.on(event, handle)

        on(EventType.OPEN, [])
        on(EventType.MESSAGE, self.heard)
        on(EventType.ERROR, self.errors)
        on(EventType.CLOSE, [])


Talk = Callable[[Any], Awaitable[Any]]
"""What a test does with its connection. Calls of a sync connection give plain values; ``given`` awaits the others."""


async def given(value: Any) -> Any:
    return await value if asyncio.iscoroutine(value) else value


def converse(mode: str, peer: Peer, talk: Talk, held: Held | None = None, **client: Any) -> Any:
    """Hold a conversation in the block of ``connect()``: sync in this thread, async in a loop of its own."""
    keywords: dict[str, Any] = {"api_key": "k", "base_url": peer.url, "max_retries": 0, **client}
    if mode == "sync":
        with DeepgramClient(**keywords) as sync, sync.listen.v1.connect(model="nova-3") as connection:
            if held:
                held.attach(connection)
            return asyncio.run(_plain(talk, connection))

    async def run() -> Any:
        async with AsyncDeepgramClient(**keywords) as client:
            async with client.listen.v1.connect(model="nova-3") as connection:
                if held:
                    held.attach(connection)
                return await talk(connection)

    return asyncio.run(run())


async def _plain(talk: Talk, connection: Any) -> Any:
    return await talk(connection)


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


async def until_goodbye(connection: ServerConnection, keep: list[str | bytes]) -> None:
    async for message in connection:
        keep.append(message)
        if isinstance(message, str) and json.loads(message)["type"] == "CloseStream":
            return


def service() -> tuple[Behaviour, list[str | bytes]]:
    """A peer that behaves: it answers the goodbye with the last results and closes."""
    received: list[str | bytes] = []

    async def behave(connection: ServerConnection) -> None:
        await until_goodbye(connection, received)
        await connection.send(json.dumps(RESULT))
        await connection.send(json.dumps(METADATA))

    return behave, received


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


def answer(status: int, body: bytes, **headers: str) -> Callable[[Request], Response]:
    fields = Headers({"content-length": str(len(body)), **{name.replace("_", "-"): headers[name] for name in headers}})
    return lambda _: Response(status, "No", fields, body)


REFUSED = b'{"err_code": "X", "err_msg": "told you", "request_id": "id-1"}'


@pytest.mark.parametrize(
    ("status", "kind"), [(401, UnauthorizedError), (403, ApiError), (429, RateLimitError), (503, ApiError)]
)
def test_d7_a_refused_handshake_is_an_api_error_with_the_answer(mode: str, status: int, kind: type[ApiError]) -> None:
    behave, _ = service()

    async def talk(_: Any) -> None:
        raise AssertionError("it was refused")

    refuse = answer(status, REFUSED, dg_request_id="id-1", retry_after="7")
    with Peer(behave, refuse) as peer, pytest.raises(kind) as caught:
        converse(mode, peer, talk, api_key="a-secret-key")
    error = caught.value
    assert (error.status_code, error.request_id) == (status, "id-1")
    assert error.body == json.loads(REFUSED)
    assert error.headers is not None and error.headers["retry-after"] == "7"
    assert "a-secret-key" not in f"{error} {error!r} {error.__dict__}"
    assert not isinstance(error, RateLimitError) or error.retry_after == 7


def test_d7_a_busy_service_is_asked_again(mode: str) -> None:
    behave, received = service()
    refusals = iter([answer(429, REFUSED, retry_after="0.05"), answer(503, REFUSED, retry_after="0.05")])

    def refuse(request: Request) -> Response | None:
        refusal = next(refusals, None)
        return refusal(request) if refusal else None

    async def talk(connection: Any) -> None:
        await given(connection.send_media(b"\0\0"))

    with Peer(behave, refuse) as peer:
        converse(mode, peer, talk, max_retries=2)
        assert len(peer.handshakes) == 3
    assert received[0] == b"\0\0"


def test_d8_a_handshake_without_an_answer_ends_with_the_clients_timeout(mode: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        peer = Peer(service()[0])
        peer.port = deaf.getsockname()[1]

        async def talk(_: Any) -> None:
            raise AssertionError("nobody answered")

        began = time.monotonic()
        with pytest.raises(RequestTimedOut) as caught:
            converse(mode, peer, talk, timeout=1.0)
        assert time.monotonic() - began < 4
        assert isinstance(caught.value, TimeoutError)


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


def test_d13_two_clients_have_two_transports() -> None:
    class Wire:
        def __init__(self, url: str, headers: dict[str, str]) -> None:
            self.url, self.sent, self.frames = url, list[Any](), [json.dumps(RESULT)]

        def send(self, data: Any, /) -> None:
            self.sent.append(data)

        def recv(self) -> Any:
            return self.frames.pop()

        def __iter__(self) -> Iterator[Any]:
            while self.frames:
                yield self.frames.pop()

        def close(self) -> None:
            self.sent.append("closed")

    made: list[Wire] = []

    def factory(url: str, headers: dict[str, str]) -> Wire:
        made.append(Wire(url, headers))
        return made[-1]

    first = DeepgramClient(api_key="k", transport_factory=factory)
    behave, received = service()
    with Peer(behave) as peer, DeepgramClient(api_key="k", base_url=peer.url) as second:
        with first.listen.v1.connect(model="nova-3") as connection:
            assert isinstance(connection.recv(), ListenV1Results)
            with second.listen.v1.connect(model="nova-3") as other:
                other.send_media(b"\0\0")
    assert [wire.url for wire in made] == ["wss://api.deepgram.com/v1/listen?model=nova-3"]
    assert made[0].sent == ['{"type": "CloseStream"}', "closed"]
    assert received == [b"\0\0", '{"type": "CloseStream"}']


def test_a_transport_can_be_installed_for_the_whole_process_and_taken_away_again() -> None:
    opened: list[str] = []

    class Silent:
        def send(self, data: Any, /) -> None:
            """Nobody hears it."""

        def recv(self) -> Any:
            raise EOFError("there is nothing")

        def __iter__(self) -> Iterator[Any]:
            return iter(())

        def close(self) -> None:
            """Nothing is open."""

    def factory(url: str, headers: dict[str, str]) -> Silent:
        opened.append(url)
        return Silent()

    install_transport(sync_factory=factory)
    try:
        install_transport(sync_factory=factory)  # the same one once more is fine
        with pytest.raises(RuntimeError, match="restore_transport"):
            install_transport(sync_factory=lambda url, headers: Silent())
        with DeepgramClient(api_key="k").listen.v1.connect(model="nova-3"):
            pass
    finally:
        restore_transport()
    assert opened == ["wss://api.deepgram.com/v1/listen?model=nova-3"]
    behave, received = service()
    with Peer(behave) as peer, DeepgramClient(api_key="k", base_url=peer.url) as client:
        with client.listen.v1.connect(model="nova-3") as connection:
            connection.send_media(b"\0\0")
    assert received[0] == b"\0\0"


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


def test_the_handshake_carries_credential_query_and_headers(mode: str) -> None:
    behave, _ = service()
    with Peer(behave) as peer:
        keywords: dict[str, Any] = {"api_key": "k", "base_url": peer.url + "/prefix"}
        options: RequestOptions = {
            "additional_headers": {"x-mine": "1"},
            "additional_query_parameters": {"brand_new": True, "gone": None},
        }
        with DeepgramClient(**keywords) as client:
            with client.listen.v1.connect(
                model="nova-3", interim_results=True, keyterm=["a b", "c"], endpointing=300, request_options=options
            ):
                pass
            with client.listen.v2.connect(model="flux-general-en", authorization="Custom x"):
                pass
    first, second = peer.handshakes
    assert first.path == (
        "/prefix/v1/listen?endpointing=300&interim_results=true&keyterm=a+b&keyterm=c&model=nova-3&brand_new=true"
    )
    assert (first.headers["authorization"], first.headers["x-mine"]) == ("Token k", "1")
    assert first.headers["user-agent"].startswith("deepgram-sdk/")
    assert "sec-websocket-protocol" not in first.headers
    assert second.path == "/prefix/v2/listen?model=flux-general-en"
    assert second.headers["authorization"] == "Custom x"


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
