"""Pydantic as the official package wraps it: ``deepgram.core.pydantic_utilities``. Its base of all models is ours."""

from __future__ import annotations

import sys
import types
import typing
from collections import deque
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from pathlib import Path
from re import Pattern
from types import GeneratorType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_origin
from uuid import UUID

from pydantic import BaseModel, RootModel, TypeAdapter, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from .annotations import convert_and_respect_annotation_metadata

if TYPE_CHECKING:
    from .server_sent_events import ServerSentEvent

IS_PYDANTIC_V2 = True
AnyCallable = typing.Callable[..., Any]
PydanticField = FieldInfo
Model = TypeVar("Model", bound=BaseModel)
T = TypeVar("T")

Fields = dict[str, Any]
WIRE: Fields = {"by_alias": True, "exclude_unset": True}

# --- Values -----------------------------------------------------------------------------------------------------------


@cache
def _adapter(type_: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_)


def parse_obj_as(type_: type[T], object_: Any) -> T:
    """Return ``object_`` as ``type_``. Raises pydantic's ``ValidationError`` for what does not fit."""
    plain = convert_and_respect_annotation_metadata(object_=object_, annotation=type_, direction="read")
    shape: Any = type_
    parsed: T = _adapter(shape).validate_python(plain)
    return parsed


def parse_sse_obj(sse: ServerSentEvent, type_: type[T]) -> T:
    """Return the data of a server-sent event, which is JSON, as ``type_``."""
    return parse_obj_as(type_, sse.json())


def parse_datetime(value: Any) -> datetime:
    """Return ``value`` as a datetime. Raises pydantic's ``ValidationError`` for what is none."""
    return value if isinstance(value, datetime) else parse_obj_as(datetime, value)


def parse_date(value: Any) -> date:
    """Return ``value`` as a date; a datetime loses its time. Raises pydantic's ``ValidationError`` for what is none."""
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else parse_obj_as(date, value)


def is_literal_type(tp: type[Any] | None) -> bool:
    """Tell whether ``tp`` is ``Literal[...]``."""
    return get_origin(tp) is Literal


def is_union(tp: type[Any] | None) -> bool:
    """Tell whether ``tp`` is a union, or the origin of one."""
    return any(kind is Union or kind is types.UnionType for kind in (tp, get_origin(tp)))


def _number(value: Decimal) -> int | float:
    return int(value) if value.as_tuple().exponent in range(0, 100) else float(value)


encoders_by_type: dict[type[Any], Callable[[Any], Any]] = {
    bytes: lambda value: value.decode(),
    date: lambda value: value.isoformat(),
    datetime: lambda value: value.isoformat(),
    time: lambda value: value.isoformat(),
    timedelta: lambda value: value.total_seconds(),
    Decimal: _number,
    Enum: lambda value: value.value,
    Pattern: lambda value: value.pattern,
    **dict.fromkeys((frozenset, deque, GeneratorType, set), list),
    **dict.fromkeys(
        (UUID, Path, IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network), str
    ),
}


def encode_by_type(o: Any) -> Any:
    """Return the plain form of ``o`` that ``encoders_by_type`` has for its type, or a type above; else None."""
    for kind in type(o).__mro__:
        if encode := encoders_by_type.get(kind):
            return encode(o)
    return None


def to_jsonable_with_fallback(obj: Any, fallback_serializer: Callable[[Any], Any]) -> Any:
    """Return ``obj`` as what JSON can hold; what has no form there goes to ``fallback_serializer``."""
    return to_jsonable_python(obj, fallback=fallback_serializer)


def deep_union_pydantic_dicts(source: Fields, destination: Fields) -> Fields:
    """Put ``source`` into ``destination``, dicts into dicts and lists into lists, and return the latter."""
    for name, value in source.items():
        there = destination.get(name)
        if isinstance(value, dict):
            destination[name] = deep_union_pydantic_dicts(value, there if isinstance(there, dict) else {})
        elif isinstance(value, list):
            destination[name] = _union_of_lists(value, there if isinstance(there, list) else [])
        else:
            destination[name] = value
    return destination


def _union_of_lists(source: list[Any], destination: list[Any]) -> list[Any]:
    """As long as ``source``: what ``destination`` has beyond that goes."""
    union = destination[: len(source)] + [None] * (len(source) - len(destination))
    for index, value in enumerate(source):
        there = union[index]
        if isinstance(value, dict):
            union[index] = deep_union_pydantic_dicts(value, there if isinstance(there, dict) else {})
        elif isinstance(value, list):
            union[index] = _union_of_lists(value, there if isinstance(there, list) else [])
        else:
            union[index] = value
    return union


# --- Models -----------------------------------------------------------------------------------------------------------


class V2RootModel(RootModel[Any]):
    """A model around one value, ``root``, that is no object."""

    def dict(self, **kwargs: Any) -> Any:
        """Return the value as plain data, under the names of the wire."""
        return self.model_dump(**{**WIRE, **kwargs})

    def json(self, **kwargs: Any) -> str:
        """Return the value as JSON text, under the names of the wire."""
        return self.model_dump_json(**{**WIRE, **kwargs})


UniversalRootModel = V2RootModel


def update_forward_refs(model: type[BaseModel], **localns: Any) -> None:
    """Resolve the names that annotations of ``model`` mention before they exist."""
    model.model_rebuild(raise_errors=False, _types_namespace={**vars(sys.modules[model.__module__]), **localns})


def universal_root_validator(pre: bool = False) -> Callable[[AnyCallable], AnyCallable]:
    """Check a whole model, before its fields are (``pre``) or after."""

    def decorate(function: AnyCallable) -> AnyCallable:
        decorated: Any = model_validator(mode="before" if pre else "after")
        return decorated(classmethod(function) if pre else function)  # type: ignore[no-any-return]

    return decorate


def universal_field_validator(field_name: str, pre: bool = False) -> Callable[[AnyCallable], AnyCallable]:
    """Check one field of a model, before pydantic does (``pre``) or after."""

    def decorate(function: AnyCallable) -> AnyCallable:
        decorated: Any = field_validator(field_name, mode="before" if pre else "after")
        return decorated(function)  # type: ignore[no-any-return]

    return decorate
