"""Conversations with the agent of the embedded server: how soon it answers, and how soon it falls silent.

    python -m bench.agents [--at-once N] [--turns N]

The server is a process of its own: pocketsphinx hears, rules think, flite speaks. Bare connections speak to it in real
time, 20 ms at a time, as a microphone does, and go on with silence while they listen. Each turn is a question, whose
answer is waited for, and an interruption of that answer. Prints, in seconds by the clock:

``answer``    from the last loud sample of the question to the first audio
``silence``   from the first loud sample of the interruption to the last audio of what was interrupted; 0 where nothing
              was sent any more, as the server is up to 0.6 s ahead of what is heard
``told``      from the same sample to ``UserStartedSpeaking``, at which clients forget what they have not yet played
``gap``       the longest time in which a listener who plays what comes had nothing to play within an answer
``late``      by how much a frame of the speakers came too late at most: beyond that the machine is to blame
``cores``     the CPU time of the server, of the time by the clock
``waited``    the share of the time in which a process of the server was ready to run and had no CPU
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import numpy
from websockets.asyncio.client import ClientConnection, connect

from deepgram.local.speech import Speech

from .live_server import server, spent, waited

RATE = 16000
FRAME = 0.02
BYTES = int(RATE * FRAME) * 2
LOUD = 0.01
"""Of the loudest sample (-40 dB): what is softer is no speech."""
PATIENCE = 20.0
QUESTION, INTERRUPTION = "what is the weather today", "please stop talking now"
RULES = r"""
rules:
  - when: stop
    say: The station is closed.
otherwise: >-
  The weather today is sunny and warm. There is much more to say about the clouds and the wind and the rain over the
  hills and over the river and over the sea, and about the snow in the winter, and about the leaves in the autumn.
"""
SETTINGS = {
    "type": "Settings",
    "audio": {
        "input": {"encoding": "linear16", "sample_rate": RATE},
        "output": {"encoding": "linear16", "sample_rate": RATE, "container": "none"},
    },
    "agent": {
        "listen": {"provider": {"type": "deepgram", "model": "nova-3"}},
        "think": {"provider": {"type": "scripted"}},
        "speak": {"provider": {"type": "deepgram", "model": "aura-2-zeus-en"}},
    },
}


@dataclass
class Spoken:
    """Something to say, with its first and last loud sample in seconds."""

    audio: bytes
    begins: float
    ends: float


@dataclass
class Figures:
    """What was measured, all conversations together."""

    answer: list[float] = field(default_factory=list[float])
    silence: list[float] = field(default_factory=list[float])
    told: list[float] = field(default_factory=list[float])
    gap: float = 0.0
    late: float = 0.0


async def spoken(*texts: str) -> list[Spoken]:
    """Return what flite makes of texts."""
    speech = Speech("flite")
    await speech.start()
    made: list[Spoken] = []
    try:
        for text in texts:
            said = speech.say(text, speech.voice("aura-2-hera-en"), sample_rate=RATE)
            audio = b"".join([piece async for piece in said])
            levels = numpy.abs(numpy.frombuffer(audio, numpy.int16).astype(int))
            (loud,) = numpy.nonzero(levels > LOUD * levels.max())
            made.append(Spoken(audio, loud[0] / RATE, loud[-1] / RATE))
    finally:
        await speech.stop()
    return made


class Caller:
    """One conversation."""

    def __init__(self, connection: ClientConnection, figures: Figures) -> None:
        self._connection = connection
        self._figures = figures
        self._line = b""
        self._spoken_at = 0.0
        self._events: asyncio.Queue[tuple[str, float]] = asyncio.Queue()
        self._last_audio = self._plays_until = 0.0

    async def hold(self, question: Spoken, interruption: Spoken, turns: int) -> None:
        """Ask, wait for the answer, interrupt it, and wait for the answer to that."""
        await self._connection.send(json.dumps(SETTINGS))
        reading = asyncio.create_task(self._read())
        talking: asyncio.Task[None] | None = None
        try:
            await self._until("SettingsApplied")
            talking = asyncio.create_task(self._talk())
            for _ in range(turns):
                begun = await self._say(question)
                self._figures.answer.append(await self._until("audio") - begun - question.ends)
                await asyncio.sleep(2.0)
                begun = await self._say(interruption) + interruption.begins
                self._figures.told.append(await self._until("UserStartedSpeaking") - begun)
                self._figures.silence.append(max(0.0, self._last_audio - begun))
                await self._until("AgentAudioDone")
                await asyncio.sleep(2.0)
        finally:
            for task in (reading, talking):
                if task is not None:
                    task.cancel()

    async def _say(self, words: Spoken) -> float:
        """Begin to speak; return when the first sample goes out."""
        self._line = words.audio
        while not self._events.empty():
            self._events.get_nowait()
        self._spoken_at = 0.0
        while not self._spoken_at:
            await asyncio.sleep(FRAME / 4)
        return self._spoken_at

    async def _talk(self) -> None:
        due = monotonic()
        while True:
            if (wait := due - monotonic()) > 0:
                await asyncio.sleep(wait)
            self._figures.late = max(self._figures.late, -wait)
            frame, self._line = self._line[:BYTES], self._line[BYTES:]
            if frame and not self._spoken_at:
                self._spoken_at = monotonic()
            await self._connection.send(frame.ljust(BYTES, b"\0"))
            due += FRAME

    async def _read(self) -> None:
        fresh = True
        async for frame in self._connection:
            now = monotonic()
            if isinstance(frame, str):
                kind = json.loads(frame)["type"]
                fresh = fresh or kind in ("UserStartedSpeaking", "AgentAudioDone")
                self._events.put_nowait((kind, now))
                continue
            if fresh:
                self._events.put_nowait(("audio", now))
            else:
                self._figures.gap = max(self._figures.gap, now - self._plays_until)
            fresh = False
            self._last_audio = now
            self._plays_until = max(self._plays_until, now) + len(frame) / 2 / RATE

    async def _until(self, kind: str) -> float:
        """Return when the next event of a kind came."""
        while True:
            found, when = await asyncio.wait_for(self._events.get(), PATIENCE)
            if found == kind:
                return when


async def measure(address: str, at_once: int, turns: int) -> Figures:
    """Hold conversations, which do not begin at the same time."""
    figures = Figures()
    question, interruption = await spoken(QUESTION, INTERRUPTION)

    async def one(wait: float) -> None:
        await asyncio.sleep(wait)
        async with connect(f"{address}/v1/agent/converse", compression=None, ping_interval=None) as connection:
            await Caller(connection, figures).hold(question, interruption, turns)

    await asyncio.gather(*(one(1.3 * index) for index in range(at_once)))
    return figures


def shown(times: Sequence[float]) -> dict[str, float]:
    """Return the middle and the worst."""
    return {"p50": round(statistics.median(times), 4), "worst": round(max(times), 4)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.agents", description=__doc__)
    parser.add_argument("--at-once", type=int, default=1)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder, "rules.yaml")
        rules.write_text(RULES)
        with server("pocketsphinx", "--voice-engine", "flite", "--think-script", str(rules)) as (address, process):
            begin, (before, _), starved = monotonic(), spent(process), waited(process)
            figures = asyncio.run(measure(address, asked.at_once, asked.turns))
            took = monotonic() - begin
            cores = (spent(process)[0] - before) / took
            starved = (waited(process) - starved) / took
    found: dict[str, Any] = {name: shown(getattr(figures, name)) for name in ("answer", "silence", "told")}
    found |= {"gap": figures.gap, "late": figures.late, "cores": cores, "waited": starved}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
