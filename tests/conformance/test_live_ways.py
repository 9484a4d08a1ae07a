"""How sockets are reached and what comes out of them: rows D11, D12 and D15, and what programs in the field rely on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.asyncio.client import connect as dial
from websockets.asyncio.server import ServerConnection

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.listen.v1.socket_client import AsyncV1SocketClient, V1SocketClient
from deepgram.listen.v2.types import ListenV2Connected, ListenV2TurnInfo
from deepgram.protocol.models.listen_live import (
    ListenV1Metadata,
    ListenV1Results,
    ListenV1SpeechStarted,
    ListenV1UtteranceEnd,
    ListenV2FatalError,
)
from deepgram.runtime.errors import ApiError
from deepgram.runtime.websocket import proxy_of_the_environment

from ..connect_proxy import ConnectProxy
from .conversing import METADATA, RESULT, Held, Peer, converse, given, service

ELSEWHERE = "speech.test"
"""A name that only the proxy can look up. Proxies of the environment are not for this machine."""
TURN: dict[str, Any] = {
    "type": "TurnInfo",
    "request_id": "r",
    "sequence_id": 1,
    "event": "EndOfTurn",
    "turn_index": 0,
    "audio_window_start": 0.0,
    "audio_window_end": 1.5,
    "transcript": "yes",
    "words": [{"word": "yes", "confidence": 0.9}],
    "end_of_turn_confidence": 0.8,
}


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


async def nothing(_: Any) -> None:
    """Say nothing."""


def test_d11_booleans_go_into_the_query_in_lower_case(mode: str) -> None:
    async def hold(client: Any) -> None:
        channels = [
            (client.listen.v1, {"model": "nova-3", "interim_results": True, "smart_format": False}),
            (client.listen.v2, {"model": "flux-general-en", "mip_opt_out": True, "eot_threshold": "0.7"}),
        ]
        for channel, options in channels:
            with contextlib.ExitStack() as stack:
                if mode == "sync":
                    stack.enter_context(channel.connect(**options))
                else:
                    async with channel.connect(**options):
                        pass

    with Peer(service()[0]) as peer:
        kind: Any = DeepgramClient if mode == "sync" else AsyncDeepgramClient
        asyncio.run(hold(kind(api_key="k", base_url=peer.url)))
        first, second = (handshake.path for handshake in peer.handshakes)
    assert first == "/v1/listen?interim_results=true&model=nova-3&smart_format=false"
    assert second == "/v2/listen?model=flux-general-en&eot_threshold=0.7&mip_opt_out=true"


def test_d11_numbers_and_booleans_may_be_text() -> None:
    with Peer(service()[0]) as peer:
        client = DeepgramClient(api_key="k", base_url=peer.url)
        with client.listen.v1.connect(model="nova-3", punctuate="true", sample_rate="16000", keyterm=["a", "b"]):
            pass
        assert peer.handshakes[0].path == "/v1/listen?keyterm=a&keyterm=b&model=nova-3&punctuate=true&sample_rate=16000"


def test_d12_the_class_of_a_message_is_chosen_by_its_type(mode: str) -> None:
    messages: list[tuple[type[Any], dict[str, Any]]] = [
        (ListenV1Results, RESULT),
        (ListenV1Metadata, METADATA),
        (ListenV1UtteranceEnd, {"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": 1.0}),
        (ListenV1SpeechStarted, {"type": "SpeechStarted", "channel": [0, 1], "timestamp": 1.0}),
        (ListenV1Results, {"type": "Results"}),
        (ListenV1Metadata, {"type": "Metadata", "brand_new": 1}),
    ]

    async def behave(connection: ServerConnection) -> None:
        for _, message in messages:
            await connection.send(json.dumps(message))

    held = Held()

    async def talk(connection: Any) -> None:
        await given(connection.start_listening())

    with Peer(behave) as peer:
        converse(mode, peer, talk, held)
    assert [type(message) for message in held.heard] == [kind for kind, _ in messages]
    assert held.heard[-1].brand_new == 1


async def test_d12_turns_are_turns_and_read_like_dicts_too() -> None:
    async def behave(connection: ServerConnection) -> None:
        await connection.send(json.dumps({"type": "Connected", "request_id": "r", "sequence_id": 0}))
        await connection.send(json.dumps(TURN))
        await connection.send(json.dumps({"type": "TurnInfo", "event": "Update"}))
        await connection.send(
            json.dumps({"type": "Error", "sequence_id": 2, "code": "INTERNAL_SERVER_ERROR", "description": "d"})
        )

    with Peer(behave) as peer:
        async with AsyncDeepgramClient(api_key="k", base_url=peer.url) as client:
            async with client.listen.v2.connect(model="flux-general-en") as connection:
                heard = [message async for message in connection]
                report = connection.report()
    assert [type(m) for m in heard] == [ListenV2Connected, ListenV2TurnInfo, ListenV2TurnInfo, ListenV2FatalError]
    turn = heard[1]
    assert isinstance(turn, ListenV2TurnInfo)
    assert turn["transcript"] == "yes" and turn.get("nothing", 7) == 7
    assert json.loads(turn.to_json()) == TURN
    assert (report.words, report.finalized) == (1, 1.5)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secured(authority: trustme.CA) -> Iterator[tuple[Peer, list[str | bytes]]]:
    """A service behind TLS whose certificate only ``authority`` vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", ELSEWHERE).configure_cert(context)
    behave, received = service()
    with Peer(behave, tls=context) as peer:
        yield peer, received


