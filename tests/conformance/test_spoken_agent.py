"""A whole conversation with an agent in speech: a question, a function call, an answer, an interruption.

All of it is real: flite speaks for both sides, pocketsphinx hears both, and the clients are ours and the official ones.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import deepgram.local
from deepgram.local import Server
from deepgram.local.engines.synthesizers import missing
from deepgram.local.speech import Speech

from ..local.conftest import needs
from .test_official_clients import SCRIPTS, interpreter

RULES = r"""
rules:
  - when: weather
    call: get_weather
    arguments: {city: Paris}
    say: >-
      The weather today is {result}. There is much more to say about the clouds and the wind and the rain over the
      hills and over the river and over the sea, and about the snow in the winter.
  - when: stop
    say: The station is closed until the morning.
"""


@pytest.fixture(scope="module")
def speaking_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    needs("pocketsphinx")
    if (reason := missing("flite")) is not None:
        pytest.skip(f"flite is not here, whose speech is understood again: {reason}")
    script = tmp_path_factory.mktemp("agent") / "rules.yaml"
    script.write_text(RULES)
    with deepgram.local.running(engine="pocketsphinx", voice_engine="flite", think_script=script) as server:
        yield server


@pytest.fixture(scope="module")
def spoken(speaking_server: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Files with a question and an interruption: linear16 at 16 kHz."""

    async def speak(text: str) -> bytes:
        speech = Speech("flite")
        await speech.start()
        try:
            voice = speech.voice("aura-2-zeus-en")
            return b"".join([pcm async for pcm in speech.say(text, voice, sample_rate=16000)])
        finally:
            await speech.stop()

    folder = tmp_path_factory.mktemp("spoken")
    texts = {"question": ("what is the weather today", "weather"), "interruption": ("please stop talking now", "stop")}
    for name, (text, needed) in texts.items():
        for _ in range(3):  # flite breathes by chance: take an utterance whose one important word is understood
            (folder / name).write_bytes(asyncio.run(speak(text)))
            if needed in heard(speaking_server, folder / name):
                break
    return folder / "question", folder / "interruption"


def heard(server: Server, audio: Path) -> str:
    """Return what the recogniser makes of the agent's audio."""
    target = audio.with_suffix(".wav")
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(audio.read_bytes())
    with server.client() as client:
        answer = client.listen.v1.media.transcribe_file(request=target, model="nova-3")
    alternatives = answer.results.channels[0].alternatives
    assert alternatives is not None
    return alternatives[0].transcript or ""


def talk(release: str, mode: str, server: Server, spoken: tuple[Path, Path], answers: Path) -> Any:
    python = sys.executable if release == "ours" else str(interpreter(release))
    paths = os.pathsep.join(path for path in sys.path if path) if release == "ours" else ""
    done = subprocess.run(
        [python, SCRIPTS / "agent.py", server.url, mode, *spoken, answers],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={"PATH": "", "PYTHONWARNINGS": "ignore", "PYTHONPATH": paths},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("release", ["ours", "6.1.1", "7.17.0"])
def test_a_spoken_question_is_answered_in_speech(
    release: str, mode: str, speaking_server: Server, spoken: tuple[Path, Path], tmp_path: Path
) -> None:
    understood: list[str] = []
    for _ in range(2):  # flite breathes by chance: no two utterances are the same, nor what is understood of them
        converse(release, mode, speaking_server, spoken, tmp_path / "answer")
        first, last = (heard(speaking_server, tmp_path / f"answer.{number}") for number in (1, 2))
        understood += [first, last]
        if (
            len({"the", "weather", "today", "is", "sunny"} & set(first.split())) >= 4
            and len({"the", "station", "is", "closed", "morning"} & set(last.split())) >= 4
        ):
            return
    pytest.fail(f"the answers were not understood: {understood}")


def converse(release: str, mode: str, server: Server, spoken: tuple[Path, Path], answers: Path) -> None:
    """Hold the conversation; check what was said in which order, and that the long answer was cut off."""
    seen = talk(release, mode, server, spoken, answers)
    assert seen["done"], seen
    assert seen["types"][:2] == ["Welcome", "SettingsApplied"]
    order = [kind for kind in seen["types"] if kind not in ("History", "ConversationText", "Warning")]
    assert order == [
        *("Welcome", "SettingsApplied", "UserStartedSpeaking", "FunctionCallRequest"),
        *("AgentStartedSpeaking", "LatencyReport", "UserStartedSpeaking"),
        *("AgentStartedSpeaking", "LatencyReport", "AgentAudioDone"),
    ]
    said = [content.lower() for role, content in seen["texts"] if role == "user"]
    assert "weather" in said[0]
    assert "stop" in said[1]
    assert 0.5 < seen["seconds"][0] < 8
    assert seen["seconds"][-1] > 1
