"""Arguments as they travel: query strings and JSON bodies."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum
from os import PathLike, fspath
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from pydantic import BaseModel

from ..protocol.model import Model
from ..protocol.request import OMIT


def encode_query(*queries: Mapping[str, Any] | None) -> str:
    """Return ``queries`` merged, later ones first in rank, as a query string.

    None is left out, lists repeat their name, dictionaries become ``name[key]``, booleans ``true`` and ``false``.
    """
    query: dict[str, Any] = {}
    for some in queries:
        if some:
            query.update(some)
    return urlencode([pair for name, value in query.items() for pair in _pairs(name, value)]) if query else ""


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if value is None or value is OMIT:
        return
    if isinstance(value, str) and not isinstance(value, Enum):
        yield name, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _pairs(f"{name}[{key}]", inner)
    elif isinstance(value, BaseModel):
        yield from _pairs(name, fields_of(value))
    elif isinstance(value, Iterable) and not isinstance(value, (str, bytes, bytearray)):
        for inner in value:
            yield from _pairs(name, inner)
    else:
        yield name, _text(value)


def _text(value: Any) -> str:
    match value:
        case Enum():
            return _text(value.value)
        case bool():
            return "true" if value else "false"
        case datetime():
            return timestamp(value)
        case date():
            return value.isoformat()
        case bytes() | bytearray():
            return value.decode()
        case _:
            return str(value)


def timestamp(moment: datetime) -> str:
    """Return ``moment`` in ISO 8601, Z for UTC; without a zone it is taken as local time."""
    if moment.tzinfo is None:
        moment = moment.astimezone()
    text = moment.isoformat()
    return text.removesuffix("+00:00") + "Z" if moment.utcoffset() == timezone.utc.utcoffset(None) else text


def encode_json(value: object, additional: Mapping[str, Any] | None = None) -> bytes:
    """Return ``value``, with the fields of ``additional``, as compact JSON in UTF-8.

    Raises ``TypeError`` for what has no form in JSON, ``ValueError`` for numbers that are not finite.
    """
    plain = _plain(value)
    if additional and isinstance(plain, dict):
        plain.update(_plain(additional))
    return _encoder.encode(plain).encode("utf-8")


def fields_of(model: BaseModel) -> dict[str, Any]:
    """Return what goes over the wire of ``model``."""
    return model.dict() if isinstance(model, Model) else model.model_dump(by_alias=True, exclude_unset=True)


def _plain(value: Any) -> Any:
    """Return ``value`` without omitted fields; models become dictionaries."""
    if isinstance(value, BaseModel):
        value = fields_of(value)
    if isinstance(value, Mapping):
        return {_key(name): _plain(inner) for name, inner in value.items() if inner is not OMIT}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inner) for inner in value]
    return value


def _key(name: Any) -> Any:
    return name.value if isinstance(name, Enum) else name


def _other(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case datetime():
            return timestamp(value)
        case date():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode("ascii")
        case UUID():
            return str(value)
        case Decimal():
            return str(value)
        case PathLike():
            return fspath(value)
        case Iterable():
            return list(value)
        case _:
            raise TypeError(f"{type(value).__name__} has no form in JSON")


_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_other)
