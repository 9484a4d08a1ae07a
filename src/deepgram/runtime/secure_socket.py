"""TLS for a socket that one thread reads while others write, which OpenSSL does not allow at the same time.

``websockets`` reads in a thread of its own and writes from those of the program. Over TLS both then work on one state
of OpenSSL. Where they meet (TLS 1.3 sends tickets just when the first request leaves) the request is lost, or ends the
connection: one of some 1,500 conversations. Some releases of Python lock that state, and of those some stand still when
a reader waits within the lock (3.13.6). Hence no call waits here: each has its turn, and waits outside of it.

A turn is taken again by the thread that has it: its garbage collection may end another conversation, or the same.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from websockets.sync.client import SSLSSLSocket

T = TypeVar("T")
Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""``poll`` knows files above 1,023, which ``select`` does not, and needs none for itself, which ``epoll`` does."""
LONGEST = 1.0
"""Seconds after which whoever waits looks again: the socket may have been closed just before it began to wait."""
OTHERS_TURN = 0.05
"""The same for a writer that OpenSSL told to wait for reading: a reader may have read it by then."""
PATIENCE = 2.0
"""Seconds that a writer waits for the rest of what TLS itself says within a tunnel."""
RECORDS = 65536
"""Bytes of TLS taken from a proxy at once."""


class SecureSocket:
    """Does for ``websockets`` what the TLS socket ``beneath`` does, whose blocking mode it takes over.

    It has what the library asks for (15.0 to 17.4), and nothing that would go past the turns.
    """

    def __init__(self, beneath: ssl.SSLSocket) -> None:
        self.beneath = beneath
        self._timeout = beneath.gettimeout()
        self._turn = RLock()
        beneath.setblocking(False)

    def fileno(self) -> int:
        """Return the number of its file, -1 once it is closed."""
        return self.beneath.fileno()

    def getsockname(self) -> Any:
        """Return the address at this end."""
        return self.beneath.getsockname()

    def getpeername(self) -> Any:
        """Return the address of the peer."""
        return self.beneath.getpeername()

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
        with self._turn:
            with suppress(OSError):  # it has ended
                self.shutdown(socket.SHUT_RDWR)
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


class SecureTunnel(SecureSocket):
    """The same for TLS within the TLS of a proxy: it takes the place of what the library has made for that.

    ``beneath`` is the socket to the proxy. What goes through the tunnel is encrypted in memory, where nothing waits.
    """

    def __init__(self, made: SSLSSLSocket) -> None:
        super().__init__(cast(ssl.SSLSocket, made.ssl_socket))
        self._tunnel = made.ssl_object
        self._came, self._leaving = made.incoming, made.outgoing
        self._inner_turn = RLock()
        self._order = RLock()
        """Held until what was encrypted is sent."""
        self._wrong: ssl.SSLError | None = None
        """What came after the last that could be read."""

    def recv(self, size: int) -> bytes:
        """Wait for some bytes, and return all that are there; none when the peer has ended.

        The library waits for the file of ``beneath`` before it asks again: nothing may be left here, nor the end of the
        tunnel be seen by nobody. Raises ``OSError``, ``TimeoutError``.
        """
        while True:
            data, ended, answer = self._at_hand(size)
            if answer:
                try:
                    self._send(b"")
                except OSError:
                    if not data:
                        raise
            if ended:
                with suppress(OSError):
                    self.shutdown(socket.SHUT_RD)
            if data or ended:
                return data
            came = super().recv(RECORDS)
            with self._inner_turn:
                if came:
                    self._came.write(came)
                else:
                    self._came.write_eof()

    def _at_hand(self, size: int) -> tuple[bytes, bool, int]:
        """Return what can be read now, whether it is the last, and how much TLS itself wants to say (bytes)."""
        data = bytearray()
        if self._wrong is not None:
            raise self._wrong
        with self._inner_turn:
            try:
                while part := self._tunnel.read(size):
                    data += part
            except ssl.SSLWantReadError:
                return bytes(data), False, self._leaving.pending
            except ssl.SSLEOFError:  # without a goodbye, as TLS sockets take it too
                pass
            except ssl.SSLError as error:
                self._wrong = error
                if not data:
                    raise
            return bytes(data), True, 0

    def sendall(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of it. Raises ``OSError``, ``TimeoutError``."""
        with memoryview(data) as view, view.cast("B") as left:  # one at a time: the library sees to that
            at, deadline = 0, None
            while at < len(left):
                sent = self._send(left[at:])
                at += sent
                if sent:
                    deadline = None
                    continue
                # TLS waits for the rest of what it began to say, which the reader brings, unless both ends stand still.
                deadline = deadline or time.monotonic() + min(self._timeout or PATIENCE, PATIENCE)
                if time.monotonic() > deadline or self.fileno() < 0:  # given up, or closed
                    raise TimeoutError("timed out: the peer has begun to negotiate anew, and does not go on")
                time.sleep(OTHERS_TURN)

    def _send(self, data: bytes | memoryview) -> int:
        with self._order:
            with self._inner_turn:
                sent = 0
                if data:
                    with suppress(ssl.SSLWantReadError):
                        sent = self._tunnel.write(data)
                encrypted = self._leaving.read()
            super().sendall(encrypted)
            return sent


def secured(made: Any) -> Any:
    """Return what stands for a socket that the library has made: one without TLS does itself."""
    from websockets.sync.client import SSLSSLSocket  # which has made it, so it is loaded

    if isinstance(made, SSLSSLSocket):
        return SecureTunnel(made)
    return SecureSocket(made) if isinstance(made, ssl.SSLSocket) else made


def socket_of(transport: Any) -> socket.socket | None:
    """Return the socket of a transport that has one, as those of ``websockets`` do; with TLS the one beneath."""
    found = getattr(transport, "socket", None)
    if isinstance(found, SecureSocket):
        return found.beneath
    return found if isinstance(found, socket.socket) else None
