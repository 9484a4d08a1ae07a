"""The programs of the described system's documentation, as type checkers see them. Not run here.

They are as written there but for the functions around them, and for annotations where --strict asks a program for them.
``tests/conformance/test_described_*.py`` runs them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
from typing_extensions import assert_type

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.core.events import EventType
from deepgram.transports.sagemaker import SageMakerTransportFactory
from deepgram.types import ListenV1Response


def exceptions(audio_data: bytes) -> None:
    client = DeepgramClient()
    try:
        response = client.listen.v1.media.transcribe_file(request=audio_data, model="nova-3")
        assert_type(response, ListenV1Response)
    except ApiError as e:
        print(f"Status Code: {e.status_code}")
        print(f"Error Details: {e.body}")
        # As written: an error without an answer has no headers, and the request id has an attribute of its own.
        print(f"Request ID: {e.headers.get('x-dg-request-id', 'N/A')}")  # type: ignore[union-attr]  # pyright: ignore
        print(f"Request ID: {e.request_id or 'N/A'}")
    except Exception as e:
        print(f"Unexpected error: {e}")


def raw(audio_data: bytes) -> None:
    client = DeepgramClient()
    response = client.listen.v1.media.with_raw_response.transcribe_file(request=audio_data, model="nova-3")
    assert_type(response.headers, dict[str, str])
    assert_type(response.data, ListenV1Response)


def configuration(audio_data: bytes) -> None:
    client = DeepgramClient(timeout=30.0)
    client.listen.v1.media.transcribe_file(
        request=audio_data, model="nova-3", request_options={"timeout_in_seconds": 60, "max_retries": 3}
    )
    DeepgramClient(httpx_client=httpx.Client(proxy="http://proxy.example.com", timeout=httpx.Timeout(30.0)))


def authentication() -> None:
    DeepgramClient(access_token="YOUR_ACCESS_TOKEN")
    auth_client = DeepgramClient(api_key="YOUR_API_KEY")
    token_response = auth_client.auth.v1.tokens.grant()
    DeepgramClient(access_token=token_response.access_token)
    DeepgramClient(acess_token="t")  # type: ignore[call-arg]  # pyright: ignore
    DeepgramClient("YOUR_API_KEY")  # type: ignore[call-arg, arg-type]  # pyright: ignore


class MyTransport:
    def __init__(self, url: str, headers: dict[str, str]) -> None: ...
    def send(self, data: Any) -> None: ...
    def recv(self) -> Any: ...
    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def close(self) -> None: ...


class MyAsyncTransport:
    def __init__(self, url: str, headers: dict[str, str]) -> None: ...
    async def send(self, data: Any) -> None: ...
    async def recv(self) -> Any: ...
    async def __aiter__(self) -> AsyncIterator[Any]:
        yield b""

    async def close(self) -> None: ...


def real_time() -> None:
    client = DeepgramClient(api_key="...", transport_factory=MyTransport)
    with client.listen.v2.connect(model="flux-general-en", encoding="linear16", sample_rate=16000) as connection:

        def on_message(message: Any) -> None:
            print(f"Received {message.type} event")

        connection.on(EventType.OPEN, lambda _: print("Connection opened"))
        connection.on(EventType.MESSAGE, on_message)
        connection.start_listening()


async def real_time_async() -> None:
    client = AsyncDeepgramClient(api_key="...", transport_factory=MyAsyncTransport)
    async with client.listen.v1.connect(model="nova-3") as connection:

        async def on_message(message: Any) -> None:
            print(f"Received {message.type} event")

        connection.on(EventType.MESSAGE, on_message)
        await connection.start_listening()
    factory = SageMakerTransportFactory(endpoint_name="my-deepgram-endpoint", region="us-west-2")
    AsyncDeepgramClient(api_key="unused", transport_factory=factory)
    AsyncDeepgramClient(transport_factory=MyTransport)  # type: ignore[arg-type]  # pyright: ignore
