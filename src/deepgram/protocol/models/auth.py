"""Messages about access tokens."""

from __future__ import annotations

from ..model import Model


class GrantV1Response(Model):
    """A token that works for a short while."""

    access_token: str
    """A JWT, sent as ``Authorization: Bearer TOKEN``."""
    expires_in: float | None = None
    """Seconds until it stops working."""
