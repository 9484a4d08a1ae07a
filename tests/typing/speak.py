"""What type checkers must see of speech. Not run: checked by mypy --strict and pyright."""

from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from io import BytesIO
from typing import Any

from typing_extensions import assert_type

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.http_response import AsyncHttpResponse, HttpResponse
from deepgram.helpers import TextBuilder, add_pronunciation, validate_pause
from deepgram.protocol.audio_stream import AsyncAudioStream, AudioStream
from deepgram.speak.v1.socket_client import AsyncV1SocketClient, V1SocketClient, V1SocketClientResponse
from deepgram.speak.v1.types import SpeakV1Flushed, SpeakV1Text
from deepgram.speak.v2.socket_client import AsyncV2SocketClient, V2SocketClient, V2SocketClientResponse
from deepgram.speak.v2.types import SpeakV2Speak, SpeakV2SpeechInterrupted
from deepgram.speech import AsyncSpeech, Speech


def sync(client: DeepgramClient) -> None:
    audio = client.speak.v1.audio.generate(text="Hello", model="aura-2-thalia-en", encoding="mp3", bit_rate=48000)
    assert_type(audio, AudioStream)
    iterator: Iterator[bytes] = audio
    for piece in iterator:
        assert_type(piece, bytes)
    assert_type(audio.stream, BytesIO)
    assert_type(audio.save("hello.mp3"), int)
    assert_type(audio.request_id, str | None)
    with client.speak.v2.audio.generate(text="Hello", model="flux-alexis-en", priority="low") as opened:
        assert_type(opened, AudioStream)
    raw = client.speak.v1.audio.with_raw_response.generate(text="Hello")
    assert_type(raw, AbstractContextManager[HttpResponse[Iterator[bytes]]])
    client.speak.v1.audio.generate("Hello")  # type: ignore[call-arg]  # pyright: ignore
    client.speak.v1.audio.generate(text="Hello", voice="x")  # type: ignore[call-arg]  # pyright: ignore
    client.speak.v2.audio.generate(text="Hello")  # type: ignore[call-arg]  # pyright: ignore
    client.speak.v1.audio.generate(text=1)  # type: ignore[arg-type]  # pyright: ignore
    with client.speak.v1.connect(model="aura-2-thalia-en", encoding="linear16", sample_rate=24000) as connection:
        assert_type(connection, V1SocketClient)
        connection.send_text(SpeakV1Text(text="Hello"))
        connection.send_text({"type": "Speak", "text": "Hello"})
        connection.send_flush()
        for message in connection:
            assert_type(message, V1SocketClientResponse)
            if isinstance(message, SpeakV1Flushed):
                assert_type(message.sequence_id, int)
        speech = Speech(connection, ["Hello"])
        assert_type(b"".join(speech), bytes)
        connection.send_interrupt()  # type: ignore[attr-defined]  # pyright: ignore
    with client.speak.v2.connect(model="flux-alexis-en", speed=1.1) as turns:
        assert_type(turns, V2SocketClient)
        turns.send_speak(SpeakV2Speak(text="Hello"))
        turns.send_interrupt()
        event = turns.recv()
        assert_type(event, V2SocketClientResponse)
        if isinstance(event, SpeakV2SpeechInterrupted):
            assert_type(event.text_spoken, str | None)
    client.speak.v2.connect()  # type: ignore[call-arg]  # pyright: ignore


async def asynchronous(client: AsyncDeepgramClient) -> None:
    audio = client.speak.v1.audio.generate(text="Hello")
    assert_type(audio, AsyncAudioStream)
    iterator: AsyncIterator[bytes] = audio
    async for piece in iterator:
        assert_type(piece, bytes)
    assert_type(await audio.read(), bytes)
    saving: Coroutine[Any, Any, int] = audio.save("hello.mp3")
    await saving
    raw = client.speak.v1.audio.with_raw_response.generate(text="Hello")
    assert_type(raw, AbstractAsyncContextManager[AsyncHttpResponse[AsyncIterator[bytes]]])
    async with client.speak.v1.connect() as connection:
        assert_type(connection, AsyncV1SocketClient)
        await connection.send_text(SpeakV1Text(text="Hello"))
        async with AsyncSpeech(connection, tokens()) as speech:
            assert_type([piece async for piece in speech], list[bytes])
            assert_type(await speech.interrupt(played_ms=3), None)
    async with client.speak.v2.connect(model="flux-alexis-en") as turns:
        assert_type(turns, AsyncV2SocketClient)


async def tokens() -> AsyncIterator[str]:
    yield "Hello"


def helpers() -> None:
    assert_type(TextBuilder().text("a").pause(500).pronunciation("b", "c").from_ssml("<p>d</p>").build(), str)
    assert_type(add_pronunciation("a b", "a", "x"), str)
    assert_type(validate_pause(500, form="6.1"), tuple[bool, str])
    TextBuilder(form="8")  # type: ignore[arg-type]  # pyright: ignore
