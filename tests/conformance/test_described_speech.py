"""The described program for text to speech and the examples, run against the embedded server; what they make plays."""

from __future__ import annotations

import os
import subprocess
import sys
from array import array
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

import av
import pytest

import deepgram.local
from deepgram.local import Server
from deepgram.local.engines.synthesizers import missing

from ..local.conftest import needs

ROOT = Path(__file__).parents[2]

DESCRIBED = """
from deepgram import DeepgramClient

client = DeepgramClient()

response = client.speak.v1.audio.generate(
    text="Hello, this is a sample text to speech conversion."
)

# Save the audio file
with open("output.mp3", "wb") as audio_file:
    audio_file.write(response.stream.getvalue())
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with deepgram.local.running(engine="scripted") as running:
        yield running


def run(server: Server, folder: Path, *arguments: str) -> str:
    variables = {"DEEPGRAM_BASE_URL": server.url, "DEEPGRAM_API_KEY": "any", "PYTHONPATH": str(ROOT / "src")}
    ended = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def check(path: Path, seconds: tuple[float, float]) -> None:
    """Decode a file: it lasts as long as such a text does, and somebody speaks in it."""
    with av.open(str(path)) as file:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16000)
        samples = array("h")
        for frame in file.decode(audio=0):
            for part in resampler.resample(frame):
                samples.frombytes(part.to_ndarray().tobytes())
    assert seconds[0] < len(samples) / 16000 < seconds[1]
    assert max(map(abs, samples)) > 3000
    loudness = (sum(sample * sample for sample in samples) / len(samples)) ** 0.5
    assert 300 < loudness < 12000


def test_the_described_program_makes_a_file_that_plays(server: Server, tmp_path: Path) -> None:
    run(server, tmp_path, "-c", DESCRIBED)
    check(tmp_path / "output.mp3", (2, 6))


def test_what_the_described_program_says_is_understood(tmp_path: Path) -> None:
    """flite speaks, pocketsphinx hears: eight of the nine words, as it takes "speech" for two others at times."""
    needs("pocketsphinx")
    if reason := missing("flite"):
        pytest.skip(reason)
    with deepgram.local.running(engine="pocketsphinx", voice_engine="flite") as clear, clear.client() as client:
        transcripts: list[str] = []
        for _ in range(3):  # flite breathes by chance: no two utterances are the same
            run(clear, tmp_path, "-c", DESCRIBED)
            answer = client.listen.v1.media.transcribe_file(request=tmp_path / "output.mp3", model="nova-3")
            transcripts.append(((answer.results.channels[0].alternatives or [])[0].transcript or "").lower())
    said = ["hello", "this", "is", "a", "sample", "text", "to", "speech", "conversion"]
    understood = [
        sum(block.size for block in SequenceMatcher(None, said, heard.split()).get_matching_blocks())
        for heard in transcripts
    ]
    assert max(understood) >= 8, transcripts


@pytest.mark.parametrize("ending", ["mp3", "wav", "flac", "ogg"])
def test_the_example_saves_speech(server: Server, tmp_path: Path, ending: str) -> None:
    script = str(ROOT / "examples" / "speech" / "save.py")
    told = run(server, tmp_path, script, "Hello there, how are you today?", f"hello.{ending}")
    assert "request" in told
    check(tmp_path / f"hello.{ending}", (1, 5))


def test_the_example_speaks_while_a_model_writes(server: Server, tmp_path: Path) -> None:
    told = run(server, tmp_path, str(ROOT / "examples" / "speech" / "tokens.py"), "answer.wav")
    assert "first audio after" in told
    check(tmp_path / "answer.wav", (4, 20))
