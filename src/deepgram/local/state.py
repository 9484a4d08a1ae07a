"""What the server remembers, in SQLite: everything of one data file.

Accepted jobs and results on their way to callbacks are here; accounts, keys, records of requests and the rest have
modules of their own, and are reached through :class:`State`.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TypeVar

from .accounts import Accounts
from .agent_configurations import AgentConfigurations
from .billing import Billing
from .credentials import DistributionCredentials
from .database import Database, StateError
from .keys import Keys
from .migrations import MIGRATIONS
from .records import Records
from .tokens import Tokens
from .usage import Usage

__all__ = ["BacklogFull", "Delivery", "Job", "State", "StateError"]

T = TypeVar("T")


class BacklogFull(StateError):
    """So much has been accepted and not delivered that nothing more is accepted now."""


@dataclass(frozen=True)
class Job:
    """Work that was accepted and whose result goes to a callback."""

    request_id: str
    kind: str
    """What to do: ``listen``."""
    payload: str
    """What is needed to do it, in the form that the handler chose (JSON)."""
    audio: Path | None
    created: datetime


@dataclass(frozen=True)
class Delivery:
    """A result on its way to a callback."""

    number: int
    request_id: str
    url: str
    method: str
    content_type: str
    body: bytes
    attempts: int
    """Times it was tried without success."""


class State:
    """The server's memory. Make one with :meth:`open`; every method may raise :class:`StateError`."""

    def __init__(
        self,
        path: Path | None,
        *,
        max_backlog: int,
        max_backlog_bytes: int,
        keep_requests: int,
        clock: Callable[[], float],
    ) -> None:
        self._database = Database(path, MIGRATIONS)
        self._folder = None if path is None else path.resolve().parent
        self._max_backlog = max_backlog
        self._max_backlog_bytes = max_backlog_bytes
        self._clock = clock
        self._pending = 0
        self.accounts = Accounts(self._database, clock)
        """Projects, members, invitations."""
        self.keys = Keys(self._database, clock)
        self.tokens = Tokens(clock)
        self.records = Records(self._database, keep_requests, clock)
        """What was served."""
        self.usage = Usage(self._database, clock)
        self.billing = Billing(self._database)
        self.agents = AgentConfigurations(self._database, clock)
        """Reusable configurations of voice agents; ``agents.resolve`` gives what an agent is to be told."""
        self.credentials = DistributionCredentials(self._database, clock)

    @classmethod
    async def open(
        cls,
        path: Path | None = None,
        *,
        wait: float = 2.0,
        max_backlog: int = 1000,
        max_backlog_bytes: int = 8 * 1024**3,
        keep_requests: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> State:
        """Open or create the file at ``path``; without one, remember in memory until :meth:`close`.

        ``wait``: seconds to wait for the lock of a server that is just stopping. ``max_backlog``,
        ``max_backlog_bytes``: jobs and deliveries that may wait, and the bytes of their audio and results.
        ``keep_requests``: records of requests that are kept (in memory 100 000, in a file a million); older ones are
        forgotten, and usage and bills with them.
        Raises :class:`StateError` for a file that is locked, read-only, damaged, foreign or of a newer version.
        """
        state = cls(
            path,
            max_backlog=max_backlog,
            max_backlog_bytes=max_backlog_bytes,
            keep_requests=keep_requests or (100_000 if path is None else 1_000_000),
            clock=clock,
        )
        await state._database.open(wait)
        try:
            await state._do(state._prepare)
        except BaseException:
            await state.close()
            raise
        return state

    async def close(self) -> None:
        """Finish what has begun, then let go of the file. May be called again."""
        await self._database.close()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Learn what an earlier run has left, and make sure of what every server has."""
        self.accounts.prepare(connection)
        self.keys.prepare(connection)
        self.tokens.prepare(connection)

    # --- Jobs ---------------------------------------------------------------------------------------------------------

    async def add_job(self, request_id: str, kind: str, payload: str, audio: Path | None = None) -> None:
        """Remember accepted work, before its acceptance is answered. ``audio`` stays the caller's to delete.

        Raises :class:`BacklogFull` when too much is waiting. Survives the end of the process; of a power failure, the
        file ``audio`` does only as far as the system had written it.
        """

        def work(connection: sqlite3.Connection) -> None:
            size = 0 if audio is None else audio.stat().st_size
            count, waiting = connection.execute(
                "SELECT count(*), total(size) FROM (SELECT size FROM jobs UNION ALL SELECT size FROM deliveries)"
            ).fetchone()
            if count >= self._max_backlog or waiting + size > self._max_backlog_bytes:
                raise BacklogFull(
                    f"{count} results ({waiting / 1e6:.0f} MB with their audio) wait for callbacks, more are not taken "
                    "on now. Try again later, or without callback."
                )
            connection.execute(
                "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?)",
                (request_id, kind, payload, self._stored(audio), size, self._clock()),
            )

        await self._do(work)

    async def jobs(self) -> list[Job]:
        """Return the work that was accepted and has not been finished, oldest first."""

        def work(connection: sqlite3.Connection) -> list[Job]:
            rows = connection.execute("SELECT request_id, kind, payload, audio, created FROM jobs ORDER BY created")
            return [
                Job(request_id, kind, payload, self._restored(audio), _moment(created))
                for request_id, kind, payload, audio, created in rows
            ]

        return await self._do(work)

    async def finish_job(
        self, request_id: str, url: str, method: str, body: bytes, content_type: str = "application/json"
    ) -> bool:
        """Replace a job by the delivery of its result, in one transaction.

        Return False, and deliver nothing, if there is no such job: its result is under way already.
        """

        def work(connection: sqlite3.Connection) -> bool:
            if not connection.execute("DELETE FROM jobs WHERE request_id = ?", (request_id,)).rowcount:
                return False
            self._insert_delivery(connection, request_id, url, method, content_type, body)
            return True

        return await self._do(work)

    async def drop_job(self, request_id: str) -> None:
        """Forget a job without a result."""
        await self._do(lambda connection: connection.execute("DELETE FROM jobs WHERE request_id = ?", (request_id,)))

    # --- Deliveries ---------------------------------------------------------------------------------------------------

    @property
    def pending(self) -> int:
        """Deliveries that wait or are being tried."""
        return self._pending

    async def add_delivery(
        self, request_id: str, url: str, method: str, body: bytes, content_type: str = "application/json"
    ) -> None:
        """Remember a result that is to be delivered."""
        await self._do(
            lambda connection: self._insert_delivery(connection, request_id, url, method, content_type, body)
        )

    async def due_deliveries(
        self, now: float, limit: int, besides: Collection[int] = ()
    ) -> tuple[list[int], float | None]:
        """Return the numbers of up to ``limit`` deliveries whose time has come, and when the next one's comes.

        ``besides``: numbers that are left out, because they are being tried.
        """

        def work(connection: sqlite3.Connection) -> tuple[list[int], float | None]:
            rows = connection.execute(
                "SELECT number, due FROM deliveries ORDER BY due, number LIMIT ?", (limit + len(besides) + 1,)
            )
            numbers: list[int] = []
            for number, due in rows:
                if number in besides:
                    continue
                if due > now or len(numbers) == limit:
                    return numbers, due
                numbers.append(number)
            return numbers, None

        return await self._do(work)

    async def delivery(self, number: int) -> Delivery | None:
        """Return a delivery with its body, if it still waits."""

        def work(connection: sqlite3.Connection) -> Delivery | None:
            row = connection.execute(
                "SELECT number, request_id, url, method, content_type, body, attempts FROM deliveries WHERE number = ?",
                (number,),
            ).fetchone()
            return None if row is None else Delivery(*row)

        return await self._do(work)

    async def postpone_delivery(self, number: int, due: float) -> None:
        """Count a failed attempt and try again at ``due`` (seconds since 1970)."""
        await self._do(
            lambda connection: connection.execute(
                "UPDATE deliveries SET attempts = attempts + 1, due = ? WHERE number = ?", (due, number)
            )
        )

    async def end_delivery(self, number: int) -> None:
        """Forget a delivery: it has arrived, or it never will."""
        await self._do(lambda connection: connection.execute("DELETE FROM deliveries WHERE number = ?", (number,)))

    async def hasten_deliveries(self, latest: float) -> None:
        """Let none wait longer than until ``latest`` (seconds since 1970), whatever the clock showed before."""
        await self._do(lambda connection: connection.execute("UPDATE deliveries SET due = min(due, ?)", (latest,)))

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def counted(connection: sqlite3.Connection) -> T:
            result = work(connection)
            (self._pending,) = connection.execute("SELECT count(*) FROM deliveries").fetchone()
            return result

        return await self._database.do(counted)

    def _insert_delivery(
        self, connection: sqlite3.Connection, request_id: str, url: str, method: str, content_type: str, body: bytes
    ) -> None:
        now = self._clock()
        connection.execute(
            "INSERT INTO deliveries (request_id, url, method, content_type, body, size, created, due)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (request_id, url, method, content_type, body, len(body), now, now),
        )

    def _stored(self, audio: Path | None) -> str | None:
        """Return ``audio`` relative to the data file where it can be: folders get moved, and mounted elsewhere."""
        if audio is None:
            return None
        audio = audio.resolve()
        if self._folder is not None and audio.is_relative_to(self._folder):
            audio = audio.relative_to(self._folder)
        return str(audio)

    def _restored(self, stored: str | None) -> Path | None:
        return None if stored is None else (self._folder or Path()) / stored


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
