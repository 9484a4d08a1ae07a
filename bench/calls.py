"""CPU time of calls with a JSON answer. Runs on ours and on the official package, each beside the bare libraries.

``python -m bench.calls {large,small,at_once} ADDRESS`` prints seconds per call. The package and the bare loop take
turns in one process, so that both meet the same machine.
"""

from __future__ import annotations

import asyncio
import gc
import json
import statistics
import sys
from collections.abc import Awaitable, Callable, Iterable
from time import process_time
from typing import Any, Protocol

import httpx

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.environment import DeepgramClientEnvironment
from deepgram.types.listen_v1response import ListenV1Response

from . import bare

AT_ONCE = 64
"""Asynchronous calls in progress at the same time."""


def environment(address: str) -> DeepgramClientEnvironment:
    """Return the environment in which every request goes to ``address``."""
    return DeepgramClientEnvironment(base=address, production=address, agent=address, agent_rest=address)


def in_turns(turns: int, *steps: Callable[[], float]) -> list[list[float]]:
    """Return what each step measured in each turn; the turn before the first warms up and does not count."""
    measured = [[step() for step in steps] for _ in range(turns + 1)]
    return [list(values) for values in zip(*measured[1:], strict=True)]


def seconds(call: Callable[[], object], repeat: int = 1) -> float:
    """Return the CPU seconds of one call, as the mean of ``repeat``."""
    gc.collect()  # each step begins alike; what it allocates itself is collected at its own cost
    began = process_time()
    for _ in range(repeat):
        call()
    return (process_time() - began) / repeat


class Word(Protocol):
    """A word of an answer: of ours, of the official package, or of the plain models."""

    word: Any
    start: Any
    end: Any
    confidence: Any
    punctuated_word: Any


def read(words: Iterable[Word]) -> None:
    """Read every field of every word."""
    for word in words:
        _ = word.word, word.start, word.end, word.confidence, word.punctuated_word


def large(address: str) -> dict[str, dict[str, float]]:
    """Read the answer for an hour of speech: its transcript, every word, and the transcript of a drifted one.

    Plain models refuse the drifted answer, so there is no bare figure for it.
    """
    http = httpx.Client()
    clean, drifted = (
        DeepgramClient(api_key="bench", environment=environment(f"{address}/{name}")) for name in ("hour", "drifted")
    )

    def ask(client: DeepgramClient) -> ListenV1Response:
        response = client.listen.v1.media.transcribe_url(url=bare.AUDIO)
        (best,) = response.results.channels[0].alternatives or []
        assert best.transcript
        return response

    def ask_for_words() -> None:
        results = ask(clean).results
        for alternative in results.channels[0].alternatives or ():
            read(alternative.words or ())
        for utterance in results.utterances or ():
            read(utterance.words or ())

    def plain() -> bare.Answer:
        answer = bare.transcribe(http, f"{address}/hour")
        assert answer.results.channels[0].alternatives[0].transcript
        return answer

    def plain_words() -> None:
        results = plain().results
        read(results.channels[0].alternatives[0].words)
        for utterance in results.utterances or ():
            read(utterance.words)

    measured = in_turns(
        9,
        lambda: seconds(lambda: ask(clean)),
        lambda: seconds(ask_for_words),
        lambda: seconds(lambda: ask(drifted)),
        lambda: seconds(plain),
        lambda: seconds(plain_words),
    )
    # The median and not the best: a collection of garbage now and then is part of what a large answer costs.
    took = [statistics.median(values) for values in measured]
    return {
        "package": {"transcript": took[0], "words": took[1], "drifted": took[2]},
        "bare": {"transcript": took[3], "words": took[4]},
    }


def small(address: str) -> dict[str, float]:
    """Make small calls one after the other on one connection. Bare is httpx and the JSON as it came."""
    address = f"{address}/small"
    client = DeepgramClient(api_key="bench", environment=environment(address))
    http = httpx.Client(headers=bare.HEADERS)
    ours_took, plain_took = in_turns(
        40,
        lambda: seconds(lambda: client.listen.v1.media.transcribe_url(url=bare.AUDIO), 40),
        lambda: seconds(lambda: http.post(f"{address}/v1/listen", json={"url": bare.AUDIO}).json(), 40),
    )
    return {"package": min(ours_took), "bare": min(plain_took)}


async def at_once(address: str) -> dict[str, float]:
    """Make 64 small calls at once, over aiohttp where it is installed."""
    address = f"{address}/small"
    client = AsyncDeepgramClient(api_key="bench", environment=environment(address))
    try:
        from httpx_aiohttp import HttpxAiohttpClient
    except ImportError:
        http = httpx.AsyncClient(headers=bare.HEADERS)
    else:
        http = HttpxAiohttpClient(headers=bare.HEADERS)

    async def plain() -> object:
        return (await http.post(f"{address}/v1/listen", json={"url": bare.AUDIO})).json()

    async def took(call: Callable[[], Awaitable[object]]) -> float:
        began = process_time()
        await asyncio.gather(*(call() for _ in range(AT_ONCE)))
        return (process_time() - began) / AT_ONCE

    turns = [
        (await took(lambda: client.listen.v1.media.transcribe_url(url=bare.AUDIO)), await took(plain))
        for _ in range(25)
    ]
    await http.aclose()
    if (close := getattr(client, "aclose", None)) is not None:  # the official client has none
        await close()
    ours_took, plain_took = zip(*turns[1:], strict=True)
    return {"package": min(ours_took), "bare": min(plain_took)}


if __name__ == "__main__":
    kind, server = sys.argv[1:]
    results = asyncio.run(at_once(server)) if kind == "at_once" else {"large": large, "small": small}[kind](server)
    print(json.dumps(results))
