"""What the handlers work with: engines, memory, the way out, and how much may go on at once."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from .analysis.workers import Analysts
from .authorization import Authorization
from .callbacks import Callbacks
from .fetch import guarded_client
from .live import LiveEngines
from .live_workers import LivePool
from .refusals import Refusal, too_many_requests, too_many_speaking
from .settings import Settings
from .speech import Speech
from .state import State
from .thinking.providers import Providers
from .thinking.scripted import read_script
from .workers import WorkerPool

log = logging.getLogger("deepgram.local")


class Slots:
    """Places for requests with audio. There are so many and no more: who finds none is told to come back."""

    def __init__(self, limit: int, refusal: Callable[[int], Refusal] = too_many_requests) -> None:
        """``refusal``: what is said to who finds no place."""
        self.limit = limit
        self._refusal = refusal
        self.taken = 0

    @contextmanager
    def take(self) -> Generator[None, None, None]:
        """Hold a place for the length of a block; raise ``Refusal`` 429 when all are taken."""
        if self.taken >= self.limit:
            raise self._refusal(self.limit)
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


@dataclass
class Background:
    """Tasks that outlive the request that began them. The server ends them when it stops."""

    tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` beside the requests."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("work in the background failed", exc_info=error)

    async def stop(self) -> None:
        """Cancel what still runs and wait for its end."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@dataclass(frozen=True)
class Services:
    """What the server has to answer with."""

    settings: Settings
    pool: WorkerPool
    live: LiveEngines
    speech: Speech
    thinkers: Providers
    """Who thinks for voice agents."""
    analysts: Analysts
    state: State
    callbacks: Callbacks
    client: httpx.AsyncClient
    """Fetches and calls back; refuses private addresses unless they are allowed."""
    folder: Path
    """Where audio lies while it is worked on; deleted when the server stops."""
    slots: Slots
    background: Background

    @cached_property
    def speaking(self) -> Slots:
        """Places for conversations that speak."""
        return Slots(self.settings.max_speaking, too_many_speaking)

    @cached_property
    def authorization(self) -> Authorization:
        """Who may do what."""
        return Authorization(self.settings, self.state)

    @property
    def jobs(self) -> Path:
        """Where the audio of accepted callbacks lies until it is transcribed: beside the database, if there is one."""
        data = self.settings.data
        folder = self.folder / "jobs" if data is None else data.with_name(f"{data.name}.audio")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # as private as the database beside it
        return folder


@asynccontextmanager
async def running_services(settings: Settings) -> AsyncGenerator[Services, None]:
    """Start the services of a server; stop them, last one first, at the end of the block."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="deepgram-", ignore_cleanup_errors=True)))
        state = await State.open(settings.data)
        stack.push_async_callback(state.close)
        client = await stack.enter_async_context(guarded_client(allow_private=settings.allow_private_urls))
        callbacks = Callbacks(state, client)
        await callbacks.start()
        stack.push_async_callback(callbacks.stop)
        pool = WorkerPool(
            settings.engine,
            workers=settings.workers,
            model=settings.model,
            script=settings.script,
            voice_activity=settings.voice_activity,
            max_audio_seconds=settings.max_audio_seconds,
            max_decoded_bytes=settings.max_decoded_bytes,
        )
        await pool.start()
        stack.push_async_callback(pool.stop)
        live = LivePool(
            settings.engine,
            info=pool.info,
            workers=settings.live_workers,
            max_streams=settings.max_streams,
            model=settings.model,
            script=settings.script,
            voice_activity=settings.voice_activity,
        )
        await live.start()
        stack.push_async_callback(live.stop)
        speech = Speech(settings.voice_engine, weights=settings.voice_model)
        await speech.start()
        stack.push_async_callback(speech.stop)
        trusted = await stack.enter_async_context(httpx.AsyncClient())
        script = None if settings.think_script is None else read_script(settings.think_script)
        thinkers = Providers(settings.think, script=script, guarded=client, trusted=trusted)
        analysts = Analysts(processes=settings.workers)
        stack.push_async_callback(analysts.stop)
        background = Background()
        stack.push_async_callback(background.stop)
        yield Services(
            settings,
            pool,
            live,
            speech,
            thinkers,
            analysts,
            state,
            callbacks,
            client,
            folder,
            Slots(settings.max_requests),
            background,
        )
