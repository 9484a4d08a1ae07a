"""What there is to describe: the client's resources with their operations, found by walking a client."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, get_args

from typing_extensions import Unpack

from deepgram import DeepgramClient
from deepgram.protocol.channel import Channel
from deepgram.protocol.command import Command
from deepgram.protocol.endpoint import Addressed, Download, subclient
from deepgram.protocol.operation import Operation
from deepgram.protocol.paging import Paging
from deepgram.protocol.socket import SyncSocket


@dataclass(frozen=True)
class Described:
    """One operation, and where a client has it: ``path`` is ``listen.v1.media.transcribe_file``."""

    path: str
    operation: Operation[Any]

    @property
    def anchor(self) -> str:
        return self.path.replace(".", "-").replace("_", "-")

    @property
    def parameters(self) -> list[inspect.Parameter]:
        """The parameters without ``self``, types included."""
        return [parameter for parameter in self.operation.parameters if parameter.name != "self"]

    @property
    def options(self) -> list[type[Any]]:
        """The TypedDicts that hold some of the parameters, with what is to be said about them."""
        return [get_args(hint)[0] for hint in self.operation.hints.values() if _is_options(hint)]

    @property
    def address(self) -> tuple[str, str] | None:
        """HTTP method (``WSS`` for conversations) and path, if this is one request."""
        if isinstance(self.operation, Channel):
            return "WSS", f"/{self.operation.path}"
        if isinstance(self.operation, Addressed):
            return self.operation.method, f"/{self.operation.path}"
        return None

    @property
    def returns(self) -> Any:
        """The type of the answer of a sync client; None where it has no type of its own."""
        if isinstance(self.operation, (Download, Channel, Command, Paging)):
            return None
        return self.operation.returns if isinstance(self.operation, Addressed) else None


@dataclass(frozen=True)
class Resource:
    """A resource of the client with its operations; ``path`` is ``listen.v1.media``."""

    path: str
    about: str
    operations: list[Described] = field(default_factory=list[Described])


def resources() -> list[Resource]:
    """Return all resources that have operations, in the order of the client."""
    with DeepgramClient(api_key="unused") as client:
        kinds = {name: type(getattr(client, name)) for name in _attributes(DeepgramClient, cached_property)}
    found = [resource for name, kind in kinds.items() for resource in _walk(kind, name)]
    return [resource for resource in found if resource.operations]


def commands(described: Described) -> list[Described]:
    """Return what a conversation can be told."""
    socket = _socket(described)
    return [] if socket is None else [Described(f"{described.path}.{n}", o) for n, o in _operations(socket)]


def events(described: Described) -> Any:
    """Return the union of the messages that a conversation brings."""
    socket = _socket(described)
    bases = getattr(socket, "__orig_bases__", ())
    unions = [argument for base in bases for argument in get_args(base) if issubclass(base.__origin__, SyncSocket)]
    return unions[0] if unions else None


def _socket(described: Described) -> type[Any] | None:
    operation: Any = described.operation
    return operation._sockets()[0] if isinstance(operation, Channel) else None


def _walk(client: type[Any], path: str) -> Iterator[Resource]:
    yield Resource(path, inspect.getdoc(client) or "", [Described(f"{path}.{n}", o) for n, o in _operations(client)])
    for name in _attributes(client, subclient):
        if not name.startswith("with_"):
            yield from _walk(vars(client)[name]._client, f"{path}.{name}")


def _operations(owner: type[Any]) -> list[tuple[str, Operation[Any]]]:
    return [(n, o) for base in owner.__mro__ for n, o in vars(base).items() if isinstance(o, Operation)]


def _attributes(owner: type[Any], kind: type[Any]) -> list[str]:
    return [name for name, member in vars(owner).items() if isinstance(member, kind)]


def _is_options(hint: Any) -> bool:
    return getattr(hint, "__origin__", None) is Unpack
