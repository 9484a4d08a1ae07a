"""Calls of telephone providers: a provider over a real WebSocket, our bridge, and the embedded server behind it."""

from __future__ import annotations

import asyncio
import base64
import json
import wave
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from deepgram.local import Server
from deepgram.local.speech_formats import companded
from deepgram.telephony import CallStopped, Digit, Marked, MediaStream, TelephoneEvent, bridge

from ..telephony.calls import DIALECTS, Sayings

PATIENCE = 20.0
QUIET = b"\xff" * 160 * 300
"""6 s of silence, as mulaw."""
Answer = Callable[[MediaStream], Awaitable[None]]


@asynccontextmanager
async def answering(answer: Answer) -> AsyncGenerator[str, None]:
    """Serve an ASGI application that answers calls; yield its address."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await answer(await MediaStream.accept(scope, receive, send))

    config = uvicorn.Config(application, port=0, log_config=None, lifespan="off", ws="websockets-sansio")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        yield f"ws://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(running, PATIENCE)


@pytest.fixture(scope="module")
def speech(clip: Path) -> bytes:
    """6 s of read speech, as a telephone sends it: mulaw at 8 kHz."""
    with wave.open(str(clip)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return companded(soxr.resample(samples, file.getframerate(), 8000).tobytes(), "mulaw")


async def speak(phone: ClientConnection, said: Sayings, audio: bytes) -> None:
    for at in range(0, len(audio), 160):
        payload = base64.b64encode(audio[at : at + 160]).decode()
        await phone.send(json.dumps({**said.media, "media": {**said.media["media"], "payload": payload}}))
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("provider", DIALECTS)
async def test_a_caller_is_transcribed(provider: str, server: Server, speech: bytes) -> None:
    said = DIALECTS[provider]
    heard: list[str] = []
    events: list[TelephoneEvent] = []

    def listen(message: Any) -> None:
        if message.type == "Results" and message.is_final:
            heard.append(message.channel.alternatives[0].transcript)

    async def answer(stream: MediaStream) -> None:
        async with server.async_client() as client:
            async with client.listen.v1.connect(model="nova-3", **stream.call.listen_options) as conversation:
                await bridge(stream, conversation, on_message=listen, on_call_event=events.append)

    async with answering(answer) as address, connect(address) as phone:
        await phone.send(json.dumps({"event": "connected", "version": "1.0.0"}))
        await phone.send(json.dumps(said.start))
        await speak(phone, said, speech)
        await phone.send(json.dumps(said.dtmf))
        await phone.send(json.dumps(said.stop))
        await asyncio.wait_for(phone.wait_closed(), PATIENCE)
    assert len(" ".join(heard).split()) >= 3, "the last results came after the caller had hung up"
    assert events == [Digit("5"), CallStopped()]


@pytest.mark.parametrize("provider", DIALECTS)
async def test_a_caller_talks_with_an_agent_and_interrupts_it(provider: str, server: Server, speech: bytes) -> None:
    said = DIALECTS[provider]
    agent = {
        "listen": {"provider": {"type": "deepgram", "model": "nova-3"}},
        "think": {"provider": {"type": "scripted"}},
        "speak": {"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}},
        "greeting": "Welcome to the telephone exchange. " * 5,
    }
    kinds: list[str] = []
    events: list[TelephoneEvent] = []

    async def note(message: Any) -> None:
        kinds.append(message.type)

    async def answer(stream: MediaStream) -> None:
        async with server.async_client() as client, client.agent.v1.connect() as conversation:
            settings = {"type": "Settings", "audio": stream.call.agent_audio, "agent": agent}
            await conversation.send_settings(settings)
            await bridge(stream, conversation, on_message=note, on_call_event=events.append)

    async with answering(answer) as address, connect(address) as phone:
        await phone.send(json.dumps(said.start))
        told: list[dict[str, Any]] = []

        async def until(event: str) -> dict[str, Any]:
            while True:
                message: dict[str, Any] = json.loads(await asyncio.wait_for(phone.recv(), PATIENCE))
                told.append(message)
                if message["event"] == event:
                    return message

        played = await until(said.play["event"])
        assert len(base64.b64decode(played["media"]["payload"])) <= 3200
        talking = asyncio.create_task(speak(phone, said, speech))
        assert await until(said.clear["event"]) == said.clear
        await talking
        talking = asyncio.create_task(speak(phone, said, QUIET))
        mark = await until(said.mark["event"])
        assert "AgentAudioDone" in json.dumps(mark)
        await phone.send(json.dumps(said.played))
        await talking
        await phone.send(json.dumps(said.stop))
        try:
            while True:
                await asyncio.wait_for(phone.recv(), PATIENCE)
        except ConnectionClosed:
            pass
    assert "UserStartedSpeaking" in kinds
    assert Marked("here") in events
    assert events[-1] == CallStopped()


async def test_a_failure_of_the_program_ends_the_call_and_is_raised(server: Server) -> None:
    failures: list[Exception] = []

    def fail(event: object) -> None:
        raise KeyError("a bug of the program's")

    async def answer(stream: MediaStream) -> None:
        async with server.async_client() as client:
            async with client.listen.v1.connect(model="nova-3", **stream.call.listen_options) as conversation:
                try:
                    await bridge(stream, conversation, on_call_event=fail)
                except KeyError as error:
                    failures.append(error)

    said = DIALECTS["twilio"]
    async with answering(answer) as address, connect(address) as phone:
        await phone.send(json.dumps(said.start))
        await phone.send(json.dumps(said.dtmf))
        await asyncio.wait_for(phone.wait_closed(), PATIENCE)
        assert phone.close_code == 1000
    assert len(failures) == 1
