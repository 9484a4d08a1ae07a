"""Prints what the service's specifications name and the SDK cannot reach: ``python -m compat.drift SPEC.yml ...``.

For OpenAPI: every path, method, parameter, and every field of bodies and answers. For AsyncAPI: every channel,
parameter, message and field. Each line is one difference; there is none when both say the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import yaml
from pydantic import BaseModel
from typing_extensions import NotRequired, Required, is_typeddict

from deepgram import protocol
from deepgram.protocol.channel import Channel
from deepgram.protocol.command import Command
from deepgram.protocol.endpoint import Addressed
from deepgram.protocol.socket import SyncSocket

Schema = Mapping[str, Any]
HEADERS = {"Authorization", "authorization"}


def drift(file: Path) -> list[str]:
    """Return the differences between a specification and the SDK."""
    document: Schema = yaml.safe_load(file.read_text(encoding="utf-8"))
    specification = Specification(document)
    return [*(specification.rest() if "paths" in document else specification.sockets())]


def operations() -> Iterator[Addressed[..., Any]]:
    """Yield every operation of the protocol that has an address."""
    for module in walk_packages(protocol.__path__, "deepgram.protocol."):
        for resource in vars(import_module(module.name)).values():
            if isinstance(resource, type) and resource.__module__ == module.name:
                yield from (member for member in vars(resource).values() if isinstance(member, Addressed))


class Specification:
    """One document, with references inside of it."""

    def __init__(self, document: Schema) -> None:
        self.document = document

    def resolve(self, schema: Any) -> Schema:
        """Follow references until there is none."""
        while isinstance(schema, dict) and "$ref" in schema:
            found: Any = self.document
            key = ""
            for part in schema["$ref"].removeprefix("#/").split("/"):
                key = f"{key}/{part}" if key else part.replace("~1", "/").replace("~0", "~")
                if key in found:  # names of messages have slashes in them, and nobody escaped those
                    found, key = found[key], ""
            assert not key, schema["$ref"]
            schema = found
        return schema  # type: ignore[no-any-return]

    # --- REST ---------------------------------------------------------------------------------------------------------

    def rest(self) -> Iterator[str]:
        ours: dict[tuple[str, str], list[Addressed[..., Any]]] = {}
        for operation in operations():
            if not isinstance(operation, Channel):
                ours.setdefault((operation.method, f"/{operation.path}"), []).append(operation)
        for path, item in self.document["paths"].items():
            for method, described in item.items():
                where = f"{method.upper()} {path}"
                found = ours.get((method.upper(), path))
                yield from self.endpoint(where, described, found) if found else [f"{where}: no operation"]

    def endpoint(self, where: str, described: Schema, ours: list[Addressed[..., Any]]) -> Iterator[str]:
        known = {name for operation in ours for name in operation.positions}
        for parameter in map(self.resolve, described.get("parameters", ())):
            if parameter["name"] not in known | HEADERS:
                yield f"{where}: parameter {parameter['name']}"
        for schema in self.contents(described.get("requestBody", {})):
            yield from self.body(f"{where}: body", schema, ours, known)
        for status, answer in described.get("responses", {}).items():
            if status.startswith("2"):
                for schema in self.contents(answer):
                    yield from self.shape(f"{where}: answer", schema, Union[tuple(one.returns for one in ours)])

    def body(self, where: str, schema: Schema, ours: list[Addressed[..., Any]], known: set[str]) -> Iterator[str]:
        wholes = [operation.hints["request"] for operation in ours if "request" in operation.hints]
        schema = self.resolve(schema)
        if wholes and "properties" not in schema:
            yield from self.shape(where, schema, Union[tuple(wholes)])
            return
        yield from (f"{where}.{name}" for name in schema.get("properties", {}) if name not in known)

    def contents(self, message: Schema) -> Iterator[Schema]:
        for kind, content in self.resolve(message).get("content", {}).items():
            if kind == "application/json":
                yield content.get("schema") or {}

    # --- Sockets ------------------------------------------------------------------------------------------------------

    def sockets(self) -> Iterator[str]:
        channels = {f"/{one.path}": one for one in operations() if isinstance(one, Channel)}
        for path, described in self.document["channels"].items():
            channel = channels.get(path)
            if channel is None:
                yield f"{path}: no channel"
                continue
            for name in described["bindings"]["ws"].get("query", {}).get("properties", {}):
                if name not in channel.positions:
                    yield f"{path}: parameter {name}"
            socket = channel._sockets()[0]
            yield from self.messages(f"{path}: event", described["publish"], events(socket))
            yield from self.messages(f"{path}: command", described["subscribe"], commands(socket))

    def messages(self, where: str, described: Schema, ours: list[Any]) -> Iterator[str]:
        for message in map(self.resolve, described["message"]["oneOf"]):
            schema = self.resolve(message["payload"])
            if "properties" not in schema and not self.members(schema):
                continue  # audio
            for variant in self.members(schema) or [schema]:
                same = self.tagged(variant, ours)
                name = f"{where} {message['name']}"
                yield from self.shape(name, variant, Union[tuple(same)]) if same else [f"{name}: no message"]

    def tagged(self, schema: Schema, ours: list[Any]) -> list[Any]:
        """Return the models whose ``type`` is that of ``schema``; all if it has none."""
        tag = self.resolve(self.resolve(schema).get("properties", {}).get("type", {}))
        values = {tag["const"]} if "const" in tag else {*tag.get("enum", ())}
        types = {model: model.model_fields["type"].annotation for model in ours if "type" in model.model_fields}
        return [model for model, kind in types.items() if values & {*literals(kind)}] if values else ours

    def members(self, schema: Schema) -> list[Schema]:
        return [*map(self.resolve, schema.get("oneOf") or schema.get("anyOf") or ())]

    # --- Both ---------------------------------------------------------------------------------------------------------

    def shape(self, where: str, schema: Any, ours: Any, depth: int = 0) -> Iterator[str]:
        """Yield the fields of ``schema`` that no model of ``ours`` has, and those inside of them."""
        schema = self.resolve(schema)
        if depth > 12 or not isinstance(schema, Mapping):
            return
        kinds = [*parts(ours)]
        for member in [*self.members(schema), *map(self.resolve, schema.get("allOf", ()))]:
            yield from self.shape(where, member, ours, depth + 1)
        if "items" in schema:
            inside = [get_args(kind)[0] for kind in kinds if get_args(kind) and get_origin(kind) not in (dict, Mapping)]
            if inside:
                yield from self.shape(f"{where}[]", schema["items"], Union[tuple(inside)], depth + 1)
        fields: dict[str, list[Any]] = {}
        for kind in kinds:
            for name, hint in fields_of(kind).items():
                fields.setdefault(name, []).append(hint)
        if not fields:
            return  # the API is open here: a dict, or anything
        for name, inner in schema.get("properties", {}).items():
            if name not in fields:
                yield f"{where}.{name}"
            else:
                yield from self.shape(f"{where}.{name}", inner, Union[tuple(fields[name])], depth + 1)


def parts(shape: Any) -> Iterator[Any]:
    """Yield the members of unions, and what annotations are about."""
    origin = get_origin(shape)
    if origin in (Annotated, Required, NotRequired):
        yield from parts(get_args(shape)[0])
    elif origin in (Union, UnionType):
        for member in get_args(shape):
            yield from parts(member)
    else:
        yield shape


def fields_of(kind: Any) -> dict[str, Any]:
    """Return the wire names of a model or dict with the types of the fields."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {info.alias or name: info.annotation for name, info in kind.model_fields.items()}
    return get_type_hints(kind, include_extras=True) if is_typeddict(kind) else {}


def literals(annotation: Any) -> Iterator[Any]:
    for argument in get_args(annotation):
        yield from [argument] if isinstance(argument, str) else literals(argument)


def events(socket: Any) -> list[Any]:
    """Return the models that a socket receives."""
    bases = [base for kind in socket.__mro__ for base in getattr(kind, "__orig_bases__", ())]
    shape = next(get_args(base)[0] for base in bases if get_origin(base) is SyncSocket)
    return [kind for kind in parts(shape) if isinstance(kind, type) and issubclass(kind, BaseModel)]


def commands(socket: Any) -> list[Any]:
    """Return the models that a socket sends."""
    found = [member for kind in socket.__mro__ for member in vars(kind).values() if isinstance(member, Command)]
    kinds = [kind for command in found for kind in parts(command.hints.get("message"))]
    return [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        for line in drift(Path(argument)):
            print(line)  # noqa: T201
