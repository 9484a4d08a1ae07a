"""Bodies that are sent in slices, and sent again if they can be."""

from __future__ import annotations

import asyncio
import io
import itertools
import os
import socket
import tempfile
import threading
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.runtime import uploads
from deepgram.runtime.errors import ApiError, ConnectionFailed, RequestTimedOut, ServerError
from deepgram.runtime.uploads import SLICE, Upload, upload

AUDIO = bytes(range(256)) * 3000  # more than two slices
OPTIONS = {"max_retries": 2}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "audio.raw"
    file.write_bytes(AUDIO)
    return file


def parts() -> Iterator[bytes]:
    yield from (AUDIO[:1000], b"", AUDIO[1000 : SLICE * 2], AUDIO[SLICE * 2 :])


async def async_parts() -> AsyncIterator[bytes]:
    for part in parts():
        yield part


def open_file(path: Path) -> Any:
    file = path.open("rb")
    file.seek(256)
    return file


# name: what is given, what arrives, whether its size is known, whether it can be sent again
GIVEN: dict[str, tuple[Callable[[Path], Any], bytes, bool, bool]] = {
    "bytes": (lambda path: AUDIO, AUDIO, True, True),
    "small bytes": (lambda path: b"abc", b"abc", True, True),
    "no bytes": (lambda path: b"", b"", True, True),
    "bytearray": (lambda path: bytearray(AUDIO), AUDIO, True, True),
    "memoryview": (lambda path: memoryview(AUDIO)[256:].cast("H"), AUDIO[256:], True, True),
    "path": (lambda path: path, AUDIO, True, True),
    "path as text": (str, AUDIO, True, True),
    "file": (lambda path: path.open("rb"), AUDIO, True, True),
    "file from where it stands": (open_file, AUDIO[256:], True, True),
    "BytesIO": (lambda path: io.BytesIO(AUDIO), AUDIO, True, True),
    "list": (lambda path: [*parts()], AUDIO, True, True),
    "tuple": (lambda path: (b"a", memoryview(b"bc")), b"abc", True, True),
    "generator": (lambda path: parts(), AUDIO, False, False),
    "iterable": (lambda path: dict.fromkeys([b"a", b"b"]).keys(), b"ab", False, False),
}
ASYNC_ONLY: dict[str, tuple[Callable[[Path], Any], bytes, bool, bool]] = {
    "async generator": (lambda path: async_parts(), AUDIO, False, False),
}


@pytest.fixture(params=[*GIVEN])
def given(request: pytest.FixtureRequest, path: Path) -> Iterator[tuple[Any, bytes, bool, bool]]:
    make, arrives, known, again = GIVEN[request.param]
    content = make(path)
    yield content, arrives, known, again
    if hasattr(content, "close"):
        content.close()


def framed(seen: Any) -> bool:
    """Tell whether the size was announced."""
    assert ("content-length" in seen.headers) is not ("transfer-encoding" in seen.headers)
    return "content-length" in seen.headers


def test_everything_that_can_be_uploaded_arrives(serve: Any, given: tuple[Any, bytes, bool, bool]) -> None:
    content, arrives, known, _ = given
    server = serve(serve_ok())
    with DeepgramClient(api_key="k", base_url=server.url) as client:
        client.listen.v1.media.transcribe_file(request=content)
    (seen,) = server.seen
    assert seen.body == arrives
    assert framed(seen) is known
    assert seen.headers["content-type"] == "application/octet-stream"


async def test_everything_that_can_be_uploaded_arrives_from_an_event_loop(
    serve: Any, given: tuple[Any, bytes, bool, bool], http_library: None
) -> None:
    content, arrives, known, _ = given
    server = serve(serve_ok())
    async with AsyncDeepgramClient(api_key="k", base_url=server.url) as client:
        await client.listen.v1.media.transcribe_file(request=content)
    (seen,) = server.seen
    assert seen.body == arrives
    assert framed(seen) is known


async def test_an_async_iterator_can_be_uploaded_from_an_event_loop(serve: Any, http_library: None) -> None:
    server = serve(serve_ok())
    async with AsyncDeepgramClient(api_key="k", base_url=server.url) as client:
        await client.listen.v1.media.transcribe_file(request=async_parts())
    assert server.seen[0].body == AUDIO
    assert not framed(server.seen[0])


