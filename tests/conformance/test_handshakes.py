"""How conversations are opened, or refused: rows D7, D8 and D13 of the official package's defects.

Each test is run by a client of threads and by one of an event loop. The peer is a server of the `websockets` library
that does what the test tells it to.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.protocol.models.listen_live import ListenV1Results
from deepgram.protocol.request import RequestOptions
from deepgram.runtime.errors import (
    ApiError,
    ConnectionFailed,
    RateLimitError,
    RequestTimedOut,
    UnauthorizedError,
)
from deepgram.transport import install_transport, restore_transport

from .conversing import RESULT, Peer, converse, given, service


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


def answer(status: int, body: bytes, **headers: str) -> Callable[[Request], Response]:
    fields = Headers({"content-length": str(len(body)), **{name.replace("_", "-"): headers[name] for name in headers}})
    return lambda _: Response(status, "No", fields, body)


REFUSED = b'{"err_code": "X", "err_msg": "told you", "request_id": "id-1"}'


@pytest.mark.parametrize(
    ("status", "kind"), [(401, UnauthorizedError), (403, ApiError), (429, RateLimitError), (503, ApiError)]
)
def test_d7_a_refused_handshake_is_an_api_error_with_the_answer(mode: str, status: int, kind: type[ApiError]) -> None:
    behave, _ = service()

    async def talk(_: Any) -> None:
        raise AssertionError("it was refused")

    refuse = answer(status, REFUSED, dg_request_id="id-1", retry_after="7")
    with Peer(behave, refuse) as peer, pytest.raises(kind) as caught:
        converse(mode, peer, talk, api_key="a-secret-key")
    error = caught.value
    assert (error.status_code, error.request_id) == (status, "id-1")
    assert error.body == json.loads(REFUSED)
    assert error.headers is not None and error.headers["retry-after"] == "7"
    assert "a-secret-key" not in f"{error} {error!r} {error.__dict__}"
    assert not isinstance(error, RateLimitError) or error.retry_after == 7


def test_d7_a_busy_service_is_asked_again(mode: str) -> None:
    behave, received = service()
    refusals = iter([answer(429, REFUSED, retry_after="0.05"), answer(503, REFUSED, retry_after="0.05")])

    def refuse(request: Request) -> Response | None:
        refusal = next(refusals, None)
        return refusal(request) if refusal else None

    async def talk(connection: Any) -> None:
        await given(connection.send_media(b"\0\0"))

    with Peer(behave, refuse) as peer:
        converse(mode, peer, talk, max_retries=2)
        assert len(peer.handshakes) == 3
    assert received[0] == b"\0\0"


@pytest.mark.parametrize("retries", [0, 1])
def test_a_conversation_may_have_retries_of_its_own(mode: str, retries: int) -> None:
    asked: RequestOptions = {"max_retries": retries}

    async def talk(_: Any) -> None:
        raise AssertionError("it is refused")

    with Peer(service()[0], answer(503, REFUSED, retry_after="0.01")) as peer:
        with pytest.raises(ApiError):
            converse(mode, peer, talk, listening={"request_options": asked}, max_retries=5)
        assert len(peer.handshakes) == 1 + retries


def test_d8_a_handshake_without_an_answer_ends_with_the_clients_timeout(mode: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        peer = Peer(service()[0])
        peer.port = deaf.getsockname()[1]

        async def talk(_: Any) -> None:
            raise AssertionError("nobody answered")

        began = time.monotonic()
        with pytest.raises(RequestTimedOut) as caught:
            converse(mode, peer, talk, timeout=1.0)
        assert time.monotonic() - began < 4
        assert isinstance(caught.value, TimeoutError)
        began = time.monotonic()
        with pytest.raises(RequestTimedOut):
            converse(mode, peer, talk, listening={"request_options": {"timeout_in_seconds": 1}}, timeout=60.0)
        assert time.monotonic() - began < 4


def test_d8_a_peer_that_hangs_up_instead_of_answering_is_a_failed_connection(mode: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as rude:
        peer = Peer(service()[0])
        peer.port = rude.getsockname()[1]
        calls: list[None] = []

        def hang_up() -> None:
            while True:
                try:
                    connection, _ = rude.accept()
                except OSError:
                    return
                calls.append(None)
                connection.close()

        async def talk(_: Any) -> None:
            raise AssertionError("nobody answered")

        thread = threading.Thread(target=hang_up, daemon=True)
        thread.start()
        for _ in range(5):  # in threads it is a matter of chance who notices first: the reader or the writer
            with pytest.raises(ConnectionFailed):
                converse(mode, peer, talk, max_retries=1)
        rude.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    assert len(calls) == 10, "it was tried again"


def test_d13_two_clients_have_two_transports() -> None:
    class Wire:
        def __init__(self, url: str, headers: dict[str, str]) -> None:
            self.url, self.sent, self.frames = url, list[Any](), [json.dumps(RESULT)]

        def send(self, data: Any, /) -> None:
            self.sent.append(data)

        def recv(self) -> Any:
            return self.frames.pop()

        def __iter__(self) -> Iterator[Any]:
            while self.frames:
                yield self.frames.pop()

        def close(self) -> None:
            self.sent.append("closed")

    made: list[Wire] = []

    def factory(url: str, headers: dict[str, str]) -> Wire:
        made.append(Wire(url, headers))
        return made[-1]

    first = DeepgramClient(api_key="k", transport_factory=factory)
    behave, received = service()
    with Peer(behave) as peer, DeepgramClient(api_key="k", base_url=peer.url) as second:
        with first.listen.v1.connect(model="nova-3") as connection:
            assert isinstance(connection.recv(), ListenV1Results)
            with second.listen.v1.connect(model="nova-3") as other:
                other.send_media(b"\0\0")
    assert [wire.url for wire in made] == ["wss://api.deepgram.com/v1/listen?model=nova-3"]
    assert made[0].sent == ['{"type": "CloseStream"}', "closed"]
    assert received == [b"\0\0", '{"type": "CloseStream"}']


def test_a_transport_can_be_installed_for_the_whole_process_and_taken_away_again() -> None:
    opened: list[str] = []

    class Silent:
        def send(self, data: Any, /) -> None:
            """Nobody hears it."""

        def recv(self) -> Any:
            raise EOFError("there is nothing")

        def __iter__(self) -> Iterator[Any]:
            return iter(())

        def close(self) -> None:
            """Nothing is open."""

    def factory(url: str, headers: dict[str, str]) -> Silent:
        opened.append(url)
        return Silent()

    install_transport(sync_factory=factory)
    try:
        install_transport(sync_factory=factory)  # the same one once more is fine
        with pytest.raises(RuntimeError, match="restore_transport"):
            install_transport(sync_factory=lambda url, headers: Silent())
        with DeepgramClient(api_key="k").listen.v1.connect(model="nova-3"):
            pass
    finally:
        restore_transport()
    assert opened == ["wss://api.deepgram.com/v1/listen?model=nova-3"]
    behave, received = service()
    with Peer(behave) as peer, DeepgramClient(api_key="k", base_url=peer.url) as client:
        with client.listen.v1.connect(model="nova-3") as connection:
            connection.send_media(b"\0\0")
    assert received[0] == b"\0\0"


def test_the_handshake_carries_credential_query_and_headers(mode: str) -> None:
    behave, _ = service()
    with Peer(behave) as peer:
        keywords: dict[str, Any] = {"api_key": "k", "base_url": peer.url + "/prefix"}
        options: RequestOptions = {
            "additional_headers": {"x-mine": "1"},
            "additional_query_parameters": {"brand_new": True, "gone": None},
        }
        with DeepgramClient(**keywords) as client:
            with client.listen.v1.connect(
                model="nova-3", interim_results=True, keyterm=["a b", "c"], endpointing=300, request_options=options
            ):
                pass
            with client.listen.v2.connect(model="flux-general-en", authorization="Custom x"):
                pass
    first, second = peer.handshakes
    assert first.path == (
        "/prefix/v1/listen?endpointing=300&interim_results=true&keyterm=a+b&keyterm=c&model=nova-3&brand_new=true"
    )
    assert (first.headers["authorization"], first.headers["x-mine"]) == ("Token k", "1")
    assert first.headers["user-agent"].startswith("deepgram-sdk/")
    assert "sec-websocket-protocol" not in first.headers
    assert second.path == "/prefix/v2/listen?model=flux-general-en"
    assert second.headers["authorization"] == "Custom x"


async def test_a_transport_for_threads_is_no_transport_for_an_event_loop() -> None:
    class ForThreads:
        def __init__(self, url: str, headers: dict[str, str]) -> None:
            self.url = url

        def send(self, data: object) -> None: ...
        def recv(self) -> str:
            return ""

        def close(self) -> None: ...
        def __iter__(self) -> Iterator[str]:
            return iter(())

    client = AsyncDeepgramClient(api_key="k", transport_factory=ForThreads)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="use DeepgramClient"):
        await client.listen.v1.connect(model="nova-3").__aenter__()


@pytest.mark.parametrize("nothing", [None, 5, 0.5])
def test_what_can_be_no_audio_is_refused_and_the_conversation_goes_on(mode: str, nothing: object) -> None:
    behave, received = service()

    async def talk(connection: Any) -> None:
        with pytest.raises(TypeError, match=f"audio is sent as bytes, not as {type(nothing).__name__}"):
            await given(connection.send_media(nothing))
        await given(connection.send_media(b"\0\0"))

    with Peer(behave) as peer:
        converse(mode, peer, talk)
    assert received[0] == b"\0\0"
