"""Who is asking, what he may do, and the open conversations of keys that stop being valid."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from .accounts import OWNER_ID, PROJECT_ID
from .keys import Access
from .refusals import forbidden, project_not_found, unauthorized
from .scopes import ROLES, SPEAKING, expanded, needed
from .tokens import BadToken, Claims, looks_like_a_token

if TYPE_CHECKING:
    from .settings import Settings
    from .state import State

GRANT = "/v1/auth/grant"


@dataclass(frozen=True)
class Identity:
    """Who is asking."""

    project_id: str
    member_id: str
    key_id: str | None
    """The key, also that of a token; None for somebody who needed none."""
    allowed: frozenset[str]
    """Scopes, roles spelled out."""
    tags: tuple[str, ...] = ()
    """Labels of all requests made with the key."""
    by_token: bool = False


ANYBODY = Identity(PROJECT_ID, OWNER_ID, None, expanded(["owner"]))
"""Whoever asks a server that takes any key, with a key that it does not know."""


class Authorization:
    """The door of a server."""

    def __init__(self, settings: Settings, state: State) -> None:
        self.demanded = settings.auth or settings.api_key is not None
        """Whether a valid key or token is needed. If not, keys that are known still say whose requests these are."""
        self._own_key = settings.api_key
        self._state = state
        self._open: dict[str, set[Callable[[], object]]] = {}

    async def prepare(self) -> str | None:
        """Make sure that somebody can get in; return the owner's new key if one had to be made, to be shown once."""
        if not self.demanded:
            return None
        await asyncio.to_thread(import_module, "jwt")  # takes a moment; the first token must not hold up the others
        made = await self._state.keys.first(self._own_key)
        return None if self._own_key else made

    def identify(self, scheme: str, credential: str) -> Identity:
        """Return who sends this credential; raise ``Refusal`` 401 if it is needed and not valid."""
        try:
            return self._identify(scheme, credential)
        except BadToken as error:
            if self.demanded:
                raise unauthorized(str(error)) from None
        except LookupError:
            if self.demanded:
                raise unauthorized() from None
        return ANYBODY

    def _identify(self, scheme: str, credential: str) -> Identity:
        if looks_like_a_token(credential):
            claims = self._state.tokens.read(credential)
            access = self._state.keys.known(claims.key_id)
            if access is None and claims.key_id != _key_of(ANYBODY):
                raise BadToken("The key that the access token was made with is not valid any more.")
            if access is None and self.demanded:
                raise BadToken("The access token was made when no key was needed.")
            scopes = frozenset({SPEAKING})
            if access is None:
                return Identity(PROJECT_ID, OWNER_ID, None, scopes, by_token=True)
            return self._holder(access, scopes, by_token=True)
        access = self._state.keys.find(credential) if credential else None
        if access is None:
            raise LookupError
        return self._holder(access, access.allowed)

    def _holder(self, access: Access, scopes: frozenset[str], *, by_token: bool = False) -> Identity:
        """Return who holds a key. A key is worth no more than who made it: he may have become less, or have gone."""
        allowed = self._state.accounts.allowed(access.project_id, access.member_id)
        if allowed is None:
            raise LookupError
        return Identity(
            access.project_id, access.member_id, access.key_id, scopes & allowed, access.tags, by_token=by_token
        )

    def grant(self, identity: Identity, ttl: float) -> str:
        """Return a token for somebody."""
        key_id = identity.key_id or _key_of(identity)
        return self._state.tokens.grant(Claims(key_id, identity.project_id, identity.member_id), ttl)

    def admit(self, identity: Identity, method: str, path: str) -> None:
        """Let a request through, or raise ``Refusal``: 403 without the scope, 404 for the project of somebody else.

        ``path`` has its ids undecoded as far as slashes go.
        """
        parts = path.split("/")
        if parts[:3] == ["", "v1", "projects"] and len(parts) > 3:
            self._check_project(identity, parts[3])
        if not self.demanded:
            return
        if path == GRANT and not ROLES["member"] <= identity.allowed:
            raise forbidden("member")
        scope = needed(method, path)
        if identity.by_token and scope != SPEAKING and not path.startswith("/v1/agent/"):
            raise forbidden(scope or "project:read")
        if scope is not None and scope not in identity.allowed:
            raise forbidden(scope)

    def _check_project(self, identity: Identity, project_id: str) -> None:
        try:
            asked = str(uuid.UUID(project_id)) if len(project_id) == 36 else ""
        except ValueError:
            asked = ""
        if not asked:
            raise project_not_found("UUID parsing failed: the project id is no UUID.")
        if not self.demanded:  # his are all projects that the owner of the server is in
            known = self._state.accounts.allowed(asked, OWNER_ID) is not None
        else:
            known = asked == identity.project_id
        if not known or asked != project_id:
            raise project_not_found()

    # --- Open conversations -------------------------------------------------------------------------------------------

    @contextmanager
    def watching(self, identity: Identity, revoke: Callable[[], object]) -> Generator[None, None, None]:
        """Call ``revoke`` if the key stops being valid during the block, because it was deleted."""
        if identity.key_id is None:
            yield
            return
        watchers = self._open.setdefault(identity.key_id, set())
        watchers.add(revoke)
        try:
            yield
        finally:
            watchers.discard(revoke)
            if not watchers:
                self._open.pop(identity.key_id, None)

    def end(self, key_ids: Collection[str]) -> None:
        """End the conversations that were begun with these keys, or with their tokens."""
        self._state.keys.forget(key_ids)
        for key_id in key_ids:
            for revoke in [*self._open.get(key_id, ())]:
                revoke()


def _key_of(identity: Identity) -> str:
    """Return what stands for the key in the token of somebody who needed none."""
    return identity.member_id if identity.key_id is None else identity.key_id
