"""Live streams in worker processes, and the pool that owns them.

A worker carries several streams. It is started when there is a stream for it, and stays. One that dies ends its streams
and no others, and the next stream finds another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from . import engines, speech_detectors
from .engines.recognizer import EngineError, EngineInfo, Recognizer
from .live import Busy, LiveOptions, LiveStream
from .live_audio import check, plain
from .live_in_worker import InWorker
from .live_said import InServer, Said
from .speech_detectors import Detectors
from .worker_process import Message, WorkerProcess
from .workers import START_TIMEOUT, WorkerLost

STREAMS_PER_WORKER = 4
"""Streams that a core carries with the embedded engine: with more, another worker is started if there may be one."""
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
        try:
            await stream.opened()
        except BaseException:
            await stream.close()
            raise
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
