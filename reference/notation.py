"""How types are written in the reference: as in Python, the same on every version of it."""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from typing_extensions import NotRequired, Required

MANY = 6
"""So many values of a closed or open set are shown; the others are listed elsewhere."""
ELSE = "…"
"""Stands for values that this version does not know, and accepts."""


class Written(NamedTuple):
    """A type in words: pieces of code, and classes that have a description of their own."""

    parts: list[str | type[Any]]
    values: list[str]
    """The values of a long set, of which the parts hold the first few."""

    def markdown(self, link: Callable[[type[Any]], str]) -> str:
        """Return pieces of code and links, ready for a table."""
        pieces = [
            "".join(f"`{part}`" if part.strip() else part) if isinstance(part, str) else link(part)
            for part in self.parts
        ]
        return "".join(pieces).replace("|", "\\|")


def written(annotation: Any, *, optional: bool = False) -> Written:
    """Write a type. Where a parameter is ``optional``, the None of its type says nothing and is left out."""
    values: list[str] = []
    parts = _parts(annotation, values, optional)
    merged: list[str | type[Any]] = []
    for part in parts:
        if merged and isinstance(part, str) and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return Written(merged, values)


def _parts(annotation: Any, values: list[str], optional: bool = False) -> list[str | type[Any]]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Annotated, Required, NotRequired):
        return _parts(arguments[0], values, optional)
    if origin in (Union, UnionType):
        return _union(arguments, values, optional)
    if origin is Literal:
        return [" | ".join(_literals(arguments, values))]
    if annotation is Any:
        return ["Any"]
    if annotation is NoneType or annotation is None:
        return ["None"]
    if annotation is Ellipsis:
        return ["..."]
    if isinstance(annotation, list):
        return ["[", *_joined(annotation, values, ", "), "]"]
    if origin is not None:
        name = getattr(origin, "__name__", str(origin))
        return [name, "[", *_joined(arguments, values, ", "), "]"]
    if isinstance(annotation, type):
        return [annotation] if annotation.__module__.startswith("deepgram.protocol.models") else [annotation.__name__]
    return [getattr(annotation, "__name__", str(annotation).rpartition(".")[2])]


def _union(members: tuple[Any, ...], values: list[str], optional: bool) -> list[str | type[Any]]:
    known = [member for member in members if not (optional and member is NoneType)]
    literals = [value for member in known if get_origin(member) is Literal for value in get_args(member)]
    is_open = Any in known and len(known) > 1
    if set(literals) == {"true", "false"}:
        return ["bool"]  # "true" and "false" are what True and False become on the wire
    words: list[list[str | type[Any]]] = []
    for member in known:
        if get_origin(member) is Literal:
            words.append([" | ".join(_literals(get_args(member), values))])
        elif not (member is Any and is_open):
            words.append(_parts(member, values))
    if is_open and not (words and str(words[-1][-1]).endswith(ELSE)):
        words.append([ELSE])
    joined: list[str | type[Any]] = []
    for word in words:
        joined += [" | ", *word] if joined else word
    return joined


def _literals(members: tuple[Any, ...], values: list[str]) -> list[str]:
    shown = ['"' + member + '"' if isinstance(member, str) else str(member) for member in members]
    if len(shown) <= MANY:
        return shown
    values += [str(member) for member in members]
    return [*shown[:3], ELSE]


def _joined(members: Any, values: list[str], separator: str) -> list[str | type[Any]]:
    joined: list[str | type[Any]] = []
    for member in members:
        part = _parts(member, values)
        joined += [separator, *part] if joined else part
    return joined