def test_an_async_iterator_needs_the_async_client(serve: Any) -> None:
    server = serve(serve_ok())
    with (
        DeepgramClient(api_key="k", base_url=server.url) as client,
        pytest.raises(TypeError, match="AsyncDeepgramClient"),
    ):
        client.listen.v1.media.transcribe_file(request=async_parts())
    assert server.seen == []
    with pytest.raises(TypeError, match="AsyncDeepgramClient"):
        list(Upload(None, asynchronous=async_parts()))


def serve_ok() -> bytes:
    return b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 18\r\n\r\n{"request_id":"r"}'


def serve_busy(status: int = 503) -> bytes:
    body = b'{"err_msg":"busy"}'
    return f"HTTP/1.1 {status} Busy\r\ncontent-length: {len(body)}\r\nretry-after-ms: 1\r\n\r\n".encode() + body


def test_d20_d21_an_upload_is_sent_again_whole_or_not_at_all(
    serve: Any, given: tuple[Any, bytes, bool, bool], naps: list[float]
) -> None:
    content, arrives, _, again = given
    server = serve(serve_busy(429), serve_busy(), serve_ok())
    with DeepgramClient(api_key="k", base_url=server.url) as client:
        if again:
            client.listen.v1.media.transcribe_file(request=content)
        else:
            with pytest.raises(ApiError) as caught:
                client.listen.v1.media.transcribe_file(request=content)
            assert caught.value.status_code == 429
    assert [seen.body for seen in server.seen] == [arrives] * (3 if again else 1)


async def test_d20_d21_an_upload_is_sent_again_from_an_event_loop(
    serve: Any, given: tuple[Any, bytes, bool, bool], naps: list[float], http_library: None
) -> None:
    content, arrives, _, again = given
    server = serve(serve_busy(), serve_ok())
    async with AsyncDeepgramClient(api_key="k", base_url=server.url) as client:
        if again:
            await client.listen.v1.media.transcribe_file(request=content)
        else:
            with pytest.raises(ServerError):
                await client.listen.v1.media.transcribe_file(request=content)
    assert [seen.body for seen in server.seen] == [arrives] * (2 if again else 1)


async def test_d20_an_async_iterator_is_not_sent_again(serve: Any, naps: list[float], http_library: None) -> None:
    server = serve(serve_busy(), serve_ok())
    async with AsyncDeepgramClient(api_key="k", base_url=server.url) as client:
        with pytest.raises(ServerError):
            await client.listen.v1.media.transcribe_file(request=async_parts())
    assert len(server.seen) == 1


def moved(server: Any) -> bytes:
    return f"HTTP/1.1 307 Moved\r\nlocation: {server.url}/elsewhere\r\ncontent-length: 0\r\n\r\n".encode()


def test_a_redirected_upload_is_sent_whole_to_its_new_address(serve: Any, path: Path) -> None:
    target = serve(serve_ok())
    server = serve(moved(target))
    with DeepgramClient(api_key="k", base_url=server.url) as client:
        client.listen.v1.media.transcribe_file(request=path)
    assert target.seen[0].body == AUDIO


@pytest.mark.parametrize("follow", [True, False])
async def test_a_redirected_upload_that_can_be_read_once_is_an_error(
    serve: Any, follow: bool, http_library: None
) -> None:
    target = serve(serve_ok())
    server = serve(moved(target))
    expected = "can be read only once" if follow else "status_code: 307"
    with (
        DeepgramClient(api_key="k", base_url=server.url, follow_redirects=follow) as client,
        pytest.raises(ApiError, match=expected),
    ):
        client.listen.v1.media.transcribe_file(request=parts())
    async with AsyncDeepgramClient(api_key="k", base_url=server.url, follow_redirects=follow) as loop_client:
        with pytest.raises(ApiError, match=expected):
            await loop_client.listen.v1.media.transcribe_file(request=async_parts())
    assert all(seen.body == b"" for seen in target.seen)


@pytest.mark.parametrize("client", ["own", "foreign"])
def test_progress_is_told(serve: Any, path: Path, naps: list[float], client: str) -> None:
    server = serve(serve_busy(), serve_ok())
    told: list[tuple[int, int | None]] = []
    with (
        httpx.Client() as foreign,
        DeepgramClient(
            api_key="k", base_url=server.url, httpx_client=foreign if client == "foreign" else None
        ) as deepgram,
    ):
        deepgram.listen.v1.media.transcribe_file(request=path, progress=lambda sent, of: told.append((sent, of)))
        once = [(min(sent, len(AUDIO)), len(AUDIO)) for sent in (SLICE, SLICE * 2, SLICE * 3)]
        assert told == once + once
        told.clear()
        deepgram.listen.v1.media.transcribe_file(request=parts(), progress=lambda sent, of: told.append((sent, of)))
    assert told[0] == (1000, None)
    assert told[-1] == (len(AUDIO), None)
    assert server.seen[-1].body == AUDIO


