"""Values as they travel: ``jsonable_encoder``, ``query_encoder`` and ``remove_none_from_dict`` of ``deepgram.core``."""

from __future__ import annotations

import dataclasses
import typing
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from pathlib import PurePath
from typing import Any, Union
from urllib.parse import quote

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_jsonable_python

from ...protocol.request import OMIT
from ..encoding import fields_of, timestamp

# Aliases of typing: to Python 3.10, `set[...]` would be a class (`inspect.isclass`).
SetIntStr = typing.Set[Union[int, str]]  # noqa: UP006
DictIntStrAny = typing.Dict[Union[int, str], Any]  # noqa: UP006

# --- JSON -------------------------------------------------------------------------------------------------------------


def jsonable_encoder(obj: Any, custom_encoder: dict[Any, Callable[[Any], Any]] | None = None) -> Any:
    """Return ``obj`` as what JSON can hold: models as dicts of what was given, bytes as base64, no omitted fields.

    ``custom_encoder`` has functions by type, which go first. Raises ``ValueError`` for what has no form in JSON.
    """
    for kind, encode in (custom_encoder or {}).items():
        if type(obj) is kind or isinstance(obj, kind):
            return encode(obj)

    def inner(value: Any) -> Any:
        return jsonable_encoder(value, custom_encoder)

    match obj:
        case None | bool() | int() | float() | str() if not isinstance(obj, Enum):
            return obj
        case _ if obj is OMIT:
            return None
        case BaseModel():
            return inner(fields_of(obj))
        case Enum():
            return inner(obj.value)
        case Mapping():
            return {inner(name): inner(value) for name, value in obj.items() if value is not OMIT}
        case bytes():
            return b64encode(obj).decode("ascii")
        case datetime():
            return timestamp(obj)
        case date():
            return obj.isoformat()
        case _ if dataclasses.is_dataclass(obj) and not isinstance(obj, type):
            return {field.name: inner(getattr(obj, field.name)) for field in dataclasses.fields(obj)}
        case list() | tuple() | set() | frozenset():
            return [inner(value) for value in obj if value is not OMIT]
        case PurePath():
            return str(obj)
        case _:
            return _otherwise(obj, inner)


def _otherwise(obj: Any, inner: Callable[[Any], Any]) -> Any:
    """Return what pydantic makes of ``obj``, else its items, else its attributes."""
    try:
        return to_jsonable_python(obj)
    except (PydanticSerializationError, UnicodeDecodeError):
        pass
    if isinstance(obj, Iterable):
        return [inner(value) for value in obj]
    if not hasattr(obj, "__dict__") or isinstance(obj, type):
        raise ValueError(f"{type(obj).__name__} has no form in JSON")
    return inner(vars(obj))


def encode_path_param(obj: Any) -> str:
    """Return ``obj`` as a part of a path, not quoted."""
    value = jsonable_encoder(obj)
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def quote_path_param(obj: Any) -> str:
    """Return ``obj`` as one segment of a path, quoted."""
    return quote(encode_path_param(obj), safe="")


# --- Queries ----------------------------------------------------------------------------------------------------------


def encode_query(query: dict[str, Any] | None) -> list[tuple[str, Any]] | None:
    """Return the pairs of a query: lists repeat their name, dicts and models become ``name[key]``."""
    return (
        None if query is None else [pair for name, value in query.items() for pair in single_query_encoder(name, value)]
    )


def single_query_encoder(query_key: str, query_value: Any) -> list[tuple[str, Any]]:
    """Return the pairs of one parameter."""
    if isinstance(query_value, BaseModel | dict):
        return traverse_query_dict(_fields(query_value), query_key)
    if isinstance(query_value, list):
        return [
            pair
            for value in query_value
            for pair in (
                traverse_query_dict(_fields(value), query_key)
                if isinstance(value, BaseModel | dict)
                else [(query_key, _plain(value))]
            )
        ]
    return [(query_key, _plain(query_value))]


def traverse_query_dict(dict_flat: dict[str, Any], key_prefix: str | None = None) -> list[tuple[str, Any]]:
    """Return the pairs of a dict, named ``key_prefix[key]``."""
    pairs: list[tuple[str, Any]] = []
    for name, value in dict_flat.items():
        key = name if key_prefix is None else f"{key_prefix}[{name}]"
        for item in value if isinstance(value, list) else [value]:
            pairs += traverse_query_dict(item, key) if isinstance(item, dict) else [(key, _plain(item))]
    return pairs


def _fields(value: BaseModel | dict[str, Any]) -> dict[str, Any]:
    return fields_of(value) if isinstance(value, BaseModel) else value


def _plain(value: Any) -> Any:
    return ("true" if value else "false") if isinstance(value, bool) else value


# --- Dicts ------------------------------------------------------------------------------------------------------------


def remove_none_from_dict(original: Mapping[str, Any | None]) -> dict[str, Any]:
    """Return ``original`` without the names whose value is None."""
    return {name: value for name, value in original.items() if value is not None}
