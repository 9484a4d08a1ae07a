"""Delivery of results to the ``callback`` URLs of callers: from the database, with retries, at least once each.

The service retries up to 10 times, 30 s apart, whatever is not answered with 200 to 299, and only calls ports 80, 443,
8080 and 8443 (developers.deepgram.com/docs/callback). Here the first retries come sooner and the last ones later. A
password in the URL goes out as basic authentication, as there. ``dg-token`` is not sent: the service has withdrawn it.
``dg-request-id`` is, so that a receiver can tell a result that comes twice.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

from .guard import FetchError, FetchRefused, GuardedClient, shown
from .state import Delivery, State, StateError

log = logging.getLogger(__name__)

T = TypeVar("T")

PORTS = frozenset({80, 443, 8080, 8443})
METHODS = frozenset({"POST", "PUT", "GET", "DELETE"})
"""GET and DELETE exist for live audio only; who reads the options sees to that."""
ATTEMPTS = 11
"""Times that a delivery is tried: once, and ten retries."""
FIRST_DELAY = 1.0
LONGEST_DELAY = 300.0
"""Seconds before the first retry, doubled with each further one, up to the longest: about 15 minutes in all."""
STATE_DELAY = 5.0
"""Seconds before the database is asked again, after it has failed."""


def backoff(failures: int) -> float:
    """Return the seconds to wait after so many failures, without jitter."""
    return min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** (min(failures, 32) - 1))


class Callbacks:
    """Delivers what the database holds. One task owns the deliveries, from :meth:`start` to :meth:`stop`."""

    def __init__(
        self,
        state: State,
        client: httpx.AsyncClient,
        *,
        attempts: int = ATTEMPTS,
        concurrency: int = 8,
        timeout: float = 30.0,
        max_body_bytes: int = 64 * 1024 * 1024,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """``client`` is a guarded one and stays the caller's to close, as ``state`` does.

        ``timeout``: seconds for one attempt as a whole. ``concurrency``: attempts under way at once, each with its
        body in memory. ``max_body_bytes``: largest result that is taken.
        """
        self._state = state
        self._client = client
        self._attempts = attempts
        self._concurrency = concurrency
        self._timeout = timeout
        self._max_body_bytes = max_body_bytes
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._wake = asyncio.Event()
        self._owner: asyncio.Task[None] | None = None
        self._sending: dict[int, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Begin to deliver, first of all what an earlier run of the server has left."""
        await self._state.hasten_deliveries(self._clock() + LONGEST_DELAY)
        if self.pending():
            log.info("%d results of an earlier run wait for their callbacks", self.pending())
        self._owner = asyncio.create_task(self._own(), name="callbacks")

    async def stop(self, grace: float = 2.0) -> None:
        """Stop; attempts under way get ``grace`` seconds to end. A data file keeps the rest for the next start."""
        if self._owner is None:
            return
        self._owner.cancel()
        await asyncio.gather(self._owner, return_exceptions=True)
        self._owner = None
        tasks = list(self._sending.values())
        if tasks:
            await asyncio.wait(tasks, timeout=grace)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.pending():
            log.warning("%d results have not reached their callbacks", self.pending())

    def pending(self) -> int:
        """Return how many results wait or are being delivered."""
        return self._state.pending

    async def check(self, url: str) -> None:
        """Judge the URL of a callback before anything is accepted for it.

        Raises :class:`FetchRefused` for an address or port that is not contacted, :class:`FetchFailed` for a name
        without an address.
        """
        if isinstance(self._client, GuardedClient):
            await self._client.check(url, ports=PORTS)

    async def enqueue(
        self, request_id: str, url: str, method: str, body: bytes, content_type: str = "application/json"
    ) -> None:
        """Deliver ``body`` to ``url``; it is safe when this returns. Raises ``ValueError``, :class:`StateError`."""
        method = self._checked(method, body)
        await self._state.add_delivery(request_id, url, method, body, content_type)
        self._wake.set()

    async def finish_job(
        self, request_id: str, url: str, method: str, body: bytes, content_type: str = "application/json"
    ) -> bool:
        """Deliver the result of a job, which ends it: one transaction, so that a crash neither loses nor doubles it.

        Return False if there is no such job. Raises :class:`StateError`, and ``ValueError`` for a result that cannot be
        delivered, whose job ends nevertheless.
        """
        try:
            method = self._checked(method, body)
        except ValueError:  # doing the job once more, after each restart, would not change that
            await self._state.drop_job(request_id)
            raise
        finished = await self._state.finish_job(request_id, url, method, body, content_type)
        self._wake.set()
        return finished

    def _checked(self, method: str, body: bytes) -> str:
        if method.upper() not in METHODS:
            raise ValueError(f"callback_method must be one of {', '.join(sorted(METHODS))}")
        if len(body) > self._max_body_bytes:
            raise ValueError(f"the result has {len(body)} bytes; callbacks take at most {self._max_body_bytes}")
        return method.upper()

    # --- The owner ----------------------------------------------------------------------------------------------------

    async def _own(self) -> None:
        while True:
            self._wake.clear()
            due: float | None = None
            if free := self._concurrency - len(self._sending):
                try:
                    numbers, due = await self._state.due_deliveries(self._clock(), free, frozenset(self._sending))
                except StateError as error:
                    log.error("callbacks wait: %s", error)
                    numbers, due = [], self._clock() + STATE_DELAY
                for number in numbers:
                    self._begin(number)
                if len(numbers) == free:
                    due = None  # no place before one of them ends, which wakes us
            await self._until(due)

    async def _until(self, due: float | None) -> None:
        """Return when something has changed, or at ``due``."""
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self._wake.wait())]
        if due is not None:
            waits.append(asyncio.ensure_future(self._sleep(max(0.0, due - self._clock()))))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def _begin(self, number: int) -> None:
        task = asyncio.create_task(self._deliver(number), name=f"callback {number}")
        self._sending[number] = task

        def ended(task: asyncio.Task[None]) -> None:
            del self._sending[number]
            self._wake.set()
            if not task.cancelled() and (error := task.exception()):
                log.error("a delivery failed", exc_info=error)

        task.add_done_callback(ended)

    # --- One delivery -------------------------------------------------------------------------------------------------

    async def _deliver(self, number: int) -> None:
        delivery = await self._surely(lambda: self._state.delivery(number))
        if delivery is None:
            return
        receiver = shown(delivery.url)
        failures = delivery.attempts + 1
        failure, final = await self._attempt(delivery)
        if failure is None:
            log.info("result %s delivered to %s", delivery.request_id, receiver)
        elif final or failures >= self._attempts:
            log.error(
                "result %s is given up after %d attempts at %s: %s", delivery.request_id, failures, receiver, failure
            )
        else:
            delay = backoff(failures) * (0.5 + self._jitter() / 2)  # spread, or many would come back at once
            log.warning(
                "result %s could not be delivered to %s (%s), next attempt in %.1f s",
                *(delivery.request_id, receiver, failure, delay),
            )
            due = self._clock() + delay
            await self._surely(lambda: self._state.postpone_delivery(number, due))
            return
        await self._surely(lambda: self._state.end_delivery(number))

    async def _attempt(self, delivery: Delivery) -> tuple[str | None, bool]:
        """Return why an attempt failed (None: it did not), and whether a further one would fail as well."""
        headers = {"content-type": delivery.content_type, "dg-request-id": delivery.request_id}
        try:
            status = await asyncio.wait_for(self._send(delivery, headers), self._timeout)
        except (FetchRefused, httpx.InvalidURL) as error:
            return str(error), True
        except asyncio.TimeoutError:
            return f"no answer within {self._timeout:g} s", False
        except (httpx.HTTPError, FetchError, OSError) as error:
            return str(error) or type(error).__name__, False
        except Exception as error:  # a delivery that cannot even be attempted may not stop the others
            log.exception("a callback cannot be attempted")
            return type(error).__name__, False
        return (None, False) if 200 <= status <= 299 else (f"status {status}", False)

    async def _send(self, delivery: Delivery, headers: dict[str, str]) -> int:
        # Neither redirects nor the body of the answer matter; unread, a body cannot be too long.
        async with self._client.stream(
            delivery.method, delivery.url, content=delivery.body, headers=headers, follow_redirects=False
        ) as response:
            return response.status_code

    async def _surely(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do it, however often the database fails: forgetting that a result arrived would send it over and over."""
        while True:
            try:
                return await work()
            except StateError as error:
                log.error("callbacks wait: %s", error)
                await self._sleep(STATE_DELAY)
