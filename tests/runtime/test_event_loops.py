"""Async clients and their event loops: one after the other, never closed, on httpx and on aiohttp."""

from __future__ import annotations

import asyncio
import gc
from importlib import import_module
from typing import Any

import httpx
import pytest

from deepgram import AsyncDeepgramClient
from deepgram.runtime import http
from deepgram.runtime.errors import RequestTimedOut

from .calling import OK, ask


def test_an_async_client_serves_one_event_loop_after_the_other(serve: Any, http_library: None) -> None:
    server = serve(OK)
    client = AsyncDeepgramClient(api_key="k", base_url=server.url)

    async def once() -> None:
        await client._client_wrapper.send(ask())
        await client._client_wrapper.httpx_client.httpx_client.aclose()

    for _ in range(2):
        asyncio.run(once())
    gc.collect()
    assert len(server.seen) == 2


async def test_a_client_that_nobody_closes_closes_its_connections_without_a_word(serve: Any) -> None:
    import_module("httpx_aiohttp")  # which would say on standard error that a session was not closed
    server = serve(OK)
    said: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context["message"]))
    client = AsyncDeepgramClient(api_key="k", base_url=server.url)
    await client._client_wrapper.send(ask())
    session = client._client_wrapper.httpx_client.httpx_client._transport.client  # type: ignore[attr-defined]
    del client
    gc.collect()
    assert session.closed
    del session
    gc.collect()
    await asyncio.sleep(0)
    assert said == []


async def test_a_client_is_let_go_of_in_another_thread(serve: Any) -> None:
    import_module("httpx_aiohttp")
    server = serve(OK)
    clients = [AsyncDeepgramClient(api_key="k", base_url=server.url)]
    await clients[0]._client_wrapper.send(ask())
    session = clients[0]._client_wrapper.httpx_client.httpx_client._transport.client  # type: ignore[attr-defined]
    await asyncio.to_thread(clients.clear)
    await asyncio.to_thread(gc.collect)
    await asyncio.sleep(0)
    assert session.closed


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # of the sockets, whose loops were closed before them
def test_event_loops_that_have_ended_are_let_go_of(serve: Any, http_library: None) -> None:
    server = serve(OK)
    client = AsyncDeepgramClient(api_key="k", base_url=server.url)
    for _ in range(3):
        asyncio.run(client._client_wrapper.send(ask()))
    assert len(client._client_wrapper._made) == 1
    del client
    gc.collect()


# --- The extra aiohttp ------------------------------------------------------------------------------------------------


async def test_the_default_async_clients() -> None:
    import deepgram
    from deepgram.runtime import default_clients

    assert deepgram.DefaultAsyncHttpxClient is default_clients.DefaultAsyncHttpxClient
    async with default_clients.DefaultAsyncHttpxClient(headers={"a": "b"}) as client:
        assert (client.timeout.read, client.follow_redirects, client.headers["a"]) == (60, True, "b")
    async with default_clients.DefaultAioHttpClient(timeout=3) as client:
        assert (client.timeout.read, client.follow_redirects) == (3, True)
    async with AsyncDeepgramClient(api_key="k") as ours:
        assert type(ours._client_wrapper.httpx_client.httpx_client) is default_clients.DefaultAioHttpClient


def test_without_the_extra_the_client_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util
    import sys

    from deepgram.runtime import default_clients

    monkeypatch.setitem(sys.modules, "httpx_aiohttp", None)
    spec = importlib.util.find_spec("deepgram.runtime.default_clients")
    assert spec is not None
    assert spec.loader is not None
    without = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(without)
    assert without.default_client is without.DefaultAsyncHttpxClient
    assert default_clients.default_client is not without.default_client
    with pytest.raises(RuntimeError, match=r"pip install 'deepgram-sdk\[aiohttp\]'"):
        without.DefaultAioHttpClient()


def test_connection_timeouts_of_aiohttp_stay_timeouts() -> None:
    aiohttp = import_module("aiohttp")
    late = httpx.ConnectTimeout("late")
    late.__cause__ = aiohttp.ConnectionTimeoutError()
    assert isinstance(http.translate(late, httpx.Request("GET", "http://h")), RequestTimedOut)
    for cause, kind in (
        (aiohttp.ClientConnectionError("x"), httpx.NetworkError),
        (aiohttp.ClientProxyConnectionError(None, OSError(1, "x")), httpx.ProxyError),
    ):
        gone = httpx.ConnectTimeout("gone")
        gone.__cause__ = cause
        assert isinstance(http.translate(gone, httpx.Request("GET", "http://h")), kind)
    odd = httpx.ConnectTimeout("odd")
    odd.__cause__ = aiohttp.ClientError("x")
    assert isinstance(http.translate(odd, httpx.Request("GET", "http://h")), RequestTimedOut)
