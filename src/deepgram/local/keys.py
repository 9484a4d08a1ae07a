"""API keys: shown once, kept as hashes, with scopes, tags and an end.

A key is 160 random bits, so its SHA-256 tells nothing about it and needs no salt; looking it up takes no time that
depends on how much of a wrong key is right.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from .accounts import OWNER_ID, PROJECT_ID
from .database import Absent, Conflict, Database
from .scopes import expanded

LIMIT = 10_000
"""Keys of a project, at most, expired ones included."""


@dataclass(frozen=True)
class Key:
    """A key, without its secret."""

    key_id: str
    project_id: str
    member_id: str
    comment: str
    scopes: tuple[str, ...]
    tags: tuple[str, ...]
    created: float
    """Seconds since 1970."""
    expires: float | None
    """Seconds since 1970; None: never."""


@dataclass(frozen=True)
class Access:
    """What is known of a key when it is used."""

    key_id: str
    project_id: str
    member_id: str
    allowed: frozenset[str]
    """Its scopes, roles spelled out."""
    tags: tuple[str, ...]
    expires: float | None


class Keys:
    """The keys of all projects. Methods raise :class:`Absent`, :class:`Conflict` and ``StateError``."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._by_digest: dict[bytes, Access] = {}
        self._digests: dict[str, bytes] = {}

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Learn the keys (in the thread, at the start)."""
        for row in connection.execute(f"SELECT {_COLUMNS}, digest FROM keys"):
            self._learn(_key(row[:-1]), row[-1])

    def find(self, secret: str) -> Access | None:
        """Return the key with this secret if it is valid now. Does not wait: it is asked for each request."""
        access = self._by_digest.get(digest(secret))
        return None if access is None or _over(access.expires, self._clock()) else access

    def known(self, key_id: str) -> Access | None:
        """Return a key by its id, if it is valid now."""
        access = self._by_digest.get(self._digests.get(key_id, b""))
        return None if access is None or _over(access.expires, self._clock()) else access

    async def create(
        self,
        project_id: str,
        member_id: str,
        *,
        comment: str,
        scopes: Sequence[str],
        tags: Sequence[str] = (),
        expires: float | None = None,
        secret: str | None = None,
        origin: Literal["api", "option", "start"] = "api",
    ) -> tuple[Key, str]:
        """Make a key; return it with its secret, which nobody can tell later."""
        secret = secret or secrets.token_hex(20)
        hashed = digest(secret)
        key = Key(str(uuid.uuid4()), project_id, member_id, comment, tuple(scopes), tuple(tags), self._clock(), expires)

        def work(connection: sqlite3.Connection) -> None:
            count = connection.execute("SELECT count(*) FROM keys WHERE project_id = ?", (project_id,)).fetchone()[0]
            if count >= LIMIT:
                raise Conflict(f"A project has at most {LIMIT} keys. Delete some first.")
            who = connection.execute(
                "SELECT 1 FROM members WHERE project_id = ? AND member_id = ?", (project_id, member_id)
            )
            if not who.fetchone():
                raise Absent("member")
            connection.execute(
                f"INSERT INTO keys ({_COLUMNS}, digest, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(key.key_id, project_id, member_id, comment, json.dumps(key.scopes), json.dumps(key.tags)),
                    *(key.created, expires, hashed, origin),
                ),
            )

        await self._database.do(work, lambda _: self._learn(key, hashed))
        return key, secret

    async def first(self, secret: str | None = None) -> str | None:
        """Make sure that somebody can get in; return a new key of the owner, or None if there are keys already.

        With ``secret`` that one is valid, as long as the server is started with it.
        """
        kept = None if secret is None else digest(secret)

        def work(connection: sqlite3.Connection) -> tuple[bool, list[str]]:
            rows = connection.execute("SELECT key_id, digest FROM keys WHERE origin = 'option'").fetchall()
            former = [key_id for key_id, hashed in rows if hashed != kept]
            connection.executemany("DELETE FROM keys WHERE key_id = ?", [(key_id,) for key_id in former])
            if kept is None:
                known = connection.execute(
                    "SELECT 1 FROM keys WHERE project_id = ? AND (expires IS NULL OR expires > ?)",
                    (PROJECT_ID, self._clock()),
                ).fetchone()
            else:
                known = connection.execute("SELECT 1 FROM keys WHERE digest = ?", (kept,)).fetchone()
            return known is not None, former

        known, _ = await self._database.do(work, lambda found: self.forget(found[1]))
        if known:
            return None
        comment = "deepgram serve --auth" if secret is None else "deepgram serve --api-key"
        origin: Literal["option", "start"] = "start" if secret is None else "option"
        _, made = await self.create(
            PROJECT_ID, OWNER_ID, comment=comment, scopes=["owner"], secret=secret, origin=origin
        )
        return made

    async def list(
        self, project_id: str, member_id: str | None = None, status: Literal["active", "expired"] | None = None
    ) -> list[Key]:
        """Return the keys of a project, or only those of a member, the oldest first."""

        def work(connection: sqlite3.Connection) -> list[Key]:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM keys WHERE project_id = ?1 AND (?2 IS NULL OR member_id = ?2)"
                " ORDER BY created, rowid",
                (project_id, member_id),
            )
            return [_key(row) for row in rows]

        now = self._clock()
        keys = await self._database.do(work)
        return keys if status is None else [key for key in keys if _over(key.expires, now) == (status == "expired")]

    async def get(self, project_id: str, key_id: str, member_id: str | None = None) -> Key:
        """Return a key of a project; with ``member_id`` only one that he made."""

        def work(connection: sqlite3.Connection) -> Key:
            row = connection.execute(
                f"SELECT {_COLUMNS} FROM keys WHERE project_id = ?1 AND key_id = ?2 AND (?3 IS NULL OR member_id = ?3)",
                (project_id, key_id, member_id),
            ).fetchone()
            if row is None:
                raise Absent("key")
            return _key(row)

        return await self._database.do(work)

    async def delete(self, project_id: str, key_id: str, member_id: str | None = None) -> None:
        """Delete a key of a project; with ``member_id`` only one that he made. It stops working at once."""

        def work(connection: sqlite3.Connection) -> None:
            gone = connection.execute(
                "DELETE FROM keys WHERE project_id = ?1 AND key_id = ?2 AND (?3 IS NULL OR member_id = ?3)",
                (project_id, key_id, member_id),
            )
            if not gone.rowcount:
                raise Absent("key")

        await self._database.do(work, lambda _: self.forget([key_id]))

    def forget(self, key_ids: Collection[str]) -> None:
        """Take keys for wrong that are no more on the disk."""
        for key_id in key_ids:
            self._by_digest.pop(self._digests.pop(key_id, b""), None)

    def _learn(self, key: Key, hashed: bytes) -> None:
        self._digests[key.key_id] = hashed
        self._by_digest[hashed] = Access(
            key.key_id, key.project_id, key.member_id, expanded(key.scopes), key.tags, key.expires
        )


_COLUMNS = "key_id, project_id, member_id, comment, scopes, tags, created, expires"


def digest(secret: str) -> bytes:
    """Return what is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _key(row: tuple[str, str, str, str, str, str, float, float | None]) -> Key:
    key_id, project_id, member_id, comment, scopes, tags, created, expires = row
    return Key(
        key_id, project_id, member_id, comment, tuple(json.loads(scopes)), tuple(json.loads(tags)), created, expires
    )


def _over(expires: float | None, now: float) -> bool:
    return expires is not None and expires <= now
