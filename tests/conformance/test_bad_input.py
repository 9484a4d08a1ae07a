"""Bad input, end to end: one clear typed error each, and the next request is served."""

from __future__ import annotations

import asyncio
import struct
import threading
import wave
from collections.abc import Iterator
from pathlib import Path

import av
import httpx
import pytest

import deepgram.local
from deepgram import DeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.errors import BadRequestError
from deepgram.local import Server
from deepgram.runtime.errors import ConnectionFailed, PayloadTooLargeError, RateLimitError, UnauthorizedError

from .conftest import Neighbour


def wav(path: Path, *, channels: int = 1, rate: int = 16000, seconds: float = 1.0) -> bytes:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"\1\0" * int(seconds * rate * channels))
    return path.read_bytes()


def mp3(path: Path, clip: Path) -> bytes:
    with av.open(str(clip)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream("mp3", rate=16000)
        assert isinstance(stream, av.AudioStream)
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=16000)
        for frame in source.decode(audio=0):
            for part in resampler.resample(frame):
                target.mux(stream.encode(part))
        target.mux(stream.encode(None))
    return path.read_bytes()


def with_header(audio: bytes, offset: int, value: int) -> bytes:
    return audio[:offset] + struct.pack("<I", value) + audio[offset + 4 :]


RATE_OFFSET, LENGTH_OFFSET = 24, 40
"""Where a WAV header has its sample rate and the length of its data."""


@pytest.fixture
def audios(tmp_path: Path, clip: Path) -> dict[str, bytes]:
    plain = wav(tmp_path / "plain.wav")
    return {
        "empty": b"",
        "text": b"This is no audio, it is a letter.\n" * 100,
        "0 Hz": with_header(plain, RATE_OFFSET, 0),
        "html": b"<html><body>not found</body></html>",
        "zeros": bytes(10_000),
    }


@pytest.mark.parametrize("kind", ["empty", "text", "0 Hz", "html", "zeros"])
def test_what_is_no_audio_is_refused_and_the_next_request_served(
    server: Server, audios: dict[str, bytes], kind: str, clip: Path
) -> None:
    with server.client() as client:
        with pytest.raises(BadRequestError) as caught:
            client.listen.v1.media.transcribe_file(request=audios[kind])
        assert caught.value.request_id
        assert caught.value.body["err_msg"].startswith("Bad Request: failed to process audio")
        assert client.listen.v1.media.transcribe_file(request=clip).metadata.duration == pytest.approx(6, abs=0.01)


