"""Audio as it is made: what `speak.*.audio.generate` returns, over real sockets."""

from __future__ import annotations

import errno
import inspect
import os
import socket
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.http_response import AsyncHttpResponse, HttpResponse
from deepgram.protocol.audio_stream import KEPT, AsyncAudioStream, AudioStream
from deepgram.protocol.request import RequestOptions
from deepgram.runtime.errors import ConnectionFailed

from .conftest import LIMIT, Server, after_body
from .downloading import AUDIO, ENDLESS_HEAD, HEAD, WHOLE, Serve, async_client, client, sending

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
