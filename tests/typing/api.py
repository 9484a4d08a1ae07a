"""What type checkers must see of the clients. Not run: checked by mypy --strict and pyright."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from typing_extensions import assert_type

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.clients.listen import MediaClient
from deepgram.protocol.listen import Media
from deepgram.protocol.models.listen import (
    ListenV1AcceptedResponse,
    ListenV1Response,
    MediaOptions,
    MediaTranscribeResponse,
)
from deepgram.protocol.request import Request
from deepgram.protocol.response import AsyncHttpResponse, HttpResponse


def sync(client: DeepgramClient, perhaps: str | None) -> None:
    media = client.listen.v1.media
    assert_type(media, MediaClient)
    assert_type(media.transcribe_url(url="u", model="nova-3", diarize=True), ListenV1Response)
    assert_type(media.transcribe_url(url="u", callback="https://c"), ListenV1AcceptedResponse)
    assert_type(media.transcribe_url(url="u", callback=perhaps), ListenV1Response | ListenV1AcceptedResponse)
    assert_type(media.transcribe_file(request=Path("a.wav"), progress=print), ListenV1Response)
    assert_type(media.with_raw_response.transcribe_url(url="u"), HttpResponse[ListenV1Response])
    options: MediaOptions = {"punctuate": True, "tag": ["a", "b"]}
    media.transcribe_file(request=b"", **options)
    media.transcribe_file(request=iter([b""]))
    media.transcribe_file(request=open("a.wav", "rb"))  # noqa: SIM115
    media.transcribe_url(url="u", diarize="yes")  # type: ignore[call-overload]  # pyright: ignore
    media.transcribe_url(url="u", dairize=True)  # type: ignore[call-overload]  # pyright: ignore
    media.transcribe_url("u")  # type: ignore[call-overload]  # pyright: ignore
    DeepgramClient(api_kye="k")  # type: ignore[call-arg]  # pyright: ignore


async def asynchronous(client: AsyncDeepgramClient) -> None:
    media = client.listen.v1.media
    pending: Coroutine[Any, Any, ListenV1Response] = media.transcribe_url(url="u")
    assert_type(asyncio.create_task(pending), asyncio.Task[ListenV1Response])
    assert_type(await media.transcribe_url(url="u"), ListenV1Response)
    assert_type(await media.transcribe_url(url="u", callback="https://c"), ListenV1AcceptedResponse)
    assert_type(await media.with_raw_response.transcribe_url(url="u"), AsyncHttpResponse[ListenV1Response])


def without_io() -> None:
    assert_type(Media.transcribe_url.request(url="u"), Request[MediaTranscribeResponse])
