"""What judges frames to be speech: WebRTC's detector, silero's model from its own package, loudness."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import sys
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deepgram.local import audio, engines, speech_detectors
from deepgram.local.engines import EngineError
from deepgram.local.live import Happening, LiveOptions, LiveStream, SpeechBegan
from deepgram.local.live_workers import LivePool
from deepgram.local.speech_detectors import FRAME, Audible, Detectors, Loudness, Silero, WebRTC, load
from deepgram.local.voice_activity import Segment, VoiceActivity
from deepgram.local.workers import WorkerPool

from .conftest import needs

RATE = 16000
SCRIPTED = engines.create("scripted").info


class Recorder:
    """Stands in for the session of a model: it says the probabilities that it is given and keeps what it is asked."""

    def __init__(self, *probabilities: float) -> None:
        self.probabilities = list(probabilities)
        self.asked: list[Mapping[str, Any]] = []

    def run(self, output_names: Sequence[str], input_feed: Mapping[str, Any]) -> Sequence[Any]:
        assert list(output_names) == ["output", "stateN"]
        self.asked.append(input_feed)
        return [np.array([[self.probabilities[len(self.asked) - 1]]], np.float32), input_feed["state"] + 1]


@pytest.fixture(scope="module")
def speech(two_cities: Path) -> bytes:
    with two_cities.open("rb") as file:
        return b"".join(piece.pcm[0] for piece in audio.decode(file))


@pytest.fixture(scope="module")
def silero() -> Detectors:
    """The real model: `make` installs the package silero-vad for it, without its dependencies."""
    return load("silero")


def segments(detectors: Detectors, pcm: bytes, size: int = 32000) -> list[Segment]:
    listener = VoiceActivity(detectors())
    return [s for at in range(0, len(pcm), size) for s in listener.feed(pcm[at : at + size])] + listener.finish()


def noise(seconds: float, level: float = 1500.0) -> bytes:
    return (np.random.default_rng(0).normal(0, level, int(seconds * RATE))).astype("<i2").tobytes()


def test_the_model_gets_each_sample_once_with_the_context_before_it_and_its_own_state() -> None:
    session = Recorder(*[0.0] * 10)
    samples = np.arange(8 * FRAME, dtype="<i2")  # 5 windows
    Silero(session).judge(samples.tobytes())
    assert len(session.asked) == 5
    expected = np.concatenate((np.zeros(64), samples)).astype(np.float32) / 32768
    for index, given in enumerate(session.asked):
        assert given["input"].shape == (1, 576)
        assert given["input"].dtype == np.float32
        assert np.array_equal(given["input"][0], expected[index * 512 : index * 512 + 576])
        assert given["state"].shape == (2, 1, 128)
        assert (given["state"] == index).all()
        assert given["sr"] == RATE


def test_a_frame_is_judged_by_the_last_complete_window() -> None:
    # 320 samples each: the windows are complete with the frames 2, 4, 5, 7 and 8.
    session = Recorder(0.9, 0.1, 0.9, 0.1, 0.9)
    judged = Silero(session).judge(bytes(2 * 8 * FRAME))
    assert judged == [False, True, True, False, True, True, False, True]


def test_speech_goes_on_at_a_lower_probability_than_it_begins() -> None:
    judged = Silero(Recorder(0.4, 0.6, 0.4, 0.3, 0.4)).judge(bytes(2 * 8 * FRAME))
    assert judged == [False, False, False, True, True, True, False, False]


@pytest.mark.parametrize("detectors", [WebRTC, Loudness, lambda: Silero(Recorder(*[0.6, 0.2] * 2000))])
def test_the_same_is_judged_whatever_the_pieces(detectors: Detectors, speech: bytes) -> None:
    pcm = speech[: 1000 * 2 * FRAME]
    whole, pieces = detectors(), detectors()
    step = 7 * 2 * FRAME
    parts = [judged for at in range(0, len(pcm), step) for judged in pieces.judge(pcm[at : at + step])]
    assert parts == list(whole.judge(pcm))
    assert len(parts) == 1000
    assert list(whole.judge(b"")) == []


def test_silero_finds_the_sentences_of_read_speech(silero: Detectors, speech: bytes) -> None:
    found = segments(silero, speech)
    assert len(found) >= 5
    assert 0.75 < sum(segment.end - segment.start for segment in found) / (len(speech) // 2) < 1
    assert segments(silero, speech, 2 * 777) == found


def test_silero_takes_no_noise_for_speech(silero: Detectors) -> None:
    assert segments(WebRTC, noise(5)) != []
    assert segments(silero, noise(5)) == []


def test_streams_share_the_model_and_no_state(silero: Detectors, speech: bytes) -> None:
    pcm = speech[: 500 * 2 * FRAME]
    alone = silero().judge(pcm)
    one, other = silero(), silero()
    step = 10 * 2 * FRAME
    together: list[bool] = []
    for at in range(0, len(pcm), step):
        together += one.judge(pcm[at : at + step])
        other.judge(noise(0.2))
    assert together == alone


def test_the_model_is_found_by_its_path_too(silero: Detectors, speech: bytes) -> None:
    pcm = speech[: 200 * 2 * FRAME]
    assert load(str(speech_detectors._installed()))().judge(pcm) == silero().judge(pcm)


def test_silero_is_not_imported_and_needs_no_torch(silero: Detectors) -> None:
    assert "silero_vad" not in sys.modules
    assert "torch" not in sys.modules


def test_light_engines_hear_by_loudness_unless_silero_is_asked_for(silero: Detectors) -> None:
    assert load("webrtc") is WebRTC
    assert load("webrtc", light=True) is Loudness
    assert isinstance(load("silero", light=True)(), Silero)


def test_a_missing_model_is_an_error_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:

    def nothing(name: str) -> None:
        assert name == "silero_vad"

    monkeypatch.setattr(importlib.util, "find_spec", nothing)
    assert "needs its model" in str(speech_detectors.why_no_silero())
    with pytest.raises(EngineError, match="pip install --no-deps silero-vad"):
        load("silero")


def test_a_missing_runtime_is_an_error_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    assert speech_detectors.why_no_silero() is None
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "needs onnxruntime" in str(speech_detectors.why_no_silero())
    with pytest.raises(EngineError, match=r"pip install 'deepgram-sdk\[silero\]'"):
        load("silero")


def test_what_is_neither_a_detector_nor_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="'sillero' is no file: give webrtc, silero or the path"):
        load("sillero")
    model = tmp_path / "model.onnx"
    model.write_bytes(b"no model")
    with pytest.raises(EngineError, match="cannot be used as silero's model"):
        load(str(model))


def test_a_model_with_other_inputs_is_refused() -> None:
    model = speech_detectors._installed().with_name("silero_vad_16k_sequence.onnx")
    with pytest.raises(EngineError, match="cannot be used as silero's model"):
        load(str(model))


async def test_recordings_are_divided_by_silero(tmp_path: Path) -> None:
    """With WebRTC's detector pocketsphinx hears a word in this noise."""
    needs("pocketsphinx")
    recording = tmp_path / "noise.pcm"
    recording.write_bytes(noise(3))
    pool = WorkerPool("pocketsphinx", voice_activity="silero", max_audio_seconds=60, max_decoded_bytes=10**7)
    await asyncio.wait_for(pool.start(), 60)
    try:
        heard = pool.transcribe(recording, encoding="linear16", sample_rate=RATE, channels=1)
        transcription = await asyncio.wait_for(heard, 60)
    finally:
        await asyncio.wait_for(pool.stop(), 20)
    assert transcription.duration == 3
    assert transcription.words == ((),)


