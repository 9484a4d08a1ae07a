"""Messages that are cut out before the library's parser sees them are those that it would have made itself."""

from __future__ import annotations

import asyncio
import logging
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection, serve
from websockets.client import ClientProtocol
from websockets.exceptions import ConcurrencyError, ConnectionClosedError
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri
from websockets.version import version

from deepgram.runtime.websocket import Limits, connect, connect_async
from deepgram.runtime.websocket_connections import FEW, MOST, AsyncWaiting, Frames, SyncWaiting

LARGEST = 70_000
OLDER = int(version.partition(".")[0]) < 17
"""Releases of the library that do not say why they ended a conversation."""
DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)
LIMITS = Limits(open_timeout=5, max_message_bytes=LARGEST, proxy=None, tls=None)


def frame(head: int, payload: bytes, *, mask: bool = False) -> bytes:
    """Return a frame as it is on the wire, right or wrong."""
    length, bit = len(payload), 0x80 if mask else 0
    if length < 126:
        return bytes([head, bit | length]) + payload
    if length < 1 << 16:
        return struct.pack(">BBH", head, bit | 126, length) + payload
    return struct.pack(">BBQ", head, bit | 127, length) + payload


def opened(url: str = "ws://service/") -> tuple[ClientProtocol, bytes]:
    """Return a protocol that has asked for a handshake, and the answer to it."""
    protocol = ClientProtocol(parse_uri(url), max_size=LARGEST)
    protocol.send_request(protocol.connect())
    server = ServerProtocol()
    server.receive_data(b"".join(protocol.data_to_send()))
    (request,) = server.events_received()
    assert isinstance(request, Request)
    server.send_response(server.accept(request))
    return protocol, b"".join(server.data_to_send())


def by_the_library(chunks: list[bytes]) -> tuple[list[Any], ClientProtocol]:
    """Return the messages that the library makes of what came, joined as its connections join them."""
    protocol, answer = opened()
    for chunk in rejoined(answer, chunks):
        protocol.receive_data(chunk)
    messages: list[Any] = []
    parts: list[Frame] = []
    for event in protocol.events_received():
        if isinstance(event, Frame) and event.opcode in DATA:
            parts.append(event)
            if event.fin:
                whole = b"".join(part.data for part in parts)
                try:
                    messages.append(whole.decode() if parts[0].opcode is Opcode.TEXT else whole)
                except UnicodeDecodeError:
                    messages.append(UnicodeDecodeError)
                    break
                parts = []
    return messages, protocol


def by_ours(chunks: list[bytes]) -> tuple[list[Any], ClientProtocol]:
    """Return the messages that are cut out of what came."""
    protocol, answer = opened()
    messages: list[Any] = []
    Frames(protocol, LARGEST, messages.extend)
    for chunk in rejoined(answer, chunks):
        protocol.receive_data(chunk)
    assert not [event for event in protocol.events_received() if isinstance(event, Frame) and event.opcode in DATA]
    return messages, protocol


def rejoined(answer: bytes, chunks: list[bytes]) -> list[bytes]:
    """Return the chunks behind the answer to the handshake: the first of them ends in the middle of both."""
    whole = answer + b"".join(chunks)
    ends = {len(answer) - 30, len(answer) + 3, len(whole)}
    at = len(answer)
    for chunk in chunks:
        at += len(chunk)
        ends.add(at)
    inside = sorted(end for end in ends if end <= len(whole))
    return [whole[start:end] for start, end in zip([0, *inside], inside, strict=False)]


