"""Downloads of what callers name, over real loopback sockets; only names and public addresses are made up."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
import httpx
import pytest

from deepgram.local.fetch import (
    Downloaded,
    FetchFailed,
    FetchRefused,
    GuardedClient,
    check_url,
    download,
    guarded_client,
)
from deepgram.local.guard import is_public, shown

from .internet import PUBLIC, PUBLIC_TOO, Internet, names

Handler = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


class Web:
    """A web server on the loopback whose answers are bytes, byte for byte."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.answers: dict[str, bytes | Handler] = {}
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            answer = self.answers[head.split()[1]]
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(head, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    web = Web()
    server = await asyncio.start_server(web.serve, "127.0.0.1", 0)
    web.port = server.sockets[0].getsockname()[1]
    yield web
    server.close()
    await web.stop()


@pytest.fixture
def internet(web: Web) -> Internet:
    return Internet(web.port)


@pytest.fixture
async def client(internet: Internet) -> AsyncIterator[GuardedClient]:
    table = {"audio.example": [PUBLIC], "other.example": [PUBLIC_TOO], "both.example": [PUBLIC, "10.0.0.1"]}
    async with guarded_client(allow_private=False, resolver=names(table), network=internet) as client:
        yield client


def ok(body: bytes, *headers: str) -> bytes:
    return http("200 OK", f"content-length: {len(body)}", *headers, body=body)


def http(status: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "connection: close", "", ""]).encode() + body


def redirect(location: str) -> bytes:
    return http("302 Found", f"location: {location}", "content-length: 0")


async def get(
    client: httpx.AsyncClient, url: str, folder: Path, *, max_bytes: int = 1_000_000, timeout: float = 20.0
) -> Downloaded:
    return await download(client, url, folder / "audio", max_bytes=max_bytes, timeout=timeout)


async def failure(client: httpx.AsyncClient, url: str, folder: Path, **limits: Any) -> FetchFailed:
    with pytest.raises(FetchFailed) as caught:
        await get(client, url, folder, **limits)
    assert not list(folder.iterdir()), "a failed download leaves nothing behind"
    return caught.value


# --- Addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        *("8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "192.0.1.1", "223.255.255.255"),
        *("2606:4700:4700::1111", "2a00:1450:4001::1", "64:ff9b::808:808"),
    ],
)
def test_ordinary_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1"),
        *("203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "168.63.129.16", "192.88.99.1"),
        *("::", "::1", "::7f00:1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::808:808"),
        *("2002:7f00:1::", "2002:808:808::1", "2001::1", "2001:db8::1", "2001:10::1", "3fff::1", "100::1", "5f00::1"),
    ],
)
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254", "[fe80::1]"),
        *("100.64.0.1", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1", "audio.example@127.0.0.1"),
    ],
)
async def test_a_url_with_a_private_address_is_refused_however_it_is_written(
    host: str, client: GuardedClient, internet: Internet, tmp_path: Path
) -> None:
    with pytest.raises(FetchRefused, match="--allow-private-urls"):
        await get(client, f"http://{host}/secret", tmp_path)
    assert internet.asked == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1."])
async def test_spellings_of_loopback_that_only_some_systems_understand_reach_nothing(
    host: str, client: GuardedClient, internet: Internet, tmp_path: Path
) -> None:
    with pytest.raises((FetchRefused, FetchFailed)):
        await get(client, f"http://{host}/secret", tmp_path)
    assert internet.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://audio.example/a",
        "gopher://audio.example",
        "http:///a",
        "audio.wav",
        "",
        "http://a:port/",
        "data:,a",
    ],
)
async def test_a_url_that_is_not_http_is_refused(url: str, client: GuardedClient, tmp_path: Path) -> None:
    with pytest.raises(FetchRefused, match="URL"):
        await get(client, url, tmp_path)


async def test_a_name_that_also_has_a_private_address_is_refused(
    client: GuardedClient, internet: Internet, tmp_path: Path
) -> None:
    with pytest.raises(FetchRefused, match=r"both\.example") as caught:
        await get(client, "http://both.example/a", tmp_path)
    assert "10.0.0.1" not in str(caught.value), "the caller learns nothing of the network of the server"
    assert internet.asked == []


async def test_a_name_that_changes_its_address_after_the_check_is_refused(
    web: Web, internet: Internet, tmp_path: Path
) -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return next(answers)

    async with guarded_client(allow_private=False, resolver=rebinding, network=internet) as client:
        await client.check("http://audio.example/a")
        with pytest.raises(FetchRefused):
            await get(client, "http://audio.example/a", tmp_path)
    assert internet.asked == []


