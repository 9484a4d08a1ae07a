"""Projects, their members, and invitations to them."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from .database import Absent, Conflict, Database
from .scopes import ROLES, expanded

PROJECT_ID = str(uuid.uuid5(uuid.NAMESPACE_URL, "deepgram.local"))
"""Id of the project that every server begins with: the same on every machine."""
OWNER_ID = str(uuid.uuid5(uuid.NAMESPACE_URL, "deepgram.local/owner"))
"""Id of its owner: whoever runs the server, and whoever needs no key."""
CREDIT = 200.0
"""US dollars that a project begins with. Nobody pays them; the bills of this server go against them."""
INVITES = 1000
"""Invitations to a project, at most."""
FOR_EVER = timedelta(days=365 * 100)


@dataclass(frozen=True)
class Project:
    """A project."""

    project_id: str
    name: str
    mip_opt_out: bool


@dataclass(frozen=True)
class Member:
    """Somebody in a project."""

    member_id: str
    email: str
    first_name: str | None
    last_name: str | None
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class Invite:
    """Somebody who may join a project."""

    email: str
    scope: str


class Accounts:
    """Projects and people. Methods raise :class:`Absent`, :class:`Conflict` and ``StateError``."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._allowed: dict[tuple[str, str], frozenset[str]] = {}

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Make sure of the first project and its owner, and learn who may do what (in the thread, at the start)."""
        now = self._clock()
        if not _exists(connection, PROJECT_ID):
            self._insert(connection, PROJECT_ID, "deepgram.local", now)
        if not connection.execute("SELECT 1 FROM members WHERE project_id = ?", (PROJECT_ID,)).fetchone():
            _join(connection, PROJECT_ID, OWNER_ID, "owner@localhost", "owner", now)
        rows = connection.execute("SELECT project_id, member_id, scopes FROM members")
        self._allowed = {(project, member): expanded(json.loads(scopes)) for project, member, scopes in rows}

    def allowed(self, project_id: str, member_id: str) -> frozenset[str] | None:
        """Return what a member may do, or None if there is no such member. Does not wait: it is asked each time."""
        return self._allowed.get((project_id, member_id))

    # --- Projects -----------------------------------------------------------------------------------------------------

    async def create_project(self, name: str, member_id: str = OWNER_ID, email: str = "owner@localhost") -> str:
        """Add a project with an owner; return its id. The API has no such request: programs and tests do it here."""
        project_id = str(uuid.uuid4())

        def work(connection: sqlite3.Connection) -> None:
            self._insert(connection, project_id, name, self._clock())
            _join(connection, project_id, member_id, email, "owner", self._clock())

        await self._database.do(work, lambda _: self._learn(project_id, member_id, ["owner"]))
        return project_id

    async def projects(self, member_id: str) -> list[Project]:
        """Return the projects of a member, the oldest first."""

        def work(connection: sqlite3.Connection) -> list[Project]:
            rows = connection.execute(
                "SELECT project_id, name, mip_opt_out FROM projects JOIN members USING (project_id)"
                " WHERE member_id = ? ORDER BY projects.created, project_id",
                (member_id,),
            )
            return [Project(project, name, bool(opt_out)) for project, name, opt_out in rows]

        return await self._database.do(work)

    async def project(self, project_id: str) -> Project:
        """Return a project."""

        def work(connection: sqlite3.Connection) -> Project:
            row = connection.execute(
                "SELECT project_id, name, mip_opt_out FROM projects WHERE project_id = ?", (project_id,)
            ).fetchone()
            if row is None:
                raise Absent("project")
            return Project(row[0], row[1], bool(row[2]))

        return await self._database.do(work)

    async def rename(self, project_id: str, name: str) -> None:
        """Give a project another name."""

        def work(connection: sqlite3.Connection) -> None:
            changed = connection.execute("UPDATE projects SET name = ? WHERE project_id = ?", (name, project_id))
            if not changed.rowcount:
                raise Absent("project")

        await self._database.do(work)

    async def delete_project(self, project_id: str) -> list[str]:
        """Delete a project with all that belongs to it, records of requests included; return the ids of its keys."""

        def work(connection: sqlite3.Connection) -> list[str]:
            keys = [key for (key,) in connection.execute("SELECT key_id FROM keys WHERE project_id = ?", (project_id,))]
            if not connection.execute("DELETE FROM projects WHERE project_id = ?", (project_id,)).rowcount:
                raise Absent("project")
            connection.execute("DELETE FROM requests WHERE project_id = ?", (project_id,))
            connection.execute("DELETE FROM management_requests WHERE project_id = ?", (project_id,))
            return keys

        def forget(_: object) -> None:
            self._allowed = {who: scopes for who, scopes in self._allowed.items() if who[0] != project_id}

        return await self._database.do(work, forget)

    # --- Members ------------------------------------------------------------------------------------------------------

    async def members(self, project_id: str) -> list[Member]:
        """Return the members of a project, the oldest first."""

        def work(connection: sqlite3.Connection) -> list[Member]:
            rows = connection.execute(f"{_MEMBERS} ORDER BY created, member_id", (project_id,))
            return [_member(row) for row in rows]

        return await self._database.do(work)

    async def member(self, project_id: str, member_id: str) -> Member:
        """Return a member."""

        def work(connection: sqlite3.Connection) -> Member:
            row = connection.execute(f"{_MEMBERS} AND member_id = ?", (project_id, member_id)).fetchone()
            if row is None:
                raise Absent("member")
            return _member(row)

        return await self._database.do(work)

    async def change_scopes(self, project_id: str, member_id: str, scope: str) -> None:
        """Give a member this role or scope in place of those he had. The last owner stays one."""

        def work(connection: sqlite3.Connection) -> None:
            changed = connection.execute(
                "UPDATE members SET scopes = ? WHERE project_id = ? AND member_id = ?",
                (json.dumps([scope]), project_id, member_id),
            )
            if not changed.rowcount:
                raise Absent("member")
            _keep_an_owner(connection, project_id)

        await self._database.do(work, lambda _: self._learn(project_id, member_id, [scope]))

    async def remove_member(self, project_id: str, member_id: str) -> list[str]:
        """Remove a member and the keys he made, as the service does; return their ids.

        The last owner cannot go while others stay. Who is the only member can, and nobody is left.
        """

        def work(connection: sqlite3.Connection) -> list[str]:
            who = (project_id, member_id)
            rows = connection.execute("SELECT key_id FROM keys WHERE project_id = ? AND member_id = ?", who)
            keys = [key for (key,) in rows]
            if not connection.execute("DELETE FROM members WHERE project_id = ? AND member_id = ?", who).rowcount:
                raise Absent("member")
            _keep_an_owner(connection, project_id)
            return keys

        return await self._database.do(work, lambda _: self._allowed.pop((project_id, member_id), None))

    # --- Invitations --------------------------------------------------------------------------------------------------

    async def invites(self, project_id: str) -> list[Invite]:
        """Return the invitations that nobody has accepted yet."""

        def work(connection: sqlite3.Connection) -> list[Invite]:
            rows = connection.execute(
                "SELECT email, scope FROM invites WHERE project_id = ? ORDER BY created, email", (project_id,)
            )
            return [Invite(email, scope) for email, scope in rows]

        return await self._database.do(work)

    async def invite(self, project_id: str, email: str, scope: str) -> None:
        """Invite somebody, or change what he is invited to. No mail is sent."""

        def work(connection: sqlite3.Connection) -> None:
            if not _exists(connection, project_id):
                raise Absent("project")
            known = connection.execute(
                "SELECT 1 FROM members WHERE project_id = ? AND email = ? COLLATE NOCASE", (project_id, email)
            )
            if known.fetchone():
                raise Conflict("This person is a member of the project already.")
            count = connection.execute("SELECT count(*) FROM invites WHERE project_id = ?", (project_id,))
            if count.fetchone()[0] >= INVITES:
                raise Conflict(f"A project has at most {INVITES} invitations. Delete some first.")
            connection.execute(
                "INSERT INTO invites VALUES (?, ?, ?, ?)"
                " ON CONFLICT (project_id, email) DO UPDATE SET scope = excluded.scope",
                (project_id, email, scope, self._clock()),
            )

        await self._database.do(work)

    async def withdraw(self, project_id: str, email: str) -> None:
        """Delete an invitation."""

        def work(connection: sqlite3.Connection) -> None:
            gone = connection.execute("DELETE FROM invites WHERE project_id = ? AND email = ?", (project_id, email))
            if not gone.rowcount:
                raise Absent("invite")

        await self._database.do(work)

    async def accept(self, project_id: str, email: str, first_name: str | None = None) -> str:
        """Turn an invitation into a member; return his id. The API has no such request: a link in a mail does it."""
        member_id = str(uuid.uuid4())

        def work(connection: sqlite3.Connection) -> str:
            which = (project_id, email)
            row = connection.execute(
                "SELECT email, scope FROM invites WHERE project_id = ? AND email = ?", which
            ).fetchone()
            if row is None:
                raise Absent("invite")
            connection.execute("DELETE FROM invites WHERE project_id = ? AND email = ?", which)
            _join(connection, project_id, member_id, row[0], row[1], self._clock(), first_name)
            return str(row[1])

        await self._database.do(work, lambda scope: self._learn(project_id, member_id, [scope]))
        return member_id

    # --- In the thread ------------------------------------------------------------------------------------------------

    def _learn(self, project_id: str, member_id: str, scopes: list[str]) -> None:
        self._allowed[project_id, member_id] = expanded(scopes)

    def _insert(self, connection: sqlite3.Connection, project_id: str, name: str, now: float) -> None:
        connection.execute("INSERT INTO projects VALUES (?, ?, ?, ?)", (project_id, name, True, now))
        expiration = (datetime.fromtimestamp(now, timezone.utc) + FOR_EVER).timestamp()
        connection.execute(
            "INSERT INTO purchases VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (str(uuid.uuid4()), str(uuid.uuid4()), project_id, CREDIT, "USD", "promotional", now, expiration),
        )


_MEMBERS = "SELECT member_id, email, first_name, last_name, scopes FROM members WHERE project_id = ?"


def _member(row: tuple[str, str, str | None, str | None, str]) -> Member:
    member_id, email, first_name, last_name, scopes = row
    return Member(member_id, email, first_name, last_name, tuple(json.loads(scopes)))


def _exists(connection: sqlite3.Connection, project_id: str) -> bool:
    return bool(connection.execute("SELECT 1 FROM projects WHERE project_id = ?", (project_id,)).fetchone())


def _join(
    connection: sqlite3.Connection,
    project_id: str,
    member_id: str,
    email: str,
    scope: str,
    now: float,
    first_name: str | None = None,
) -> None:
    connection.execute(
        "INSERT INTO members VALUES (?, ?, ?, ?, ?, ?, ?)",
        (project_id, member_id, email, first_name, None, json.dumps([scope]), now),
    )


def _keep_an_owner(connection: sqlite3.Connection, project_id: str) -> None:
    """Undo what would leave members without an owner."""
    rows = connection.execute("SELECT scopes FROM members WHERE project_id = ?", (project_id,)).fetchall()
    if rows and not any(expanded(json.loads(scopes)) >= ROLES["owner"] for (scopes,) in rows):
        raise Conflict("A project needs an owner: make another member its owner first.")
