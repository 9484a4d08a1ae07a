"""Live streams in worker processes, and the pool that owns them.

A worker carries several streams. It is started when there is a stream for it, and stays. One that dies ends its streams
and no others, and the next stream finds another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from . import engines, live_wire, speech_detectors
from .audio import AudioError
from .engines.recognizer import EngineError, EngineInfo, Hints, Recognizer
from .live import Busy, LiveOptions, LiveStream, TurnRules
from .live_audio import check, plain
from .live_codecs import PCM
from .live_said import InServer, Said, chunks, in_packets
from .live_stream import Configure, EndTurn, Finalize, Order
from .speech_detectors import Detectors
from .worker_process import Message, WorkerProcess
from .workers import START_TIMEOUT, WorkerLost

STREAMS_PER_WORKER = 4
"""Streams that a core carries with the embedded engine: with more, another worker is started if there may be one."""
BEHIND_SECONDS = 5.0
"""Audio that may wait to be decoded; then feeding waits."""
MOST_BEHIND = 4 * 1024 * 1024
"""The same in bytes, whatever the audio is."""
FIRST_BEHIND = 64 * 1024
"""The same in bytes while it is not known how many bytes a second of the audio has."""
LEAST_BEHIND = 32 * 1024
"""The same in bytes, however few bytes a second of the audio has."""
MOST_ORDERS = 100
"""Orders that may wait."""
LONGEST_PACKET = 64 * 1024
"""Bytes of the largest packet. An Opus packet has 61,440 at most (RFC 6716, 3.4)."""
STALLED_SECONDS = 30.0
"""Time after which a worker that does not take the audio of a stream is taken for dead."""
WATCH_SECONDS = 5.0


class LivePool:
    """Where live streams come from. Use it on one event loop: ``start``, any number of ``open``, ``stop``."""

    def __init__(
        self,
        engine: str,
        *,
        info: EngineInfo,
        workers: int = 1,
        max_streams: int = 16,
        model: str | None = None,
        script: Path | None = None,
        voice_activity: str = "webrtc",
    ) -> None:
        self._settings: Message = {"engine": engine, "model": model, "workers": workers}
        self._settings |= {"script": None if script is None else str(script), "voice_activity": voice_activity}
        self._create = partial(engines.create, engine, model, script)
        self._load = partial(speech_detectors.load, voice_activity, light=True)
        self._info = info
        self._max_workers = workers
        self._max_streams = max_streams
        self._streams: set[Said] = set()
        self._workers: set[_Worker] = set()
        self._starting: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._light: tuple[Recognizer, Detectors] | None = None  # what hears in this process

    @property
    def info(self) -> EngineInfo:
        """What the engine says of itself."""
        return self._info

    async def start(self) -> None:
        """Make ready. Raises ``EngineError`` if the engine is not there."""
        if self._watching is not None:
            raise RuntimeError("the live workers have been started already")
        if self._info.light:
            detectors = await asyncio.to_thread(self._load)
            self._light = await asyncio.to_thread(self._create), detectors
        self._watching = asyncio.create_task(self._watch(), name="live workers")

    async def stop(self) -> None:
        """End all streams, with ``WorkerLost``, and all workers."""
        tasks = [task for task in (self._starting, self._watching) if task is not None]
        self._starting = self._watching = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for stream in tuple(self._streams):
            stream._fail(WorkerLost("the server stops"))
        await asyncio.gather(*(worker.stop() for worker in tuple(self._workers)))
        self._workers.clear()
        if self._light is not None:
            self._light[0].close()
            self._light = None

    async def open(self, options: LiveOptions) -> LiveStream:
        """Begin a stream.

        Raises ``Busy`` when all places are taken, ``AudioError`` for options that no audio can have, ``EngineError`` if
        the engine cannot hear live audio or cannot be started.
        """
        if self._watching is None:
            raise RuntimeError("the live workers are not running")
        if not self._info.streams:
            raise EngineError(
                f"the engine {self._info.name} does not hear live audio; engines that do: pocketsphinx, moonshine"
            )
        check(options)
        if len(self._streams) >= self._max_streams:
            raise Busy
        if self._light is not None and plain(options):
            here = InServer(options, *self._light, lambda: self._streams.discard(here))
            self._streams.add(here)
            return here
        stream = InWorker(options, lambda: self._streams.discard(stream))
        self._streams.add(stream)  # its place is taken while a worker starts
        try:
            worker = await self._worker()
        except BaseException:
            self._streams.discard(stream)
            raise
        worker.carry(stream)
        return stream

    async def _worker(self) -> _Worker:
        """Return the worker with the fewest streams; start another one first if they are many."""
        while True:
            for worker in tuple(self._workers):
                if worker.ended.is_set():
                    self._workers.discard(worker)
            best = min(self._workers, key=lambda worker: len(worker.streams), default=None)
            if best is not None and (len(best.streams) < STREAMS_PER_WORKER or len(self._workers) >= self._max_workers):
                return best
            if self._starting is None:
                self._starting = asyncio.create_task(self._start_worker(), name="start of a live worker")
                self._starting.add_done_callback(self._has_started)
            starting = self._starting
            try:
                await asyncio.shield(starting)
            except asyncio.CancelledError:
                if starting.cancelled():
                    raise WorkerLost("the server stops") from None
                raise

    async def _start_worker(self) -> None:
        worker = _Worker(self._settings)
        try:
            await asyncio.wait_for(worker.started, START_TIMEOUT)
        except asyncio.TimeoutError as error:
            await worker.stop()
            raise EngineError(f"the live worker of the engine {self._info.name} did not start") from error
        except BaseException:
            await worker.stop()
            raise
        self._workers.add(worker)

    def _has_started(self, task: asyncio.Task[None]) -> None:
        self._starting = None
        if not task.cancelled():
            task.exception()  # seen, should nobody wait for it any more

    async def _watch(self) -> None:
        """End workers that do not work any more."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            for worker in tuple(self._workers):
                if worker.stalled():
                    worker.kill()


