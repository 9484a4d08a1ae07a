"""Reading a conversation message by message: what ``for message in connection`` and ``start_listening`` go through.

Plain iterators, not generators: a loop that is left needs no winding up, a cancelled wait does not end it, and a
message costs less.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from typing_extensions import Self

if TYPE_CHECKING:
    from .socket import AsyncSocket, SyncSocket

E = TypeVar("E")


class FrameError(ValueError):
    """A text frame that is no message. It was left out; the conversation goes on."""

    def __init__(self, frame: str, cause: ValueError) -> None:
        super().__init__(f"a text frame is no JSON message and was left out: {frame[:200]!r}")
        self.frame = frame
        self.__cause__ = cause


def taker(transport: Any, begin: Callable[[Any], Any], following: str) -> Callable[[], Any]:
    """Return the function that takes the next frame off ``transport``.

    Iterating a connection of ``websockets`` is calling its ``recv`` until it is closed, in a generator that a cancelled
    wait ends for good: so it is ``recv`` that is called. Of other transports nothing is known but that they iterate.
    """
    own = type(transport).__module__.startswith(("websockets.", "deepgram.runtime."))
    function: Callable[[], Any] = transport.recv if own else getattr(begin(transport), following)
    return function


def is_ours(transport: Any) -> bool:
    """Tell whether a transport comes with this package. One that wraps such a one, or inherits from it, does not."""
    return type(transport).__module__.startswith(("deepgram.runtime.", "deepgram.transports."))


def _nothing() -> None:
    """Nothing is at hand in a transport that cannot tell."""


def ended_well(error: Exception) -> bool:
    """Tell whether ``recv`` raised because the conversation was closed in order."""
    return type(error).__name__ == "ConnectionClosedOK"


class SyncMessages(Generic[E]):
    """Messages of a conversation that is held from threads. Frames that are no JSON go to the handlers of ERROR."""

    def __init__(self, socket: SyncSocket[E]) -> None:
        self._socket = socket
        self._take = taker(socket._websocket, iter, "__next__")

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> E:
        socket = self._socket
        socket._readers[id(self)] = socket._who()
        while True:
            try:
                with socket._taking:
                    event: E | FrameError = socket._left.popleft() if socket._left else socket._decode(self._take())
            except BaseException as error:
                self.stop()
                if isinstance(error, StopIteration) or not isinstance(error, Exception):
                    raise
                if ended_well(error):
                    raise StopIteration from None
                raise socket._explain(error) from error.__cause__
            if not isinstance(event, FrameError):
                return event
            socket._emit("error", event)

    def fresh(self) -> E | FrameError:
        """Return what is in the next frame, whatever was left before."""
        return self._socket._decode(self._take())

    def stop(self) -> None:
        """Say that nobody reads here any more."""
        self._socket._stops_reading(id(self))

    def __del__(self) -> None:
        self.stop()


class AsyncMessages(Generic[E]):
    """Messages of a conversation that is held from an event loop. See :class:`SyncMessages`."""

    def __init__(self, socket: AsyncSocket[E]) -> None:
        self._socket = socket
        self._take = taker(socket._websocket, lambda transport: transport.__aiter__(), "__anext__")
        self._at_hand: Callable[[], Any] = _nothing
        self._reader: object = _nothing
        """The task noted as reading here, ``_nothing`` if there is none: None stands for a coroutine without a task."""
        if is_ours(socket._websocket):
            self._at_hand = getattr(socket._websocket, "at_hand", _nothing)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> E:
        socket = self._socket
        while True:
            if socket._drained is not None:
                await socket._drained()
            if socket._left:
                return socket._left.popleft()
            # Not kept in a local: an exception that ends the task would hold it by this frame, and the other way round.
            if socket._who() is not self._reader:
                self._reader = socket._readers[id(self)] = socket._who()
            try:
                frame = self._at_hand()  # messages that came together are taken without a wait
                if frame is None:
                    frame = await self._take()
                event: E | FrameError = socket._decode(frame)
            except BaseException as error:
                self.stop()
                if isinstance(error, StopAsyncIteration) or not isinstance(error, Exception):
                    raise
                if ended_well(error):
                    raise StopAsyncIteration from None
                raise socket._explain(error) from error.__cause__
            if not isinstance(event, FrameError):
                return event
            await socket._emit("error", event)

    async def fresh(self) -> E | FrameError:
        """Return what is in the next frame, whatever was left before."""
        return self._socket._decode(await self._take())

    def stop(self) -> None:
        """Say that nobody reads here any more."""
        self._reader = _nothing
        self._socket._stops_reading(id(self))

    def __del__(self) -> None:
        self.stop()
