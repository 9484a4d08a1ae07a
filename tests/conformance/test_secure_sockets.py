"""Conversations over TLS held from threads: OpenSSL lets only one of them at a connection at a time."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import gc
import hashlib
import inspect
import json
import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest
import trustme
import websockets.sync.client
import websockets.sync.connection
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from deepgram import DeepgramClient
from deepgram.runtime.errors import ConversationClosed, RequestTimedOut
from deepgram.runtime.secure_socket import SecureSocket, socket_of

from ..connect_proxy import ConnectProxy
from .conversing import RESULT, Peer, service, until_goodbye

T = TypeVar("T")
PART = 200_000
"""Bytes of a message that is many records of TLS."""


class Watched(ssl.SSLSocket):
    """Tells of threads that meet in it."""

    inside: set[int]
    met: bool

    def _alone(self, do: Callable[..., T], *given: Any) -> T:
        here = self.__dict__.setdefault("inside", set())
        here.add(threading.get_ident())
        self.met = self.__dict__.get("met", False) or len(here) > 1
        try:
            return do(*given)
        finally:
            here.discard(threading.get_ident())

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        return self._alone(super().recv, buflen, flags)

    def send(self, data: Any, flags: int = 0) -> int:
        return self._alone(super().send, data, flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        self._alone(super().sendall, data, flags)


@pytest.fixture
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a peer shows, and what a client trusts."""
    authority = trustme.CA()
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(shown)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    return shown, trusted


def client(url: str, trusted: ssl.SSLContext, **options: Any) -> DeepgramClient:
    return DeepgramClient(api_key="k", base_url=url, verify=trusted, max_retries=0, **options)


