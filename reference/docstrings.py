"""What the sources say about themselves: docstrings of operations by section, and of fields; as Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import griffe

SOURCE = re.compile(r"^ *Source: *(.+?)\.? *$", re.MULTILINE)
ROLE = re.compile(r":(?:class|meth|func|mod|attr|exc):`~?\.?([\w.]+)`")
# "Default 0.8." at the end of a docstring, or "..., 1 by default".
DEFAULT = re.compile(r"(?:^|(?<=[.;)]) )Default:? (?:is )?((?:[^.`]|`[^`]*`|\.(?=\d))+)\.?$", re.DOTALL)
BY_DEFAULT = re.compile(r"[,;] ([^,;.]+|[^,;]*\d\.\d+) (?:by default|if not given)(?=\.|;|$)")
UNITS = {
    "ms": re.compile(r"^Milliseconds\b|_ms$"),
    "s": re.compile(r"^(Most )?[Ss]econds\b|\b[Hh]ow many seconds\b|_seconds$"),
    "Hz": re.compile(r"\(Hz\)"),
    "bit/s": re.compile(r"^Bits per second\b"),
    "bytes": re.compile(r"^Bytes\b|_bytes$"),
}


@dataclass(frozen=True)
class Said:
    """The docstring of an operation, taken apart."""

    summary: str = ""
    more: str = ""
    arguments: dict[str, str] = field(default_factory=dict[str, str])
    returns: str = ""
    raises: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    sources: list[str] = field(default_factory=list[str])


def read(docstring: str | None) -> Said:
    """Take a docstring in Google's form apart."""
    text = inspect.cleandoc(docstring or "")
    sources = SOURCE.findall(text)
    parsed = griffe.Docstring(SOURCE.sub("", text).strip()).parse("google", warnings=False)
    prose: list[str] = []
    arguments: dict[str, str] = {}
    returns = ""
    raises: list[tuple[str, str]] = []
    for section in parsed:
        match section:
            case griffe.DocstringSectionText(value=value):
                prose.append(value)
            case griffe.DocstringSectionParameters(value=items):
                arguments |= {item.name.lstrip("*"): markdown(item.description) for item in items}
            case griffe.DocstringSectionReturns(value=items):
                # "The audio while it is made: an iterator" has a colon that begins no type.
                returns = " ".join(f"{i.annotation}: {i.description}" if i.annotation else i.description for i in items)
            case griffe.DocstringSectionRaises(value=items):
                raises += [(str(item.annotation), markdown(item.description)) for item in items]
            case _:
                prose.append(str(section.value))
    summary, _, more = "\n\n".join(prose).partition("\n\n")
    return Said(markdown(summary), markdown(more, wrapped=True), arguments, markdown(returns), raises, sources)


def markdown(text: str, *, wrapped: bool = False) -> str:
    """Turn the mark-up of docstrings into Markdown, on one line unless it may stay ``wrapped``."""
    text = ROLE.sub(lambda role: f"`{role[1]}`", text).replace("``", "`")
    return text.strip() if wrapped else " ".join(text.split())


def split_default(text: str) -> tuple[str, str]:
    """Take the default out of what is said about a parameter: the rest, and the default."""
    if found := DEFAULT.search(text):
        return text[: found.start()].rstrip(), found[1].strip()
    if found := BY_DEFAULT.search(text):
        return text[: found.start()] + text[found.end() :], found[1].strip()
    return text, ""


def unit(name: str, text: str) -> str:
    """Return the unit of a parameter: of what its description begins with, or its name ends with."""
    return next((unit for unit, sign in UNITS.items() if sign.search(text) or sign.search(name)), "")


@cache
def _module(file: Path) -> griffe.Module:
    return griffe.visit(file.stem, filepath=file, code=file.read_text(encoding="utf-8"))


def fields(owner: type[Any]) -> dict[str, str]:
    """Return what the source says about each field of a class, those of its bases included."""
    bases = [base for base in (*owner.__mro__[1:], *getattr(owner, "__orig_bases__", ())) if _is_ours(base)]
    told: dict[str, str] = {}
    for base in reversed(bases):
        if base is not owner:
            told |= fields(base)
    members = _module(Path(inspect.getfile(owner))).members[owner.__name__].members
    told |= {n: markdown(m.docstring.value) for n, m in members.items() if m.docstring is not None and m.is_attribute}
    return told


def order(module_file: Path) -> list[str]:
    """Return the names of a module in the order in which it defines them."""
    return list(_module(module_file).members)


def about(member: type[Any] | Callable[..., Any]) -> str:
    """Return the docstring of a class itself, not one that it inherits."""
    return inspect.cleandoc(vars(member).get("__doc__") or "") if isinstance(member, type) else (member.__doc__ or "")


def _is_ours(base: Any) -> bool:
    return isinstance(base, type) and base.__module__.startswith("deepgram.protocol.models")
