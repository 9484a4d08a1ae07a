"""Our client has our server speak: real audio, sync and async, whole texts and conversations, and every bad input."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import deepgram
from deepgram import DeepgramClient
from deepgram.core import ApiError
from deepgram.helpers import TextBuilder
from deepgram.local import Server

TEXT = "Hello, this is a sample text to speech conversion."
LONG = "The quick brown fox jumps over the lazy dog. " * 44


def heard(audio: bytes) -> tuple[float, float]:
    """Return length (s) and loudness (0 to 1) of audio, as it decodes."""
    with av.open(io.BytesIO(audio)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("flt", "mono", 16000)
        pieces = [
            piece.to_ndarray().ravel().astype(np.float64)
            for frame in [*container.decode(stream), None]
            for piece in resampler.resample(frame)
        ]
    samples = np.concatenate(pieces)
    return len(samples) / 16000, float(np.sqrt(np.mean(samples**2)))


def plausible(audio: bytes) -> bool:
    length, loudness = heard(audio)
    return 2 < length < 6 and loudness > 0.02


def test_the_described_program_runs_and_its_file_plays(server: Server, tmp_path: Path) -> None:
    program = """
from deepgram import DeepgramClient

client = DeepgramClient()

response = client.speak.v1.audio.generate(
    text="Hello, this is a sample text to speech conversion."
)

# Save the audio file
with open("output.mp3", "wb") as audio_file:
    audio_file.write(response.stream.getvalue())
