"""TLS within the TLS of a proxy, record by record."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import trustme
from websockets.sync.client import SSLSSLSocket

from deepgram.runtime.secure_socket import SecureTunnel

BROKEN = b"\x17\x03\x03\x00\x20" + bytes(32)
"""A record that nobody has encrypted."""


class Far:
    """The end of both layers: the proxy's and the service's."""

    def __init__(self, wire: socket.socket, shown: ssl.SSLContext) -> None:
        self.proxy = shown.wrap_socket(wire, server_side=True)
        self._came, self._leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.service = shown.wrap_bio(self._came, self._leaving, server_side=True)
        while True:
            try:
                self.service.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.send(b"")
                self._came.write(self.proxy.recv(65536))
        self.send(b"")

    def encrypted(self, data: bytes) -> bytes:
        if data:
            self.service.write(data)
        return self._leaving.read()

    def send(self, data: bytes) -> None:
        self.proxy.sendall(self.encrypted(data))


@pytest.fixture
def ends() -> Iterator[tuple[SecureTunnel, Far]]:
    authority = trustme.CA()
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(shown)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    near, wire = socket.socketpair()
    with ThreadPoolExecutor(1) as beside:
        answering = beside.submit(Far, wire, shown)
        made: Any = trusted.wrap_socket(near, server_hostname="127.0.0.1")
        tunnel = SecureTunnel(SSLSSLSocket(made, trusted, server_hostname="127.0.0.1"))
        far = answering.result(10)
    tunnel.settimeout(5)
    yield tunnel, far
    tunnel.close()
    far.proxy.close()


def test_records_that_come_as_one_are_read_as_one(ends: tuple[SecureTunnel, Far]) -> None:
    tunnel, far = ends
    one = far.encrypted(b"one, ")
    far.proxy.sendall(one + far.encrypted(b"two"))
    assert tunnel.recv(65536) == b"one, two"
    tunnel.sendall(b"answer")
    far._came.write(far.proxy.recv(65536))
    assert far.service.read(100) == b"answer"


def test_last_words_are_read_before_what_is_wrong_after_them(ends: tuple[SecureTunnel, Far]) -> None:
    tunnel, far = ends
    far.proxy.sendall(far.encrypted(b"last words") + BROKEN)
    assert tunnel.recv(65536) == b"last words"
    with pytest.raises(ssl.SSLError):
        tunnel.recv(65536)


def test_the_end_is_seen_by_whoever_waits_for_the_file(ends: tuple[SecureTunnel, Far]) -> None:
    tunnel, far = ends
    last = far.encrypted(b"last words")
    with pytest.raises(ssl.SSLWantReadError):
        far.service.unwrap()
    far.proxy.sendall(last + far.encrypted(b""))
    assert tunnel.recv(65536) == b"last words"
    assert select.select([tunnel], [], [], 0)[0] == [tunnel]
    assert tunnel.recv(65536) == b""


def test_a_writer_waits_for_the_handshake_within_a_bound(ends: tuple[SecureTunnel, Far]) -> None:
    tunnel, _ = ends

    class Negotiating:
        def write(self, _: bytes) -> int:
            raise ssl.SSLWantReadError

    whole: Any = tunnel
    whole._tunnel = Negotiating()
    tunnel.settimeout(0.2)
    began = time.monotonic()
    with pytest.raises(TimeoutError, match="negotiate"):
        tunnel.sendall(b"audio")
    assert time.monotonic() - began < 1
