"""Access tokens: signed, short-lived, for speaking and not for managing.

A token is a JSON Web Token (RFC 7519) with the id of the key that asked for it; it dies with that key. The secret that
signs is kept in the data file, so tokens live through a restart of a server that has one.
Source: developers.deepgram.com/docs/token-based-authentication.
"""

from __future__ import annotations

import secrets
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .scopes import SPEAKING

DEFAULT_TTL = 30.0
LONGEST_TTL = 3600.0
"""Seconds."""
ALGORITHM = "HS256"
ISSUER = "deepgram.local"


@dataclass(frozen=True)
class Claims:
    """What a token says."""

    key_id: str
    project_id: str
    member_id: str


class BadToken(Exception):
    """The token is forged, damaged or over. The message says which."""


class Tokens:
    """Makes and reads tokens."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._secret = b""

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Read the secret that signs, or make one (in the thread, at the start)."""
        connection.execute("INSERT OR IGNORE INTO secrets VALUES ('tokens', ?)", (secrets.token_bytes(32),))
        self._secret = connection.execute("SELECT value FROM secrets WHERE name = 'tokens'").fetchone()[0]

    def grant(self, claims: Claims, ttl: float) -> str:
        """Return a token that is valid for ``ttl`` seconds."""
        import jwt

        now = self._clock()
        payload = {
            "iss": ISSUER,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "exp": now + ttl,
            "sub": claims.key_id,
            "project": claims.project_id,
            "member": claims.member_id,
            "scope": SPEAKING,
        }
        return jwt.encode(payload, self._secret, ALGORITHM)

    def read(self, token: str) -> Claims:
        """Return what a valid token says; raise :class:`BadToken` for any other."""
        import jwt

        try:
            # The time is judged below: the library knows whole seconds only, and no clock but its own.
            payload: dict[str, Any] = jwt.decode(
                token,
                self._secret,
                [ALGORITHM],
                issuer=ISSUER,
                options={"require": ["exp", "sub"], "verify_exp": False, "verify_iat": False},
            )
            claims = Claims(str(payload["sub"]), str(payload["project"]), str(payload["member"]))
            over = float(payload["exp"])
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
            raise BadToken("The access token was not made by this server.") from None
        if over <= self._clock():
            raise BadToken("The access token has expired.")
        return claims


def looks_like_a_token(credential: str) -> bool:
    """Tell a token from a key: it has three parts, keys have one."""
    return credential.count(".") == 2