def test_a_truncated_mp3_is_transcribed_up_to_where_it_ends(server: Server, tmp_path: Path, clip: Path) -> None:
    whole = mp3(tmp_path / "whole.mp3", clip)
    with server.client() as client:
        response = client.listen.v1.media.transcribe_file(request=whole[: len(whole) // 2])
    assert 2 < response.metadata.duration < 4


def test_a_wav_that_lies_about_its_length_is_as_long_as_it_is(server: Server, clip: Path) -> None:
    with server.client() as client:
        response = client.listen.v1.media.transcribe_file(
            request=with_header(clip.read_bytes(), LENGTH_OFFSET, 2**31 - 1)
        )
    assert response.metadata.duration == pytest.approx(6.0, abs=0.1)


def test_nine_channels_are_answered_truthfully_or_refused(server: Server, tmp_path: Path) -> None:
    with server.client() as client:
        try:
            response = client.listen.v1.media.transcribe_file(request=wav(tmp_path / "nine.wav", channels=9))
        except BadRequestError as error:
            assert "channels" in error.body["err_msg"]
        else:
            assert response.metadata.channels == 9


def test_a_body_over_the_limit_is_refused(clip: Path) -> None:
    with deepgram.local.running(engine="scripted", max_body_bytes=10_000) as server, server.client() as client:
        for content in (clip, iter([bytes(6000), bytes(6000)])):
            with pytest.raises(PayloadTooLargeError, match="10000") as caught:
                client.listen.v1.media.transcribe_file(request=content, request_options={"max_retries": 0})
            assert caught.value.request_id


def test_audio_over_the_longest_duration_is_refused(clip: Path) -> None:
    with deepgram.local.running(engine="scripted", max_audio_seconds=3) as server, server.client() as client:
        with pytest.raises(BadRequestError, match="3"):
            client.listen.v1.media.transcribe_file(request=clip)


def test_a_missing_file_and_a_directory_are_errors_before_anything_is_sent(server: Server, tmp_path: Path) -> None:
    with server.client() as client:
        with pytest.raises(FileNotFoundError):
            client.listen.v1.media.transcribe_file(request=tmp_path / "missing.wav")
        with pytest.raises(IsADirectoryError):
            client.listen.v1.media.transcribe_file(request=tmp_path)


def test_a_private_address_is_not_fetched(neighbour: Neighbour, clip: Path) -> None:
    neighbour.files["/a"] = clip.read_bytes()
    with deepgram.local.running(engine="scripted") as server, server.client() as client:
        for url in (f"{neighbour.url}/a", "http://localhost/a", "http://169.254.169.254/latest", "file:///etc/passwd"):
            with pytest.raises(BadRequestError) as caught:
                client.listen.v1.media.transcribe_url(url=url)
            assert caught.value.body["err_code"] == "REMOTE_CONTENT_ERROR"
        with pytest.raises(BadRequestError, match="callback"):
            client.listen.v1.media.transcribe_file(request=clip, callback=f"{neighbour.url}/here")


def test_a_url_that_is_not_found_says_so(server: Server, neighbour: Neighbour) -> None:
    with server.client() as client, pytest.raises(BadRequestError, match="404"):
        client.listen.v1.media.transcribe_url(url=f"{neighbour.url}/nothing")


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"url": 3}', b"{}", b"\xff", b"[" * 100_000])
def test_a_json_body_without_a_url_is_refused(server: Server, body: bytes) -> None:
    answer = httpx.post(f"{server.url}/v1/listen", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["request_id"] == answer.headers["dg-request-id"]


@pytest.mark.parametrize("query", ["utt_split=abc", "redact=%ff&utt_split=-1", "sample_rate=many&encoding=linear16"])
def test_a_parameter_that_makes_no_sense_is_named(server: Server, clip: Path, query: str) -> None:
    answer = httpx.post(f"{server.url}/v1/listen?{query}", content=clip.read_bytes())
    assert answer.status_code == 400
    name = query.partition("&")[2].partition("=")[0] or query.partition("=")[0]
    assert name in answer.json()["err_msg"] or query.partition("=")[0] in answer.json()["err_msg"]


def test_a_wrong_key_is_refused_and_none_as_well(clip: Path) -> None:
    with deepgram.local.running(engine="scripted", api_key="secret") as server:
        with server.client(api_key="wrong") as client, pytest.raises(UnauthorizedError) as caught:
            client.listen.v1.media.transcribe_file(request=clip)
        assert caught.value.body["err_code"] == "INVALID_AUTH"
        assert caught.value.request_id and "wrong" not in str(caught.value)
        assert httpx.post(f"{server.url}/v1/listen", content=b"").status_code == 401
        with server.client() as client:
            assert client.listen.v1.media.transcribe_file(request=clip).metadata.request_id
        for scheme in ("token", "Bearer", "TOKEN"):
            answer = httpx.get(f"{server.url}/nowhere", headers={"authorization": f"{scheme} secret"})
            assert answer.status_code == 404 and answer.json()["err_code"] == "NOT_FOUND"


def test_a_key_is_checked_by_asking_for_projects() -> None:
    with deepgram.local.running(engine="scripted", api_key="secret") as server:
        with server.client() as client:
            answer = client.manage.v1.projects.list()
            assert answer.projects and answer.projects[0].project_id
        with server.client(api_key="wrong") as client, pytest.raises(UnauthorizedError):
            client.manage.v1.projects.list()


def test_a_key_with_a_newline_is_an_error_that_does_not_show_it() -> None:
    with pytest.raises(ApiError) as caught:
        DeepgramClient(api_key="very-secret\nkey")
    assert "very-secret" not in f"{caught.value} {caught.value!r}"


def test_a_server_that_other_machines_reach_needs_a_key() -> None:
    with pytest.raises(ValueError, match="api_key"):
        deepgram.local.running(host="0.0.0.0")


def test_a_proxy_that_refuses_is_one_typed_error(server: Server, clip: Path) -> None:
    with server.client(proxy="http://127.0.0.1:9", max_retries=0) as client, pytest.raises(ConnectionFailed) as caught:
        client.listen.v1.media.transcribe_file(request=clip)
    assert isinstance(caught.value, httpx.ConnectError)


def test_a_busy_server_says_when_to_come_back(clip: Path) -> None:
    with deepgram.local.running(engine="scripted", max_requests=1) as server:
        arrived, go_on = threading.Event(), threading.Event()

        def slow() -> Iterator[bytes]:
            data = clip.read_bytes()
            yield data[:1000]
            yield data[1000:100_000]
            arrived.set()
            go_on.wait(20)
            yield data[100_000:]

        answers: list[float] = []

        def upload() -> None:
            with server.client() as client:
                answers.append(client.listen.v1.media.transcribe_file(request=slow()).metadata.duration)

        thread = threading.Thread(target=upload)
        thread.start()
        assert arrived.wait(20)
        with server.client(max_retries=0) as client:
            # The server sees the first bytes of the slow upload a moment after they were sent.
            for _ in range(100):
                try:
                    client.listen.v1.media.transcribe_file(request=clip)
                except RateLimitError as error:
                    assert error.retry_after == 1
                    break
            else:
                pytest.fail("a second request was served beside the first one")
            go_on.set()
            thread.join(20)
            assert answers == [pytest.approx(6.0, abs=0.01)]
            assert client.listen.v1.media.transcribe_file(request=clip).metadata.request_id


async def test_a_request_that_is_cancelled_frees_its_worker(two_cities: Path, clip: Path) -> None:
    async with deepgram.local.running(max_requests=1) as server, server.async_client() as client:
        task = asyncio.create_task(client.listen.v1.media.transcribe_file(request=two_cities))
        await asyncio.sleep(1.0)  # by now the engine is at it: 44 s take it ten times as long
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # One place, one worker: retries of 429 bridge the moment until the server has noticed.
        response = await asyncio.wait_for(client.listen.v1.media.transcribe_file(request=clip), 30)
        assert response.metadata.duration == pytest.approx(6.0, abs=0.01)
