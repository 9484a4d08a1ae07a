"""Audio as it is made in an event loop: pieces, closing, and waits that are cancelled."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from deepgram.protocol.audio_stream import AsyncAudioStream
from deepgram.protocol.request import RequestOptions
from deepgram.runtime.errors import BadRequestError, ConnectionFailed

from .conftest import LIMIT, Server, after_body
from .downloading import AUDIO, CHUNKED, ENDLESS_HEAD, HEAD, REFUSED, WHOLE, Serve, async_client, chunk, client, sending


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
