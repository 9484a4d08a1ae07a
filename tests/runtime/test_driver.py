"""The drivers at work: over httpx's mock transport, and over real sockets on the loopback."""

from __future__ import annotations

import gzip
import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.protocol.request import RequestOptions
from deepgram.runtime import http
from deepgram.runtime.errors import ApiError, ConnectionFailed, ParsingError, RateLimitError, RequestTimedOut

from .calling import OK, SECRET, Both, Document, answered, ask, mocked

# --- Success ----------------------------------------------------------------------------------------------------------


def test_a_call_over_a_socket(call: Both, serve: Any) -> None:
    server = serve(OK)
    assert call(ask("POST", json={"u": 1}, query={"q": "a b"}), base_url=server.url + "/prefix/") == Document(
        request_id="r"
    )
    (seen,) = server.seen
    assert seen.line == "POST /prefix/v1/x?q=a+b HTTP/1.1"
    assert seen.body == b'{"u":1}'
    host = server.url.removeprefix("http://")
    expected = {"host": host, "accept": "*/*", "authorization": f"Token {SECRET}", "content-type": "application/json"}
    assert {name: seen.headers[name] for name in expected} == expected
    assert seen.headers["user-agent"].startswith("deepgram-sdk/")
    assert "gzip" in seen.headers["accept-encoding"]


def test_methods_without_a_body(call: Both, serve: Any) -> None:
    server = serve(OK)
    for method in ("GET", "DELETE", "POST"):
        call(ask(method), base_url=server.url)
    assert [seen.line.split()[0] for seen in server.seen] == ["GET", "DELETE", "POST"]
    assert all("content-type" not in seen.headers for seen in server.seen[:2])
    assert server.seen[2].headers.get("content-length", "0") == "0"


def test_headers_can_be_taken_out(serve: Any) -> None:
    server = serve(OK)
    options: RequestOptions = {"additional_headers": {"user-agent": None, "Accept": None, "authorization": None}}
    with DeepgramClient(api_key="k", base_url=server.url) as own:
        own._client_wrapper.send(ask(options=options))
    with httpx.Client() as theirs:
        foreign = DeepgramClient(api_key="k", base_url=server.url, httpx_client=theirs)
        foreign._client_wrapper.send(ask(options=options))
    for seen in server.seen:
        assert not {"user-agent", "accept", "authorization"} & seen.headers.keys()


def test_a_compressed_answer_is_unpacked(call: Both, serve: Any) -> None:
    body = gzip.compress(b'{"request_id":"z"}')
    server = serve(answered(200, body, "content-encoding: gzip"))
    assert call(ask(), base_url=server.url).request_id == "z"


def test_redirects_are_followed_unless_switched_off(call: Both, serve: Any) -> None:
    target = serve(OK)
    server = serve(answered(302, b"", f"location: {target.url}/there"))
    assert call(ask(), base_url=server.url).request_id == "r"
    assert target.seen[0].line == "GET /there HTTP/1.1"
    with pytest.raises(ApiError) as caught:
        call(ask(), base_url=server.url, follow_redirects=False)
    assert caught.value.status_code == 302


def test_d45_a_redirect_to_another_host_does_not_take_the_key_along(call: Both, serve: Any) -> None:
    target = serve(OK)
    server = serve(answered(302, b"", f"location: {target.url.replace('127.0.0.1', 'localhost')}/there"))
    try:
        call(ask(), base_url=server.url, max_retries=0)
    except ConnectionFailed:
        pytest.skip("localhost does not resolve here")
    assert "authorization" not in target.seen[0].headers


def test_raw_responses_have_status_and_headers(serve: Any) -> None:
    server = serve(OK)
    with DeepgramClient(api_key="k", base_url=server.url) as client:
        raw = client._client_wrapper.send(ask())
        assert (raw.status_code, raw.headers["dg-request-id"], raw.data) == (200, "r", Document(request_id="r"))
        raw.close()