class InWorker(Said):
    """A stream in a worker process, as the server sees it."""

    def __init__(self, options: LiveOptions, release: Callable[[], None]) -> None:
        super().__init__(release)
        self.options = options
        self._packets = in_packets(options)
        self._tell: Callable[[Message, bytes | memoryview], None] = _to_nobody
        self._sent = self._taken = 0  # bytes
        self._orders = self._obeyed = 0
        self._seconds = 0.0  # heard
        self._finishing = False
        self._progress = asyncio.Event()
        self._progressed = time.monotonic()

    def begin(self, tell: Callable[[Message, bytes | memoryview], None]) -> None:
        """Begin to be carried by a worker, to which ``tell`` leads."""
        self._tell = tell
        tell({"do": "open", "options": live_wire.pack_options(self.options)}, b"")

    async def feed(self, data: bytes) -> None:
        """Hear more audio. Waits while the worker is behind, or nobody reads what the stream says."""
        if self._packets and len(data) > LONGEST_PACKET:
            self._fail(AudioError(f"a packet of {len(data)} bytes is none; the largest has {LONGEST_PACKET}"))
        for part in (data,) if self._packets else chunks(data):
            if not await self._until_read():
                return
            if not await self._until(lambda: self._sent - self._taken < self._allowed()):
                return
            self._sent += len(part)
            self._tell({"do": "audio", "size": len(part)}, part)

    async def finalize(self) -> None:
        """Say what was heard so far as final."""
        await self._order(Finalize())

    async def end_turn(self) -> None:
        """End the turn now."""
        await self._order(EndTurn())

    async def configure(self, *, rules: TurnRules | None = None, hints: Hints | None = None) -> None:
        """Change the rules while the stream goes on."""
        await self._order(Configure(rules, hints))

    async def finish(self) -> None:
        """End the audio."""
        if self._going_on() and not self._finishing:
            self._finishing = True
            self._progressed = time.monotonic()
            self._tell({"do": "end"}, b"")

    async def close(self) -> None:
        """Give the place back."""
        if self._let_go():
            self._progress.set()
            self._tell({"do": "close"}, b"")
            self._tell = _to_nobody

    def received(self, message: Message) -> None:
        """Take in what the worker says of this stream. Raises some error for nonsense."""
        self._progressed = time.monotonic()
        if "error" in message:
            text = str(message["message"])
            self.lost(AudioError(text, message["parameter"]) if message["error"] == "audio" else EngineError(text))
            return
        self._taken = max(self._taken, min(int(message["taken"]), self._sent))
        self._obeyed = min(int(message["obeyed"]), self._orders)
        self._seconds = float(message["seconds"])
        self._progress.set()
        self._say([live_wire.read_happening(happening) for happening in message["said"]])

    def lost(self, error: Exception) -> None:
        """End with an error."""
        self._fail(error)
        self._progress.set()

    def stalled(self) -> bool:
        """Say whether the worker has had something to do for this stream, and has not done any of it, for too long."""
        waits = self._sent > self._taken or self._orders > self._obeyed or self._finishing
        return waits and not self._over and time.monotonic() - self._progressed > STALLED_SECONDS

    def _allowed(self) -> int:
        """Return how many bytes may wait."""
        options = self.options
        if (width := PCM.get((options.encoding or "").lower())) is not None:
            rate = width * options.channels * (options.sample_rate or 0)
        elif self._seconds >= 1.0:
            rate = int(self._taken / self._seconds)
        else:
            return FIRST_BEHIND
        return min(max(int(BEHIND_SECONDS * rate), LEAST_BEHIND), MOST_BEHIND)

    async def _order(self, order: Order) -> None:
        if await self._until_read() and await self._until(lambda: self._orders - self._obeyed < MOST_ORDERS):
            self._orders += 1
            self._tell({"do": "order", "order": live_wire.pack_order(order)}, b"")

    async def _until(self, near: Callable[[], bool]) -> bool:
        """Wait until the worker has come near enough; say whether the stream still goes on then."""
        while not near():
            self._progress.clear()
            await self._progress.wait()
            if not self._going_on():
                return False
        if self._sent == self._taken and self._orders == self._obeyed:
            self._progressed = time.monotonic()  # it was idle until now
        return True