@pytest.mark.parametrize("container", [False, True], ids=["in the server", "in a worker"])
async def test_live_streams_are_heard_with_silero(container: bool, speech: bytes) -> None:
    """Loud noise is speech to the detector that the scripted engine has otherwise."""
    raw = LiveOptions(encoding="linear16", sample_rate=RATE, vad_events=True)
    options = LiveOptions(vad_events=True) if container else raw
    pool = LivePool("scripted", info=SCRIPTED, voice_activity="silero")
    await asyncio.wait_for(pool.start(), 60)
    try:
        began: list[int] = []
        for pcm in (noise(3), speech[: 3 * 2 * RATE]):
            stream = await asyncio.wait_for(pool.open(options), 60)
            await asyncio.wait_for(stream.feed(wav_of(pcm) if container else pcm), 60)
            await stream.finish()
            happenings = await asyncio.wait_for(all_of(stream), 60)
            began.append(sum(isinstance(happening, SpeechBegan) for happening in happenings))
            await stream.close()
    finally:
        await asyncio.wait_for(pool.stop(), 20)
    assert began[0] == 0 < began[1]


async def all_of(stream: LiveStream) -> list[Happening]:
    return [happening async for happening in stream]


def wav_of(pcm: bytes) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)
    return buffer.getvalue()


@pytest.mark.parametrize("pool", ["recorded", "live"])
async def test_workers_without_the_model_do_not_start_and_say_why(pool: str) -> None:
    missing = "no-such-model.onnx"
    with pytest.raises(EngineError, match=r"'no-such-model\.onnx' is no file"):
        if pool == "recorded":
            recorded = WorkerPool("scripted", voice_activity=missing, max_audio_seconds=60, max_decoded_bytes=10**7)
            await asyncio.wait_for(recorded.start(), 60)
        else:
            await LivePool("scripted", info=SCRIPTED, voice_activity=missing).start()


def test_in_turns_the_hiss_of_a_microphone_that_is_unmuted_is_no_speech() -> None:
    hiss = np.random.default_rng(4).normal(0, 15, RATE).astype("<i2").tobytes()  # -67 dB of full scale
    audio_of_both = (bytes(RATE) + hiss) * 3
    assert segments(WebRTC, audio_of_both), "WebRTC's detector alone takes it for speech"
    assert segments(lambda: Audible(WebRTC()), audio_of_both) == []


def test_in_turns_quiet_speech_is_speech(speech: bytes) -> None:
    quiet = (np.frombuffer(speech, "<i2") * 10 ** (-12 / 20)).astype("<i2").tobytes()  # a mean of -48 dB of full scale
    heard = sum(segment.end - segment.start for segment in segments(WebRTC, quiet))
    assert sum(segment.end - segment.start for segment in segments(lambda: Audible(WebRTC()), quiet)) > 0.95 * heard
