"""One SQLite file and the thread that owns it: opening, versions of the schema, short transactions, clear errors.

What is asked while the disk is busy with one commit shares the next one: a commit costs the disk milliseconds, whether
it holds one change or hundreds, and nobody is answered before his change is on the disk.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

T = TypeVar("T")

APPLICATION_ID = 0x44474C53
"""Marks a file as ours (``PRAGMA application_id``), so that no other program's database is taken for one."""


BATCH = 256
"""Pieces of work that share a transaction, at most."""


class StateError(Exception):
    """The data file cannot be used. The message says why and what to do."""


class Absent(Exception):
    """There is no such thing. ``kind`` names it: ``project``, ``key``, ``agent configuration``."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"{kind.capitalize()} not found.")
        self.kind = kind


class Conflict(Exception):
    """It cannot be done as things stand: something of that name exists, or there are too many."""


@dataclass
class _Work(Generic[T]):
    """What somebody waits for."""

    do: Callable[[sqlite3.Connection], T]
    then: Callable[[T], object] | None
    outcome: asyncio.Future[T]
    result: T | None = None
    error: BaseException | None = None

    def tell(self) -> None:
        """Tell whoever waits, in his event loop."""
        if self.outcome.done():  # he has gone
            return
        if self.error is None:
            self.outcome.set_result(self.result)  # type: ignore[arg-type]
        else:
            self.outcome.set_exception(self.error)


class Database:
    """A SQLite database that one thread works on, while the server awaits it.

    With a file, the process owns the file as well (an exclusive lock, which the system lifts when the process dies):
    two servers on one file would deliver every result twice.
    """

    def __init__(self, path: Path | None, migrations: Sequence[Sequence[str]]) -> None:
        """``migrations``: one entry per version of the schema, the statements that lead to it from the one before."""
        self.path = path
        self._migrations = migrations
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="deepgram-state")
        self._connection: sqlite3.Connection | None = None
        self._waiting: deque[_Work[Any]] = deque()
        self._lock = threading.Lock()
        self._busy = False
        self.commits = 0
        """Transactions that were made durable."""

    async def open(self, wait: float) -> None:
        """Open or create the file (without a path: memory), waiting up to ``wait`` seconds for its lock.

        Raises :class:`StateError` for a file that is locked, read-only, damaged, foreign or of a newer version, and
        leaves it as it was.
        """
        try:
            await asyncio.get_running_loop().run_in_executor(self._executor, self._open, wait)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish what has begun, then let go of the file. May be called again."""
        try:
            closing = self._executor.submit(self._close)
        except RuntimeError:  # closed before
            return
        self._executor.shutdown(wait=False)
        # Shielded: whoever opens the file next, perhaps in this process, must find it released.
        await asyncio.shield(asyncio.wrap_future(closing))

    async def do(self, work: Callable[[sqlite3.Connection], T], then: Callable[[T], object] | None = None) -> T:
        """Run ``work`` in the thread: all of it happens or nothing of it. Returns when it is durable.

        ``then`` is called in the thread with the result once that is durable, and before anybody else's work: it keeps
        what is known in memory equal to what is on the disk. A call that is cancelled may still have been done.
        """
        task = _Work(work, then, asyncio.get_running_loop().create_future())
        with self._lock:
            self._waiting.append(task)
            begin, self._busy = not self._busy, True
        if begin:
            try:
                self._executor.submit(self._work_off)
            except RuntimeError:
                with self._lock:
                    self._busy = False
                    self._waiting.clear()
                raise StateError("The server's memory is closed: the server is stopping.") from None
        result: T = await task.outcome
        return result

    # --- In the thread ------------------------------------------------------------------------------------------------

    def _open(self, wait: float) -> None:
        if self.path is not None:
            _prepare(self.path)
        connection = sqlite3.connect(self.path or ":memory:", timeout=wait, isolation_level=None)
        try:
            if self.path is not None:
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                self._inspect(connection, self.path)
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            self._migrate(connection)
        except BaseException as error:
            connection.close()
            if isinstance(error, sqlite3.Error):
                raise _explained(error, self.path) from error
            raise
        self._connection = connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _work_off(self) -> None:
        """Do what waits, until nothing does."""
        while True:
            with self._lock:
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                if not batch:
                    self._busy = False
                    return
            self._transact(batch)
            for loop in {task.outcome.get_loop() for task in batch}:
                told = [task for task in batch if task.outcome.get_loop() is loop]
                with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    loop.call_soon_threadsafe(_tell, told)

    def _transact(self, batch: Sequence[_Work[Any]]) -> None:
        """Do the work of a batch in one transaction. What fails does so alone, unless the database itself does."""
        connection = self._connection
        try:
            if connection is None:
                raise StateError("The server's memory is closed: the server is stopping.")
            with _transaction(connection):
                for task in batch:
                    self._try(connection, task, alone=len(batch) == 1)
            self.commits += 1
        except BaseException as error:
            reason = _explained(error, self.path) if isinstance(error, sqlite3.Error) else error
            for task in batch:
                task.error = task.error or reason
            return
        for task in batch:
            if task.error is None and task.then is not None:
                try:
                    task.then(task.result)
                except Exception as error:
                    task.error = error

    def _try(self, connection: sqlite3.Connection, task: _Work[Any], *, alone: bool) -> None:
        if alone:
            task.result = task.do(connection)
            return
        connection.execute("SAVEPOINT work")
        try:
            task.result = task.do(connection)
        except Exception as error:
            if not connection.in_transaction:  # SQLite has undone all of it, as for a full disk
                raise
            connection.execute("ROLLBACK TO work")
            task.error = _explained(error, self.path) if isinstance(error, sqlite3.Error) else error
        connection.execute("RELEASE work")

    def _inspect(self, connection: sqlite3.Connection, path: Path) -> None:
        """Refuse a file that is not ours to change, before anything is written."""
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if owner != APPLICATION_ID:
            if owner or version or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise StateError(f"The file {path} is the database of another program. Name another file.")
            return
        if version > len(self._migrations):
            raise StateError(
                f"The data file {path} was written by a newer release (its version is {version}, this release knows "
                f"{len(self._migrations)}). Upgrade deepgram-sdk or name another file."
            )
        if (verdict := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(str(verdict))

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        for number, statements in enumerate(self._migrations[version:], version + 1):
            with _transaction(connection):
                for statement in statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {number}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[None, None, None]:
    """Make all of a block happen or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:  # after an error, be it that of COMMIT
            connection.execute("ROLLBACK")


def _tell(batch: Sequence[_Work[Any]]) -> None:
    for task in batch:
        task.tell()


def _prepare(path: Path) -> None:
    """Make sure there is a file that can be written, readable by its owner only: URLs of callbacks hold passwords."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except FileNotFoundError:
        raise StateError(f"The folder of the data file {path} does not exist. Create it first.") from None
    except IsADirectoryError:
        raise StateError(f"The data file {path} is a folder. Name a file, such as {path / 'deepgram.db'}.") from None
    except OSError as error:
        raise StateError(
            f"The data file {path} cannot be written ({error.strerror}). Change its permissions or name another file."
        ) from None


def _explained(error: sqlite3.Error, path: Path | None) -> StateError:
    """Say what an error of SQLite means for whoever runs the server."""
    where = "The server's memory" if path is None else f"The data file {path}"
    text = str(error)
    if "locked" in text:
        advice = "is in use by another server or program. Stop that one or name another file."
    elif "readonly" in text or "unable to open" in text:
        advice = "cannot be written. Change the permissions of the file and its folder or name another file."
    elif "full" in text:
        advice = "has no room to grow. Free some space on the disk."
    elif type(error) is sqlite3.DatabaseError:  # its subclasses are about a statement, the class itself about the file
        advice = "is damaged or no database. Restore a copy or name another file."
    else:
        advice = "failed."
    return StateError(f"{where} {advice} (SQLite: {text})")