async def test_raw_responses_have_status_and_headers_in_an_event_loop(serve: Any, http_library: None) -> None:
    server = serve(OK)
    async with AsyncDeepgramClient(api_key="k", base_url=server.url) as client:
        raw = await client._client_wrapper.send(ask())
        assert (raw.status_code, raw.headers["dg-request-id"], raw.data) == (200, "r", Document(request_id="r"))
        await raw.close()


# --- The caller's own httpx client ------------------------------------------------------------------------------------


def test_d32_a_callers_httpx_client_is_used_as_it_is_and_stays_open() -> None:
    transport, seen = mocked(*(httpx.Response(200, json={}) for _ in range(3)))
    theirs = httpx.Client(
        transport=transport,
        headers={"X-Theirs": "1", "Accept": "x/y"},
        cookies={"c": "d"},
        params={"p": "q"},
        timeout=7,
    )
    for timeout in (None, 3.0):
        with DeepgramClient(api_key="k", httpx_client=theirs, timeout=timeout) as client:
            client._client_wrapper.send(ask("POST", query={"a": "b"}, json={}))
    assert not theirs.is_closed
    first, second = seen
    assert (first.headers["x-theirs"], first.headers["accept"], first.headers["cookie"]) == ("1", "x/y", "c=d")
    assert dict(first.url.params) == {"a": "b", "p": "q"}
    assert first.headers["user-agent"].startswith("deepgram-sdk/")
    assert first.content == b"{}"
    assert first.extensions["timeout"] == {"connect": 7, "read": 7, "write": 7, "pool": 7}
    assert second.extensions["timeout"]["read"] == 3.0
    theirs.close()


async def test_d32_a_callers_async_httpx_client_stays_open() -> None:
    transport, seen = mocked(httpx.Response(200, json={}), httpx.Response(200, json={}))
    async with httpx.AsyncClient(transport=transport) as theirs:
        async with AsyncDeepgramClient(api_key="k", httpx_client=theirs) as client:
            await client._client_wrapper.send(ask(options={"timeout_in_seconds": 2}))
            assert client._client_wrapper.httpx_client.httpx_client is theirs
        assert not theirs.is_closed
    assert seen[0].extensions["timeout"]["read"] == 2


def test_d32_our_own_client_is_made_once_and_closed(serve: Any) -> None:
    server = serve(OK)
    client = DeepgramClient(api_key="k", base_url=server.url)
    with ThreadPoolExecutor(8) as pool:
        wanted = [pool.submit(lambda: client._client_wrapper.httpx_client.httpx_client) for _ in range(64)]
        found = {done.result(10) for done in wanted}
    (ours,) = found
    with client as entered:
        assert entered is client
        client._client_wrapper.send(ask())
        assert not ours.is_closed
    assert ours.is_closed
    client.close()
    with pytest.raises(RuntimeError, match="was closed"):
        client._client_wrapper.send(ask())


def test_a_thread_that_comes_second_takes_the_client_of_the_first() -> None:
    driver = DeepgramClient(api_key="k")._client_wrapper
    ours = http.make_client(driver._config)

    class Making:
        """Stands for the lock, and for the thread that held it."""

        def __enter__(self) -> None:
            driver._made = (os.getpid(), ours, http.Builder(ours, http.UploadStream))

        def __exit__(self, *error: object) -> None:
            pass

    lock: Any = Making()
    driver._making = lock
    assert driver.httpx_client.httpx_client is ours
    ours.close()


async def test_d32_our_own_async_client_is_closed(serve: Any, http_library: None) -> None:
    server = serve(OK)
    client = AsyncDeepgramClient(api_key="k", base_url=server.url)
    async with client as entered:
        assert entered is client
        await client._client_wrapper.send(ask())
        ours = client._client_wrapper.httpx_client.httpx_client
    assert ours.is_closed
    await client.close()
    with pytest.raises(RuntimeError, match="was closed"):
        await client._client_wrapper.send(ask())


