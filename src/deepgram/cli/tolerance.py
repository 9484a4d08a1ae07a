"""Tolerant reading of the service's JSON: what is missing or of another type than documented is passed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from unicodedata import category

Json = Mapping[str, object]
FAR = 1e9
"""Seconds beyond which a time is none."""


def nested(owner: Json, key: str) -> Json:
    """Return an object within an object; an empty one if there is none."""
    value = owner.get(key)
    return cast("Json", value) if isinstance(value, Mapping) else {}


def objects(owner: Json, key: str) -> list[Json]:
    """Return the objects of a list within an object."""
    value = owner.get(key)
    if not isinstance(value, list):
        return []
    return [cast("Json", item) for item in cast("list[object]", value) if isinstance(item, Mapping)]


def number_of(value: object, otherwise: float) -> float:
    """Return ``value`` if it is a number from 0, such as a time (s)."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= FAR:
        return float(value)
    return otherwise


def text_of(value: object) -> str:
    """Return ``value`` if it is text."""
    return value if isinstance(value, str) else ""


def readable(said: str) -> str:
    """Leave out control characters: on a terminal they would act instead of being read."""
    return "".join(character for character in said if character in "\n\t" or category(character) != "Cc")
