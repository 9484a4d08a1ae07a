"""The processes that analyse texts, and who owns them.

They are started when they are first needed, and stay. A text that takes too long, or is given up, costs its process,
which is replaced: nothing that somebody writes can occupy it for good.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ..worker_process import Message, WorkerProcess
from .document import MOST_TOKENS
from .wanted import Wanted

TIMEOUT = 60.0
"""Seconds that one text may take. The longest that is accepted takes a tenth of that."""


class AnalysisError(RuntimeError):
    """A text could not be analysed: the process failed or took too long."""


class EmptyText(ValueError):
    """There is nothing to analyse."""


class TextTooLong(ValueError):
    """The text has more tokens than are accepted."""

    def __init__(self) -> None:
        super().__init__(f"the text has more than {MOST_TOKENS} tokens")


class Analyst:
    """One process, started when it is needed. ``ask`` blocks, and belongs on a thread; the rest is for any thread."""

    def __init__(self) -> None:
        self._process: WorkerProcess | None = None
        self._given_up = False
        self._killed = False
        self._lock = threading.Lock()

    def ask(self, job: Message) -> Message:
        """Have a text analysed. Raises ``EOFError`` if the process dies or is given up, ``OSError`` if none starts."""
        process = self._living()
        try:
            return process.ask(job)
        except BaseException:
            self._bury()
            raise

    def give_up(self) -> None:
        """End what it is doing, and refuse to do more."""
        with self._lock:
            self._given_up = True
            if self._process is not None:
                self._process.kill()
                self._killed = True

    def renew(self) -> None:
        """Be of use again."""
        with self._lock:
            self._given_up = False

    def end(self) -> None:
        """End the process, which does nothing any more, and wait for that."""
        self.give_up()
        self._bury()

    def _living(self) -> WorkerProcess:
        if self._killed:  # after it had answered, or before it was asked
            self._bury()
        with self._lock:
            if self._given_up:
                raise EOFError
            self._process = self._process or WorkerProcess({"workers": 1}, "analysis.worker_main")
            return self._process

    def _bury(self) -> None:
        with self._lock:
            process, self._process, self._killed = self._process, None, False
        if process is not None:
            process.reap()


class Analysts:
    """Owner of the processes. Use it on one event loop; :meth:`stop` ends them."""

    def __init__(self, *, processes: int = 1, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._all = [Analyst() for _ in range(processes)]
        self._free = list(self._all)
        self._places = asyncio.Semaphore(processes)
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="deepgram-analysis")
        self._stopped = False

    async def text(self, text: str, wanted: Wanted) -> Message:
        """Analyse a text. Raises :class:`EmptyText`, :class:`TextTooLong` and :class:`AnalysisError`."""
        return await self._analysed({"text": text, "wanted": wanted.message()})

    async def sentences(self, sentences: Sequence[Sequence[str]], wanted: Wanted) -> Message:
        """Analyse a transcript, given as the words of its sentences. Raises :class:`AnalysisError`."""
        return await self._analysed({"sentences": sentences, "wanted": wanted.message()})

    async def stop(self) -> None:
        """End the processes. What is being analysed ends with :class:`AnalysisError`."""
        self._stopped = True
        for analyst in self._all:
            analyst.give_up()
        await asyncio.to_thread(self._threads.shutdown)
        for analyst in self._all:
            await asyncio.to_thread(analyst.end)

    async def _analysed(self, job: Message) -> Message:
        answer = await self._asked(job)
        match answer.get("error"):
            case None:
                return answer
            case "empty":
                raise EmptyText("there is no text")
            case "length":
                raise TextTooLong
            case _:
                raise AnalysisError(str(answer.get("message")))

    async def _asked(self, job: Message) -> Message:
        await self._places.acquire()
        if self._stopped:
            self._places.release()
            raise AnalysisError("the server is stopping")
        analyst = self._free.pop()
        asked = asyncio.get_running_loop().run_in_executor(self._threads, analyst.ask, job)

        def through(asked: asyncio.Future[Message]) -> None:
            if not asked.cancelled():
                asked.exception()  # whoever waits has been told
            if not self._stopped:
                analyst.renew()
            self._free.append(analyst)
            self._places.release()

        asked.add_done_callback(through)
        try:
            return await asyncio.wait_for(asyncio.shield(asked), self._timeout)
        except asyncio.TimeoutError:
            raise AnalysisError(f"the text took more than {self._timeout:g} seconds") from None
        except EOFError:
            raise AnalysisError("the process that analysed the text died or was ended") from None
        except OSError as error:
            raise AnalysisError(f"no process could be started: {error}") from None
        finally:
            if not asked.done():
                analyst.give_up()