def test_no_thread_is_in_tls_beside_another(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    shown, trusted = contexts
    trusted.sslsocket_class = Watched
    received: list[str | bytes] = []

    async def behave(connection: ServerConnection) -> None:
        async for message in connection:
            received.append(message)
            await connection.send(json.dumps(RESULT))
            if isinstance(message, str):
                return

    with Peer(behave, tls=shown) as peer, client(peer.url, trusted) as own:
        with own.listen.v1.connect(model="nova-3") as connection:
            beneath = socket_of(connection._websocket)
            time.sleep(0.2)  # the library's thread waits to read what follows the tickets
            for _ in range(20):
                connection.send_media(bytes(PART))
        heard = list(connection)
    assert isinstance(beneath, Watched) and not beneath.met
    assert (len(received), len(heard)) == (21, 21)


@pytest.mark.parametrize("through", [False, True])
def test_much_goes_both_ways_at_once(contexts: tuple[ssl.SSLContext, ssl.SSLContext], through: bool) -> None:
    """Through a proxy that is reached over TLS as well."""
    shown, trusted = contexts
    parts = [os.urandom(PART) for _ in range(50)]
    received: list[str | bytes] = []

    async def behave(connection: ServerConnection) -> None:
        async def speak() -> None:
            for part in parts:
                await connection.send(part)

        await asyncio.gather(speak(), until_goodbye(connection, received))

    with Peer(behave, tls=shown) as peer, ConnectProxy(shown) as proxy, ThreadPoolExecutor(1) as beside:
        own = client(peer.url, trusted, proxy=proxy.url if through else None)
        with own, own.listen.v1.connect(model="nova-3") as connection:
            hearing = beside.submit(lambda: list[Any](connection.recv() for _ in parts))
            for part in parts:
                connection.send_media(part)
            heard: list[Any] = hearing.result(30)
    assert [hashlib.sha256(part).digest() for part in heard] == [hashlib.sha256(part).digest() for part in parts]
    assert received[:-1] == parts
    assert len(proxy.asked) == through


def test_what_comes_together_through_a_tunnel_is_not_left_there(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """One record of the proxy's TLS holds several of the tunnel's."""
    shown, trusted = contexts

    async def behave(connection: ServerConnection) -> None:
        async for _ in connection:
            for _ in range(5):
                await connection.send(json.dumps(RESULT))

    with Peer(behave, tls=shown) as peer, ConnectProxy(shown) as proxy, ThreadPoolExecutor(1) as beside:
        own = client(peer.url, trusted, proxy=proxy.url)
        with own, own.listen.v1.connect(model="nova-3") as connection:
            for _ in range(5):
                connection.send_media(b"audio")
                assert len(beside.submit(lambda: [connection.recv() for _ in range(5)]).result(5)) == 5


def test_a_peer_that_says_nothing_after_tls_is_given_up(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    shown, trusted = contexts
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as beside:

        def shake_hands() -> None:
            with shown.wrap_socket(listener.accept()[0], server_side=True):
                over.wait(30)

        beside.submit(shake_hands)
        threads = threading.active_count()
        began = time.monotonic()
        try:
            url = f"https://127.0.0.1:{listener.getsockname()[1]}"
            with client(url, trusted, timeout=1.0) as own, pytest.raises(RequestTimedOut):
                own.listen.v1.connect(model="nova-3").__enter__()
            assert time.monotonic() - began < 1 + 2
            assert threading.active_count() == threads
        finally:
            over.set()


def test_a_peer_that_stops_reading_is_noticed(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    shown, trusted = contexts

    async def behave(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await connection.wait_closed()

    with Peer(behave, tls=shown) as peer, client(peer.url, trusted) as own:
        began = time.monotonic()
        with pytest.raises(ConversationClosed, match="not read"):
            with own.listen.v1.connect(model="nova-3") as connection:
                for _ in range(200):
                    connection.send_media(bytes(1 << 20))
        assert time.monotonic() - began < 5 + 2 + 2


def test_a_collection_of_garbage_may_end_a_conversation_within_its_own_turn(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """A generator that holds a conversation and is lost in a cycle ends where the collector finds it: anywhere."""
    shown, trusted = contexts
    lost, collected = threading.Event(), threading.Event()

    class Collecting(ssl.SSLSocket):
        def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
            data = super().recv(buflen, flags)
            if lost.is_set() and not collected.is_set():
                gc.collect()
                collected.set()
            return data

    trusted.sslsocket_class = Collecting
    ended = threading.Event()

    async def behave(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await connection.send(json.dumps(RESULT))
                await asyncio.sleep(0.05)
        ended.set()

    def conversing(cycle: list[Any]) -> Iterator[None]:
        with own.listen.v1.connect(model="nova-3"):
            yield
        cycle.clear()

    with Peer(behave, tls=shown) as peer, client(peer.url, trusted) as own:
        gc.disable()
        try:
            cycle: list[Any] = []
            cycle.append(conversing(cycle))
            next(cycle[0])
            del cycle
            lost.set()
            assert collected.wait(10)
        finally:
            gc.enable()
        assert ended.wait(10)


def test_the_library_asks_a_socket_for_what_ours_has() -> None:
    wanted = {
        node.attr
        for module in (websockets.sync.connection, websockets.sync.client)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self.socket"
    }
    assert wanted >= {"recv", "sendall", "settimeout"}
    assert {name for name in wanted if not hasattr(SecureSocket, name)} == set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_leaves_the_connection_to_its_parent(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    shown, trusted = contexts
    behave, received = service()
    with Peer(behave, tls=shown) as peer, client(peer.url, trusted) as own:
        manager = own.listen.v1.connect(model="nova-3")
        with manager as connection:
            child = os.fork()
            if child == 0:
                signal.alarm(10)
                manager.__exit__(None, None, None)
                os._exit(0)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            connection.send_media(b"audio")
        assert [message.type for message in connection] == ["Results", "Metadata"]
    assert received == [b"audio", '{"type": "CloseStream"}']


@pytest.fixture
def pair(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> Iterator[tuple[SecureSocket, ssl.SSLSocket]]:
    """A secured socket and its peer."""
    shown, trusted = contexts
    near, far = socket.socketpair()
    with ThreadPoolExecutor(1) as beside:
        answering = beside.submit(shown.wrap_socket, far, server_side=True)
        asked = trusted.wrap_socket(near, server_hostname="127.0.0.1")
        with answering.result(10) as peer:
            secured = SecureSocket(asked)
            yield secured, peer
            secured.close()


def test_waits_are_bounded_when_asked(pair: tuple[SecureSocket, ssl.SSLSocket]) -> None:
    secured, peer = pair
    secured.settimeout(0.1)
    with pytest.raises(TimeoutError):
        secured.recv(1)
    with pytest.raises(TimeoutError):
        secured.sendall(bytes(10_000_000))
    peer.sendall(b"late")
    assert secured.recv(10) == b"late"


@pytest.mark.parametrize("receiving", [True, False])
@pytest.mark.parametrize("closing", [True, False])
def test_the_end_wakes_whoever_waits(pair: tuple[SecureSocket, ssl.SSLSocket], receiving: bool, closing: bool) -> None:
    secured, _ = pair

    def waited() -> bool:
        """Tell whether what was waited for has come about."""
        try:
            if receiving:
                return secured.recv(1) != b""
            secured.sendall(bytes(10_000_000))
        except (OSError, ValueError):
            return False
        return True

    with ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(waited)
        time.sleep(0.2)
        assert not waiting.done()
        began = time.monotonic()
        if closing:
            secured.close()
        else:
            secured.shutdown(socket.SHUT_RDWR)
        assert not waiting.result(5)
        assert time.monotonic() - began < 0.5, "woken, not found out"