async def test_programs_close_the_inner_client_themselves(serve: Any) -> None:
    server = serve(OK)
    client = AsyncDeepgramClient(api_key="k", base_url=server.url)
    await client._client_wrapper.send(ask())
    await client._client_wrapper.httpx_client.httpx_client.aclose()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_makes_connections_of_its_own(serve: Any) -> None:
    server = serve(OK)
    with DeepgramClient(api_key="k", base_url=server.url) as client:
        client._client_wrapper.send(ask())
        ours = client._client_wrapper.httpx_client.httpx_client
        child = os.fork()
        if child == 0:
            os._exit(client._client_wrapper.httpx_client.httpx_client is ours)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert client._client_wrapper.httpx_client.httpx_client is ours


def test_our_client_keeps_no_cookies(serve: Any) -> None:
    server = serve(answered(200, b"{}", "set-cookie: a=b"))
    with DeepgramClient(api_key="k", base_url=server.url) as client:
        client._client_wrapper.send(ask())
        client._client_wrapper.send(ask())
        assert "cookie" not in server.seen[1].headers
        with pytest.raises(AttributeError, match="keeps no cookies"):
            client._client_wrapper.httpx_client.httpx_client.cookies = {"a": "b"}


def test_driver_answers_what_programs_ask_the_wrapper() -> None:
    wrapper = DeepgramClient(api_key="k", timeout=4)._client_wrapper
    assert (wrapper.get_timeout(), wrapper.get_custom_headers()) == (4, {})
    assert wrapper.get_environment().production == "wss://api.deepgram.com"


# --- What goes wrong --------------------------------------------------------------------------------------------------


def test_refusals_are_retried_and_then_raised(call: Both, serve: Any, naps: list[float]) -> None:
    server = serve(answered(429, b"{}", "retry-after: 1.5"), answered(503, b"oops", "retry-after: 4"), OK)
    assert call(ask("POST", json={"a": 1}), base_url=server.url).request_id == "r"
    assert naps == [1.5, 4.0]
    assert [seen.body for seen in server.seen] == [b'{"a":1}'] * 3
    server = serve(answered(429, b'{"request_id":"b"}', "retry-after: 1.5"))
    with pytest.raises(RateLimitError) as caught:
        call(ask(), base_url=server.url, max_retries=1)
    assert (caught.value.retry_after, caught.value.request_id, len(server.seen)) == (1.5, "b", 2)


@pytest.mark.parametrize(
    ("body", "headers"),
    [(b"<html>sign in</html>", ["content-type: text/html"]), (b'{"results": {"chan', []), (b"", [])],
)
def test_a_success_that_is_no_json_is_an_error(call: Both, serve: Any, body: bytes, headers: list[str]) -> None:
    server = serve(answered(200, body, "dg-request-id: r", *headers))
    with pytest.raises(ApiError) as caught:
        call(ask(), base_url=server.url)
    assert (caught.value.status_code, caught.value.body, caught.value.request_id) == (200, body.decode(), "r")
    assert "(the answer is" in str(caught.value)
    assert len(server.seen) == 1


def test_d30_json_of_the_wrong_shape_is_a_parsing_error(call: Both, serve: Any) -> None:
    server = serve(answered(200, b"[1]", "dg-request-id: r"))
    with pytest.raises(ParsingError) as caught:
        call(ask(), base_url=server.url)
    assert (caught.value.body, caught.value.request_id) == ([1], "r")


def test_a_long_refusal_is_cut_off(call: Both, serve: Any) -> None:
    server = serve(answered(404, b"x" * 10_000_000))
    with pytest.raises(ApiError) as caught:
        call(ask(), base_url=server.url)
    assert len(caught.value.body) == 64 * 1024


