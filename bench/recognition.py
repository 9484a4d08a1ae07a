"""How fast the embedded server recognises recorded read speech, with one worker and with two.

``python -m bench.recognition`` prints audio seconds per CPU second (``cpu``) and per second of the clock (``clock``)
with one worker, and how many times that two workers do by the clock (``two``). Both servers exist at the same time
and take turns, so that they meet the same machine.
"""

from __future__ import annotations

import importlib.util
import json
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter

import psutil

import deepgram.local
from deepgram import DeepgramClient

TURNS = 3
REQUESTS = 2
"""Requests at the same time, to one worker and to two alike."""


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


def work(client: DeepgramClient, audio: bytes, requests: int) -> tuple[float, float]:
    """Transcribe ``audio`` in so many requests at once; return the CPU seconds and the seconds of the clock."""
    cpu, clock = spent(), perf_counter()

    def transcribe(_: int) -> None:
        response = client.listen.v1.media.transcribe_file(request=audio)
        (best,) = response.results.channels[0].alternatives or []
        assert best.transcript

    with ThreadPoolExecutor(requests) as threads:
        list(threads.map(transcribe, range(requests)))
    return spent() - cpu, perf_counter() - clock


def measure() -> dict[str, float]:
    """Let both servers do the same work in turns."""
    path = recording()
    audio = path.read_bytes()
    with wave.open(str(path)) as opened:
        heard = REQUESTS * opened.getnframes() / opened.getframerate()
    with (
        deepgram.local.running(workers=1) as one,
        deepgram.local.running(workers=2) as two,
        one.client(timeout=300.0) as to_one,
        two.client(timeout=300.0) as to_two,
    ):
        turns = [(work(to_one, audio, REQUESTS), work(to_two, audio, REQUESTS)) for _ in range(TURNS)]
    return {
        "cpu": heard / min(single[0] for single, _ in turns),
        "clock": heard / min(single[1] for single, _ in turns),
        "two": min(single[1] for single, _ in turns) / min(double[1] for _, double in turns),
    }


if __name__ == "__main__":
    print(json.dumps(measure()))