def test_d15_certificates_of_the_client_hold_for_sockets(
    mode: str, secured: tuple[Peer, list[str | bytes]], authority: trustme.CA, tmp_path: Path
) -> None:
    peer, received = secured
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    trusts: list[dict[str, Any]] = [
        {"verify": str(file)},
        {"verify": file},
        {"verify": context},
        {"ssl_context": context},
    ]
    for trust in trusts:
        converse(mode, peer, nothing, **trust)
    converse(mode, peer, nothing, verify=False)
    assert len(received) == 5
    with pytest.raises(ApiError) as caught:
        converse(mode, peer, nothing)
    assert isinstance(caught.value, ssl.SSLCertVerificationError)


@pytest.mark.parametrize("over_tls", [False, True])
@pytest.mark.parametrize("way", ["keyword", "environment"])
def test_d15_the_proxy_of_the_client_carries_sockets(
    mode: str,
    way: str,
    over_tls: bool,
    secured: tuple[Peer, list[str | bytes]],
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    peer, received = secured
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(shown)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with ConnectProxy(shown if over_tls else None) as proxy:
        given_proxy: dict[str, Any] = {"proxy": proxy.url} if way == "keyword" else {}
        if way == "environment":
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        url = f"https://{ELSEWHERE}:{peer.port}"
        if over_tls and mode == "async" and sys.version_info < (3, 11):
            with pytest.raises(ApiError, match=r"Python 3\.11"):
                converse(mode, peer, nothing, base_url=url, verify=tmp_path / "ca.pem", **given_proxy)
            return
        converse(mode, peer, nothing, base_url=url, verify=tmp_path / "ca.pem", **given_proxy)
        assert proxy.asked == [f"{ELSEWHERE}:{peer.port}"]
    assert received == ['{"type": "CloseStream"}']


@pytest.mark.parametrize(
    ("variable", "value", "found"),
    [
        ("HTTPS_PROXY", "https://proxy.test", "https://proxy.test"),
        ("HTTPS_PROXY", "http://proxy.test", True),
        ("NO_PROXY", "service.test", True),
    ],
)
def test_the_library_looks_for_proxies_but_for_those_over_tls(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, found: str | bool
) -> None:
    """It looks again for each host it is sent on to, and NO_PROXY may name one of them."""
    monkeypatch.setenv(variable, value)
    assert proxy_of_the_environment("wss://service.test/v1/listen") == found
    assert proxy_of_the_environment("wss://127.0.0.1/v1/listen") is None
    assert proxy_of_the_environment("wss://[::1]/v1/listen") is None


def test_the_password_of_a_proxy_is_not_shown() -> None:
    proxy = "http://user:secret@127.0.0.1:1/no-such-proxy"
    client = DeepgramClient(api_key="k", base_url="https://service.test", proxy=proxy)
    with client, pytest.raises(Exception, match="proxy") as caught:
        client.listen.v1.connect(model="nova-3").__enter__()
    error: BaseException | None = caught.value
    while error is not None:
        assert "secret" not in str(error)
        error = error.__cause__ or error.__context__


# --- What programs in the field rely on -------------------------------------------------------------------------------


async def test_a_socket_is_put_on_a_programs_own_connection() -> None:
    async def behave(connection: ServerConnection) -> None:
        assert await connection.recv() == b"\0\0"
        for _ in range(3):
            await connection.send(json.dumps(RESULT))

    with Peer(behave) as peer:
        async with dial(peer.url.replace("http", "ws")) as own:
            connection = AsyncV1SocketClient(websocket=own)
            assert connection._websocket is own
            await connection.send_media(b"\0\0")
            assert isinstance(await connection.recv(), ListenV1Results)
            async for message in connection:
                assert isinstance(message, ListenV1Results)
                break
            held = Held()
            held.attach(connection)
            await connection.start_listening()
            with pytest.raises(RuntimeError, match="connect"):
                connection.listen_in_background()
    assert held.order == ["open", "message", "close"]


async def test_a_conversation_is_entered_through_an_exit_stack() -> None:
    behave, received = service()
    with Peer(behave) as peer:
        async with contextlib.AsyncExitStack() as stack:
            client = await stack.enter_async_context(AsyncDeepgramClient(api_key="k", base_url=peer.url))
            connection = await stack.enter_async_context(client.listen.v1.connect(model="nova-3"))
            await connection.send_media(b"\0\0")
    assert received == [b"\0\0", '{"type": "CloseStream"}']


def test_private_names_that_programs_use_are_there() -> None:
    client = DeepgramClient(api_key="k")
    assert client.listen.v1._client_wrapper.get_environment().production == "wss://api.deepgram.com"
    assert client.listen.v1._client_wrapper.get_headers()["Authorization"] == "Token k"
    assert type(client.listen.v1._raw_client) is type(client.listen.v1.with_raw_response)


def test_start_listening_is_a_plain_method_that_can_be_patched(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[V1SocketClient] = []

    def patched(connection: V1SocketClient) -> None:
        called.append(connection)

    monkeypatch.setattr(V1SocketClient, "start_listening", patched)
    with Peer(service()[0]) as peer, DeepgramClient(api_key="k", base_url=peer.url) as client:
        with client.listen.v1.connect(model="nova-3") as connection:
            connection.start_listening()
    assert called == [connection]
