"""What live streams cost the embedded server: ``python -m bench.live_server {v1,v2,speech} [--minutes M]``.

The server is a process of its own; its CPU time and memory count, with those of its workers, and not those of the
streams, which are bare connections of ``websockets``. They speak a recording as it was spoken, each from another place
in it, in frames of 100 ms. ``v1`` and ``v2`` measure the protocol, with the engine ``scripted``, which costs next to
nothing; ``speech`` measures pocketsphinx.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import subprocess
import sys
import wave
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import numpy
import psutil
import soxr
from websockets.asyncio.client import ClientConnection, connect

from .recognition import RATE, recording

FRAME = 0.1
"""Seconds of audio in a frame."""
BYTES = int(RATE * FRAME) * 2
WARMING = 5.0
"""Seconds until the measurement begins: everything has been used once."""
STREAMS = {"v1": 400, "v2": 400, "speech": 4}
"""How many a core carries shows when it carries many: with few, each message wakes a process that has slept, and costs
a third more."""
SECONDS = {"v1": 15.0, "v2": 15.0, "speech": 30.0}
STOPPING = 20.0
"""Seconds that the server gets to end, and the streams to get their last results."""
QUERY = f"encoding=linear16&sample_rate={RATE}&interim_results=true&endpointing=300"
PATHS = {
    "v1": f"/v1/listen?model=nova-3&{QUERY}",
    "v2": f"/v2/listen?model=flux-general-en&encoding=linear16&sample_rate={RATE}",
    "speech": f"/v1/listen?model=nova-3&{QUERY}",
}
MIB = 2**20


@contextmanager
def server(engine: str, *options: str) -> Generator[tuple[str, psutil.Process]]:
    """Run an embedded server; give its address and its process."""
    command = [sys.executable, "-m", "deepgram.local", "--engine", engine, "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        found = re.search(r"http://(\S+)", process.stdout.readline())
        if found is None:
            raise SystemExit("the embedded server did not start")
        yield f"ws://{found[1]}", psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def speech() -> bytes:
    """Return recorded read speech as linear16 of ``RATE``, a whole number of frames."""
    with wave.open(str(recording())) as opened:
        rate = opened.getframerate()
        samples = numpy.frombuffer(opened.readframes(opened.getnframes()), dtype=numpy.int16)
    pcm: bytes = soxr.resample(samples, rate, RATE).tobytes()
    return pcm[: len(pcm) // BYTES * BYTES]


def spent(process: psutil.Process) -> tuple[float, float]:
    """Return the CPU time (s) and the memory (MiB) of a process and its children."""
    tree = [process, *process.children(recursive=True)]
    times = [each.cpu_times() for each in tree]
    return sum(each.user + each.system for each in times), sum(each.memory_info().rss for each in tree) / MIB


def waited(process: psutil.Process) -> float:
    """Return the seconds that the process or child that waited most has been ready to run and had no CPU (Linux)."""
    tree = [process, *process.children(recursive=True)]
    files = [path for each in tree if (path := Path(f"/proc/{each.pid}/schedstat")).exists()]
    return max((int(path.read_text().split()[1]) / 1e9 for path in files), default=0.0)


class Speaker:
    """One stream: speaks a recording, again and again, and takes down when its results come."""

    def __init__(self, audio: bytes, begin: float) -> None:
        self._audio = audio
        self._begin = begin
        self._sent: list[float] = []
        self.final: list[float] = []
        """Seconds from the frame with the endpoint to the final result."""
        self.behind: list[float] = []
        """Seconds from a frame to the result that reaches up to it, of all results."""
        self.messages = 0
        self._over = False

    async def speak(self, connection: ClientConnection, begin: float, end: float) -> None:
        """Speak until ``end``, and ask for the last results."""
        at = int(len(self._audio) * self._begin) // BYTES * BYTES
        reading = asyncio.create_task(self._read(connection))
        due = begin + self._begin * FRAME
        while due < end:
            await asyncio.sleep(due - monotonic())
            self._sent.append(monotonic())
            await connection.send(self._audio[at : at + BYTES])
            at = (at + BYTES) % len(self._audio)
            due += FRAME
        self._over = True
        await connection.send('{"type": "CloseStream"}')
        await asyncio.wait_for(reading, STOPPING)

    async def _read(self, connection: ClientConnection) -> None:
        async for frame in connection:
            self.messages += 1
            if b'"Results"' in frame if isinstance(frame, bytes) else '"Results"' in frame:
                self._note(json.loads(frame))

    def _note(self, results: dict[str, Any]) -> None:
        last = round((results["start"] + results["duration"]) / FRAME + 0.499) - 1
        if not WARMING / FRAME <= last < len(self._sent):
            return
        late = monotonic() - self._sent[last]
        self.behind.append(late)
        # The last one has no endpoint: it comes because the audio ends.
        if results["speech_final"] and not (self._over and last == len(self._sent) - 1):
            self.final.append(late)


async def load(address: str, process: psutil.Process, kind: str, streams: int, seconds: float) -> dict[str, Any]:
    """Let so many streams speak for so long; return what they cost and how late the results were."""
    audio = speech()
    speakers = [Speaker(audio, index / streams) for index in range(streams)]
    connections = [await connect(address + PATHS[kind], compression=None, ping_interval=None) for _ in speakers]
    begin = monotonic()
    end = begin + WARMING + seconds
    speaking = asyncio.gather(
        *(each.speak(connection, begin, end) for each, connection in zip(speakers, connections, strict=True))
    )
    await asyncio.sleep(WARMING)
    parts = max(3, round(seconds / 30))
    before = waited(process)
    samples: list[tuple[float, float, float]] = []
    for part in range(parts + 1):
        await asyncio.sleep(begin + WARMING + seconds * part / parts - monotonic())
        samples.append((monotonic(), *spent(process)))
        if parts > 3:
            print(f"{samples[-1][0] - begin:.0f} s: {samples[-1][2]:.1f} MiB", file=sys.stderr, flush=True)
    starved = (waited(process) - before) / seconds
    await speaking
    for connection in connections:
        await connection.close()
    cores = (samples[-1][1] - samples[0][1]) / (samples[-1][0] - samples[0][0])
    final = sorted(late for each in speakers for late in each.final)
    half = len(samples) // 2
    return {
        "streams": streams,
        "cores": cores,
        "per_core": streams / cores,
        "waited": starved,
        "memory": [round(sample[2], 1) for sample in samples],
        "growth": (samples[-1][2] / samples[half][2] - 1) * 100,
        "messages": sum(each.messages for each in speakers),
        "final": statistics.median(final) if final else None,
        "final_worst": final[len(final) * 95 // 100] if final else None,
        "endpoints": len(final),
        "behind": max((statistics.median(each.behind[-5:]) for each in speakers if each.behind), default=None),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.live_server", description=__doc__)
    parser.add_argument("kind", choices=list(STREAMS))
    parser.add_argument("--streams", type=int)
    parser.add_argument("--minutes", type=float, help="how long; memory over the time is then printed as well")
    asked = parser.parse_args()
    kind: str = asked.kind
    streams: int = asked.streams or STREAMS[kind]
    seconds: float = asked.minutes * 60 if asked.minutes else SECONDS[kind]
    options = ("--live-workers", "1") if kind == "speech" else ()
    engine = "pocketsphinx" if kind == "speech" else "scripted"
    with server(engine, "--max-streams", str(streams), *options) as (address, process):
        print(json.dumps(asyncio.run(load(address, process, kind, streams, seconds))))


if __name__ == "__main__":
    main()
