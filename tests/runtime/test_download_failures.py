"""Audio that does not come, breaks off or stalls, and input that is refused: from threads and event loops."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from deepgram import DeepgramClient
from deepgram.protocol.request import RequestOptions
from deepgram.runtime.errors import ApiError, BadRequestError, ConnectionFailed, RateLimitError, RequestTimedOut

from .conftest import LIMIT, Server, after_body
from .downloading import AUDIO, CHUNKED, ENDLESS_HEAD, HEAD, REFUSED, WHOLE, Serve, async_client, chunk, client, sending

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
