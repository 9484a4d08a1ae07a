"""Where each name of the package is defined, read from the syntax of the files written by hand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

MARK = "# By hatch_build.py\n"
ALIASES = re.compile(r"(from [\w.]+ import \w+ as \w+\n|\w+ = _\w+\n)+")
LAYERS = ("protocol", "runtime", "clients")


class Home(NamedTuple):
    """The one place where something is defined; modules are written without the leading ``deepgram.``."""

    module: str
    name: str


class Source:
    """One module written by hand: what it defines, and what it imports from inside and outside of the package."""

    def __init__(self, module: str, text: str, *, is_package: bool = False) -> None:
        self.definitions: dict[str, ast.stmt] = {}
        self.inside: dict[str, Home] = {}
        self.outside: dict[str, str] = {}
        package = module.split(".") if is_package else module.split(".")[:-1]
        for node in _statements(ast.parse(text).body):
            match node:
                case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    self.definitions[name] = node
                case (
                    ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr())
                ):
                    self.definitions[name] = node
                case ast.ImportFrom(module=origin, names=names, level=level):
                    parts = package[: len(package) - level + 1] if level else []
                    full = ".".join([*parts, *([origin] if origin else [])])
                    for alias in names:
                        local = alias.asname or alias.name
                        if level or full.split(".")[0] == "deepgram":
                            self.inside[local] = Home(full.removeprefix("deepgram").removeprefix("."), alias.name)
                        else:
                            self.outside[local] = f"from {full} import {alias.name}" + _renamed(alias)
                case ast.Import(names=names):
                    for alias in names:
                        self.outside[alias.asname or alias.name.split(".")[0]] = f"import {alias.name}{_renamed(alias)}"
                case _:
                    pass


class Homes:
    """Every definition under the layers, and in the modules written by hand beside them."""

    def __init__(self, package: Path) -> None:
        beside = (path for path in package.glob("*.py") if not path.name.startswith("_") and not is_written(path))
        files = sorted([*beside, *(path for layer in LAYERS for path in (package / layer).rglob("*.py"))])
        self.sources: dict[str, Source] = {}
        for file in files:
            parts = file.relative_to(package).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            module = ".".join(parts[:-1] if is_package else parts)
            self.sources[module] = Source(module, file.read_text(encoding="utf-8"), is_package=is_package)

    def of(self, name: str) -> list[Home]:
        """Return every place that defines ``name``."""
        return [Home(module, name) for module, source in self.sources.items() if name in source.definitions]

    def follow(self, module: str, name: str) -> Home | None:
        """Return where ``name``, as seen inside ``module``, is defined; ``None`` if outside of the package."""
        seen: set[Home] = set()
        home = Home(module, name)
        while home not in seen and (source := self.sources.get(home.module)):
            if home.name in source.definitions:
                return home
            seen.add(home)
            home = source.inside.get(home.name, home)
        return None

    def definition(self, home: Home) -> ast.stmt:
        return self.sources[home.module].definitions[home.name]


def is_written(path: Path) -> bool:
    """Tell whether the build wrote this file: it bears the mark, or holds nothing but aliases.

    The mark in each of a thousand modules of aliases would be 20 kB of the wheel; what is written by hand begins with
    a docstring.
    """
    text = path.read_text(encoding="utf-8")
    return text.startswith(MARK) or ALIASES.fullmatch(text) is not None


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements of a module, those under ``if`` and ``try`` too."""
    for node in body:
        match node:
            case ast.If():
                yield from _statements([*node.body, *node.orelse])
            case ast.Try():
                handled = [statement for handler in node.handlers for statement in handler.body]
                yield from _statements([*node.body, *handled, *node.orelse, *node.finalbody])
            case _:
                yield node


def _renamed(alias: ast.alias) -> str:
    return f" as {alias.asname}" if alias.asname else ""
