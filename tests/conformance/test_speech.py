"""Speaking a text while it is written (`deepgram.speech`), with a peer that says back what it was given."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.events import EventType
from deepgram.protocol.models.speak import (
    SpeakV1Cleared,
    SpeakV1Flushed,
    SpeakV1Metadata,
    SpeakV2SpeechInterrupted,
    SpeakV2SpeechMetadata,
    SpeakV2Warning,
)
from deepgram.runtime.errors import ApiError, ConversationClosed
from deepgram.speech import AsyncSpeech, Speech

from .conversing import Peer
from .speaking_peer import Speaker, told

TEXT = "Hello there. Dr. Smith pays 3.50 now! And then... he leaves. Good"
SENTENCES = ["Hello there. ", "Dr. Smith pays 3.50 now! ", "And then... he leaves. ", "Good"]
LIMIT = 10.0


def tokens(text: str = TEXT, size: int = 4) -> Iterator[str]:
    for start in range(0, len(text), size):
        yield text[start : start + size]


async def tokens_async(text: str = TEXT, size: int = 4) -> AsyncIterator[str]:
    for token in tokens(text, size):
        yield token
        await asyncio.sleep(0)


def connect(client: Any, version: int) -> Any:
    return client.speak.v1.connect() if version == 1 else client.speak.v2.connect(model="flux-alexis-en")


def client(peer: Peer) -> DeepgramClient:
    return DeepgramClient(api_key="k", base_url=peer.url)


def async_client(peer: Peer) -> AsyncDeepgramClient:
    return AsyncDeepgramClient(api_key="k", base_url=peer.url)


def said(speaker: Speaker) -> list[str]:
    return [message["text"] for message in speaker.told if message["type"] == "Speak"]


@pytest.mark.parametrize("version", [1, 2])
async def test_tokens_are_spoken_by_whole_sentences(version: int) -> None:
    for mode in ("sync", "async", "async, of a plain iterator"):
        speaker = Speaker(version)
        with speaker.peer() as peer:
            if mode == "sync":
                with client(peer) as deepgram, connect(deepgram, version) as connection:
                    speech = Speech(connection, tokens())
                    audio = b"".join(speech)
                    assert list(speech) == []
                last = speech.last
            else:
                async with async_client(peer) as loop_client, connect(loop_client, version) as loop_connection:
                    text = tokens_async() if mode == "async" else tokens()
                    loop_speech = AsyncSpeech(loop_connection, text)
                    audio = b"".join([piece async for piece in loop_speech])
                    assert [piece async for piece in loop_speech] == []
                last = loop_speech.last
        assert audio.decode() == TEXT
        assert said(speaker) == SENTENCES
        assert isinstance(last, SpeakV1Flushed if version == 1 else SpeakV2SpeechMetadata)
        if version == 1:  # the first sentence begins at once, the others go together
            assert speaker.types == ["Speak", "Flush", "Speak", "Speak", "Speak", "Flush", "Close"]
        else:
            assert speaker.types == ["Speak"] * 4 + ["Flush", "Close"]


@pytest.mark.parametrize("version", [1, 2])
async def test_one_connection_speaks_one_text_after_the_other(version: int) -> None:
    speaker = Speaker(version)
    with speaker.peer() as peer:
        with client(peer) as deepgram, connect(deepgram, version) as connection:
            for text in ("One.", "Two. Three.", "Four."):
                assert b"".join(Speech(connection, text)).decode() == text
        async with async_client(peer) as loop_client, connect(loop_client, version) as loop_connection:
            for text in ("One.", "Two. Three.", "Four."):
                assert b"".join([piece async for piece in AsyncSpeech(loop_connection, text)]).decode() == text


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("text", ["", " \n  ", []])
async def test_a_text_without_words_ends_and_says_nothing(version: int, text: Any) -> None:
    speaker = Speaker(version)
    with speaker.peer() as peer:
        with client(peer) as deepgram, connect(deepgram, version) as connection:
            assert list(Speech(connection, text)) == []
            assert b"".join(Speech(connection, "And on.")) == b"And on."
        async with async_client(peer) as loop_client, connect(loop_client, version) as loop_connection:
            assert [piece async for piece in AsyncSpeech(loop_connection, text)] == []
            assert b"".join([piece async for piece in AsyncSpeech(loop_connection, "On.")]) == b"On."
    assert said(speaker) == ["And on.", "On."]


@pytest.mark.parametrize("version", [1, 2])
async def test_an_interruption_ends_the_speech_and_frees_the_connection(version: int) -> None:
    """The writer waits for a word that never comes, as a model may; an interruption does not wait for it."""
    hold = threading.Event()

    def endless() -> Iterator[str]:
        for number in range(1000):
            yield f"This is sentence number {number}. "
        hold.wait(LIMIT)

    async def endless_async() -> AsyncIterator[str]:
        for number in range(1000):
            yield f"This is sentence number {number}. "
        await asyncio.sleep(LIMIT)

    speaker = Speaker(version, pause=0.002)
    with speaker.peer() as peer:
        with client(peer) as deepgram, connect(deepgram, version) as connection:
            speech = Speech(connection, endless())
            heard = stopped_at = 0
            for piece in speech:
                heard += len(piece)
                if heard > 40 and not speech.interrupted:
                    speech.interrupt(played_ms=1200)
                    stopped_at = heard
            assert heard == stopped_at  # what still came was not handed out
            check_stopped(speech.last, version, played=1200)
            speech.interrupt()  # once more does nothing
            assert b"".join(Speech(connection, "What? Yes.")) == b"What? Yes."

            with Speech(connection, endless()) as another:  # interrupted from another thread
                timer = threading.Timer(0.1, another.interrupt)
                timer.start()
                assert sum(map(len, another)) < 100_000
                timer.join()
            assert another.interrupted

            with Speech(connection, endless()) as left:  # and by leaving the block
                next(left)
            assert left.interrupted
            assert b"".join(Speech(connection, "Good.")) == b"Good."

            next(Speech(connection, endless()))  # and by speaking something else
            assert b"".join(Speech(connection, "Better.")) == b"Better."
        async with async_client(peer) as loop_client, connect(loop_client, version) as loop_connection:
            loop_speech = AsyncSpeech(loop_connection, endless_async())
            heard = 0
            async for piece in loop_speech:
                heard += len(piece)
                if heard > 40:
                    await loop_speech.interrupt(played_ms=1200)
            check_stopped(loop_speech.last, version, played=1200)
            async with AsyncSpeech(loop_connection, endless_async()) as loop_left:
                await anext(loop_left)
            assert loop_left.interrupted
            await anext(AsyncSpeech(loop_connection, endless_async()))
            assert b"".join([piece async for piece in AsyncSpeech(loop_connection, "Good.")]) == b"Good."
    hold.set()


def check_stopped(last: Any, version: int, played: int) -> None:
    if version == 1:
        assert isinstance(last, SpeakV1Cleared)
    else:
        assert isinstance(last, SpeakV2SpeechInterrupted)
        assert last.audio_played_ms == played
        assert last.text_spoken == "so far"


async def test_an_interruption_that_comes_too_late_is_one_all_the_same() -> None:
    """v2: the turn ended while the Interrupt was on its way, and the service says that there is nothing to stop."""

    async def late(connection: ServerConnection) -> None:
        async for frame in connection:
            if "Interrupt" in str(frame):
                await connection.send(told(type="Warning", code="NO_ACTIVE_SPEECH", description="nothing"))
            elif "Speak" in str(frame):
                await connection.send(b"audio")
            elif "Close" in str(frame):
                return

    with Peer(late) as peer:
        with client(peer) as deepgram, connect(deepgram, 2) as connection:
            with Speech(connection, "Hello. You.") as speech:
                assert next(speech) == b"audio"
                speech.interrupt()
                assert list(speech) == []
            assert isinstance(speech.last, SpeakV2Warning)


@pytest.mark.parametrize("version", [1, 2])
async def test_a_writer_that_fails_is_an_error_of_whoever_listens(version: int) -> None:
    def fails() -> Iterator[str]:
        yield "A sentence. And"
        raise LookupError("the model is gone")

    async def fails_async() -> AsyncIterator[str]:
        yield "A sentence. And"
        raise LookupError("the model is gone")

    speaker = Speaker(version)
    with speaker.peer() as peer:
        with client(peer) as deepgram, connect(deepgram, version) as connection:
            with pytest.raises(LookupError, match="gone"):
                list(Speech(connection, fails()))
            assert b"".join(Speech(connection, "Sorry.")) == b"Sorry."
            with pytest.raises(ApiError, match="lone surrogate"):
                list(Speech(connection, ["Well, \ud83d."]))
            assert b"".join(Speech(connection, "Sorry.")) == b"Sorry."
        async with async_client(peer) as loop_client, connect(loop_client, version) as loop_connection:
            with pytest.raises(LookupError, match="gone"):
                _ = [piece async for piece in AsyncSpeech(loop_connection, fails_async())]
            assert b"".join([piece async for piece in AsyncSpeech(loop_connection, "On.")]) == b"On."


@pytest.mark.parametrize("version", [1, 2])
async def test_a_conversation_that_ends_too_early_is_an_error(version: int) -> None:
    async def closes(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(b"half")

    async def dies(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(b"half")
        connection.transport.abort()

    for behaviour in (closes, dies):
        with Peer(behaviour) as peer:
            with client(peer) as deepgram, connect(deepgram, version) as connection:
                speech = Speech(connection, tokens())
                for _ in range(2):
                    with pytest.raises(ConversationClosed):
                        list(speech)
            async with async_client(peer) as loop_client, connect(loop_client, version) as loop_connection:
                with pytest.raises(ConversationClosed):
                    _ = [piece async for piece in AsyncSpeech(loop_connection, tokens_async())]


async def test_an_error_message_of_the_service_is_raised() -> None:
    async def complains(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(told(type="Error", code="DATA-0000", description="no such words"))

    with Peer(complains) as peer:
        with client(peer) as deepgram, connect(deepgram, 2) as connection:
            with pytest.raises(ApiError, match="no such words"):
                list(Speech(connection, tokens()))
        async with async_client(peer) as loop_client, connect(loop_client, 2) as loop_connection:
            with pytest.raises(ApiError, match="no such words"):
                _ = [piece async for piece in AsyncSpeech(loop_connection, tokens_async())]


async def test_a_service_that_never_finishes_is_given_up() -> None:
    async def mute(connection: ServerConnection) -> None:
        async for _ in connection:
            pass

    with Peer(mute) as peer:
        began = time.monotonic()

        def threads() -> None:
            with client(peer) as deepgram, connect(deepgram, 1) as connection:
                with pytest.raises(ConversationClosed, match="nothing for 1 s"):
                    list(Speech(connection, "Hello.", patience=1))

        async def loop() -> None:
            async with async_client(peer) as loop_client, connect(loop_client, 1) as connection:
                with pytest.raises(ConversationClosed, match="nothing for 1 s"):
                    _ = [piece async for piece in AsyncSpeech(connection, "Hello.", patience=1)]

        await asyncio.gather(asyncio.to_thread(threads), loop())
        assert time.monotonic() - began < 15


async def test_other_messages_go_to_the_handlers() -> None:
    speaker = Speaker(1)
    with speaker.peer() as peer:
        for held in ("sync", "async"):
            heard: list[Any] = []
            if held == "sync":
                with client(peer) as deepgram, connect(deepgram, 1) as connection:
                    connection.on(EventType.MESSAGE, heard.append)
                    b"".join(Speech(connection, "Hello."))
            else:
                async with async_client(peer) as loop_client, connect(loop_client, 1) as loop_connection:
                    loop_connection.on(EventType.MESSAGE, heard.append)
                    _ = [piece async for piece in AsyncSpeech(loop_connection, "Hello.")]
            assert [type(event) for event in heard] == [SpeakV1Metadata, SpeakV1Flushed]


async def test_a_writer_that_is_far_ahead_waits_for_the_voice() -> None:
    """Neither here nor at the service does text pile up while the audio is not taken."""
    taken = [0]

    def endless() -> Iterator[str]:
        while True:
            taken[0] += 1
            yield "This is one more sentence that nobody has heard yet. "

    async def no_voice(connection: ServerConnection) -> None:
        async for _ in connection:
            pass

    with Peer(no_voice) as peer:
        with client(peer) as deepgram, connect(deepgram, 1) as connection:
            speech = Speech(connection, endless(), patience=0.2)
            speech._begin()
            before = -1
            while taken[0] != before:
                before = taken[0]
                time.sleep(0.3)
            assert 4000 // 52 - 5 < taken[0] < 4000 // 52 + 10
            speech.interrupt()
            with pytest.raises(ConversationClosed):
                list(speech)


async def test_a_wait_for_audio_that_is_cancelled_loses_none() -> None:
    async def slow(connection: ServerConnection) -> None:
        await connection.recv()
        for number in range(6):
            await asyncio.sleep(0.05)
            await connection.send(bytes([number]))
        await connection.send(told(type="Flushed", sequence_id=0))
        await connection.send(told(type="Flushed", sequence_id=1))
        await connection.wait_closed()

    with Peer(slow) as peer:
        async with async_client(peer) as deepgram, connect(deepgram, 1) as connection:
            speech = AsyncSpeech(connection, "Hello. You.")
            heard = b""
            while len(heard) < 6:
                try:
                    heard += await asyncio.wait_for(anext(speech), 0.02)
                except asyncio.TimeoutError:
                    continue
            assert heard == bytes(range(6))
            assert [piece async for piece in speech] == []


def test_what_was_never_begun_is_closed_without_a_word() -> None:
    speaker = Speaker(1)
    with speaker.peer() as peer, client(peer) as deepgram, connect(deepgram, 1) as connection:
        speech = Speech(connection, "Hello.")
        speech.interrupt()
        speech.close()
        with pytest.raises(RuntimeError, match="before it began"):
            next(speech)
        with pytest.raises(ValueError, match="2000"):
            Speech(connection, "Hello.", longest=2001)
    assert said(speaker) == []


def test_no_thread_is_left() -> None:
    speaker = Speaker(1)
    with speaker.peer() as peer, client(peer) as deepgram, connect(deepgram, 1) as connection:
        b"".join(Speech(connection, tokens()))
        with Speech(connection, tokens()) as speech:
            next(speech)
    deadline = time.monotonic() + LIMIT
    while (left := speaking_threads()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []


def speaking_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("deepgram-speech")]
