"""Commands: the messages that a socket can send, described once."""

from __future__ import annotations

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
            socket._transmit(encode(describe(socket, *args, **kwargs)))

        return self.expose(send, None)

    def asynchronous(self) -> Callable[..., Any]:
        describe = self.describe

        async def send(socket: AsyncSocket[Any], *args: P.args, **kwargs: P.kwargs) -> None:
            await socket._transmit(encode(describe(socket, *args, **kwargs)))

        return self.expose(send, None)


def command(describe: Callable[Concatenate[Any, P], Message]) -> Command[P]:
    """Describe a message to send: the method returns it, the socket sends it."""
    return Command(describe)