"""
    source = str(Path(deepgram.__file__).parent.parent)
    variables = {"DEEPGRAM_API_KEY": "any", "DEEPGRAM_BASE_URL": server.url, "PYTHONPATH": source}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    audio = (tmp_path / "output.mp3").read_bytes()
    with av.open(io.BytesIO(audio)) as container:
        assert container.format.name == "mp3"
    assert plausible(audio)


def test_texts_are_spoken_sync(server: Server, tmp_path: Path) -> None:
    with server.client() as client:
        spoken = client.speak.v1.audio.generate(text=TEXT, model="aura-2-thalia-en", encoding="flac", speed=1.1)
        audio = b"".join(spoken)
        assert plausible(audio)
        assert spoken.headers["dg-char-count"] == str(len(TEXT))
        assert spoken.content_type == "audio/flac"
        client.speak.v1.audio.generate(text=TEXT, encoding="linear16").save(tmp_path / "speech.wav")
        assert plausible((tmp_path / "speech.wav").read_bytes())
        with client.speak.v2.audio.with_raw_response.generate(text=TEXT, model="flux-kit-en") as response:
            assert response.headers["dg-model-name"] == "flux-kit-en"
            assert plausible(b"".join(response.data))


async def test_texts_are_spoken_async(server: Server) -> None:
    async with server.async_client() as client:
        spoken = client.speak.v1.audio.generate(text=TEXT, model="aura-2-thalia-en")
        assert plausible(b"".join([piece async for piece in spoken]))
        spoken = client.speak.v2.audio.generate(text=TEXT, model="flux-heather-en", encoding="opus")
        assert plausible(b"".join([piece async for piece in spoken]))


def test_conversations_are_held_sync(server: Server) -> None:
    with server.client() as client:
        with client.speak.v1.connect(model="aura-2-thalia-en", sample_rate="24000") as connection:
            for word in TEXT.split():
                connection.send_text({"type": "Speak", "text": f"{word} "})
            connection.send_flush()
            connection.send_clear()
            connection.send_close()
            told = [message.type for message in connection if not isinstance(message, bytes)]
        assert (told[0], told[-1]) == ("Metadata", "Cleared")
        with client.speak.v2.connect(model="flux-kit-en") as flux:
            for word in TEXT.split():
                flux.send_speak({"type": "Speak", "text": f"{word} "})
            flux.send_configure({"type": "Configure", "speed": 1.1})
            flux.send_flush()
            flux.send_interrupt({"type": "Interrupt", "playback_offset": {"type": "time_ms", "value": 10**6}})
            flux.send_close()
            events = [message for message in flux if not isinstance(message, bytes)]
        assert events[0].type == "Connected"
        assert events[-1].type == "SessionMetadata"
        assert "ConfigureSuccess" in [message.type for message in events]


async def test_conversations_are_held_async(server: Server) -> None:
    async with server.async_client() as client, client.speak.v2.connect(model="flux-kit-en") as connection:
        await connection.send_speak({"type": "Speak", "text": TEXT})
        await connection.send_flush()
        await connection.send_close()
        audio, told = bytearray(), list[str]()
        async for message in connection:
            if isinstance(message, bytes):
                audio += message
            else:
                told.append(message.type)
    assert told == ["Connected", "SpeechStarted", "Flushed", "SpeechMetadata", "SessionMetadata"]
    assert 2 < len(audio) / 48000 < 6


def test_what_the_helpers_write_is_understood(server: Server) -> None:
    pause = TextBuilder().text("One.").pause(1500).text("Two.").build()
    word = TextBuilder().text("I use ").pronunciation("SQL", "siːkwəl").text(" here.").build()
    with server.client() as client:
        spoken = client.speak.v2.audio.generate(text=pause, model="flux-kit-en", encoding="flac")
        assert heard(spoken.stream.getvalue())[0] > 2.0
        assert spoken.headers["dg-breaks-applied"] == "1"
        spoken = client.speak.v1.audio.generate(text=word, model="aura-2-thalia-en")
        assert spoken.stream.getvalue()
        assert spoken.headers["dg-pronunciations-applied"] == "1"
        assert spoken.headers["dg-char-count"] == str(len("I use SQL here."))


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({"text": ""}, 400, "no characters"),
    ({"text": "   \n"}, 400, "no characters"),
    ({"text": "a" * 2001}, 413, "2000"),
    ({"text": "a", "model": "aura-2-nobody-en"}, 400, "No such model"),
    ({"text": "a", "encoding": "mp3", "container": "wav"}, 400, "`container` is not applicable"),
    ({"text": "a", "encoding": "mulaw", "sample_rate": 48000}, 400, "`sample_rate` must be 8000 or 16000"),
    ({"text": "a", "encoding": "linear16", "bit_rate": 48000}, 400, "`bit_rate` is not applicable"),
    ({"text": "a", "speed": 9.0}, 400, "Speed must be between"),
]


@pytest.mark.parametrize(("asked", "status", "says"), BAD)
def test_bad_input_is_a_typed_error_at_the_first_byte(
    server: Server, asked: dict[str, Any], status: int, says: str
) -> None:
    with server.client() as client:
        with pytest.raises(ApiError) as refused:
            next(iter(client.speak.v1.audio.generate(**asked)))
    assert refused.value.status_code == status
    assert says in refused.value.body["err_msg"]
    assert refused.value.request_id == refused.value.body["request_id"]


@pytest.fixture
def doomed() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server in a process of its own."""
    command = [sys.executable, "-m", "deepgram.local", "--port", "0", "--engine", "scripted"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        try:
            yield address, process
        finally:
            process.kill()


def test_a_server_that_dies_in_the_middle_of_the_audio_is_an_error(doomed: tuple[str, subprocess.Popen[str]]) -> None:
    address, process = doomed
    with DeepgramClient(api_key="any", base_url=address) as client:
        spoken = client.speak.v1.audio.generate(text=LONG, encoding="linear16", sample_rate=48000)
        pieces = iter(spoken)
        size = len(next(pieces))
        process.kill()
        process.wait(20)
        with pytest.raises(ApiError):
            for piece in pieces:
                size += len(piece)
    assert 0 < size < 12e6


def test_a_server_that_dies_in_a_conversation_is_an_error(doomed: tuple[str, subprocess.Popen[str]]) -> None:
    from websockets.exceptions import ConnectionClosed

    address, process = doomed
    with DeepgramClient(api_key="any", base_url=address) as client:
        with pytest.raises((ConnectionClosed, ApiError)):
            with client.speak.v1.connect(sample_rate="48000") as connection:
                for _ in range(20):
                    connection.send_text({"type": "Speak", "text": LONG[:1900]})
                while not isinstance(connection.recv(), bytes):
                    pass
                process.kill()
                process.wait(20)
                for _ in connection:
                    pass