async def test_progress_is_told_from_an_event_loop(serve: Any, http_library: None) -> None:
    server = serve(serve_ok())
    told: list[tuple[int, int | None]] = []
    async with AsyncDeepgramClient(api_key="k", base_url=server.url) as client:
        await client.listen.v1.media.transcribe_file(
            request=async_parts(), progress=lambda sent, of: told.append((sent, of))
        )
    assert told[-1] == (len(AUDIO), None)


# --- What cannot be uploaded ------------------------------------------------------------------------------------------


async def test_what_cannot_be_read_is_refused_before_anything_is_sent(serve: Any, tmp_path: Path, path: Path) -> None:
    server = serve(serve_ok())
    with DeepgramClient(api_key="k", base_url=server.url) as client:
        send = client.listen.v1.media.transcribe_file
        with pytest.raises(FileNotFoundError, match=r"missing\.wav"):
            send(request=tmp_path / "missing.wav")
        with pytest.raises(IsADirectoryError):
            send(request=str(tmp_path))
        with path.open(encoding="latin-1") as text, pytest.raises(TypeError, match="binary mode"):
            send(request=text)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        with tempfile.NamedTemporaryFile("w+") as text, pytest.raises(TypeError, match="binary mode"):
            send(request=text)  # pyright: ignore[reportArgumentType]
        with pytest.raises(ValueError, match="transcribe_url"):
            send(request="https://example.com/a.wav")
        nonsense: list[Any] = [7, {"url": "x"}, [b"a", "b"], [1, 2], range(3)]
        for content in nonsense:
            with pytest.raises(TypeError):
                send(request=content)
    async with AsyncDeepgramClient(api_key="k", base_url=server.url) as loop_client:
        with pytest.raises(FileNotFoundError):
            await loop_client.listen.v1.media.transcribe_file(request=tmp_path / "missing.wav")
    assert server.seen == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_refused(path: Path) -> None:
    path.chmod(0)
    with pytest.raises(PermissionError):
        upload(path)


def drain(connection: Any, seen: Any) -> None:
    """Take what comes until the client goes away."""
    while connection.recv(1 << 20):
        pass


class Broken(Exception):
    """A fault of the caller's own."""


def failing() -> Iterator[bytes]:
    yield AUDIO
    raise Broken


async def test_what_the_content_raises_comes_out_as_it_is(serve: Any, http_library: None) -> None:
    server = serve(drain)
    with DeepgramClient(api_key="k", base_url=server.url) as client, pytest.raises(Broken):
        client.listen.v1.media.transcribe_file(request=failing())
    async with AsyncDeepgramClient(api_key="k", base_url=server.url) as loop_client:
        with pytest.raises(Broken):
            await loop_client.listen.v1.media.transcribe_file(request=failing())


@pytest.mark.parametrize("chunk", ["text", 7, None])
def test_an_iterable_of_something_else_is_refused(serve: Any, chunk: object) -> None:
    server = serve(drain)
    with (
        DeepgramClient(api_key="k", base_url=server.url) as client,
        pytest.raises(TypeError, match="consists of bytes"),
    ):
        client.listen.v1.media.transcribe_file(request=iter([chunk]))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_file_that_shrinks_meanwhile_is_noticed(path: Path) -> None:
    body = upload(path)
    path.write_bytes(AUDIO[:100])
    with pytest.raises(OSError, match="is 100 now"):
        list(body)
    path.write_bytes(AUDIO * 2)
    assert sum(len(piece) for piece in body) == len(AUDIO)


def test_a_pipe_is_read_to_its_end_and_once() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb") as sink:
        sink.write(b"abc")
        sink.close()
        body = upload(source)
        assert (body.size, body.replayable) == (None, False)
        assert b"".join(body) == b"abc"
        with pytest.raises(ApiError, match="only once"):
            list(body)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_no_file_that_can_be_read_again(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"abc",), daemon=True)
    writer.start()
    body = upload(pipe)
    assert (body.size, body.replayable) == (None, False)
    assert b"".join(body) == b"abc"
    writer.join(10)


