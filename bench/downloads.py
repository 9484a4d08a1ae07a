"""Downloads of audio: their speed, their memory, and how soon the first byte is there.

``python -m bench.downloads {sync,async,first} ADDRESS`` prints seconds of the package and of the bare library, which
take turns in one process: CPU time of 200 MB, and by the clock until the first byte. ``memory`` prints by how many
bytes the process grows while it hands out 200 MB.
"""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx

from deepgram import AsyncDeepgramClient, DeepgramClient

from .calls import environment

SIZE = 200 * 1000 * 1000
TURNS = 20
FIRST = 400
"""Calls whose first byte is waited for."""
TEXT = "Hello there."


def in_turns(*steps: Callable[[], int]) -> list[float]:
    """Return the least CPU time (s) of each step, of several turns; the first warms up."""
    best = [float("inf")] * len(steps)
    for turn in range(TURNS + 1):
        for number, step in enumerate(steps):
            began = time.process_time()
            assert step() == SIZE
            if turn:
                best[number] = min(best[number], time.process_time() - began)
    return best


def sync(address: str) -> dict[str, float]:
    """Download from a thread, beside bare httpx."""
    address = f"{address}/{SIZE}"
    client = DeepgramClient(api_key="bench", environment=environment(address))
    http = httpx.Client(timeout=60)

    def bare() -> int:
        with http.stream("POST", f"{address}/v1/speak", json={"text": TEXT}) as reply:
            return sum(map(len, reply.iter_bytes()))

    ours, plain = in_turns(lambda: sum(len(piece) for piece in client.speak.v1.audio.generate(text=TEXT)), bare)
    return {"package": ours, "bare": plain}


async def asynchronous(address: str) -> dict[str, float]:
    """Download in an event loop over aiohttp, beside bare aiohttp."""
    import aiohttp

    address = f"{address}/{SIZE}"
    client: Any = AsyncDeepgramClient(api_key="bench", environment=environment(address))
    best = {"package": float("inf"), "bare": float("inf")}
    async with aiohttp.ClientSession() as session:
        for turn in range(TURNS + 1):
            size = 0
            began = time.process_time()
            async for piece in client.speak.v1.audio.generate(text=TEXT):
                size += len(piece)
            took = time.process_time() - began
            assert size == SIZE
            size = 0
            began = time.process_time()
            async with session.post(f"{address}/v1/speak", json={"text": TEXT}) as reply:
                async for piece in reply.content.iter_any():
                    size += len(piece)
            plain = time.process_time() - began
            assert size == SIZE
            if turn:
                best = {"package": min(best["package"], took), "bare": min(best["bare"], plain)}
    await client.close()
    return best


def first(address: str) -> dict[str, float]:
    """Wait for the first byte, beside bare httpx: the median (s) of many calls on one connection."""
    address = f"{address}/1000"
    client = DeepgramClient(api_key="bench", environment=environment(address))
    http = httpx.Client(timeout=60)
    took: dict[str, list[float]] = {"package": [], "bare": []}
    for _ in range(FIRST):
        began = time.perf_counter()
        audio = client.speak.v1.audio.generate(text=TEXT)
        next(audio)
        took["package"].append(time.perf_counter() - began)
        for _ in audio:
            pass
        began = time.perf_counter()
        with http.stream("POST", f"{address}/v1/speak", json={"text": TEXT}) as reply:
            pieces = reply.iter_bytes()
            next(pieces)
            took["bare"].append(time.perf_counter() - began)
            for _ in pieces:
                pass
    return {side: statistics.median(values[20:]) for side, values in took.items()}


def memory(address: str) -> dict[str, float]:
    """Hand out 200 MB and return the bytes by which the process grew at the most."""
    client = DeepgramClient(api_key="bench", environment=environment(f"{address}/{SIZE}"))
    small = DeepgramClient(api_key="bench", environment=environment(f"{address}/1000"))
    small.speak.v1.audio.generate(text=TEXT).read()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(len(piece) for piece in client.speak.v1.audio.generate(text=TEXT)) == SIZE
    return {"bytes": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024}


if __name__ == "__main__":
    kind, server = sys.argv[1:]
    if kind == "async":
        print(json.dumps(asyncio.run(asynchronous(server))))
    else:
        print(json.dumps({"sync": sync, "first": first, "memory": memory}[kind](server)))
