"""Handshakes that were refused: ``deepgram.core.websocket_compat``. Clients raise an ``ApiError`` for them."""

from __future__ import annotations

from typing import Any

from websockets.exceptions import InvalidStatus

InvalidWebSocketStatus = InvalidStatus


def get_status_code(exc: Any) -> int:
    """Return the HTTP status of a refused handshake: of websockets' exceptions, older ones too, and of ours."""
    answer = getattr(exc, "response", exc)
    status: int = answer.status_code
    return status
