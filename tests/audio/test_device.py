"""Errors of sound devices, and the real PortAudio over ALSA's null and file devices."""

from __future__ import annotations

import os
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

import pytest

import deepgram
from deepgram.audio import DeviceError, Microphone, Speaker

from .conftest import Library, PortAudioError

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(deepgram.__file__).parent.parent)}


def refused(device: Microphone | Speaker) -> str:
    with pytest.raises(DeviceError) as caught, device:
        pass
    return str(caught.value)


def test_a_missing_package_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert 'pip install "deepgram-sdk[audio]"' in refused(Microphone())


def test_a_missing_portaudio_is_named_with_the_commands_that_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert "apt install libportaudio2" in refused(Speaker())


def test_a_machine_without_devices_says_so(library: Library) -> None:
    library.devices, library.refusal = [], PortAudioError("Error querying device -1")
    assert refused(Microphone()) == "There is no input device on this machine: connect a microphone."
    assert "connect a speaker" in refused(Speaker())


def test_a_device_that_cannot_be_opened_is_answered_with_those_there_are(library: Library) -> None:
    library.refusal = ValueError("No input device matching 'Studio'")
    said = refused(Microphone(device="Studio", sample_rate=8000))
    assert "'Studio' cannot be opened with 1 channel(s) at 8000 Hz" in said
    assert "There are: 0 'Laptop'." in said


def test_the_library_is_imported_only_when_a_device_is_opened() -> None:
    program = "import sys, deepgram.audio; deepgram.audio.Microphone(); sys.exit('sounddevice' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], env=ENVIRONMENT, timeout=60).returncode == 0


# What is played goes into a file, what is recorded comes out of one, as fast as PortAudio's thread can: no clock.
LOOPBACK = """
pcm.!default {{ type file slave.pcm {{ type null }} file "{played}" infile "{recorded}" format raw }}
"""
PROGRAM = """
import asyncio, sys, threading, time
from deepgram.audio import Microphone, Speaker

async def recorded():
    with Microphone(chunk_ms=20, buffer_seconds=3600) as microphone:
        async for chunk in microphone:
            return chunk

with Microphone(chunk_ms=20, buffer_seconds=3600) as microphone:
    chunks = iter(microphone)
    heard = next(chunks) + next(chunks)
assert heard == open(sys.argv[1], "rb").read()[:1280], "recorded in a thread"
assert len(asyncio.run(recorded())) == 640, "recorded in an event loop"

began = time.monotonic()
with Speaker(sample_rate=16000, buffer_seconds=0.1) as speaker:
    speaker.play(b"ab" * 16000)
    speaker.wait()
    assert speaker.played == 1.0, speaker.played
    asyncio.run(speaker.play_async(b"cd" * 16000))
    speaker.clear()
    asyncio.run(speaker.wait_async())
assert [thread.name for thread in threading.enumerate()] == ["MainThread"]
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ALSA is Linux's")
@pytest.mark.skipif(find_library("portaudio") is None, reason="PortAudio is not installed: apt install libportaudio2")
def test_portaudio_records_and_plays_over_a_loopback_device(tmp_path: Path) -> None:
    pytest.importorskip("sounddevice")
    played, recorded, configuration = tmp_path / "played.raw", tmp_path / "recorded.raw", tmp_path / "asound.conf"
    recorded.write_bytes(b"".join(number.to_bytes(2, "little") for number in range(1, 16_001)) * 100)
    configuration.write_text(LOOPBACK.format(played=played, recorded=recorded))
    environment = {**ENVIRONMENT, "ALSA_CONFIG_PATH": str(configuration)}
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(recorded)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert played.read_bytes().replace(b"\0", b"").startswith(b"ab" * 16_000)  # silence wherever the clock ran ahead