TEXTS = st.sampled_from(
    ["", "{}", '{"type": "Results"}', "müde " * 30, "x" * 125, "x" * 126, "x" * 65_535, "y" * 65_536]
)
SOUND = st.sampled_from([b"", b"\x00\x01", bytes(640), bytes(65_536)])
ORDERLY = st.one_of(
    TEXTS.map(lambda text: frame(0x81, text.encode())),
    SOUND.map(lambda sound: frame(0x82, sound)),
    st.tuples(TEXTS, st.integers(0, 9)).map(  # in parts that cut characters, with a ping between them
        lambda drawn: (
            frame(0x01, drawn[0].encode()[: drawn[1]])
            + frame(0x89, b"there?")
            + frame(0x00, drawn[0].encode()[drawn[1] : 20])
            + frame(0x80, drawn[0].encode()[20:] if drawn[1] < 20 else b"")
        )
    ),
    SOUND.map(lambda sound: frame(0x02, sound[:3]) + frame(0x80, sound[3:])),
    st.just(frame(0x8A, b"unasked")),
    st.just(frame(0x89, b"")),
)
WRONG = st.sampled_from(
    [
        frame(0x81, b"\xff\xfe"),  # no UTF-8
        frame(0x01, b"\xc3") + frame(0x80, b"("),  # none either, over two parts
        frame(0x81, b"masked", mask=True),
        frame(0x82, bytes(300), mask=True),
        frame(0xC1, b"compressed"),
        frame(0x83, b"no such kind"),
        frame(0x80, b"a part of nothing"),
        frame(0x01, b"begun") + frame(0x81, b"and begun again"),
        frame(0x89, bytes(126)),  # too long for a ping
        frame(0x09, b"a ping in parts"),
        frame(0x82, bytes(LARGEST + 1)),
        struct.pack(">BBQ", 0x82, 127, 1 << 62),  # 4 EiB are announced
        struct.pack(">BBQ", 0x82, 127, (1 << 64) - 1),
        frame(0x01, bytes(LARGEST - 1)) + frame(0x80, bytes(2)),  # too much in all
        frame(0x88, struct.pack(">H", 1000) + b"bye"),
        frame(0x88, b""),
        frame(0x88, b"\x03"),
        frame(0x88, struct.pack(">H", 1005)),
    ]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(ORDERLY, max_size=8),
    st.one_of(st.just(b""), WRONG),
    st.lists(ORDERLY, max_size=2),
    st.lists(st.integers(1, 3000), min_size=1, max_size=8),
)
def test_messages_and_answers_are_those_of_the_library(
    before: list[bytes], wrong: bytes, after: list[bytes], sizes: list[int]
) -> None:
    stream = b"".join([*before, wrong, *after])
    chunks: list[bytes] = []
    at = 0
    while at < len(stream):
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(stream[at : at + size])
        at += size
    expected, library = by_the_library(chunks)
    messages, ours = by_ours(chunks)
    if UnicodeDecodeError in expected:  # connections notice it when the message is taken
        assert messages[: len(expected) - 1] == expected[:-1]
        assert type(messages[len(expected) - 1]) is UnicodeDecodeError
        return
    assert messages == expected
    assert [type(message) for message in messages] == [type(message) for message in expected]
    assert ours.state is library.state
    assert (ours.close_sent, ours.close_rcvd) == (library.close_sent, library.close_rcvd)
    assert repr(ours.parser_exc) == repr(library.parser_exc)
    library.receive_eof()
    ours.receive_eof()
    ours.receive_eof()  # connections do it twice
    assert ours.state is library.state
    assert str(ours.close_exc) == str(library.close_exc)


async def test_text_that_is_none_is_told_in_its_place() -> None:
    error = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    waiting, waiting_too = AsyncWaiting(int, int), SyncWaiting(int, int)
    for each in (waiting, waiting_too):
        each.put(["before", error, "after"])
    assert waiting.at_hand() == "before"
    assert waiting.at_hand() is None
    with pytest.raises(UnicodeDecodeError):
        await waiting.get()
    assert waiting.at_hand() == "after"
    assert waiting_too.get() == "before"
    with pytest.raises(UnicodeDecodeError):
        waiting_too.get()
    assert waiting_too.get() == "after"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_a_refused_handshake_keeps_its_body(size: int) -> None:
    refusal = b'HTTP/1.1 401 Unauthorized\r\ncontent-length: 24\r\nx: y\r\n\r\n{"err": "INVALID_AUTH"}\r\n'
    protocol, _ = opened()
    messages: list[Any] = []
    Frames(protocol, LARGEST, messages.extend)
    for at in range(0, len(refusal), size):
        protocol.receive_data(refusal[at : at + size])
    protocol.receive_eof()
    (response,) = protocol.events_received()
    assert isinstance(response, Response)
    assert response.body == b'{"err": "INVALID_AUTH"}\r'
    assert messages == []
    assert protocol.state is State.CLOSED


def test_an_endless_answer_to_the_handshake_is_not_kept() -> None:
    protocol, _ = opened()
    frames = Frames(protocol, LARGEST, list[Any]().extend)
    for _ in range(50):
        protocol.receive_data(b"HTTP/1.1 101 " + b"x" * 2000)
    assert len(frames._waiting) < 10
    assert protocol.handshake_exc is not None


def test_of_a_frame_that_comes_in_many_pieces_nothing_is_copied_twice() -> None:
    protocol, answer = opened()
    messages: list[Any] = []
    frames = Frames(protocol, LARGEST, messages.extend)
    protocol.receive_data(answer)
    whole = frame(0x82, bytes(60_000))
    held = frames._waiting
    for at in range(0, len(whole), 100):
        protocol.receive_data(whole[at : at + 100])
        assert frames._waiting is held
    assert messages == [bytes(60_000)]
    assert held == b""


# --- Messages that wait -----------------------------------------------------------------------------------------------


async def test_reading_stops_while_too_many_messages_wait() -> None:
    said: list[str] = []
    waiting = AsyncWaiting(lambda: said.append("pause"), lambda: said.append("resume"))
    for number in range(MOST + 5):
        waiting.put([str(number)])
    assert said == ["pause"]
    assert waiting.paused
    got = [await waiting.get() for _ in range(MOST + 5 - FEW)]
    assert said == ["pause", "resume"]
    assert got == [str(number) for number in range(len(got))]


