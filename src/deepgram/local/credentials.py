"""Credentials for the images and models of self-hosting. They open nothing here: there is nothing to distribute."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .database import Absent, Conflict, Database

LIMIT = 1000
"""Credentials of a project, at most."""


@dataclass(frozen=True)
class Credentials:
    """A set of credentials, and whose they are."""

    credentials_id: str
    provider: str
    comment: str | None
    scopes: tuple[str, ...]
    created: float
    """Seconds since 1970."""
    member_id: str
    email: str


_SELECT = (
    "SELECT credentials_id, provider, comment, c.scopes, c.created, c.member_id, email"
    " FROM distribution_credentials AS c JOIN members USING (project_id, member_id) WHERE project_id = ?"
)


class DistributionCredentials:
    """The credentials of all projects. Methods raise ``Absent``, ``Conflict`` and ``StateError``."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def create(
        self, project_id: str, member_id: str, *, provider: str, comment: str | None, scopes: Sequence[str]
    ) -> Credentials:
        """Make a set of credentials."""
        made = str(uuid.uuid4())

        def work(connection: sqlite3.Connection) -> Credentials:
            query = "SELECT count(*) FROM distribution_credentials WHERE project_id = ?"
            if connection.execute(query, (project_id,)).fetchone()[0] >= LIMIT:
                raise Conflict(f"A project has at most {LIMIT} distribution credentials. Delete some first.")
            who = connection.execute(
                "SELECT 1 FROM members WHERE project_id = ? AND member_id = ?", (project_id, member_id)
            )
            if not who.fetchone():
                raise Absent("member")
            connection.execute(
                "INSERT INTO distribution_credentials"
                " (credentials_id, project_id, member_id, provider, comment, scopes, created)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (made, project_id, member_id, provider, comment, json.dumps([*scopes]), self._clock()),
            )
            return _one(connection, project_id, made)

        return await self._database.do(work)

    async def list(self, project_id: str) -> Sequence[Credentials]:
        """Return the credentials of a project, the oldest first."""

        def work(connection: sqlite3.Connection) -> Sequence[Credentials]:
            return [_read(row) for row in connection.execute(f"{_SELECT} ORDER BY number", (project_id,))]

        return await self._database.do(work)

    async def get(self, project_id: str, credentials_id: str) -> Credentials:
        """Return a set of credentials."""
        return await self._database.do(lambda connection: _one(connection, project_id, credentials_id))

    async def delete(self, project_id: str, credentials_id: str) -> Credentials:
        """Delete a set of credentials; return what it was."""

        def work(connection: sqlite3.Connection) -> Credentials:
            found = _one(connection, project_id, credentials_id)
            connection.execute("DELETE FROM distribution_credentials WHERE credentials_id = ?", (credentials_id,))
            return found

        return await self._database.do(work)


def _one(connection: sqlite3.Connection, project_id: str, credentials_id: str) -> Credentials:
    row = connection.execute(f"{_SELECT} AND credentials_id = ?", (project_id, credentials_id)).fetchone()
    if row is None:
        raise Absent("distribution credentials")
    return _read(row)


def _read(row: tuple[str, str, str | None, str, float, str, str]) -> Credentials:
    credentials_id, provider, comment, scopes, created, member_id, email = row
    return Credentials(credentials_id, provider, comment, tuple(json.loads(scopes)), created, member_id, email)
