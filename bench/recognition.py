"""How fast the embedded server recognises recorded read speech, with one worker and with two.

``python -m bench.recognition`` prints, for the server (``package``) and for the recogniser's library in bare processes
(``bare``), audio seconds per CPU second (``cpu``) and per second of the clock (``clock``) with one worker, and how many
times that two workers do by the clock (``two``). All exist at the same time and take turns, so that they meet the same
machine. Two workers do less than twice the work of one where the cores share something; bare shows how much.
"""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import wave
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy
import pocketsphinx
import psutil
import soxr

import deepgram.local
from deepgram import DeepgramClient

TURNS = 2
RATE = 16000
"""Samples per second that the recogniser takes (Hz)."""

_decoder: Any = None


def recording() -> Path:
    """Return the recorded read speech that the wheel of ``moonshine-voice`` carries (44 s)."""
    package = importlib.util.find_spec("moonshine_voice")
    if package is None or package.origin is None:
        raise SystemExit("moonshine-voice is not installed: there is no recording to recognise")
    return Path(package.origin).parent / "assets" / "two_cities.wav"


def spent() -> float:
    """Return the CPU seconds of this process and of the workers, which are its children and live on."""
    me = psutil.Process()
    times = [process.cpu_times() for process in (me, *me.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def work(executor: Executor, task: Callable[[bytes], object], audio: bytes, times: int) -> tuple[float, float]:
    """Do ``task`` so many times at once; return the CPU seconds and the seconds of the clock."""
    cpu, clock = spent(), perf_counter()
    list(executor.map(task, [audio] * times))
    return spent() - cpu, perf_counter() - clock


def transcribing(client: DeepgramClient) -> Callable[[bytes], None]:
    """Return what has a recording transcribed by the server of ``client``."""

    def transcribe(audio: bytes) -> None:
        response = client.listen.v1.media.transcribe_file(request=audio)
        (best,) = response.results.channels[0].alternatives or []
        assert best.transcript

    return transcribe


def load() -> None:
    """Make the decoder of a bare process."""
    global _decoder
    _decoder = pocketsphinx.Decoder(loglevel="FATAL", samprate=RATE)


def decode(pcm: bytes) -> None:
    """Recognise 16-bit samples in a bare process."""
    _decoder.start_utt()
    _decoder.process_raw(pcm, full_utt=True)
    _decoder.end_utt()


def measure() -> dict[str, dict[str, float]]:
    """Let servers and bare processes do the same work in turns."""
    path = recording()
    audio = path.read_bytes()
    with wave.open(str(path)) as opened:
        rate, length = opened.getframerate(), opened.getnframes()
        samples = numpy.frombuffer(opened.readframes(length), dtype=numpy.int16)
    pcm = soxr.resample(samples, rate, RATE).tobytes()
    spawn = multiprocessing.get_context("spawn")
    with (
        deepgram.local.running(workers=1) as one,
        deepgram.local.running(workers=2) as two,
        one.client(timeout=300.0) as to_one,
        two.client(timeout=300.0) as to_two,
        ThreadPoolExecutor(2) as threads,
        ProcessPoolExecutor(2, spawn, load) as processes,
    ):
        list(processes.map(decode, [pcm[:RATE]] * 2))  # until both have started
        turns = [
            (
                work(threads, transcribing(to_one), audio, 2),
                work(threads, transcribing(to_two), audio, 2),
                work(processes, decode, pcm, 1),
                work(processes, decode, pcm, 2),
            )
            for _ in range(TURNS)
        ]
    seconds = length / rate
    (cpu, clock), (_, clock_of_two), (bare_cpu, bare_clock), (_, bare_clock_of_two) = (
        tuple(min(turn[step][which] for turn in turns) for which in (0, 1)) for step in range(4)
    )
    return {
        "package": {"cpu": 2 * seconds / cpu, "clock": 2 * seconds / clock, "two": clock / clock_of_two},
        "bare": {"cpu": seconds / bare_cpu, "clock": seconds / bare_clock, "two": 2 * bare_clock / bare_clock_of_two},
    }


if __name__ == "__main__":
    print(json.dumps(measure()))