class Seekless(io.RawIOBase):
    """A file that cannot say where it stands."""

    def read(self, size: int | None = -1, /) -> bytes:
        return b""

    def seekable(self) -> bool:
        raise OSError("no idea")


def test_a_file_that_cannot_say_where_it_stands_is_read_once() -> None:
    assert not upload(Seekless()).replayable  # pyright: ignore[reportArgumentType]


def test_a_file_behind_its_end_has_nothing_to_send(path: Path) -> None:
    with path.open("rb") as file:
        file.seek(len(AUDIO) + 10)
        assert b"".join(upload(file)) == b""


def test_d22_d23_an_upload_takes_the_memory_of_a_few_slices(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(64 * 1024 * 1024)
    given: list[Any] = [path, bytes(64 * 1024 * 1024)]
    with path.open("rb") as file:
        for content in [*given, file]:
            tracemalloc.start()
            size = 0
            for piece in upload(content):
                size += len(piece)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert size == 64 * 1024 * 1024
            assert peak < 8 * 1024 * 1024


def test_no_slice_is_larger_than_the_limit() -> None:
    whole: Iterable[bytes] = iter([AUDIO, b"", b"x"])
    assert [len(piece) for piece in upload(whole)] == [SLICE, SLICE, len(AUDIO) - 2 * SLICE, 1]
    assert uploads.SLICE <= 1024 * 1024


class Deaf:
    """Accepts connections, for the system does, and takes nothing."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    async def go_away(self) -> None:
        """Reset the connections, so that the event loop can let go of what it still had to send."""
        self.listener.close()
        await asyncio.sleep(0.1)


async def test_a_peer_that_stops_reading_is_noticed(http_library: None) -> None:
    server = Deaf()
    endless = itertools.repeat(bytes(SLICE))
    with (
        DeepgramClient(api_key="k", base_url=server.url, timeout=0.2) as client,
        pytest.raises(RequestTimedOut, match=r"Sending took more than 0\.2 s"),
    ):
        client.listen.v1.media.transcribe_file(request=endless)
    async with AsyncDeepgramClient(api_key="k", base_url=server.url, timeout=0.2) as loop_client:
        with pytest.raises(RequestTimedOut, match=r"Sending took more than 0\.2 s") as caught:
            await loop_client.listen.v1.media.transcribe_file(request=endless)
        assert isinstance(caught.value, httpx.WriteTimeout)
        await server.go_away()


async def test_an_upload_that_is_cancelled_ends(http_library: None) -> None:
    server = Deaf()
    async with AsyncDeepgramClient(api_key="k", base_url=server.url) as client:
        sending = asyncio.ensure_future(client.listen.v1.media.transcribe_file(request=itertools.repeat(bytes(SLICE))))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(sending, 0.2)
        assert sending.cancelled()
        await server.go_away()
    assert {task for task in asyncio.all_tasks() if task is not asyncio.current_task()} == set()


async def test_a_source_that_pauses_longer_than_the_timeout_is_waited_for(serve: Any, http_library: None) -> None:
    async def pausing() -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.sleep(0.3)
        yield b"b"

    server = serve(serve_ok())
    async with AsyncDeepgramClient(api_key="k", base_url=server.url, timeout=0.1) as client:
        await client.listen.v1.media.transcribe_file(request=pausing())
        await client.listen.v1.media.transcribe_file(request=b"c", request_options={"timeout": 5})
    assert [seen.body for seen in server.seen] == [b"ab", b"c"]
    async with (
        httpx.AsyncClient(timeout=None) as patient,
        AsyncDeepgramClient(api_key="k", base_url=server.url, httpx_client=patient) as client,
    ):
        await client.listen.v1.media.transcribe_file(request=b"d")


def test_a_server_that_answers_before_the_upload_has_ended_is_heard(serve: Any) -> None:
    def refuse(connection: Any, seen: Any) -> None:
        body = b'{"err_msg":"too large"}'
        connection.sendall(
            f"HTTP/1.1 413 Large\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body
        )
        while connection.recv(1 << 20):
            pass

    server = serve(refuse)
    with DeepgramClient(api_key="k", base_url=server.url) as client, pytest.raises(ApiError) as caught:
        client.listen.v1.media.transcribe_file(request=AUDIO)
    assert caught.value.status_code == 413 or isinstance(caught.value, ConnectionFailed)
