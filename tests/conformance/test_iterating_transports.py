"""What iterating a conversation takes from a transport that is not simply ours."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from unittest.mock import AsyncMock

import pytest
from websockets.exceptions import ConnectionClosedOK

from deepgram.protocol.listen_sockets import AsyncV1SocketClient
from deepgram.protocol.models.listen_live import ListenV1Results
from deepgram.runtime.websocket import Limits, connect_async

from .conversing import RESULT, Peer, several_at_once


class Counting:
    """A transport that counts what comes through, and passes on all that it does not know."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.seen = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __aiter__(self) -> Counting:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self.recv()
        except ConnectionClosedOK:
            raise StopAsyncIteration from None

    async def recv(self) -> Any:
        message = await self.inner.recv()
        self.seen += 1
        return message


async def test_a_transport_that_wraps_ours_is_not_passed_by() -> None:
    with Peer(several_at_once(5)) as peer:
        inner = await connect_async(peer.url.replace("http", "ws"), {}, Limits(5, 1 << 20, None, None))
        await asyncio.sleep(0.3)
        counting: Any = Counting(inner)
        socket = AsyncV1SocketClient(websocket=counting)
        await socket.send_close_stream()
        assert len([message async for message in socket]) == counting.seen == 8
        await counting.close()


async def test_a_transport_of_ours_may_say_with_none_that_it_is_over() -> None:
    """SageMaker's does; its iteration ends."""

    class Ending(Counting):
        __module__ = "deepgram.transports.ending"

        async def recv(self) -> Any:
            self.seen += 1
            return json.dumps(RESULT) if self.seen <= 2 else None

        async def __anext__(self) -> Any:
            message = await self.recv()
            if message is None:
                raise StopAsyncIteration
            return message

    transport: Any = Ending(object())
    messages = aiter(AsyncV1SocketClient(websocket=transport))
    assert [type(await anext(messages)) for _ in range(2)] == [ListenV1Results] * 2
    with pytest.raises(StopAsyncIteration):
        await anext(messages)


async def test_a_mock_of_a_transport_is_read_as_it_is() -> None:
    transport = AsyncMock()
    transport.__aiter__.return_value = [json.dumps(RESULT)] * 3
    socket = AsyncV1SocketClient(websocket=transport)
    messages = aiter(socket)
    assert [type(await anext(messages)) for _ in range(3)] == [ListenV1Results] * 3
    with pytest.raises(StopAsyncIteration):
        await anext(messages)