def test_an_answer_longer_than_the_limit_is_an_error(call: Both, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepgram.runtime.exchange.DOCUMENT_LIMIT", 100_000)
    server = serve(answered(200, b"1" * 10_000_000))
    with pytest.raises(ApiError, match="longer than 100000 bytes"):
        call(ask(), base_url=server.url)


def hang_up(connection: socket.socket, seen: Any) -> None:
    """Say nothing and close."""


def test_d24_a_refused_connection_is_of_both_families(call: Both, dead_port: int, naps: list[float]) -> None:
    with pytest.raises(ConnectionFailed, match=f"127.0.0.1:{dead_port}") as caught:
        call(ask(), base_url=f"http://127.0.0.1:{dead_port}")
    error = caught.value
    assert isinstance(error, httpx.ConnectError)
    assert isinstance(error, ApiError)
    assert error.request.method == "GET"
    assert SECRET not in repr(error) + repr(error.request.headers.raw) + repr(error.__cause__)
    assert len(naps) == 2


def test_d24_a_connection_that_is_hung_up_is_tried_again(call: Both, serve: Any, naps: list[float]) -> None:
    server = serve(hang_up, OK)
    assert call(ask("POST"), base_url=server.url).request_id == "r"
    assert len(naps) == 1
    server = serve(hang_up)
    with pytest.raises(ConnectionFailed) as caught:
        call(ask("POST"), base_url=server.url, max_retries=1)
    assert isinstance(caught.value, httpx.RemoteProtocolError)


def test_an_answer_that_breaks_off_is_an_error(call: Both, serve: Any, naps: list[float]) -> None:
    def break_off(connection: socket.socket, seen: Any) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{")

    server = serve(break_off)
    with pytest.raises(ConnectionFailed):
        call(ask(), base_url=server.url)


def test_what_is_no_http_is_an_error(call: Both, serve: Any, naps: list[float]) -> None:
    def babble(connection: socket.socket, seen: Any) -> None:
        connection.sendall(b"SSH-2.0-OpenSSH_9.0\r\n\r\n\r\n")

    server = serve(babble)
    with pytest.raises(ConnectionFailed) as caught:
        call(ask(), base_url=server.url, max_retries=0)
    assert isinstance(caught.value, httpx.RemoteProtocolError)


def test_bad_compression_is_an_error(call: Both, serve: Any) -> None:
    server = serve(answered(200, b"this is no gzip", "content-encoding: gzip"))
    with pytest.raises(ConnectionFailed) as caught:
        call(ask(), base_url=server.url)
    assert isinstance(caught.value, httpx.DecodingError)


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Accept connections and say nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    taken: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                taken.append(listener.accept()[0])
            except OSError:
                return

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)
    for connection in taken:
        connection.close()


@pytest.mark.parametrize("where", ["client", "call"])
def test_d24_an_expired_timeout_is_of_both_families(call: Both, silent_server: str, where: str) -> None:
    options: RequestOptions = {"timeout": 0.05} if where == "call" else {}
    keywords = {"timeout": 0.05} if where == "client" else {}
    with pytest.raises(RequestTimedOut, match=r"0\.05 s") as caught:
        call(ask(options=options), base_url=silent_server, **keywords)
    assert isinstance(caught.value, httpx.ReadTimeout)
    assert isinstance(caught.value, TimeoutError)
    assert isinstance(caught.value, ApiError)
    assert caught.value.request.url.host == "127.0.0.1"


def test_a_proxy_that_is_not_there(call: Both, dead_port: int, naps: list[float]) -> None:
    with pytest.raises(ConnectionFailed):
        call(ask(), base_url="http://api.invalid", proxy=f"http://127.0.0.1:{dead_port}", max_retries=0)


def test_a_proxy_that_refuses(call: Both, serve: Any, naps: list[float]) -> None:
    server = serve(answered(407, b"denied", "proxy-authenticate: Basic"))
    with pytest.raises(ApiError) as caught:
        call(ask(), base_url="http://api.invalid", proxy=server.url)
    assert caught.value.status_code == 407
    assert server.seen[0].line.startswith("GET http://api.invalid/v1/x ")


def test_a_proxy_that_refuses_a_tunnel(call: Both, serve: Any, naps: list[float]) -> None:
    def refuse(connection: socket.socket, seen: Any) -> None:
        connection.sendall(answered(403, b"denied"))

    server = serve(refuse)
    with pytest.raises(ConnectionFailed) as caught:
        call(ask(), base_url="https://api.invalid", proxy=server.url, max_retries=0)
    assert server.seen[0].line.startswith("CONNECT api.invalid:443 ")
    assert SECRET not in str(caught.value)


def test_other_errors_pass_through(call: Both) -> None:
    transport, _ = mocked(ZeroDivisionError("of a transport"))
    with pytest.raises(ZeroDivisionError):
        call(ask(), transport=transport)


def test_a_mock_transport_sees_the_content(call: Both) -> None:
    transport, seen = mocked(httpx.Response(200, json={"request_id": "m"}), httpx.Response(503), httpx.Response(503))
    assert call(ask("POST", json={"a": 1}), transport=transport).request_id == "m"
    assert seen[0].content == b'{"a":1}'


# --- Streams ----------------------------------------------------------------------------------------------------------


def test_an_answer_can_be_streamed(serve: Any) -> None:
    server = serve(answered(200, b"abcdef"))
    with DeepgramClient(api_key="k", base_url=server.url) as client:
        with client._client_wrapper.stream(ask(options={"chunk_size": 4})) as response:
            assert [*response.data] == [b"abcd", b"ef"]
        with client._client_wrapper.stream(ask()) as response:
            assert b"".join(response.data) == b"abcdef"


async def test_an_answer_can_be_streamed_in_an_event_loop(serve: Any, http_library: None) -> None:
    server = serve(answered(200, b"abcdef"))
    async with AsyncDeepgramClient(api_key="k", base_url=server.url) as client:
        async with client._client_wrapper.stream(ask(options={"chunk_size": 4})) as response:
            assert [chunk async for chunk in response.data] == [b"abcd", b"ef"]


def cut_short(connection: socket.socket, seen: Any) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nabc")


async def test_a_stream_that_breaks_off_is_of_our_family(serve: Any, http_library: None) -> None:
    server = serve(cut_short)
    with DeepgramClient(api_key="k", base_url=server.url) as client, client._client_wrapper.stream(ask()) as response:
        with pytest.raises(ConnectionFailed):
            b"".join(response.data)
    async with AsyncDeepgramClient(api_key="k", base_url=server.url) as loop_client:
        async with loop_client._client_wrapper.stream(ask()) as streamed:
            with pytest.raises(ConnectionFailed):
                _ = [chunk async for chunk in streamed.data]


def test_a_refused_stream_is_tried_again_and_then_an_error(serve: Any, naps: list[float]) -> None:
    server = serve(answered(503, b"{}"))
    with (
        DeepgramClient(api_key="k", base_url=server.url) as client,
        pytest.raises(ApiError),
        client._client_wrapper.stream(ask()),
    ):
        pytest.fail("there is nothing to stream")
    assert len(server.seen) == 3


# --- Conversations ----------------------------------------------------------------------------------------------------

OPTIONS: RequestOptions = {"additional_query_parameters": {"new": True}, "additional_headers": {"X-A": "b"}}
DIAL = ask(path="v1/listen", options=OPTIONS, query={"model": "nova-3"}, headers={"authorization": "Token other"})


@pytest.mark.parametrize("awaited", [True, False])
async def test_d13_a_transport_of_the_callers_gets_url_and_headers(awaited: bool) -> None:
    async def make(url: str, headers: dict[str, str]) -> Any:
        return url, headers

    def make_at_once(url: str, headers: dict[str, str]) -> Any:
        return url, headers

    client = DeepgramClient(api_key="k", base_url="http://h/p", transport_factory=make_at_once)
    factory: Any = make if awaited else make_at_once
    loop_client = AsyncDeepgramClient(
        api_key="k", base_url="http://h/p", transport_factory=factory, redact_credentials_in_logs=False
    )
    for made in (client._client_wrapper._dial(DIAL), await loop_client._client_wrapper._dial(DIAL)):
        url, headers = made  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
        assert url == "ws://h/p/v1/listen?model=nova-3&new=true"
        assert (headers["authorization"], headers["X-A"]) == ("Token other", "b")
