"""What type checkers must see of conversations. Not run: checked by mypy --strict and pyright."""

from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any

from typing_extensions import assert_type

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.events import EventType
from deepgram.listen.v1.socket_client import AsyncV1SocketClient, V1SocketClient
from deepgram.listen.v1.types import ListenV1CloseStream, ListenV1Metadata, ListenV1Results
from deepgram.listen.v2.socket_client import AsyncV2SocketClient, V2SocketClient
from deepgram.listen.v2.types import ListenV2TurnInfo
from deepgram.protocol.models.listen_live import V1SocketClientResponse, V2SocketClientResponse
from deepgram.protocol.session import Report


class Wire:
    """A transport of a program's own."""

    def __init__(self, url: str, headers: dict[str, str]) -> None: ...
    def send(self, data: str | bytes) -> None: ...
    def recv(self) -> str | bytes:
        return b""

    def __iter__(self) -> Iterator[str | bytes]:
        return iter(())

    def close(self) -> None: ...


def sync(client: DeepgramClient) -> None:
    conversation = client.listen.v1.connect(model="nova-3", interim_results=True, endpointing=300, keyterm=["a", "b"])
    assert_type(conversation, AbstractContextManager[V1SocketClient])
    with conversation as connection:
        assert_type(connection, V1SocketClient)
        assert_type(connection.send_media(b""), None)
        connection.send_close_stream(ListenV1CloseStream())
        connection.send_close_stream({"type": "CloseStream"})
        connection.on(EventType.MESSAGE, print)
        connection.on("message", print)
        for message in connection:
            assert_type(message, V1SocketClientResponse)
            if isinstance(message, ListenV1Results):
                assert_type(message.channel.alternatives[0].words[0].start, float)
            elif isinstance(message, ListenV1Metadata):
                assert_type(message.duration, float)
        assert_type(connection.recv(), V1SocketClientResponse)
        assert_type(connection.report(), Report)
        connection.send_medai(b"")  # type: ignore[attr-defined]  # pyright: ignore
        connection.send_media(1)  # type: ignore[arg-type]  # pyright: ignore
        connection.on(1, print)  # type: ignore[arg-type]  # pyright: ignore
    with client.listen.v2.connect(model="flux-general-en", encoding="linear16", sample_rate=16000) as turns:
        assert_type(turns, V2SocketClient)
        for turn in turns:
            assert_type(turn, V2SocketClientResponse)
            if isinstance(turn, ListenV2TurnInfo):
                assert_type(turn.transcript, str)
    client.listen.v1.connect(model="nova-3", interim_result=True)  # type: ignore[call-arg]  # pyright: ignore
    client.listen.v1.connect()  # type: ignore[call-arg]  # pyright: ignore
    DeepgramClient(transport_factory=Wire)
    DeepgramClient(transport_factory=7)  # type: ignore[arg-type]  # pyright: ignore


async def asynchronous(client: AsyncDeepgramClient) -> None:
    conversation = client.listen.v1.connect(model="nova-3")
    assert_type(conversation, AbstractAsyncContextManager[AsyncV1SocketClient])
    async with conversation as connection:
        pending: Coroutine[Any, Any, None] = connection.send_media(bytearray())
        await pending
        async for message in connection:
            assert_type(message, V1SocketClientResponse)
            if isinstance(message, ListenV1Results):
                assert_type(message.channel.alternatives[0].transcript, str)
        assert_type(await connection.recv(), V1SocketClientResponse)
        assert_type(await connection.start_listening(), None)
    async with client.listen.v2.connect(model="flux-general-en") as turns:
        assert_type(turns, AsyncV2SocketClient)
        async for turn in turns:
            assert_type(turn, V2SocketClientResponse)
    with client.listen.v1.connect(model="nova-3"):  # type: ignore[attr-defined]  # pyright: ignore
        pass
