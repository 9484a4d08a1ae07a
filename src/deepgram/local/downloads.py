"""uvicorn's HTTP/1.1, with a way to break an answer off.

An answer that is sent while it is made can fail in its middle: the engine, or a client that does not read. To close
such a connection means to wait until what was written is read, perhaps for ever; it has to be cut.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_CUT = "deepgram.cut"
"""The extension of the scope with what cuts the connection."""


class Downloads(H11Protocol):
    """One connection."""

    def handle_events(self) -> None:
        """Begin to answer a request that has arrived."""
        super().handle_events()
        scope: Scope | None = self.scope  # type: ignore[assignment]  # None before the first request
        if scope is not None:  # the application sees it when this returns
            scope.setdefault("extensions", {})[_CUT] = self.transport.abort


def cut(scope: Scope) -> None:
    """Cut the connection of a request: what was written and not read is lost, and the client sees that it broke."""
    abort: Callable[[], None] | None = (scope.get("extensions") or {}).get(_CUT)
    if abort is not None:
        abort()