async def test_a_name_is_looked_up_once_and_the_connection_goes_to_what_was_found(
    web: Web, internet: Internet, tmp_path: Path
) -> None:
    looked_up: list[str] = []

    async def counting(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return [PUBLIC]

    web.answers["/a"] = ok(b"sound")
    async with guarded_client(allow_private=False, resolver=counting, network=internet) as client:
        await get(client, "http://audio.example:8123/a", tmp_path)
    assert looked_up == ["audio.example"]
    assert internet.asked == [(PUBLIC, 8123)]
    assert "\r\nhost: audio.example:8123\r\n" in web.heads[0].lower()


async def test_the_next_address_is_tried_when_one_does_not_answer(web: Web, tmp_path: Path) -> None:
    web.answers["/a"] = ok(b"sound")
    internet = Internet(web.port, dead=[PUBLIC])
    table = {"audio.example": [PUBLIC, PUBLIC_TOO]}
    async with guarded_client(allow_private=False, resolver=names(table), network=internet) as client:
        assert (await get(client, "http://audio.example/a", tmp_path)).size == 5
    assert [host for host, _ in internet.asked] == [PUBLIC, PUBLIC_TOO]


async def test_tls_checks_the_name_though_the_connection_goes_to_an_address(tmp_path: Path) -> None:
    said: list[str | None] = []

    class Stream(httpcore.AsyncNetworkStream):
        async def start_tls(
            self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
        ) -> httpcore.AsyncNetworkStream:
            assert ssl_context.check_hostname
            said.append(server_hostname)
            raise httpcore.ConnectError("far enough")

    class Network(httpcore.AsyncNetworkBackend):
        async def connect_tcp(self, host: str, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
            assert host == PUBLIC
            return Stream()

    table = {"audio.example": [PUBLIC]}
    async with guarded_client(allow_private=False, resolver=names(table), network=Network()) as client:
        await failure(client, "https://audio.example/a", tmp_path)
    assert said == ["audio.example"]


async def test_ports_can_be_limited_and_are_not_when_private_addresses_are_allowed() -> None:
    ports = {80, 443}
    with pytest.raises(FetchRefused, match=r"Port 22 of audio\.example"):
        check_url("http://audio.example:22/", allow_private=False, ports=ports)
    assert check_url("https://audio.example/", allow_private=False, ports=ports).host == "audio.example"
    assert check_url("http://127.0.0.1:22/", allow_private=True, ports=ports).port == 22


async def test_a_check_tells_a_name_without_address(internet: Internet) -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError("no such name")

    async with guarded_client(allow_private=False, resolver=nowhere, network=internet) as client:
        with pytest.raises(FetchFailed, match=r"audio\.example could not be resolved"):
            await client.check("http://audio.example/")
        with pytest.raises(FetchRefused):
            await client.check("http://127.0.0.1/")


async def test_a_name_that_is_never_resolved_ends_with_the_time_given(internet: Internet, tmp_path: Path) -> None:
    async def stuck(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    async with guarded_client(allow_private=False, resolver=stuck, network=internet) as client:
        assert "longer than 0.1 s" in str(await failure(client, "http://audio.example/", tmp_path, timeout=0.1))


# --- What is fetched --------------------------------------------------------------------------------------------------


async def test_a_file_is_saved_and_described(web: Web, client: GuardedClient, tmp_path: Path) -> None:
    body = bytes(range(256)) * 3000
    web.answers["/a.wav?token=1"] = ok(body, "content-type: audio/wav")
    got = await get(client, "http://audio.example/a.wav?token=1", tmp_path)
    assert got == Downloaded(hashlib.sha256(body).hexdigest(), len(body), "audio/wav")
    assert (tmp_path / "audio").read_bytes() == body
    assert "accept-encoding: identity" in web.heads[0].lower()


async def test_loopback_can_be_allowed(web: Web, tmp_path: Path) -> None:
    web.answers["/a"] = ok(b"sound")
    async with guarded_client(allow_private=True) as client:
        assert (await get(client, f"http://localhost:{web.port}/a", tmp_path)).size == 5


async def test_proxies_of_the_environment_are_not_asked(
    web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    web.answers["/a"] = ok(b"sound")
    async with guarded_client(allow_private=True) as client:
        assert (await get(client, f"http://127.0.0.1:{web.port}/a", tmp_path)).size == 5


async def test_cookies_of_one_caller_are_not_sent_for_another(web: Web, client: GuardedClient, tmp_path: Path) -> None:
    web.answers["/a"] = ok(b"sound", "set-cookie: session=secret; Path=/")
    await get(client, "http://audio.example/a", tmp_path)
    await get(client, "http://audio.example/a", tmp_path)
    assert "cookie" not in web.heads[1].lower()


async def test_messages_show_neither_password_nor_query(web: Web, client: GuardedClient, tmp_path: Path) -> None:
    web.answers["/path?token=hidden"] = http("403 Forbidden", "content-length: 0")
    error = await failure(client, "http://me:hidden@audio.example/path?token=hidden", tmp_path)
    assert error.status == 403
    assert str(error) == "http://audio.example answered 403 Forbidden instead of the file."
    assert "authorization: Basic" in web.heads[0].replace("Authorization", "authorization")
    assert shown("http://a:port/") == "an invalid URL"


# --- Redirects --------------------------------------------------------------------------------------------------------


async def test_redirects_are_followed_without_the_credentials_of_the_first_host(
    web: Web, client: GuardedClient, internet: Internet, tmp_path: Path
) -> None:
    web.answers["/a"] = redirect("/b")
    web.answers["/b"] = redirect("http://other.example/c")
    web.answers["/c"] = ok(b"sound")
    assert (await get(client, "http://me:secret@audio.example/a", tmp_path)).size == 5
    assert [host for host, _ in internet.asked] == [PUBLIC, PUBLIC, PUBLIC_TOO]
    assert ["authorization:" in head.lower() for head in web.heads] == [True, True, False]


async def test_a_redirect_to_a_private_address_is_refused_and_nothing_connects(
    web: Web, client: GuardedClient, internet: Internet, tmp_path: Path
) -> None:
    web.answers["/secret"] = ok(b"secret")
    for target in (f"http://127.0.0.1:{web.port}/secret", f"http://localhost:{web.port}/secret", "//169.254.169.254/"):
        web.answers["/a"] = redirect(target)
        with pytest.raises(FetchRefused):
            await get(client, "http://audio.example/a", tmp_path)
    assert not any("/secret" in head for head in web.heads)
    assert {host for host, _ in internet.asked} == {PUBLIC}


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://other.example/a", "http://127.0.0.1:port/", "http://["]
)
async def test_a_redirect_to_something_else_than_http_fails(
    location: str, web: Web, client: GuardedClient, tmp_path: Path
) -> None:
    web.answers["/a"] = redirect(location)
    with pytest.raises((FetchRefused, FetchFailed)):
        await get(client, "http://audio.example/a", tmp_path)


async def test_five_redirects_are_followed_and_not_six(web: Web, client: GuardedClient, tmp_path: Path) -> None:
    for number in range(6):
        web.answers[f"/{number}"] = redirect(f"/{number + 1}")
    web.answers["/6"] = ok(b"sound")
    assert (await get(client, "http://audio.example/1", tmp_path)).size == 5
    (tmp_path / "audio").unlink()
    assert "redirects more than 5 times" in str(await failure(client, "http://audio.example/0", tmp_path))


async def test_a_redirect_loop_ends(web: Web, client: GuardedClient, tmp_path: Path) -> None:
    web.answers["/a"] = redirect("/a")
    assert "redirects more than 5 times" in str(await failure(client, "http://audio.example/a", tmp_path))


async def test_the_body_of_a_redirect_is_not_read(web: Web, client: GuardedClient, tmp_path: Path) -> None:
    async def endless(head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(http("302 Found", "location: /b"))
        await pour(head, writer)

    web.answers["/a"] = endless
    web.answers["/b"] = ok(b"sound")
    assert (await get(client, "http://audio.example/a", tmp_path)).size == 5


# --- Limits -----------------------------------------------------------------------------------------------------------


async def pour(head: str, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def test_a_url_that_never_ends_is_cut_at_the_size_limit(web: Web, client: GuardedClient, tmp_path: Path) -> None:
    async def endless(head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(http("200 OK"))
        await pour(head, writer)

    web.answers["/a"] = endless
    assert "larger than the 1000000 bytes" in str(await failure(client, "http://audio.example/a", tmp_path))


async def test_a_length_over_the_limit_is_refused_before_the_body(
    web: Web, client: GuardedClient, tmp_path: Path
) -> None:
    web.answers["/a"] = http("200 OK", "content-length: 1000001")
    assert "larger than" in str(await failure(client, "http://audio.example/a", tmp_path))
    web.answers["/a"] = ok(b"x" * 1_000_000)
    assert (await get(client, "http://audio.example/a", tmp_path)).size == 1_000_000


@pytest.mark.parametrize(
    "beginning", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 5", b"HTTP/1.1 100 Continue\r\n\r\n", ok(b"12345")[:-1]]
)
async def test_a_server_that_drips_is_left_after_the_time_given(
    beginning: bytes, web: Web, client: GuardedClient, tmp_path: Path
) -> None:
    async def drip(head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(beginning)
        await writer.drain()
        await asyncio.Event().wait()

    web.answers["/a"] = drip
    error = await failure(client, "http://audio.example/a", tmp_path, timeout=0.3)
    assert str(error) == "http://audio.example took longer than 0.3 s to deliver the file."


async def test_a_steady_trickle_does_not_extend_the_time(web: Web, client: GuardedClient, tmp_path: Path) -> None:
    async def trickle(head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(http("200 OK"))
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    web.answers["/a"] = trickle
    assert "took longer" in str(await failure(client, "http://audio.example/a", tmp_path, timeout=0.3))


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_bomb_of_compressed_zeros_is_cut_at_the_size_limit(
    encoding: str, web: Web, client: GuardedClient, tmp_path: Path
) -> None:
    zeros = bytes(50_000_000)
    bomb = gzip.compress(zeros) if encoding == "gzip" else zlib.compress(zeros)
    assert len(bomb) < 100_000
    web.answers["/a"] = ok(bomb, f"content-encoding: {encoding}")
    assert "larger than the 1000000 bytes" in str(await failure(client, "http://audio.example/a", tmp_path))


async def test_compressed_nothing_is_cut_as_well(web: Web, client: GuardedClient, tmp_path: Path) -> None:
    web.answers["/a"] = http("200 OK", "content-encoding: gzip", body=gzip.compress(b"") * 3000)
    assert "larger than" in str(await failure(client, "http://audio.example/a", tmp_path, max_bytes=50_000))


async def test_a_file_that_comes_compressed_although_it_should_not_is_unpacked(
    web: Web, client: GuardedClient, tmp_path: Path
) -> None:
    body = bytes(range(256)) * 3000
    for packed, encoding in (
        (gzip.compress(body), "gzip"),
        (gzip.compress(body[:1000]) + gzip.compress(body[1000:]), "x-gzip"),
        (zlib.compress(body), "deflate"),
    ):
        web.answers["/a"] = ok(packed, f"content-encoding: {encoding}")
        got = await get(client, "http://audio.example/a", tmp_path)
        assert (tmp_path / "audio").read_bytes() == body
        assert got.sha256 == hashlib.sha256(body).hexdigest()


# --- Faults of the other side -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (ok(b"not gzip", "content-encoding: gzip"), "damaged"),
        (ok(gzip.compress(b"sound")[:-6], "content-encoding: gzip"), "ends too early"),
        (ok(b"", "content-encoding: gzip"), "ends too early"),
        (ok(b"..", "content-encoding: br"), r"compresses the file \(br\)"),
        (ok(b"sound")[:-1], "did not deliver the file"),
        (http("404 Not Found", "content-length: 0"), "404 Not Found"),
        (http("304 Not Modified"), "304"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "did not deliver the file"),
        (b"", "did not deliver the file"),
        (b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 200_000, "did not deliver the file"),
    ],
)
async def test_a_broken_answer_is_one_clear_error(
    answer: bytes, said: str, web: Web, client: GuardedClient, tmp_path: Path
) -> None:
    web.answers["/a"] = answer
    with pytest.raises(FetchFailed, match=said):
        await get(client, "http://audio.example/a", tmp_path)
    assert not list(tmp_path.iterdir())


async def test_a_port_where_nobody_listens_is_said(tmp_path: Path) -> None:
    with socket.socket() as unused:  # bound, but not listening
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    async with guarded_client(allow_private=True) as client:
        error = await failure(client, f"http://127.0.0.1:{port}/a", tmp_path)
    assert "could not be reached" in str(error)


async def test_a_download_that_is_cancelled_leaves_nothing_behind(
    web: Web, client: GuardedClient, tmp_path: Path
) -> None:
    begun = asyncio.Event()

    async def slow(head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(http("200 OK", body=b"x" * 500_000))
        await writer.drain()
        begun.set()
        await asyncio.Event().wait()

    web.answers["/a"] = slow
    task = asyncio.create_task(get(client, "http://audio.example/a", tmp_path))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not list(tmp_path.iterdir())
