"""What judges frames of 20 ms to be speech or not: WebRTC's detector, silero's neural one, or loudness."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from .audio import SAMPLE_RATE
from .engines.recognizer import EngineError
from .engines.scripted import LOUD

FRAME = SAMPLE_RATE // 50
"""Samples that are judged at once: 20 ms."""
_LINEAR16 = np.dtype("<i2")
_AGGRESSIVENESS = 1
"""Of WebRTC's detector: 0 takes much for speech, 3 little."""
_FAINT = 23.0
"""Effective value up to which nothing is heard: 63 dB below full scale, 15 dB below speech that is hardly audible."""
_WINDOW, _CONTEXT = 512, 64
"""Samples that silero's model takes at once at 16 kHz, and those before them that it wants to see again."""
_NO_RUNTIME = "voice activity by silero needs onnxruntime: pip install 'deepgram-sdk[silero]'"
_BEGINS, _GOES_ON = 0.5, 0.35
"""Probability from which speech begins, and down to which it goes on: the defaults of silero's own tools."""


class SpeechDetector(Protocol):
    """Judges one channel of audio, frame after frame."""

    def judge(self, pcm: bytes) -> Sequence[bool]:
        """Say of each frame whether it is speech. ``pcm``: linear16 at 16 kHz, whole frames that follow the last."""
        ...


Detectors: TypeAlias = Callable[[], SpeechDetector]
"""Makes a detector for one more channel."""


class WebRTC:
    """WebRTC's detector: a model of the energy in six bands."""

    def __init__(self) -> None:
        self._vad = webrtcvad.Vad(_AGGRESSIVENESS)

    def judge(self, pcm: bytes) -> Sequence[bool]:
        """Say of each frame whether it is speech."""
        step = 2 * FRAME
        return [bool(self._vad.is_speech(pcm[at : at + step], SAMPLE_RATE)) for at in range(0, len(pcm), step)]


class Loudness:
    """Takes for speech what the scripted engine says something to."""

    def judge(self, pcm: bytes) -> Sequence[bool]:
        """Say of each frame whether it is loud."""
        return _louder(pcm, LOUD)


class Audible:
    """Another detector, for turns: what is too faint to interrupt anybody is no speech.

    WebRTC's detector judges by what was before: after digital silence, the hiss of a microphone that is unmuted is
    speech to it, and would make an agent fall silent; the hiss after the last word would put its answer off.
    """

    def __init__(self, detector: SpeechDetector) -> None:
        self._detector = detector

    def judge(self, pcm: bytes) -> Sequence[bool]:
        """Say of each frame whether it is speech that can be heard."""
        judged = self._detector.judge(pcm)
        return [speech and audible for speech, audible in zip(judged, _louder(pcm, _FAINT), strict=True)]


def _louder(pcm: bytes, level: float) -> list[bool]:
    """Say of each frame whether its effective value is above ``level`` (of 32768)."""
    frames = np.frombuffer(pcm, _LINEAR16).reshape(-1, FRAME).astype(np.float32)
    louder: list[bool] = (np.einsum("ij,ij->i", frames, frames) > level * level * FRAME).tolist()
    return louder


class Session(Protocol):
    """What is used of an ``onnxruntime.InferenceSession``."""

    def run(self, output_names: Sequence[str], input_feed: Mapping[str, Any]) -> Sequence[Any]:
        """Return the outputs that are named."""
        ...


class Silero:
    """silero's model. Its windows are longer than a frame, so a frame is judged by the last window that is complete."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._state: NDArray[np.float32] = np.zeros((2, 1, 128), np.float32)
        self._context: NDArray[np.float32] = np.zeros(_CONTEXT, np.float32)
        self._rest = b""  # less than a window
        self._speech = False

    def judge(self, pcm: bytes) -> Sequence[bool]:
        """Say of each frame whether it is speech."""
        judged: list[bool] = []
        for at in range(0, len(pcm), 2 * FRAME):
            self._rest += pcm[at : at + 2 * FRAME]
            if len(self._rest) >= 2 * _WINDOW:
                self._hear(self._rest[: 2 * _WINDOW])
                self._rest = self._rest[2 * _WINDOW :]
            judged.append(self._speech)
        return judged

    def _hear(self, window: bytes) -> None:
        samples = np.concatenate((self._context, np.frombuffer(window, "<i2") / np.float32(32768)), dtype=np.float32)
        given = {"input": samples[np.newaxis], "state": self._state, "sr": np.array(SAMPLE_RATE, np.int64)}
        probability, self._state = self._session.run(("output", "stateN"), given)
        self._context = samples[-_CONTEXT:]
        self._speech = float(probability.item()) >= (_GOES_ON if self._speech else _BEGINS)


def load(voice_activity: str, *, light: bool = False) -> Detectors:
    """Return what makes the detectors of this process; a model is loaded once for all of them.

    ``voice_activity``: ``webrtc``, ``silero`` (the model of the installed package silero-vad) or the path of that
    model. ``light``: the engine is, and hears by loudness unless silero is asked for.

    Raises :class:`EngineError` if the model or its runtime is not there, with what to do about it.
    """
    if voice_activity == "webrtc":
        return Loudness if light else WebRTC
    return partial(Silero, _session(_installed() if voice_activity == "silero" else Path(voice_activity)))


def why_no_silero() -> str | None:
    """Return what keeps silero's model from being used, and what to do about it; None if nothing does."""
    try:
        _installed()
    except EngineError as error:
        return str(error)
    return _NO_RUNTIME if importlib.util.find_spec("onnxruntime") is None else None


def _installed() -> Path:
    """Return the model within the package silero-vad, which is not imported: that would load torch."""
    spec = importlib.util.find_spec("silero_vad")
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(
            "voice activity by silero needs its model: pip install --no-deps silero-vad (without --no-deps it brings"
            " torch, which is not needed), or give the path of its silero_vad.onnx instead of 'silero'"
        )
    return Path(spec.submodule_search_locations[0]) / "data" / "silero_vad.onnx"


def _session(model: Path) -> Session:
    if not model.is_file():
        raise EngineError(
            f"voice activity {str(model)!r} is no file: give webrtc, silero or the path of a silero_vad.onnx"
        )
    try:
        runtime = importlib.import_module("onnxruntime")
    except ImportError as error:
        raise EngineError(_NO_RUNTIME) from error
    options = runtime.SessionOptions()
    # The model is too small to be worth sharing, and the worker has streams beside it.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors: the warnings are about how the model was exported
    try:
        session = runtime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        detector = Silero(session)
        detector.judge(bytes(2 * 2 * FRAME))  # more than a window: another model has other inputs
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise EngineError(f"{model} cannot be used as silero's model of voice activity: {reason}") from error
    loaded: Session = session
    return loaded
