"""Transports for every client of the process: ``install_transport`` and ``restore_transport``.

A client's own ``transport_factory`` is the better way: it concerns that client alone, and wins over these.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..protocol.socket import AsyncTransport, SyncTransport

SyncFactory = Callable[[str, dict[str, str]], SyncTransport]
AsyncFactory = Callable[[str, dict[str, str]], "AsyncTransport | Awaitable[AsyncTransport]"]

sync_factory: SyncFactory | None = None
async_factory: AsyncFactory | None = None


def install_transport(*, sync_factory: SyncFactory | None = None, async_factory: AsyncFactory | None = None) -> None:
    """Let all clients of this process open their conversations with these factories, ``factory(url, headers)``.

    Raises ``RuntimeError`` if another factory is installed already: :func:`restore_transport` takes it away.
    """
    installed = globals()
    for name, factory in (("sync_factory", sync_factory), ("async_factory", async_factory)):
        if factory is not None and installed[name] not in (None, factory):
            raise RuntimeError(
                f"another {name} is installed in this process: call restore_transport() first, or give the client a "
                "transport_factory of its own"
            )
    installed["sync_factory"] = sync_factory or installed["sync_factory"]
    installed["async_factory"] = async_factory or installed["async_factory"]


def restore_transport() -> None:
    """Let conversations be opened by the ``websockets`` library again."""
    globals().update(sync_factory=None, async_factory=None)
