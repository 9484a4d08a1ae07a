"""Processes that decode and recognise, and the pool that owns them.

A recording is decoded by one worker, and its segments of speech are recognised by whichever workers are free, in turn
with those of other requests. A worker that dies or hangs costs its job and is replaced.

The workers are plain subprocesses that talk JSON over their pipes, not ``multiprocessing``: its spawned children import
the program's ``__main__`` again, and so would run a script without ``if __name__ == "__main__"`` twice. All blocking
calls are made on the pool's own threads, so any event loop on any thread will do.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import ParamSpec, TypeVar

from .audio import SAMPLE_RATE, AudioError
from .engines.recognizer import EngineError, EngineInfo, Hints, Word
from .worker_process import Message, WorkerProcess

P = ParamSpec("P")
T = TypeVar("T")
START_TIMEOUT = 600.0
"""Seconds that an engine may take to start: it may fetch its weights then."""
START_BOUND = 60.0
"""Seconds any job may take; to this comes what its length allows: decoding 20 times, recognition 1/20 of real time."""
GRACE = 1.0
"""Seconds a worker has to finish what nobody waits for any more, before it is replaced."""
RETRIES = 1
"""Times that a job whose worker died is given to another one: what kills workers must not kill them all."""


class WorkerLost(RuntimeError):
    """A worker died or took too long, twice for the same piece of audio."""


@dataclass(frozen=True)
class Transcription:
    """What was heard in a recording."""

    duration: float
    """Seconds of audio."""
    channels: int
    """Channels of the audio as it was sent."""
    words: tuple[tuple[Word, ...], ...]
    """Words of each transcribed channel, in order of time; one channel unless ``multichannel`` was asked for."""
    found: tuple[tuple[Word, ...], ...]
    """For each of those channels, where the terms of ``search`` were spotted; ``Word.text`` is the term."""


@dataclass(eq=False)
class _Job:
    message: Message
    bound: float
    """Seconds it may take."""
    answer: asyncio.Future[Message]
    lost: int = 0
    """Workers it has cost."""


@dataclass(eq=False)
class _Request:
    """The jobs of one recording that wait for a worker."""

    waiting: deque[_Job] = field(default_factory=lambda: deque[_Job]())
    all: list[_Job] = field(default_factory=lambda: list[_Job]())


class WorkerPool:
    """Owner of the worker processes. Use it on one event loop: ``start``, any number of ``transcribe``, ``stop``."""

    def __init__(
        self,
        engine: str,
        *,
        workers: int = 1,
        model: str | None = None,
        script: Path | None = None,
        voice_activity: str = "webrtc",
        max_audio_seconds: float,
        max_decoded_bytes: int,
    ) -> None:
        self._settings: Message = {
            "engine": engine,
            "model": model,
            "script": None if script is None else str(script),
            "voice_activity": voice_activity,
            "workers": workers,
        }
        self._workers = workers
        self._max_seconds = max_audio_seconds
        self._max_bytes = max_decoded_bytes
        self._info: EngineInfo | None = None
        self._scratch: Path | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._processes: set[WorkerProcess] = set()
        self._requests: set[_Request] = set()
        self._lock = threading.Lock()  # of what threads touch: _stopping and additions to _processes
        self._stopping = False
        # A request is in this queue once while it has jobs: whoever takes a job puts it back behind the others.
        self._line: asyncio.Queue[_Request] | None = None

    @property
    def info(self) -> EngineInfo:
        """What the engine says of itself; known after :meth:`start`."""
        if self._info is None:
            raise RuntimeError("the workers have not been started")
        return self._info

    async def start(self) -> None:
        """Start the workers and wait until their engine is loaded. Raises :class:`EngineError` if it cannot be."""
        if self._threads is not None:
            raise RuntimeError("the workers have been started already")
        self._stopping = False
        # One thread for each worker, which waits for it, and one for files.
        self._threads = ThreadPoolExecutor(self._workers + 1, thread_name_prefix="deepgram-worker")
        self._line = asyncio.Queue()
        try:
            self._scratch = Path(await self._run(tempfile.mkdtemp, prefix="deepgram-"))
            self._settings["scratch"] = str(self._scratch)
            # The first alone: if weights must be fetched, it does so for all.
            ready = [await self._spawn()]
            ready += await asyncio.gather(*(self._spawn() for _ in range(self._workers - 1)))
        except BaseException:
            await self.stop()
            raise
        self._tasks = [
            asyncio.create_task(self._work(process), name=f"worker {index}") for index, process in enumerate(ready)
        ]

    async def stop(self) -> None:
        """End the workers and remove their files. What is being transcribed ends with :class:`WorkerLost`."""
        with self._lock:
            self._stopping = True
        for request in self._requests:
            for job in request.all:
                self._fail(job, WorkerLost("the workers are being stopped"))
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for process in self._processes:
            process.kill()  # the thread that waits for it returns
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._threads is None:
            return
        await asyncio.gather(*(self._end(process) for process in tuple(self._processes)))
        if self._scratch is not None:
            await self._run(shutil.rmtree, self._scratch, ignore_errors=True)
        threads, self._threads, self._scratch, self._line = self._threads, None, None, None
        await asyncio.to_thread(threads.shutdown)

    async def transcribe(
        self,
        source: Path,
        *,
        encoding: str | None = None,
        sample_rate: int | None = None,
        channels: int | None = None,
        multichannel: bool = False,
        hints: Hints = Hints(),  # noqa: B008  # frozen
        search: Sequence[str] = (),
    ) -> Transcription:
        """Transcribe the audio file ``source``.

        ``encoding``, ``sample_rate`` (Hz) and ``channels`` describe audio without a header. With ``multichannel`` each
        channel is transcribed for itself, else their mix. ``search`` are terms to spot. If this is cancelled, the
        workers are free again within ``GRACE``.

        Raises ``AudioError`` for audio that cannot be decoded or is too long, :class:`WorkerLost`, and ``EngineError``.
        """
        if self._scratch is None:
            raise RuntimeError("the workers are not running")
        folder = Path(await self._run(tempfile.mkdtemp, dir=self._scratch))
        request = _Request()
        self._requests.add(request)
        try:
            decoded = await self._submit(
                request,
                {
                    "do": "decode",
                    "source": str(source),
                    "folder": str(folder),
                    "encoding": encoding,
                    "sample_rate": sample_rate,
                    "channels": channels,
                    "multichannel": multichannel,
                    "max_seconds": self._max_seconds,
                    "max_bytes": self._max_bytes,
                },
                START_BOUND + self._max_seconds / 20,
            )
            pieces = [
                (channel, start, end) for channel, segments in enumerate(decoded["segments"]) for start, end in segments
            ]
            # The longest first: a long one at the end would leave the other workers idle.
            answers = {
                piece: self._submit(
                    request,
                    {
                        "do": "recognize",
                        "file": str(folder / f"{piece[0]}.pcm"),
                        "start": piece[1],
                        "end": piece[2],
                        "keyterms": hints.keyterms,
                        "language": hints.language,
                        "search": list(search),
                    },
                    START_BOUND + 20 * (piece[2] - piece[1]) / SAMPLE_RATE,
                )
                for piece in sorted(pieces, key=lambda piece: piece[1] - piece[2])
            }
            await asyncio.gather(*answers.values())
            heard = [
                [answers[piece].result() for piece in pieces if piece[0] == channel]
                for channel in range(len(decoded["segments"]))
            ]
            return Transcription(
                duration=decoded["samples"] / SAMPLE_RATE,
                channels=decoded["channels"],
                words=tuple(_words(channel, "words") for channel in heard),
                found=tuple(_words(channel, "found") for channel in heard),
            )
        finally:
            self._requests.discard(request)
            request.waiting.clear()
            for job in request.all:
                # What still waits loses its place, what runs its worker's patience.
                if not job.answer.cancel():
                    _seen(job.answer)
            if self._threads is not None:
                self._threads.submit(shutil.rmtree, folder, ignore_errors=True)

    def _submit(self, request: _Request, message: Message, bound: float) -> asyncio.Future[Message]:
        assert self._line is not None
        job = _Job(message, bound, asyncio.get_running_loop().create_future())
        request.all.append(job)
        if not request.waiting:
            self._line.put_nowait(request)
        request.waiting.append(job)
        return job.answer

    async def _work(self, process: WorkerProcess | None) -> None:
        """Give one worker its jobs, for as long as the pool runs."""
        assert self._line is not None
        while True:
            request = await self._line.get()
            if not request.waiting:
                continue  # it was given up
            job = request.waiting.popleft()
            if request.waiting:
                self._line.put_nowait(request)
            try:
                process = process or await self._spawn()
            except (EngineError, OSError) as error:
                self._fail(job, WorkerLost(f"no worker could be started: {error}"))
                continue
            if await self._perform(process, job):
                continue
            await self._end(process)
            process = None
            if not job.answer.done():  # the process died: once more, on another one
                if not request.waiting:
                    self._line.put_nowait(request)
                request.waiting.appendleft(job)
            with contextlib.suppress(EngineError, OSError):  # if it fails, the next job tries again
                process = await self._spawn()

    async def _perform(self, process: WorkerProcess, job: _Job) -> bool:
        """Have a job done; say whether the worker is fit for the next one."""
        asked = self._run(process.ask, job.message)
        asked.add_done_callback(_seen)
        try:
            await asyncio.wait({asked, job.answer}, timeout=job.bound, return_when=asyncio.FIRST_COMPLETED)
            if job.answer.done():  # given up; the worker may be nearly through
                await asyncio.wait({asked}, timeout=GRACE)
            if not asked.done():
                self._fail(job, WorkerLost(f"a worker took more than {job.bound:.0f} seconds and was ended"))
                return False
        finally:
            if not asked.done():
                process.kill()
                await asyncio.wait({asked})
            lost = asked.exception() is not None
        if lost:
            job.lost += 1
            if job.lost > RETRIES:
                self._fail(job, WorkerLost("the worker process died while it worked on the audio, and so did another"))
            return False
        answer = asked.result()
        match answer.get("error"):
            case "audio":
                self._fail(job, AudioError(str(answer.get("message")), answer.get("parameter")))
            case "engine":
                self._fail(job, EngineError(str(answer.get("message"))))
            case _ if not job.answer.done():
                job.answer.set_result(answer)
            case _:
                pass
        return True

    def _fail(self, job: _Job, error: Exception) -> None:
        if not job.answer.done():
            job.answer.set_exception(error)

    async def _spawn(self) -> WorkerProcess:
        """Start a worker and wait until its engine is loaded."""
        process = await self._run(self._launch)
        try:
            hello = await asyncio.wait_for(self._run(process.read), START_TIMEOUT)
            if "error" in hello:
                raise EngineError(hello["message"])
            hello["info"]["languages"] = tuple(hello["info"]["languages"])
            self._info = EngineInfo(**hello["info"])
        except (EOFError, asyncio.TimeoutError) as error:
            await self._end(process)
            raise EngineError(f"the worker of the engine {self._settings['engine']} did not start") from error
        except BaseException:
            await self._end(process)
            raise
        return process

    def _launch(self) -> WorkerProcess:
        """Make a process, on a thread. If the pool has ended meanwhile, nobody else knows it, and it is ended here."""
        process = WorkerProcess(self._settings)
        with self._lock:
            if not self._stopping:
                self._processes.add(process)
                return process
        process.reap()
        raise EOFError

    async def _end(self, process: WorkerProcess) -> None:
        process.kill()
        self._processes.discard(process)
        await self._run(process.reap)

    def _run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        assert self._threads is not None
        return asyncio.get_running_loop().run_in_executor(self._threads, functools.partial(function, *args, **kwargs))


def _seen(future: asyncio.Future[Message]) -> None:
    """Look at the exception of what nobody waits for any more, or asyncio would complain that nobody did."""
    if not future.cancelled():
        future.exception()


def _words(answers: Sequence[Message], kind: str) -> tuple[Word, ...]:
    return tuple(Word(*word) for answer in answers for word in answer[kind])
