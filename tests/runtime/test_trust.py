"""Whose certificates are believed."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from deepgram import DeepgramClient
from deepgram.runtime.errors import ConnectionFailed

from ..connect_proxy import ConnectProxy
from .calling import OK, Both, ask


def test_what_is_trusted_can_be_said(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import certifi

    from deepgram.runtime.tls import LateContext, context

    own = ssl.create_default_context()
    assert context(own) is own
    assert context(False).verify_mode is ssl.CERT_NONE
    assert context(certifi.where()).cert_store_stats()["x509_ca"] > 10
    assert context(tmp_path).verify_mode is ssl.CERT_REQUIRED
    with pytest.raises(FileNotFoundError):
        context(tmp_path / "missing.pem")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    late = context(True)
    assert isinstance(late, LateContext)
    assert (late.verify_mode, late.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert late.cert_store_stats()["x509_ca"] == 0
    for _ in range(2):
        late.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="h")
    assert late.cert_store_stats()["x509_ca"] > 10
    client = DeepgramClient(api_key="k", verify=False, ssl_context=own)
    assert client._config.verify is own
    assert client._client_wrapper._limits(None).tls is own


def test_certificates_of_the_environment_are_trusted_instead(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from deepgram.runtime.tls import context

    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    late = context(True)
    left, right = socket.socketpair()
    with left, right, late.wrap_socket(left, server_hostname="h", do_handshake_on_connect=False):
        assert late.cert_store_stats()["x509_ca"] == 0


@pytest.fixture
def certified(tmp_path: Path, serve: Any) -> Iterator[tuple[str, Path]]:
    """Run a server whose certificate nobody knows; give its address and the certificate."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            plain.settimeout(10)
            with plain, suppress(OSError), server.wrap_socket(plain, server_side=True) as connection:
                connection.recv(65536)
                connection.sendall(OK)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}", certificate
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


def test_a_proxy_that_is_reached_over_tls_is_trusted_as_a_server_is(
    call: Both, certified: tuple[str, Path], naps: list[float]
) -> None:
    if call.kind == "aiohttp" and sys.version_info < (3, 11):
        pytest.skip("event loops put TLS into TLS since Python 3.11")
    url, certificate = certified
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with ConnectProxy(shown) as proxy:
        assert call(ask(), base_url=url, verify=certificate, proxy=proxy.url).request_id == "r"
        assert proxy.asked == [url.removeprefix("https://")]
        with pytest.raises(ConnectionFailed, match=r"(?i)certificate"):
            call(ask(), base_url=url, proxy=proxy.url, max_retries=0)
        assert len(proxy.asked) == 1


def test_a_server_is_trusted_only_if_its_certificate_is(
    call: Both, certified: tuple[str, Path], naps: list[float]
) -> None:
    url, certificate = certified
    with pytest.raises(ConnectionFailed, match=r"(?i)certificate") as caught:
        call(ask(), base_url=url)
    assert isinstance(caught.value, httpx.ConnectError)
    assert call(ask(), base_url=url, verify=certificate).request_id == "r"
    assert call(ask(), base_url=url, verify=str(certificate)).request_id == "r"
    assert call(ask(), base_url=url, verify=False).request_id == "r"
    assert call(ask(), base_url=url, ssl_context=ssl.create_default_context(cafile=certificate)).request_id == "r"
