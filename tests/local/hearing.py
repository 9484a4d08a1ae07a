"""A server whose ears are made for the test, and a peer that knows nothing but WebSockets."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from typing_extensions import Unpack
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from deepgram.local.analysis.workers import Analysts
from deepgram.local.audio import AudioError
from deepgram.local.callbacks import Callbacks
from deepgram.local.engines.recognizer import EngineInfo, Hints, Word
from deepgram.local.fetch import guarded_client
from deepgram.local.live import (
    Busy,
    Ended,
    Happening,
    Heard,
    LiveOptions,
    LiveStream,
    SpeechBegan,
    Turn,
    TurnRules,
    UtteranceEnded,
)
from deepgram.local.records import Record
from deepgram.local.server import address, configure, listen
from deepgram.local.services import Background, Services, Slots
from deepgram.local.settings import Options, Settings
from deepgram.local.speech import Speech
from deepgram.local.state import State
from deepgram.local.thinking.providers import Providers
from deepgram.local.workers import WorkerLost, WorkerPool

INFO = EngineInfo(name="ears", version="1", model="test", languages=("en",))
SECOND = 32_000
"""Bytes of a second of linear16 at 16 kHz."""
RAW = "encoding=linear16&sample_rate=16000"
PATIENCE = 10.0
"""Seconds after which a test gives up waiting for a message."""


@dataclass
class Ears:
    """Streams that hear a word of ``script`` in each half second, and say it as final after each whole second."""

    script: str = "hello world"
    places: int = 100
    info: EngineInfo = INFO
    streams: list[Stream] = field(default_factory=list["Stream"])
    taken: int = 0
    chatter: int = 0
    """Interim results that are said at each feeding."""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, feeding waits: the recogniser is behind."""

    def __post_init__(self) -> None:
        self.ready.set()

    async def open(self, options: LiveOptions) -> LiveStream:
        if self.taken >= self.places:
            raise Busy
        if options.encoding == "nonsense":
            raise AudioError("encoding is linear16 or mulaw, not 'nonsense'", "encoding")
        self.taken += 1
        stream = Stream(self, options)
        self.streams.append(stream)
        return stream


class Stream:
    """What one conversation is heard by."""

    def __init__(self, ears: Ears, options: LiveOptions) -> None:
        self.options = options
        self.ears = ears
        self.fed = bytearray()
        self.configured: list[tuple[TurnRules | None, Hints | None]] = []
        self.closed = False
        self._said = 0.0
        self._turn: int | None = None
        self._turns = 0
        self._queue: asyncio.Queue[Happening | Exception] = asyncio.Queue()

    async def feed(self, data: bytes) -> None:
        await self.ears.ready.wait()
        if data.startswith(b"no audio"):
            raise AudioError("no decoder knows these bytes")
        if data.startswith(b"poison"):
            raise WorkerLost("the worker ended")
        if not self.fed and self.options.vad_events:
            self._say(SpeechBegan(0, 0.0))
        self.fed += data
        for _ in range(self.ears.chatter):
            self._say(Heard(0, self._said, self._now - self._said, self._words(), is_final=False))
        if self.options.turns is not None:
            if self._turn is None:
                self._turn = self._turns
                self._turns += 1
                self._take_turn("StartOfTurn", 0.1)
            else:
                self._take_turn("Update", 0.2)
        elif self._now >= self._said + 1:
            self._final(speech_final=self.options.endpointing_ms is not None)
            if self.options.utterance_end_ms is not None:
                self._say(UtteranceEnded(0, self._now))
        elif self.options.interim:
            self._say(Heard(0, self._said, self._now - self._said, self._words(), is_final=False))

    def takes(self, size: int) -> bool:
        return self.ears.ready.is_set()

    async def finalize(self) -> None:
        self._final(from_finalize=True)

    async def end_turn(self) -> None:
        if self._turn is not None:
            self._take_turn("EndOfTurn", 0.4, "manual")
            self._turn = None

    async def configure(self, *, rules: TurnRules | None = None, hints: Hints | None = None) -> None:
        self.configured.append((rules, hints))

    async def finish(self) -> None:
        if self.options.turns is None:
            self._final()
        elif self._turn is not None:
            self._take_turn("EndOfTurn", 0.4, "manual")
        self._say(Ended(self._now, self.options.channels, hashlib.sha256(self.fed).hexdigest()))

    async def __aiter__(self) -> AsyncIterator[Happening]:
        while True:
            happening = await self._queue.get()
            if isinstance(happening, Exception):
                raise happening
            yield happening
            if isinstance(happening, Ended):
                return

    async def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.ears.taken -= 1

    @property
    def _now(self) -> float:
        return len(self.fed) / SECOND

    def _say(self, happening: Happening) -> None:
        self._queue.put_nowait(happening)

    def _words(self, start: float = -1.0) -> tuple[Word, ...]:
        script = self.ears.script.split()
        first, last = int(2 * (self._said if start < 0 else start)), int(2 * self._now)
        return tuple(Word(script[at % len(script)], at / 2, at / 2 + 0.4, 0.9) for at in range(first, last))

    def _final(self, *, speech_final: bool = False, from_finalize: bool = False) -> None:
        for channel in range(self.options.channels if self.options.multichannel else 1):
            length = self._now - self._said
            self._say(Heard(channel, self._said, length, self._words(), True, speech_final, from_finalize))
        self._said = self._now

    def _take_turn(self, event: Any, confidence: float, trigger: str | None = None) -> None:
        assert self._turn is not None
        self._say(Turn(event, self._turn, self._said, self._now, self._words(), confidence, trigger))
        if event == "EndOfTurn":
            self._said = self._now