async def test_a_wait_that_is_cancelled_loses_no_message() -> None:
    waiting = AsyncWaiting(int, int)
    reader = asyncio.create_task(waiting.get())
    await asyncio.sleep(0)
    with pytest.raises(ConcurrencyError):
        await waiting.get()
    waiting.put(["first"])
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    waiting.put(["second"])
    assert [await waiting.get(), await waiting.get(decode=False)] == ["first", b"second"]
    ending = asyncio.create_task(waiting.get())
    await asyncio.sleep(0)
    waiting.close()
    with pytest.raises(EOFError):
        await ending
    with pytest.raises(EOFError):
        await waiting.get()


def test_threads_pass_messages_on_in_order_and_never_stand_still() -> None:
    room = threading.Lock()
    waiting = SyncWaiting(room.acquire, room.release)
    count = 20_000

    def read_from_the_wire() -> None:
        for number in range(count):
            if number % 40 == 0:  # as the library's thread does before it reads on
                assert room.acquire(timeout=20)
                room.release()
            waiting.put([str(number)])
        waiting.close()

    thread = threading.Thread(target=read_from_the_wire, daemon=True)
    thread.start()
    got = [waiting.get(timeout=20) for _ in range(count)]
    thread.join(20)
    assert not thread.is_alive()
    assert got == [str(number) for number in range(count)]
    with pytest.raises(EOFError):
        waiting.get()
    with pytest.raises(EOFError):
        waiting.get()


def test_closing_wakes_readers_and_whoever_may_not_read_on() -> None:
    room = threading.Lock()
    waiting = SyncWaiting(room.acquire, room.release)
    for timeout in (0.01, 0, -1):
        with pytest.raises(TimeoutError):
            waiting.get(timeout=timeout)
    for number in range(MOST + 1):
        waiting.put([str(number)])
    assert room.locked()
    waiting.close()
    waiting.close()
    assert not room.locked()
    assert waiting.get(decode=False) == b"0"


# --- Connections ------------------------------------------------------------------------------------------------------


@contextmanager
def verbose() -> Generator[None]:
    """Let the library log every frame."""
    log = logging.getLogger("websockets.client")
    before = log.level
    log.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        log.setLevel(before)


async def talk(connection: ServerConnection) -> None:
    """Say what comes back, in parts; then something that is no text."""
    async for message in connection:
        if message == "nonsense":
            connection.transport.write(frame(0x81, b"\xff"))
        else:
            await connection.send([message[:1], message[1:]])
            await connection.send(message)


async def test_a_connection_says_why_it_ended(caplog: pytest.LogCaptureFixture) -> None:
    async with serve(talk, "127.0.0.1", 0, compression=None) as server:
        address = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"
        transport: Any = await connect_async(address, {}, LIMITS)
        for message in ("word", b"sound"):
            await transport.send(message)
            assert [await transport.recv(), await transport.recv()] == [message, message]
        await transport.send("more")
        assert [part async for part in transport.recv_streaming()] == ["more"]
        assert await transport.recv(decode=False) == b"more"
        await transport.send("nonsense")
        with pytest.raises(ConnectionClosedError) as caught:
            await transport.recv()
        assert caught.value.sent is not None
        assert caught.value.sent.code == 1007
        assert isinstance(caught.value.__cause__, UnicodeDecodeError) or OLDER
        with verbose():
            transport = await connect_async(address, {}, LIMITS)
            await transport.send("word")
            assert [await transport.recv(), await transport.recv()] == ["word", "word"]
            await transport.close()
        assert "< TEXT 'word'" in caplog.text


async def test_a_connection_of_threads_says_why_it_ended(caplog: pytest.LogCaptureFixture) -> None:
    def converse(address: str) -> ConnectionClosedError:
        transport: Any = connect(address, {}, LIMITS)
        for message in ("word", b"sound"):
            transport.send(message)
            assert [transport.recv(), transport.recv()] == [message, message]
        transport.send("more")
        assert list(transport.recv_streaming()) == ["more"]
        assert transport.recv(decode=False) == b"more"
        transport.send("nonsense")
        with pytest.raises(ConnectionClosedError) as caught:
            transport.recv(timeout=5)
        with verbose():
            transport = connect(address, {}, LIMITS)
            transport.send("word")
            assert [transport.recv(), transport.recv()] == ["word", "word"]
            transport.close()
        return caught.value

    async with serve(talk, "127.0.0.1", 0, compression=None) as server:
        address = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"
        ended = await asyncio.wait_for(asyncio.to_thread(converse, address), 20)
    assert ended.sent is not None
    assert ended.sent.code == 1007
    assert isinstance(ended.__cause__, UnicodeDecodeError) or OLDER
    assert "< TEXT 'word'" in caplog.text
