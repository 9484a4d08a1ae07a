"""Speech from the embedded server: the first byte of a long text, the rate of the whole path, fifty at once.

    python -m bench.speaking

The server is a process of its own. Rates are by the clock, as synthesis and compression go on side by side; what they
cost is given beside them in CPU time.
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psutil
from websockets.asyncio.client import connect

SENTENCE = "The quick brown fox jumps over the lazy dog and runs away into the forest. "
TEXT = (SENTENCE * 30)[:2000]
KEY = {"authorization": "token bench"}
RUNS = 10
CONVERSATIONS = 50
BYTES_A_SECOND = 2 * 24000
"""Of live audio."""
MP3_BYTES_A_SECOND = 6000
"""Of 48 kbit/s."""


@dataclass
class Heard:
    """What a listener in real time noticed of one conversation."""

    first: float = 0.0
    """Seconds from the first word to the first audio."""
    seconds: float = 0.0
    """Of audio."""
    gap: float = 0.0
    """Longest time (s) in which there was nothing left to play."""


@contextmanager
def server() -> Generator[tuple[str, psutil.Process], None, None]:
    """Start a server; give its address and its process."""
    command = [sys.executable, "-m", "deepgram.local", "--port", "0", "--engine", "scripted"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        try:
            assert running.stdout is not None
            found = re.search(r"http://\S+", running.stdout.readline())
            assert found, "it did not start"
            yield found[0], psutil.Process(running.pid)
        finally:
            running.kill()


def whole(client: httpx.Client, **query: str) -> tuple[float, float, int]:
    """Have the text spoken; return the seconds to the first byte and to the last, and the bytes."""
    began = time.perf_counter()
    first, size = 0.0, 0
    with client.stream("POST", "/v1/speak", params=query, json={"text": TEXT}) as answer:
        answer.raise_for_status()
        for chunk in answer.iter_raw():
            first = first or time.perf_counter() - began
            size += len(chunk)
    return first, time.perf_counter() - began, size


async def talk(url: str) -> Heard:
    """Say three times the text, word by word, and listen as somebody does who plays what he hears."""
    heard = Heard()
    async with connect(f"{url}/v1/speak", additional_headers=KEY, max_size=None) as socket:
        began = time.perf_counter()
        for word in (TEXT + " ").split(" ") * 3:
            await socket.send(json.dumps({"type": "Speak", "text": word + " "}))
        await socket.send('{"type": "Flush"}')
        played_until = 0.0
        async for message in socket:
            if isinstance(message, str):
                if "Flushed" in message:
                    break
                continue
            now = time.perf_counter()
            if not heard.seconds:
                heard.first, played_until = now - began, now
            heard.gap = max(heard.gap, now - played_until)
            length = len(message) / BYTES_A_SECOND
            played_until = max(now, played_until) + length
            heard.seconds += length
        await socket.send('{"type": "Close"}')
    return heard


async def together(url: str) -> list[Heard]:
    """Hold many conversations at once."""
    return await asyncio.gather(*(talk(url.replace("http", "ws")) for _ in range(CONVERSATIONS)))


def cpu(process: psutil.Process) -> float:
    """Return the CPU time of a process so far (s)."""
    times = process.cpu_times()
    return times.user + times.system


def main() -> None:
    with server() as (url, process), httpx.Client(base_url=url, headers=KEY, timeout=60) as client:
        whole(client)
        runs = [whole(client) for _ in range(RUNS)]
        seconds = runs[0][2] / MP3_BYTES_A_SECOND
        before = cpu(process)
        best = min(last for _, last, _ in (whole(client) for _ in range(RUNS)))
        mp3_cpu = (cpu(process) - before) / RUNS
        raw = [whole(client, encoding="linear16", container="none") for _ in range(RUNS)]
        began = time.perf_counter()
        heard = asyncio.run(together(url))
        print(
            json.dumps(
                {
                    "first byte, mp3": 1000 * statistics.median(first for first, _, _ in runs),
                    "first byte, linear16": 1000 * statistics.median(first for first, _, _ in raw),
                    "mp3, of real time": seconds / best,
                    "mp3, of real time, for a core": seconds / mp3_cpu,
                    "longest gap": 1000 * max(one.gap for one in heard),
                    "first audio of the last": 1000 * max(one.first for one in heard),
                    "together, of real time": sum(one.seconds for one in heard) / (time.perf_counter() - began),
                }
            )
        )


if __name__ == "__main__":
    main()