@dataclass(frozen=True)
class Local:
    """A running server."""

    url: str
    """``ws://...``"""
    services: Services


@asynccontextmanager
async def serving(ears: Ears, **options: Unpack[Options]) -> AsyncGenerator[Local, None]:
    """Run a server on the loop of the test, with ears that the test has made."""
    settings = Settings(**{"port": 0, "engine": "scripted", **options})  # type: ignore[arg-type]
    started: list[Services] = []

    @asynccontextmanager
    async def start(settings: Settings) -> AsyncGenerator[Services, None]:
        state = await State.open(None)
        client = guarded_client(allow_private=settings.allow_private_urls)
        trusted = httpx.AsyncClient(trust_env=False)
        callbacks = Callbacks(state, client)
        await callbacks.start()
        pool = WorkerPool("scripted", max_audio_seconds=60, max_decoded_bytes=10**7)
        with tempfile.TemporaryDirectory() as folder:
            slots = Slots(settings.max_requests)
            speech, analysts = Speech(), Analysts()
            thinkers = Providers(settings.think, guarded=client, trusted=trusted)
            await speech.start()
            services = Services(
                settings,
                pool,
                ears,
                speech,
                thinkers,
                analysts,
                state,
                callbacks,
                client,
                Path(folder),
                slots,
                Background(),
            )
            started.append(services)
            yield services
            await speech.stop()
        await callbacks.stop()
        await client.aclose()
        await trusted.aclose()
        await state.close()

    with listen(settings) as bound:
        server = uvicorn.Server(configure(settings, start))
        running = asyncio.create_task(server.serve(sockets=[bound]))
        await until(lambda: server.started)
        try:
            yield Local(address(bound).replace("http", "ws"), started[0])
        finally:
            server.should_exit = True
            await asyncio.wait_for(running, PATIENCE)


async def said(socket: ClientConnection) -> dict[str, Any]:
    """Return the next message."""
    message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
    return message


async def all_said(socket: ClientConnection) -> list[dict[str, Any]]:
    """Return the messages up to the end."""
    messages: list[dict[str, Any]] = []
    try:
        while True:
            messages.append(await said(socket))
    except ConnectionClosed:
        return messages


async def tell(socket: ClientConnection, kind: str, **fields: object) -> None:
    """Send a message."""
    await socket.send(json.dumps({"type": kind, **fields}))


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        await asyncio.sleep(0.01)


async def recorded(local: Local, count: int = 1) -> Sequence[Record]:
    """Return the records of what was served, newest first, once there are as many."""
    deadline = time.monotonic() + PATIENCE
    while len(records := await local.services.state.records.list("1", [], limit=100)) < count:
        assert time.monotonic() < deadline, "it was not recorded"
        await asyncio.sleep(0.01)
    return records


def v1(local: Local, query: str = RAW, **options: Any) -> connect:
    """Begin a conversation of the first version."""
    return connect(f"{local.url}/v1/listen?model=nova-3&{query}", compression=None, **options)


def v2(local: Local, query: str = RAW, **options: Any) -> connect:
    """Begin a conversation with turns."""
    return connect(f"{local.url}/v2/listen?model=flux-general-en&{query}", compression=None, **options)
