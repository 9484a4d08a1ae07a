"""Access tokens for programs that must not have a key."""

from __future__ import annotations

from ...protocol.auth import Tokens
from ...protocol.models.auth import GrantV1Response
from ..arguments import body_of
from ..router import Asked, Router
from ..tokens import DEFAULT_TTL, LONGEST_TTL


def register(router: Router) -> None:
    """Add the handlers of this file."""
    router.answers(Tokens.grant)(grant)


async def grant(asked: Asked) -> GrantV1Response:
    """Answer with a token that works for ``ttl_seconds``, 30 if nothing was said."""
    ttl = (await body_of(asked)).number("ttl_seconds", 1, LONGEST_TTL)
    ttl = DEFAULT_TTL if ttl is None else float(ttl)
    return GrantV1Response(access_token=asked.services.authorization.grant(asked.identity, ttl), expires_in=ttl)
