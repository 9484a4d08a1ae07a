"""Commands: the messages that a socket can send, described once."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, overload

from typing_extensions import Self

from .operation import Caller, Operation
from .socket import AsyncSocket, Message, SyncSocket, encode

P = ParamSpec("P")


class Command(Operation[P]):
    """A message to send."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, socket: None, owner: type[Caller]) -> Callable[..., Any]: ...
        @overload
        def __get__(self, socket: None, owner: type[Any]) -> Self: ...
        @overload
        def __get__(self, socket: SyncSocket[Any], owner: type[Any]) -> Callable[P, None]: ...
        @overload
        def __get__(self, socket: AsyncSocket[Any], owner: type[Any]) -> Callable[P, Coroutine[Any, Any, None]]: ...
        def __get__(self, socket: Any, owner: type[Any]) -> Any: ...

    def sync(self) -> Callable[..., Any]:
        describe = self.describe

        def send(socket: SyncSocket[Any], *args: P.args, **kwargs: P.kwargs) -> None:
            frame = encode(describe(socket, *args, **kwargs))
            with socket._sending:
                socket._put(frame)

        return self.expose(send, None)

    def asynchronous(self) -> Callable[..., Any]:
        describe = self.describe

        async def send(socket: AsyncSocket[Any], *args: P.args, **kwargs: P.kwargs) -> None:
            # What _transmit does, without a second coroutine: audio goes this way fifty times a second and stream.
            frame = encode(describe(socket, *args, **kwargs))
            session = socket._session
            session.sends(frame, time.monotonic())
            try:
                await socket._websocket.send(frame)
            except Exception as error:
                raise socket._explain(error) from error.__cause__
            finally:
                session.sent()

        return self.expose(send, None)


def command(describe: Callable[Concatenate[Any, P], Message]) -> Command[P]:
    """Describe a message to send: the method returns it, the socket sends it."""
    return Command(describe)
