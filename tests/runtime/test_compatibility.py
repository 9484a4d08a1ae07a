"""Machinery under the names of the official package: what a comparison with it cannot show."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from deepgram import AsyncDeepgramClient, DeepgramClient, DeepgramClientEnvironment
from deepgram.clients.listen import ListenClient
from deepgram.core import ApiError, AsyncHttpClient, HttpClient, InvalidWebSocketStatus, get_status_code
from deepgram.core.client_wrapper import AsyncClientWrapper, BaseClientWrapper, SyncClientWrapper
from deepgram.core.http_sse import EventSource, SSEError
from deepgram.core.pydantic_utilities import UniversalBaseModel
from deepgram.core.unchecked_base_model import UncheckedBaseModel
from deepgram.types import ListenV1Response

STREAM = {"content-type": "text/event-stream"}


class Breaks(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that ends with a broken connection."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces
        raise httpx.ReadError("broken")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def broken(*pieces: bytes) -> httpx.Response:
    return httpx.Response(200, headers=STREAM, stream=Breaks(*pieces))


def rest(last_id: str) -> httpx.Response:
    return httpx.Response(200, headers=STREAM, content=b"id: 2\ndata: two\n\ndata: [DONE]\n\ndata: beyond\n\n")


FIRST = b"retry: 1\nid: 1\ndata: one\n\ndata: ha"


def test_a_stream_of_events_that_breaks_is_taken_up_after_the_last_event() -> None:
    asked: list[str] = []

    def again(last_id: str) -> httpx.Response:
        asked.append(last_id)
        return rest(last_id)

    source = EventSource(broken(FIRST), resumable=True, stream_terminator="[DONE]", reconnect=again)
    assert [(event.data, event.id) for event in source.iter_sse()] == [("one", "1"), ("two", "2")]
    assert asked == ["1"]


async def test_an_async_stream_of_events_is_taken_up_too() -> None:
    async def again(last_id: str) -> httpx.Response:
        return rest(last_id)

    source = EventSource(broken(FIRST), resumable=True, stream_terminator="[DONE]", reconnect=again)
    assert [event.data async for event in source.aiter_sse()] == ["one", "two"]


@pytest.mark.parametrize(
    "keywords",
    [{}, {"resumable": True}, {"resumable": True, "reconnect": rest, "stream_reconnection_enabled": False}],
)
def test_a_stream_of_events_that_may_not_be_taken_up_raises(keywords: dict[str, Any]) -> None:
    source = EventSource(broken(FIRST), **keywords)
    found: list[str] = []
    with pytest.raises(httpx.ReadError):
        found.extend(event.data for event in source.iter_sse())


def test_a_stream_of_events_is_given_up_after_so_many_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)

    def again(last_id: str) -> httpx.Response:
        return broken(b": nothing but a comment\n")

    source = EventSource(broken(FIRST), resumable=True, max_stream_reconnection_attempts=3, reconnect=again)
    events = source.iter_sse()
    assert next(events).data == "one"
    with pytest.raises(httpx.ReadError):
        next(events)
    assert waits == [0.001] * 3


def test_an_endless_line_does_not_fill_memory() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 65536

    source = EventSource(httpx.Response(200, headers=STREAM, content=endless()))
    with pytest.raises(SSEError, match="1048576 characters"):
        next(source.iter_sse())


def test_a_line_end_may_be_cut_in_half() -> None:
    def pieces() -> Iterator[bytes]:
        yield from (b"data: a\r", b"\n\r", b"\ndata: b\r", b"\r")

    source = EventSource(httpx.Response(200, headers=STREAM, content=pieces()))
    assert [event.data for event in source.iter_sse()] == ["a", "b"]


def test_lost_connections_are_tried_again_and_then_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    made: list[httpx.Request] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        made.append(request)
        raise httpx.ConnectError("refused")

    with httpx.Client(transport=httpx.MockTransport(refuse)) as transport:
        client = HttpClient(httpx_client=transport, base_timeout=lambda: 1, base_headers=dict, base_max_retries=1)
        with pytest.raises(httpx.ConnectError):
            client.request("a", base_url="https://x.example", method="GET")
    assert len(made) == 2
    assert len(waits) == 1


async def test_the_async_client_retries_too(monkeypatch: pytest.MonkeyPatch) -> None:
    statuses = iter([503, 200])
    answer = httpx.MockTransport(lambda request: httpx.Response(next(statuses), headers={"retry-after-ms": "1"}))
    async with httpx.AsyncClient(transport=answer) as transport:
        client = AsyncHttpClient(
            httpx_client=transport, base_timeout=lambda: 1, base_headers=dict, base_url=lambda: "https://x.example"
        )
        assert (await client.request("a", method="GET")).status_code == 200


def test_a_request_without_an_address_says_so() -> None:
    client = HttpClient(httpx_client=httpx.Client(), base_timeout=lambda: None, base_headers=dict)
    with pytest.raises(ValueError, match="base_url is required"):
        client.request("a", method="GET")


def test_answers_are_logged_without_secrets() -> None:
    said: list[str] = []

    class Log:
        def debug(self, message: str, **kwargs: Any) -> None:
            said.append(f"{message} {kwargs}")

        info = warn = error = debug

    with httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(404))) as transport:
        client = HttpClient(
            httpx_client=transport,
            base_timeout=lambda: 1,
            base_headers=lambda: {"Authorization": "Token secret"},
            base_url=lambda: "https://x.example",
            logging_config={"level": "debug", "logger": Log(), "silent": False},
        )
        client.request("a", method="GET")
    assert "404" in said[-1]
    assert "secret" not in " ".join(said)


def test_a_driver_counts_as_a_client_wrapper() -> None:
    sync, later = DeepgramClient(api_key="k")._client_wrapper, AsyncDeepgramClient(api_key="k")._client_wrapper
    assert isinstance(sync, SyncClientWrapper)
    assert isinstance(sync, BaseClientWrapper)
    assert isinstance(later, AsyncClientWrapper)
    assert not isinstance(sync, AsyncClientWrapper)
    assert not isinstance("k", BaseClientWrapper)


def test_a_client_of_a_resource_can_be_made_by_hand() -> None:
    answer = {"metadata": {"request_id": "r"}, "results": {"channels": []}}
    with httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, json=answer))) as transport:
        wrapper = SyncClientWrapper(
            api_key="k", environment=DeepgramClientEnvironment.PRODUCTION, httpx_client=transport, max_retries=0
        )
        heard = ListenClient(client_wrapper=wrapper).v1.media.transcribe_url(url="https://example.org/a.wav")
        assert wrapper.httpx_client.httpx_client is transport
    assert heard.metadata.request_id == "r"


def test_our_messages_have_the_official_bases() -> None:
    assert issubclass(ListenV1Response, UniversalBaseModel)
    assert issubclass(ListenV1Response, UncheckedBaseModel)


def test_the_status_of_a_refused_handshake_is_found_in_every_exception() -> None:
    refused = InvalidStatus(Response(401, "no", Headers()))
    assert isinstance(refused, InvalidWebSocketStatus)
    assert get_status_code(refused) == get_status_code(ApiError(status_code=401)) == 401
