"""The programs of the described system's documentation about live audio, run as they are written there.

The quick start sends no audio, so it is the server that ends it: here after a fraction of a second.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import deepgram.local
from deepgram.local import Server

REAL_TIME = """
from deepgram import DeepgramClient
from deepgram.core.events import EventType

client = DeepgramClient()

with client.listen.v2.connect(
    model="flux-general-en",
    encoding="linear16",
    sample_rate=16000
) as connection:
    def on_message(message):
        print(f"Received {message.type} event")

    connection.on(EventType.OPEN, lambda _: print("Connection opened"))
    connection.on(EventType.MESSAGE, on_message)
    connection.on(EventType.CLOSE, lambda _: print("Connection closed"))
    connection.on(EventType.ERROR, lambda error: print(f"Error: {error}"))

    # Start listening and send audio data
    connection.start_listening()
"""

# As written there, this block uses EventType without importing it: the first line is the import that it lacks.
ASYNC_CLIENT = """
from deepgram.core.events import EventType

import asyncio
from deepgram import AsyncDeepgramClient

async def main():
    client = AsyncDeepgramClient()

    # Async file transcription
    with open("audio.wav", "rb") as audio_file:
        response = await client.listen.v1.media.transcribe_file(
            request=audio_file.read(),
            model="nova-3"
        )

    # Async WebSocket connection
    async with client.listen.v2.connect(
        model="flux-general-en",
        encoding="linear16",
        sample_rate=16000
    ) as connection:
        async def on_message(message):
            print(f"Received {message.type} event")

        connection.on(EventType.MESSAGE, on_message)
        await connection.start_listening()

asyncio.run(main())
"""

TRANSPORT = """
from deepgram import DeepgramClient
from deepgram.core.events import EventType

class MyTransport:
    def __init__(self, url: str, headers: dict):
        connect(url, headers)  # establish your connection

    def send(self, data): sent.append(data)
    def recv(self): return next(frames)
    def __iter__(self): return frames
    def close(self): sent.append("closed")

client = DeepgramClient(api_key="...", transport_factory=MyTransport)

with client.listen.v1.connect(model="nova-3") as connection:
    connection.on(EventType.MESSAGE, on_message)
    connection.start_listening()
"""

ASYNC_TRANSPORT = """
from deepgram.core.events import EventType
from deepgram import AsyncDeepgramClient

class MyAsyncTransport:
    def __init__(self, url: str, headers: dict):
        connect(url, headers)

    async def send(self, data): sent.append(data)
    async def recv(self): return next(frames)
    async def __aiter__(self):
        for frame in frames:
            yield frame
    async def close(self): sent.append("closed")

async def main():
    client = AsyncDeepgramClient(api_key="...", transport_factory=MyAsyncTransport)

    async with client.listen.v1.connect(model="nova-3") as connection:
        connection.on(EventType.MESSAGE, on_message)
        await connection.start_listening()
"""


@pytest.fixture(scope="module")
def impatient() -> Iterator[Server]:
    """A server that ends a conversation without audio so soon that no ping of the client keeps it open."""
    with deepgram.local.running(engine="scripted", idle_timeout=0.1) as running:
        yield running


def run_as_a_program(block: str, folder: Path, server: Server) -> list[str]:
    """Run a block as somebody who tries the documentation against the embedded server; return what it prints."""
    credentials = {"DEEPGRAM_BASE_URL": server.url, "DEEPGRAM_API_KEY": "anything"}
    done = subprocess.run(
        [sys.executable, "-c", block], cwd=folder, env=credentials, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout.splitlines()


def run(block: str, **names: Any) -> dict[str, Any]:
    names["__name__"] = "__main__"
    exec(compile(block, "the described block", "exec"), names)
    return names


def test_the_block_about_real_time_speech_recognition_runs(impatient: Server, tmp_path: Path) -> None:
    said = run_as_a_program(REAL_TIME, tmp_path, impatient)
    assert said[:2] == ["Connection opened", "Received Connected event"]
    assert said[-1] == "Connection closed"


def test_the_block_about_the_async_client_runs(impatient: Server, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "audio.wav").write_bytes(clip.read_bytes())
    assert run_as_a_program(ASYNC_CLIENT, tmp_path, impatient)[0] == "Received Connected event"


def in_a_thread(names: dict[str, Any]) -> None:
    """The sync block has done its work when it has been read."""


def in_a_loop(names: dict[str, Any]) -> None:
    asyncio.run(names["main"]())


@pytest.mark.parametrize(("block", "finish"), [(TRANSPORT, in_a_thread), (ASYNC_TRANSPORT, in_a_loop)])
def test_the_blocks_about_a_transport_of_the_programs_own_run(
    block: str, finish: Callable[[dict[str, Any]], None]
) -> None:
    opened: list[Any] = []
    sent: list[Any] = []
    heard: list[Any] = []
    frames = iter(['{"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": 1.5}', b"\1"])

    def connect(url: str, headers: dict[str, str]) -> None:
        opened.append((url, headers))

    names = run(
        block,
        connect=connect,
        sent=sent,
        frames=frames,
        on_message=heard.append,
    )
    finish(names)
    [(url, headers)] = opened
    assert url == "wss://api.deepgram.com/v1/listen?model=nova-3"
    assert {name.lower(): value for name, value in headers.items()}["authorization"] == "Token ..."
    assert heard[0].type == "UtteranceEnd" and heard[1:] == [b"\1"]
    assert sent[-1] == "closed"