class _Worker:
    """A worker process and its two threads: one starts it and reads what it says, one writes."""

    def __init__(self, settings: Message) -> None:
        loop = asyncio.get_running_loop()
        self.started: asyncio.Future[None] = loop.create_future()
        self.ended = asyncio.Event()
        self.streams: dict[int, InWorker] = {}
        self._loop = loop
        self._count = 0
        self._settings = settings
        self._process: WorkerProcess | None = None
        self._killed = False
        self._lock = threading.Lock()  # of the two above
        self._outbox: queue.SimpleQueue[tuple[Message, bytes | memoryview] | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="deepgram-live-writer", daemon=True)
        self._reader = threading.Thread(target=self._run, name="deepgram-live-worker", daemon=True)
        self._reader.start()

    def carry(self, stream: InWorker) -> None:
        """Take a stream."""
        self._count += 1
        self.streams[self._count] = stream
        stream.begin(partial(self._tell, self._count))
        if self.ended.is_set():
            self._ended("the worker process died")

    def stalled(self) -> bool:
        """Say whether it does not work any more."""
        return any(stream.stalled() for stream in self.streams.values())

    def kill(self) -> None:
        """End it, at once, from any thread."""
        with self._lock:
            self._killed = True
            if self._process is not None:
                self._process.kill()

    async def stop(self) -> None:
        """End it and wait until nothing of it is left."""
        self.kill()
        await self.ended.wait()
        await asyncio.to_thread(self._reader.join)

    def _tell(self, number: int, message: Message, data: bytes | memoryview) -> None:
        self._outbox.put(({"stream": number, **message}, data))
        if message["do"] == "close":
            self.streams.pop(number, None)

    def _hello(self, message: Message) -> None:
        """Take in the first message (event loop)."""
        if self.started.done():
            return
        if "info" in message:
            self.started.set_result(None)
        else:
            self.started.set_exception(EngineError(str(message.get("message"))))

    def _received(self, message: Message) -> None:
        """Hand on what the worker said (event loop)."""
        try:
            stream = self.streams.get(message["stream"])
            if stream is not None:
                stream.received(message)
        except (AttributeError, KeyError, TypeError, ValueError):  # it is not itself any more
            self.kill()

    def _ended(self, why: str) -> None:
        """Tell all who wait that there is no worker any more (event loop)."""
        self.ended.set()
        if not self.started.done():
            self.started.set_exception(EngineError(f"the live worker could not be started: {why}"))
        for stream in self.streams.values():
            stream.lost(WorkerLost(f"the worker that heard the stream has ended: {why}"))
        self.streams.clear()

    # --- on threads ---------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            process = WorkerProcess(self._settings, "live_worker_main")
        except OSError as error:
            self._post(self._ended, str(error))
            return
        with self._lock:
            self._process = process
            if self._killed:
                process.kill()
        self._writer.start()
        with contextlib.suppress(EOFError):
            self._post(self._hello, process.read())
            while True:
                self._post(self._received, process.read())
        process.kill()
        self._outbox.put(None)
        self._writer.join()
        process.reap()
        self._post(self._ended, "the process died")

    def _write(self) -> None:
        assert self._process is not None
        with contextlib.suppress(EOFError):
            while (item := self._outbox.get()) is not None:
                self._process.tell(*item)

    def _post(self, function: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone, and so is whoever waited
            self._loop.call_soon_threadsafe(function, *args)


def _to_nobody(message: Message, data: bytes | memoryview) -> None:
    """Tell nobody: the stream is not carried yet, or no more."""
