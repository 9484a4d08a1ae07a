"""Wire names in annotations of dicts and models: ``deepgram.core.serialization``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from typing_extensions import NotRequired, Required, get_type_hints, is_typeddict


class FieldMetadata:
    """Gives a field another name on the wire: ``Annotated[str, FieldMetadata(alias="uuid")]``."""

    alias: str

    def __init__(self, *, alias: str) -> None:
        self.alias = alias


def get_field_to_alias_mapping(type_: Any) -> dict[str, str]:
    """Return the wire names of a ``TypedDict`` or model, by field; only of those that have one."""
    aliases = {name: _alias(hint) for name, hint in _hints(type_).items()}
    return {name: alias for name, alias in aliases.items() if alias is not None}


def get_alias_to_field_mapping(type_: Any) -> dict[str, str]:
    """Return the fields of a ``TypedDict`` or model that have a wire name, by that name."""
    return {alias: name for name, alias in get_field_to_alias_mapping(type_).items()}


def convert_and_respect_annotation_metadata(
    *, object_: Any, annotation: Any, inner_type: Any | None = None, direction: Literal["read", "write"]
) -> Any:
    """Return ``object_`` with the names of ``annotation``: those of the wire for "write", of fields for "read".

    ``inner_type`` is the part of ``annotation`` that is meant, if not all of it. What does not fit stays as it is.
    """
    shape = _bare(annotation if inner_type is None else inner_type)
    arguments = get_args(shape)
    origin = get_origin(shape)

    def inner(value: Any, kind: Any) -> Any:
        return convert_and_respect_annotation_metadata(object_=value, annotation=kind, direction=direction)

    if isinstance(object_, Mapping) and (is_typeddict(shape) or _is_model(shape)):
        return _renamed(object_, shape, direction)
    if isinstance(object_, Mapping) and arguments and origin in (dict, Mapping):
        return {name: inner(value, arguments[-1]) for name, value in object_.items()}
    if isinstance(object_, list | set) and arguments and isinstance(origin, type) and not issubclass(origin, tuple):
        return type(object_)(inner(value, arguments[0]) for value in object_)
    if arguments and origin is not None and not isinstance(origin, type):  # a union: whichever member renames something
        for member in arguments:
            object_ = inner(object_, member)
    return object_


def _renamed(fields: Mapping[str, Any], shape: Any, direction: Literal["read", "write"]) -> dict[str, Any]:
    hints = _hints(shape)
    write = get_field_to_alias_mapping(shape)
    read = {alias: name for name, alias in write.items()}
    there = write if direction == "write" else read
    converted: dict[str, Any] = {}
    for name, value in fields.items():
        hint = hints.get(name if direction == "write" else read.get(name, name))
        converted[there.get(name, name)] = (
            value
            if hint is None
            else convert_and_respect_annotation_metadata(object_=value, annotation=hint, direction=direction)
        )
    return converted


def _hints(type_: Any) -> dict[str, Any]:
    shape = _bare(type_)
    return get_type_hints(shape, include_extras=True) if is_typeddict(shape) or _is_model(shape) else {}


def _alias(hint: Any) -> str | None:
    if get_origin(hint) in (Required, NotRequired):
        return _alias(get_args(hint)[0])
    if get_origin(hint) is Annotated:
        return next((mark.alias for mark in get_args(hint)[1:] if isinstance(mark, FieldMetadata)), None)
    return None


def _bare(shape: Any) -> Any:
    """Return ``T`` for ``Annotated[T, ...]``, ``Required[T]`` and ``NotRequired[T]``."""
    while get_origin(shape) in (Annotated, Required, NotRequired):
        shape = get_args(shape)[0]
    return shape


def _is_model(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, BaseModel)
