"""Pages about the messages: every model and TypedDict of the protocol with its fields."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, get_origin

from hatch_build import Surface
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typing_extensions import Required, get_type_hints, is_typeddict

import deepgram.protocol.models as models
from deepgram.protocol.model import Model

from . import docstrings, versions
from .notation import written
from .operations import DASH, HTML, STAR, coded

ROOT = Path(__file__).parents[1]
HEAD = "| field | type, unit | default | since | |\n|---|---|---|---|---|"
INTRODUCTION = """\
# Messages

What is said in answers and conversations. Messages are immutable pydantic models; fields that this version does not
know are kept, and read as attributes. Each may be written as a dict as well, of which a `TypedDict` with the name
`...Params` is the type.
"""


def pages() -> list[tuple[str, str]]:
    """Return a page for each domain, with its name."""
    names = [module.name for module in pkgutil.iter_modules(models.__path__)]
    modules = [(name, importlib.import_module(f"{models.__name__}.{name}")) for name in names]
    return [(name, _page(module)) for name, module in modules]


def anchor(kind: type[Any]) -> str:
    """Return the label of a message: that of every description of one begins alike."""
    return f"message-{kind.__name__.lower()}"


def link(kind: type[Any]) -> str:
    """Return a link to the description of a message."""
    return f"[`{kind.__name__}`](#{anchor(kind)})"


def _page(module: ModuleType) -> str:
    said = docstrings.read(module.__doc__)
    title = module.__name__.rpartition(".")[2].replace("_", " ").capitalize()
    lines = [f"# {title}\n", f"{said.summary}\n", f"{said.more}\n", *(f"<{HTML}{source}>\n" for source in said.sources)]
    for name in docstrings.order(Path(inspect.getfile(module))):
        kind = getattr(module, name, None)
        if not (isinstance(kind, type) and kind.__module__ == module.__name__ and kind.__name__ == name):
            continue  # an alias, or from elsewhere
        if not name.startswith("_") and (issubclass(kind, Model) or is_typeddict(kind)):
            lines += _message(kind)
    return "\n".join(lines)


def _message(kind: type[Any]) -> list[str]:
    said = docstrings.read(docstrings.about(kind))
    lines = [f"({anchor(kind)})=\n", f"## {kind.__name__}\n"]
    place = _places().get((kind.__module__.removeprefix("deepgram."), kind.__name__))
    facts = [f"`from {place} import {kind.__name__}`"] if place else []
    since = versions.since(kind.__name__)
    facts += [f"Since {since}"] if since != versions.OWN else []
    lines += [f"{' · '.join(facts)}\n"] if facts else []
    lines += [f"{said.summary}\n", f"{said.more}\n"]
    rows = _rows(kind)
    return [*lines, HEAD, *rows, ""] if rows else lines


def _rows(kind: type[Any]) -> list[str]:
    told = docstrings.fields(kind)
    if issubclass(kind, Model):
        fields = [(n, f.annotation, _default(f), f.alias or n) for n, f in kind.model_fields.items()]
    else:
        hints = get_type_hints(kind, include_extras=True)
        required = getattr(kind, "__required_keys__", frozenset[str]())
        fields = [(n, h, "**required**" if n in required or _is_required(h) else "", n) for n, h in hints.items()]
    return [_row(kind, name, hint, default, wire, told.get(name, "")) for name, hint, default, wire in fields]


def _row(kind: type[Any], name: str, hint: Any, default: str, wire: str, text: str) -> str:
    text, said = docstrings.split_default(text)
    words = written(hint, optional=default != "**required**")
    many = f" Values: {', '.join(f'`{value}`' for value in words.values)}." if words.values else ""
    wired = f" On the wire: `{wire}`." if wire != name else ""
    unit = docstrings.unit(name, text)
    known = versions.since(kind.__name__) != versions.OWN
    since = versions.since(kind.__name__, name) if known else ""
    cells = [
        f"`{name}`",
        words.markdown(link) + (f", {unit}" if unit else ""),
        default or coded(said) or DASH,
        STAR if since == versions.OWN else since,
        f"{text}{wired}{many}".replace("|", "\\|"),
    ]
    return f"| {' | '.join(cells)} |"


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "" if field.default_factory else "**required**"
    return "" if field.default is None else f"`{field.default!r}`".replace("'", '"')


def _is_required(hint: Any) -> bool:
    return get_origin(hint) is Required


@cache
def _places() -> dict[tuple[str, str], str]:
    """Return, for each definition, the shortest path that programs import it from."""
    found: dict[tuple[str, str], str] = {}
    for package, entries in Surface(ROOT)._packages().items():
        path = f"deepgram.{package}".rstrip(".")
        for entry in entries:
            home = (entry.home.module, entry.home.name)
            if entry.name == entry.home.name and len(path) < len(found.get(home, "x" * 999)):
                found[home] = path
    return found
