"""Audio as it is made: what `speak.*.audio.generate` returns, over real sockets, from threads and event loops."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import inspect
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.http_response import AsyncHttpResponse, HttpResponse
from deepgram.protocol.audio_stream import KEPT, AsyncAudioStream, AudioStream
from deepgram.protocol.request import RequestOptions
from deepgram.runtime.errors import ApiError, BadRequestError, ConnectionFailed, RateLimitError, RequestTimedOut

from .conftest import LIMIT, Server, after_body

Serve = Callable[..., Server]

AUDIO = bytes(range(256)) * 40
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ndg-request-id: r-1\r\ndg-char-count: 5\r\n"
WHOLE = HEAD + f"content-length: {len(AUDIO)}\r\n\r\n".encode() + AUDIO
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
REFUSED = b'{"err_code":"Bad Request","err_msg":"no text","request_id":"r-2"}'


def sending(data: bytes) -> Callable[[socket.socket, Any], object]:
    """Answer with ``data`` and close."""
    return after_body(lambda connection, seen: connection.sendall(data))


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


ENDLESS_HEAD = HEAD + b"content-length: 1000000000\r\n\r\n"


def client(server: Server, **options: Any) -> DeepgramClient:
    return DeepgramClient(api_key="secret-key-1", base_url=server.url, **options)


def async_client(server: Server, **options: Any) -> AsyncDeepgramClient:
    return AsyncDeepgramClient(api_key="secret-key-1", base_url=server.url, **options)


# --- What comes back --------------------------------------------------------------------------------------------------


def test_d35_the_documented_line_works_and_the_answer_stays_an_iterator(serve: Serve) -> None:
    with client(serve(WHOLE)) as deepgram:
        response = deepgram.speak.v1.audio.generate(text="Hello")
        assert response.stream.getvalue() == AUDIO
        assert isinstance(response.stream, BytesIO)
        assert isinstance(response, Iterator)
        assert iter(response) is response
        assert b"".join(response) == AUDIO
        assert list(response) == []
        assert response.stream.read(4) == AUDIO[:4]
        assert response.stream.read(4) == AUDIO[4:8]
        assert b"".join(deepgram.speak.v1.audio.generate(text="Hello")) == AUDIO


def test_nothing_is_sent_before_the_first_piece_is_asked_for(serve: Serve) -> None:
    server = serve(WHOLE)
    with client(server) as deepgram:
        response = deepgram.speak.v1.audio.generate(
            text="Hello", model="aura-2-thalia-en", encoding="mp3", tag=["a", "b"]
        )
        assert server.seen == []
        assert repr(response) == "<AudioStream: not asked for>"
        first = next(response)
        assert first
        assert AUDIO.startswith(first)
        assert first + b"".join(response) == AUDIO
        assert repr(response) == "<AudioStream: complete>"
    assert [seen.line for seen in server.seen] == [
        "POST /v1/speak?tag=a&tag=b&encoding=mp3&model=aura-2-thalia-en HTTP/1.1"
    ]
    assert server.seen[0].body == b'{"text":"Hello"}'
    assert server.seen[0].headers["content-type"] == "application/json"


def test_headers_are_there_without_the_audio(serve: Serve) -> None:
    with client(serve(WHOLE)) as deepgram:
        response = deepgram.speak.v1.audio.generate(text="Hello")
        assert response.request_id == "r-1"
        assert response.content_type == "audio/mpeg"
        assert response.headers["dg-char-count"] == "5"
        assert response.status_code == 200
        assert repr(response) == "<AudioStream: under way>"
        assert response.read() == AUDIO


def test_a_block_asks_at_once_and_closes_what_was_not_read(serve: Serve) -> None:
    server = serve(sending(ENDLESS_HEAD + bytes(100)), WHOLE)
    with client(server) as deepgram:
        with deepgram.speak.v1.audio.generate(text="Hello") as response:
            assert len(server.seen) == 1
            assert next(response)
        with pytest.raises(RuntimeError, match="closed before its end"):
            next(response)
        with pytest.raises(RuntimeError, match="closed before its end"):
            _ = response.stream
        response.close()
        assert deepgram.speak.v1.audio.generate(text="Hello").read() == AUDIO


def test_what_was_closed_before_it_began_is_never_asked_for(serve: Serve) -> None:
    server = serve(WHOLE)
    with client(server) as deepgram:
        response = deepgram.speak.v1.audio.generate(text="Hello")
        response.close()
        with pytest.raises(RuntimeError, match="closed"):
            next(response)
        with pytest.raises(RuntimeError, match="closed"):
            _ = response.headers
    assert server.seen == []


def test_the_whole_can_still_be_had_after_some_of_it(serve: Serve) -> None:
    with client(serve(WHOLE)) as deepgram:
        response = deepgram.speak.v1.audio.generate(text="Hello", request_options={"chunk_size": 4000})
        first = next(response)
        assert len(first) == 4000
        assert response.stream.getvalue() == AUDIO
        assert first + b"".join(response) == AUDIO  # the iterator goes on where it was
        again = deepgram.speak.v1.audio.generate(text="Hello")
        pieces = b"".join(again)
        assert again.stream.getvalue() == pieces == AUDIO


def test_chunks_have_the_size_that_was_asked_for(serve: Serve) -> None:
    with client(serve(WHOLE)) as deepgram:
        options: RequestOptions = {"chunk_size": 4096}
        sizes = [len(piece) for piece in deepgram.speak.v1.audio.generate(text="Hello", request_options=options)]
        assert sizes == [4096, 4096, len(AUDIO) - 8192]


def flood(size: int) -> Callable[[socket.socket, Any], object]:
    def answer(connection: socket.socket, seen: Any) -> None:
        connection.sendall(HEAD + f"content-length: {size}\r\n\r\n".encode())
        block = bytes(1 << 20)
        for _ in range(size >> 20):
            connection.sendall(block)

    return after_body(answer)


def test_long_audio_is_handed_out_and_forgotten_and_says_so(serve: Serve) -> None:
    size = KEPT + (4 << 20)
    with client(serve(flood(size))) as deepgram:
        response = deepgram.speak.v1.audio.generate(text="Hello")
        assert sum(map(len, response)) == size
        with pytest.raises(RuntimeError, match="More than 1 MiB"):
            _ = response.stream
        with pytest.raises(RuntimeError, match="More than 1 MiB"):
            response.save(os.devnull)
        taken = deepgram.speak.v1.audio.generate(text="Hello")
        assert len(taken.stream.getbuffer()) == size  # who asks for the whole gets it, however large
        assert sum(map(len, taken)) == size


def test_memory_stays_flat_however_long_the_audio_is(serve: Serve, tmp_path: Path) -> None:
    import tracemalloc

    target = tmp_path / "audio"
    with client(serve(flood(64 << 20))) as deepgram:
        deepgram.speak.v1.audio.generate(text="warm up").close()
        response = deepgram.speak.v1.audio.generate(text="Hello")
        next(response)
        tracemalloc.start()
        try:
            assert sum(map(len, response)) > 60 << 20
            handed_out = tracemalloc.get_traced_memory()[1]
            tracemalloc.reset_peak()
            assert deepgram.speak.v1.audio.generate(text="Hello").save(target) == 64 << 20
            saved = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert handed_out < KEPT + (3 << 20)
    assert saved < 2 * KEPT + (3 << 20)
    assert target.stat().st_size == 64 << 20


# --- Saving -----------------------------------------------------------------------------------------------------------


def test_audio_is_saved_under_a_name_or_path(serve: Serve, tmp_path: Path) -> None:
    with client(serve(WHOLE)) as deepgram:
        for path in (tmp_path / "a.mp3", str(tmp_path / "b.mp3")):
            response = deepgram.speak.v1.audio.generate(text="Hello")
            assert response.save(path) == len(AUDIO)
            assert Path(path).read_bytes() == AUDIO
            assert response.save(path) == len(AUDIO)  # once more, as it is still there
        later = deepgram.speak.v1.audio.generate(text="Hello")
        assert later.stream.getvalue() == AUDIO
        next(later)
        assert later.save(tmp_path / "c.mp3") == len(AUDIO)
        assert (tmp_path / "c.mp3").read_bytes() == AUDIO
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp3", "b.mp3", "c.mp3"]


def test_what_breaks_off_leaves_no_file_and_an_older_one_as_it_was(serve: Serve, tmp_path: Path) -> None:
    target = tmp_path / "a.mp3"
    target.write_bytes(b"older")
    with client(serve(sending(ENDLESS_HEAD + AUDIO))) as deepgram:
        with pytest.raises(ConnectionFailed):
            deepgram.speak.v1.audio.generate(text="Hello").save(target)
        with pytest.raises(ConnectionFailed):
            deepgram.speak.v1.audio.generate(text="Hello").save(tmp_path / "b.mp3")
        with pytest.raises(FileNotFoundError):
            deepgram.speak.v1.audio.generate(text="Hello").save(tmp_path / "no" / "a.mp3")
    assert target.read_bytes() == b"older"
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp3"]


def test_a_link_is_written_through_and_a_full_disk_is_told(serve: Serve, tmp_path: Path) -> None:
    target = tmp_path / "a.mp3"
    (tmp_path / "link.mp3").symlink_to(target)
    with client(serve(WHOLE)) as deepgram:
        deepgram.speak.v1.audio.generate(text="Hello").save(tmp_path / "link.mp3")
        assert target.read_bytes() == AUDIO
        assert (tmp_path / "link.mp3").is_symlink()
        if os.path.exists("/dev/full"):
            with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
                deepgram.speak.v1.audio.generate(text="Hello").save("/dev/full")


def test_a_pipe_gets_the_audio_as_it_is(serve: Serve, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    with client(serve(WHOLE)) as deepgram:
        deepgram.speak.v1.audio.generate(text="Hello").save(pipe)
    reader.join(LIMIT)
    assert read == [AUDIO]


# --- What goes wrong at the start -------------------------------------------------------------------------------------


def test_a_refusal_comes_with_the_first_byte_and_says_everything(serve: Serve) -> None:
    with client(serve(Server.reply(400, REFUSED))) as deepgram:
        response = deepgram.speak.v1.audio.generate(text="")
        for ask in (
            lambda: next(response),
            lambda: next(response),  # and stays: nobody takes it for the end
            lambda: response.read(),
            lambda: response.headers,
            lambda: response.__enter__(),
        ):
            with pytest.raises(BadRequestError) as caught:
                ask()
            assert caught.value.status_code == 400
            assert caught.value.request_id == "r-2"
            assert caught.value.body["err_msg"] == "no text"


def test_a_start_that_fails_is_tried_again_like_any_request(serve: Serve, naps: list[float]) -> None:
    busy, broken = Server.reply(503, {}), HEAD + b"content-length: 10\r\n\r\n"
    server = serve(busy, sending(broken), WHOLE)
    with client(server) as deepgram:
        assert deepgram.speak.v1.audio.generate(text="Hello").read() == AUDIO
    assert len(server.seen) == 3
    assert len(naps) == 2
    server = serve(Server.reply(429, {}, retry_after="7"))
    with client(server) as deepgram, pytest.raises(RateLimitError) as caught:
        deepgram.speak.v1.audio.generate(text="Hello", request_options={"max_retries": 1}).read()
    assert caught.value.retry_after == 7
    assert len(server.seen) == 2
    assert naps[-1] == 7


def test_retries_can_be_switched_off(serve: Serve) -> None:
    server = serve(Server.reply(503, {}))
    with client(server, max_retries=0) as deepgram, pytest.raises(ApiError):
        next(deepgram.speak.v1.audio.generate(text="Hello"))
    assert len(server.seen) == 1


def test_nobody_there_is_an_error_at_the_first_byte(dead_port: int) -> None:
    deepgram = DeepgramClient(api_key="k", base_url=f"http://127.0.0.1:{dead_port}", max_retries=0)
    response = deepgram.speak.v1.audio.generate(text="Hello")
    with deepgram, pytest.raises(ConnectionFailed) as caught:
        next(response)
    assert isinstance(caught.value, httpx.ConnectError)


def test_arguments_that_do_not_exist_are_refused_at_the_call(serve: Serve) -> None:
    with client(serve(WHOLE)) as deepgram:
        with pytest.raises(TypeError, match="voice"):
            deepgram.speak.v1.audio.generate(text="Hello", voice="x")  # type: ignore[call-arg]  # pyright: ignore
        with pytest.raises(TypeError, match="model"):
            deepgram.speak.v2.audio.generate(text="Hello")  # type: ignore[call-arg]  # pyright: ignore
        with pytest.raises(TypeError, match="text"):
            deepgram.speak.v1.audio.generate()  # type: ignore[call-arg]  # pyright: ignore


# --- What goes wrong in the middle ------------------------------------------------------------------------------------


@after_body
def reset(connection: socket.socket, seen: Any) -> None:
    """Send some audio, then break the connection as a process that dies does."""
    connection.sendall(CHUNKED + chunk(AUDIO))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


BROKEN = {
    "content-length": sending(ENDLESS_HEAD + AUDIO),
    "chunked": sending(CHUNKED + chunk(AUDIO)),
    "in a chunk": sending(CHUNKED + b"fffff\r\n" + AUDIO),
    "reset": reset,
}


@pytest.mark.parametrize("how", BROKEN)
async def test_audio_that_breaks_off_always_raises(serve: Serve, how: str, http_library: None) -> None:
    server = serve(BROKEN[how])
    with client(server, max_retries=0) as deepgram:
        response = deepgram.speak.v1.audio.generate(text="Hello")
        expect_break(lambda: b"".join(response))
        expect_break(lambda: next(response))
        expect_break(lambda: response.stream)
        with deepgram.speak.v1.audio.with_raw_response.generate(text="Hello") as raw:
            expect_break(lambda: b"".join(raw.data))
    async with async_client(server, max_retries=0) as loop_client:
        spoken = loop_client.speak.v1.audio.generate(text="Hello")
        for _ in range(2):
            with pytest.raises(ConnectionFailed) as caught:
                _ = [piece async for piece in spoken]
            check_break(caught.value)
        async with loop_client.speak.v1.audio.with_raw_response.generate(text="Hello") as answer:
            with pytest.raises(ConnectionFailed) as caught:
                _ = [piece async for piece in answer.data]
            check_break(caught.value)


def expect_break(ask: Callable[[], object]) -> None:
    with pytest.raises(ConnectionFailed) as caught:
        ask()
    check_break(caught.value)


def check_break(error: ConnectionFailed) -> None:
    assert isinstance(error, httpx.TransportError)
    if error.request_id is not None:  # a reset may take the head of the answer along
        assert error.request_id == "r-1"
        assert error.status_code == 200
        assert "broke off after" in str(error)
    assert "secret-key-1" not in str(error)


async def test_audio_that_stalls_times_out_and_says_where(serve: Serve, http_library: None) -> None:
    release = threading.Event()

    @after_body
    def stall(connection: socket.socket, seen: Any) -> None:
        connection.sendall(CHUNKED + chunk(AUDIO))
        release.wait(LIMIT)

    server = serve(stall)
    options: RequestOptions = {"timeout": 0.3}
    with client(server) as deepgram, pytest.raises(RequestTimedOut) as caught:
        deepgram.speak.v1.audio.generate(text="Hello", request_options=options).read()
    assert caught.value.request_id == "r-1"
    assert f"broke off after {len(AUDIO)} bytes" in str(caught.value)
    async with async_client(server) as loop_client:
        with pytest.raises(RequestTimedOut):
            await loop_client.speak.v1.audio.generate(text="Hello", request_options=options).read()
    release.set()


def test_a_body_shorter_than_promised_is_noticed_though_the_library_does_not_look() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-length": "100", "dg-request-id": "r-1"}, stream=Short())

    class Short(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b"short"

    with httpx.Client(transport=httpx.MockTransport(answer)) as own:
        deepgram = DeepgramClient(api_key="k", httpx_client=own)
        with pytest.raises(ConnectionFailed, match="broke off after 5 bytes of 100"):
            deepgram.speak.v1.audio.generate(text="Hello").read()


def test_an_error_of_the_caller_is_nobody_elses(serve: Serve) -> None:
    with client(serve(WHOLE)) as deepgram:
        with pytest.raises(ZeroDivisionError), deepgram.speak.v1.audio.generate(text="Hello") as response:
            next(response)
            raise ZeroDivisionError
        with pytest.raises(ZeroDivisionError), deepgram.speak.v1.audio.with_raw_response.generate(text="Hello"):
            raise ZeroDivisionError


# --- Bad input --------------------------------------------------------------------------------------------------------


async def test_a_lone_surrogate_is_refused_before_anything_is_sent(serve: Serve) -> None:
    server = serve(WHOLE)
    with client(server) as deepgram, pytest.raises(ApiError, match="lone surrogate") as caught:
        next(deepgram.speak.v1.audio.generate(text="a\ud83d"))
    assert isinstance(caught.value.__cause__, UnicodeEncodeError)
    async with async_client(server) as loop_client:
        with pytest.raises(ApiError, match="lone surrogate"):
            await loop_client.speak.v1.audio.generate(text="a\ud83d").read()
    assert server.seen == []


@pytest.mark.parametrize("text", ["", "   ", "\0", "a\0b", "x" * 2001, "😀 é 日本", '"\\\n'])
def test_what_the_service_judges_reaches_it_as_it_is(serve: Serve, text: str) -> None:
    import json

    server = serve(WHOLE)
    with client(server) as deepgram:
        deepgram.speak.v1.audio.generate(text=text).read()
    assert json.loads(server.seen[0].body) == {"text": text}


def test_a_program_that_reads_slowly_slows_the_service_down(serve: Serve) -> None:
    sent = [0]
    stop = threading.Event()

    @after_body
    def endless(connection: socket.socket, seen: Any) -> None:
        connection.settimeout(0.5)
        connection.sendall(ENDLESS_HEAD)
        block = bytes(1 << 16)
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                sent[0] += connection.send(block)

    with client(serve(endless)) as deepgram, deepgram.speak.v1.audio.generate(text="Hello") as response:
        read = len(next(response))
        before = -1
        while sent[0] != before:  # until the service cannot get rid of more
            before = sent[0]
            stop.wait(0.6)
        assert sent[0] - read < 32 << 20  # what the sockets' buffers take, and no more
        stop.set()


# --- The event loop ---------------------------------------------------------------------------------------------------


async def test_audio_in_an_event_loop(serve: Serve, http_library: None, tmp_path: Path) -> None:
    server = serve(WHOLE)
    async with async_client(server) as deepgram:
        response = deepgram.speak.v1.audio.generate(text="Hello")
        assert isinstance(response, AsyncAudioStream)
        assert isinstance(response, AsyncIterator)
        assert server.seen == []
        for unknown in (lambda: response.headers, lambda: response.request_id, lambda: response.status_code):
            with pytest.raises(RuntimeError, match="async with"):
                unknown()
        with pytest.raises(RuntimeError, match=r"await audio\.read"):
            _ = response.stream
        first = await anext(response)
        assert response.request_id == "r-1"
        assert await response.read() == AUDIO
        assert response.stream.getvalue() == AUDIO
        assert first + b"".join([piece async for piece in response]) == AUDIO
        assert [piece async for piece in response] == []
        async with deepgram.speak.v1.audio.generate(text="Hello") as other:
            assert other.content_type == "audio/mpeg"
            assert other.status_code == 200
            assert await other.save(tmp_path / "a.mp3") == len(AUDIO)
        assert (tmp_path / "a.mp3").read_bytes() == AUDIO
        assert await other.read() == AUDIO
        assert await other.save(tmp_path / "b.mp3") == len(AUDIO)


async def test_pieces_come_one_by_one_in_an_event_loop(serve: Serve, http_library: None) -> None:
    taken = threading.Semaphore(0)

    @after_body
    def answer(connection: socket.socket, seen: Any) -> None:
        connection.sendall(CHUNKED)
        for number in range(5):
            connection.sendall(chunk(bytes([number]) * 100))
            assert taken.acquire(timeout=LIMIT)  # the next is only made once this one is there
        connection.sendall(b"0\r\n\r\n")

    async with async_client(serve(answer)) as deepgram:
        pieces: list[bytes] = []
        async for piece in deepgram.speak.v1.audio.generate(text="Hello"):
            pieces.append(piece)
            taken.release()
        assert pieces == [bytes([number]) * 100 for number in range(5)]


async def test_audio_that_a_proxy_has_compressed_is_what_it_was(serve: Serve, http_library: None) -> None:
    import gzip

    body = gzip.compress(AUDIO)
    server = serve(HEAD + f"content-encoding: gzip\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body)
    async with async_client(server) as deepgram:
        assert await deepgram.speak.v1.audio.generate(text="Hello").read() == AUDIO
        options: RequestOptions = {"chunk_size": 4096}
        sizes = [len(piece) async for piece in deepgram.speak.v1.audio.generate(text="Hello", request_options=options)]
        assert sizes == [4096, 4096, len(AUDIO) - 8192]
    with client(server) as deepgram:
        assert deepgram.speak.v1.audio.generate(text="Hello").read() == AUDIO


async def test_a_start_that_fails_is_tried_again_in_an_event_loop(
    serve: Serve, http_library: None, naps: list[float]
) -> None:
    broken = HEAD + b"content-length: 10\r\n\r\n"
    server = serve(Server.reply(503, {}), sending(broken), WHOLE)
    async with async_client(server) as deepgram:
        assert await deepgram.speak.v1.audio.generate(text="Hello").read() == AUDIO
    assert len(server.seen) == 3
    server = serve(Server.reply(400, REFUSED))
    async with async_client(server) as deepgram:
        response = deepgram.speak.v1.audio.generate(text="")
        for _ in range(2):
            with pytest.raises(BadRequestError) as caught:
                await anext(response)
            assert caught.value.request_id == "r-2"
        with pytest.raises(BadRequestError):
            _ = response.headers
    assert len(server.seen) == 1


async def test_closing_in_an_event_loop(serve: Serve, http_library: None, tmp_path: Path) -> None:
    endless = serve(sending(ENDLESS_HEAD + bytes(70000)))
    async with async_client(endless) as deepgram:
        async with deepgram.speak.v1.audio.generate(text="Hello") as response:
            assert await anext(response)
        with pytest.raises(RuntimeError, match="closed before its end"):
            await anext(response)
        unasked = deepgram.speak.v1.audio.generate(text="Hello")
        await unasked.aclose()
        with pytest.raises(RuntimeError, match="closed"):
            await anext(unasked)
        with pytest.raises(ConnectionFailed):
            await deepgram.speak.v1.audio.generate(text="Hello").save(tmp_path / "a.mp3")
        assert list(tmp_path.iterdir()) == []
        async for _ in deepgram.speak.v1.audio.generate(text="Hello"):
            break  # and nobody closes it
        gc.collect()
        await asyncio.sleep(0)


async def test_a_wait_that_is_cancelled_in_the_middle_is_not_the_end(serve: Serve, http_library: None) -> None:
    release = threading.Event()

    @after_body
    def stall(connection: socket.socket, seen: Any) -> None:
        connection.sendall(CHUNKED + chunk(AUDIO))
        release.wait(LIMIT)

    async with async_client(serve(stall)) as deepgram:
        response = deepgram.speak.v1.audio.generate(text="Hello")
        await anext(response)
        with pytest.raises(asyncio.TimeoutError):
            while True:
                await asyncio.wait_for(anext(response), 0.2)
        with pytest.raises(RuntimeError, match="closed before its end"):
            await anext(response)
    release.set()


async def test_a_wait_that_is_cancelled_ends_the_request(serve: Serve, http_library: None) -> None:
    release = threading.Event()
    server = serve(after_body(lambda connection, seen: release.wait(LIMIT)))
    async with async_client(server) as deepgram:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(deepgram.speak.v1.audio.generate(text="Hello").read(), 0.3)
    release.set()


# --- The raw twins ----------------------------------------------------------------------------------------------------


async def test_the_raw_twins_are_blocks_that_hold_the_response(serve: Serve, http_library: None) -> None:
    server = serve(WHOLE)
    with client(server) as deepgram:
        pending = deepgram.speak.v1.audio.with_raw_response.generate(text="Hello")
        assert server.seen == []
        with pending as response:
            assert isinstance(response, HttpResponse)
            assert response.headers["dg-request-id"] == "r-1"
            assert response.status_code == 200
            assert b"".join(response.data) == AUDIO
        with deepgram.speak.with_raw_response.v1.audio.generate(text="Hello") as response:
            assert next(iter(response.data))
        with deepgram.speak.v2.with_raw_response.audio.generate(
            text="Hi", model="flux-alexis-en", priority="low"
        ) as response:
            assert b"".join(response.data) == AUDIO
    assert server.seen[-1].line == "POST /v2/speak?model=flux-alexis-en&priority=low HTTP/1.1"
    async with async_client(server) as loop_client:
        async with loop_client.speak.v1.audio.with_raw_response.generate(text="Hello") as answer:
            assert isinstance(answer, AsyncHttpResponse)
            assert answer.headers["content-type"] == "audio/mpeg"
            assert b"".join([piece async for piece in answer.data]) == AUDIO


# --- Callbacks --------------------------------------------------------------------------------------------------------


async def test_with_a_callback_the_receipt_comes_as_json(serve: Serve) -> None:
    import json

    server = serve(Server.reply(200, {"request_id": "r-7"}))
    with client(server) as deepgram:
        response = deepgram.speak.v1.audio.generate(
            text="Hello", callback="https://example.com/a", callback_method="PUT"
        )
        assert response.content_type == "application/json"
        assert response.request_id == "r-7"
        assert json.loads(response.read()) == {"request_id": "r-7"}
    assert server.seen[0].line == ("POST /v1/speak?callback=https%3A%2F%2Fexample.com%2Fa&callback_method=PUT HTTP/1.1")
    async with async_client(server) as loop_client:
        receipt = loop_client.speak.v2.audio.generate(text="Hello", model="flux-a-en", callback="https://example.com/a")
        assert json.loads(await receipt.read()) == {"request_id": "r-7"}
        assert receipt.request_id == "r-7"


# --- What tools see ---------------------------------------------------------------------------------------------------


def test_tools_see_ordinary_methods_with_every_option() -> None:
    deepgram = DeepgramClient(api_key="k")
    first = inspect.signature(deepgram.speak.v1.audio.generate)
    assert list(first.parameters) == [
        *("text", "callback", "callback_method", "mip_opt_out", "tag", "bit_rate", "container", "encoding"),
        *("model", "sample_rate", "speed", "request_options"),
    ]
    assert first.return_annotation is AudioStream
    second = inspect.signature(AsyncDeepgramClient(api_key="k").speak.v2.audio.generate)
    assert second.parameters["model"].default is inspect.Parameter.empty
    assert second.return_annotation is AsyncAudioStream
    assert (deepgram.speak.v1.audio.generate.__doc__ or "").startswith("Speak a text.")
