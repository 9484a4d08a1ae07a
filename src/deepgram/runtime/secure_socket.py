"""TLS for a socket that one thread reads while others write, which OpenSSL does not allow at the same time.

``websockets`` reads in a thread of its own and writes from those of the program. With TLS both work on one state of
OpenSSL. Where they meet (TLS 1.3 sends tickets just when the first request leaves) the request is lost, or ends the
connection: one of some 1,500 conversations. Some releases of Python lock that state, and of those some stand still when
a reader waits within the lock (3.13.6). Hence no call waits here: each has its turn, and waits outside of it.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")
Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""``poll`` knows files above 1,023, which ``select`` does not, and needs none for itself, which ``epoll`` does."""
LONGEST = 1.0
"""Seconds after which whoever waits looks again: the socket may have been closed just before it began to wait."""
OTHERS_TURN = 0.05
"""The same for a writer that OpenSSL told to wait for reading: a reader may have read it by then."""


class SecureSocket:
    """Does for ``websockets`` what the TLS socket ``beneath`` does, whose blocking mode it takes over.

    What is not about sending, receiving and closing goes to that socket.
    """

    def __init__(self, beneath: ssl.SSLSocket) -> None:
        self.beneath = beneath
        self._timeout = beneath.gettimeout()
        self._turn = Lock()
        beneath.setblocking(False)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.beneath, name)

    def settimeout(self, timeout: float | None) -> None:
        """Bound what begins from now on (s). None waits for as long as it takes."""
        self._timeout = timeout

    def recv(self, size: int) -> bytes:
        """Wait for some bytes, at most ``size``; none when the peer has ended. Raises ``OSError``, ``TimeoutError``."""
        return self._in_turn(self.beneath.recv, size, selectors.EVENT_READ)

    def sendall(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of it. Raises ``OSError``, ``TimeoutError``."""
        with memoryview(data) as view, view.cast("B") as left:
            at = 0
            while at < len(left):
                at += self._in_turn(self.beneath.send, left[at:], selectors.EVENT_WRITE)

    def shutdown(self, how: int) -> None:
        """Wake whoever waits. ``SSLSocket`` would go on without TLS, and read what is encrypted as if it were not."""
        socket.socket.shutdown(self.beneath, how)

    def close(self) -> None:
        """End the connection, and wake whoever waits for it: to close a file alone wakes nobody."""
        with suppress(OSError):  # it has ended
            self.shutdown(socket.SHUT_RDWR)
        with self._turn:
            self.beneath.close()

    def _in_turn(self, do: Callable[[Any], T], what: Any, event: int) -> T:
        deadline = None if self._timeout is None else time.monotonic() + self._timeout
        while True:
            with self._turn:
                try:
                    return do(what)
                except ssl.SSLWantReadError:
                    wanted = selectors.EVENT_READ
                except ssl.SSLWantWriteError:
                    wanted = selectors.EVENT_WRITE
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError("timed out")
            longest = LONGEST if wanted == event else OTHERS_TURN
            with Selector() as selector:
                selector.register(self.beneath, wanted)
                selector.select(longest if left is None else min(left, longest))


def socket_of(transport: Any) -> socket.socket | None:
    """Return the socket of a transport that has one, as those of ``websockets`` do; with TLS the one beneath."""
    found = getattr(transport, "socket", None)
    if isinstance(found, SecureSocket):
        return found.beneath
    return found if isinstance(found, socket.socket) else None
