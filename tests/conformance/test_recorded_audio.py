"""Recorded audio: our client meets our server over real sockets, in every mode."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any

import pytest

import deepgram.local
from deepgram import BadRequestError
from deepgram.local import Server
from deepgram.protocol.models.listen import ListenV1AcceptedResponse, ListenV1Response
from deepgram.protocol.request import Content

from .conftest import Neighbour

Make = Callable[[Path], Content]


def slices(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    yield from (data[i : i + 50_000] for i in range(0, len(data), 50_000))


async def async_slices(path: Path) -> AsyncIterator[bytes]:
    for piece in slices(path):
        yield piece


SOURCES: dict[str, Make] = {
    "bytes": Path.read_bytes,
    "bytearray": lambda path: bytearray(path.read_bytes()),
    "memoryview": lambda path: memoryview(path.read_bytes()),
    "path": lambda path: path,
    "text path": str,
    "open file": lambda path: path.open("rb"),
    "iterator": slices,
}


def transcript(response: ListenV1Response) -> str:
    alternatives = response.results.channels[0].alternatives
    assert alternatives is not None
    text = alternatives[0].transcript
    assert text
    return text


def close(source: Content) -> None:
    if isinstance(source, BufferedReader):
        source.close()


@pytest.mark.parametrize("source", SOURCES)
def test_every_kind_of_upload_arrives_whole(server: Server, clip: Path, source: str) -> None:
    content = SOURCES[source](clip)
    progress: list[tuple[int, int | None]] = []
    with server.client() as client:
        response = client.listen.v1.media.transcribe_file(
            request=content, model="nova-3", progress=lambda sent, total: progress.append((sent, total))
        )
    close(content)
    size = clip.stat().st_size
    assert response.metadata.sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()
    assert response.metadata.duration == pytest.approx(6.0, abs=0.01)
    assert progress[-1] == (size, None if source == "iterator" else size)


@pytest.mark.parametrize("source", [*SOURCES, "async iterator"])
async def test_every_kind_of_upload_arrives_whole_from_an_event_loop(server: Server, clip: Path, source: str) -> None:
    content = async_slices(clip) if source == "async iterator" else SOURCES[source](clip)
    async with server.async_client() as client:
        response = await client.listen.v1.media.transcribe_file(request=content, model="nova-3")
    close(content)
    assert response.metadata.sha256 == hashlib.sha256(clip.read_bytes()).hexdigest()


async def test_all_modes_give_the_same_answer(server: Server, clip: Path, neighbour: Neighbour) -> None:
    neighbour.files["/clip.wav"] = clip.read_bytes()
    url = f"{neighbour.url}/clip.wav"
    with server.client() as client:
        expected = transcript(client.listen.v1.media.transcribe_file(request=clip))
        raw = await asyncio.to_thread(client.listen.v1.media.with_raw_response.transcribe_url, url=url)
    assert transcript(raw.data) == expected
    assert raw.status_code == 200
    assert raw.headers["dg-request-id"] == raw.data.metadata.request_id
    async with server.async_client() as client:
        assert transcript(await client.listen.v1.media.transcribe_url(url=url)) == expected
        async_raw = await client.listen.v1.media.with_raw_response.transcribe_file(request=clip)
    assert transcript(async_raw.data) == expected
    assert async_raw.headers["dg-request-id"] == async_raw.data.metadata.request_id


def test_a_real_engine_hears_real_speech_and_formats_what_it_heard(two_cities: Path) -> None:
    with deepgram.local.running(workers=2) as server, server.client() as client:
        response = client.listen.v1.media.transcribe_file(
            request=two_cities,
            model="nova-3",
            smart_format=True,
            utterances=True,
            search=["best of times"],
            tag=["one", "two"],
            extra="shelf:7",
            diarize=True,
        )
    text = transcript(response).lower()
    heard = sum(phrase in text for phrase in ("best of times", "worst of times", "age of", "spring of hope", "winter"))
    assert heard >= 4, text
    metadata = response.metadata
    (engine,) = metadata.model_info.values()
    assert engine["arch"] == "pocketsphinx"
    assert metadata.duration == pytest.approx(44.4, abs=0.2)
    assert (metadata.tags, metadata.extra) == (["one", "two"], {"shelf": "7"})
    assert metadata.warnings is not None
    assert [warning.parameter for warning in metadata.warnings] == ["diarize"]
    alternatives = response.results.channels[0].alternatives
    assert alternatives is not None and alternatives[0].words is not None
    words = alternatives[0].words
    starts = [word.start or 0 for word in words]
    assert starts == sorted(starts) and len(words) > 80
    assert words[0].punctuated_word == "It"
    utterances = response.results.utterances
    assert utterances is not None and utterances[0].words
    found = response.results.channels[0].search
    assert found is not None and found[0].hits, "the phrase is spoken at the very beginning"
    assert min(hit.start or 0 for hit in found[0].hits) < 3


def test_a_callback_receives_what_the_call_would_have_returned(
    server: Server, clip: Path, neighbour: Neighbour
) -> None:
    with server.client() as client:
        receipt = client.listen.v1.media.transcribe_file(
            request=clip, callback=f"{neighbour.url}/here", callback_method="PUT"
        )
        expected = transcript(client.listen.v1.media.transcribe_file(request=clip))
    assert isinstance(receipt, ListenV1AcceptedResponse)
    method, path, body = neighbour.received.get(timeout=20)
    assert (method, path) == ("PUT", "/here")
    answer = json.loads(body)
    assert answer["metadata"]["request_id"] == receipt.request_id
    assert answer["results"]["channels"][0]["alternatives"][0]["transcript"] == expected


def test_a_callback_hears_of_a_failure_too(server: Server, neighbour: Neighbour) -> None:
    with server.client() as client:
        receipt = client.listen.v1.media.transcribe_file(request=b"no audio at all", callback=f"{neighbour.url}/here")
    answer = json.loads(neighbour.received.get(timeout=20)[2])
    assert answer["request_id"] == receipt.request_id
    assert "corrupt or unsupported" in answer["err_msg"] or "audio" in answer["err_msg"]


IGNORED: dict[str, Any] = {
    "no_delay": "true",
    "detect_language": "false",
    "diarize": "False",
    "mip_opt_out": "false",
    "numerals": "false",
    "multichannel": "false",
    "channels": "1",
    "endpointing": "false",
    "extra": "k:v",
    "from_the_future": "yes",
}


def test_unknown_and_switched_off_parameters_are_not_refused(server: Server, clip: Path) -> None:
    with server.client() as client:
        response = client.listen.v1.media.transcribe_file(
            request=clip, request_options={"additional_query_parameters": IGNORED}
        )
    assert not response.metadata.warnings


FORM = "application/x-www-form-urlencoded"  # what curl says if it is not told
CONTENT_TYPES = ["audio/wav", "audio/x-wav", "application/octet-stream", "deepgram/audio+video", "text/plain", "", FORM]
"""As programs send them, and none."""


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_the_audio_counts_and_not_its_content_type(server: Server, clip: Path, content_type: str) -> None:
    with server.client() as client:
        response = client.listen.v1.media.transcribe_file(
            request=clip, request_options={"additional_headers": {"content-type": content_type}}
        )
    assert transcript(response)


def test_strict_refuses_what_the_engine_cannot_do(clip: Path) -> None:
    with deepgram.local.running(engine="scripted", strict=True) as server, server.client() as client:
        with pytest.raises(BadRequestError) as caught:
            client.listen.v1.media.transcribe_file(request=clip, diarize=True)
        assert "diarize" in caught.value.body["err_msg"]
        assert caught.value.body["err_code"]
        assert caught.value.request_id == caught.value.body["request_id"]
        assert transcript(client.listen.v1.media.transcribe_file(request=clip, diarize=False))


def test_a_language_that_the_engine_does_not_have_is_refused(server: Server, clip: Path) -> None:
    with deepgram.local.running(engine="pocketsphinx") as real, real.client() as client:
        with pytest.raises(BadRequestError, match="es"):
            client.listen.v1.media.transcribe_file(request=clip, language="es")
        assert client.listen.v1.media.transcribe_file(request=clip, language="en-GB").metadata.request_id
