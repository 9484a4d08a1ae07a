"""Options of a command, read from what the package already says of itself: operations and settings.

Names, types and defaults come from annotations, the help from docstrings (those under a field are found in the
source). So a parameter is described once, and the command offers it as soon as the SDK does.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import MISSING, fields
from itertools import pairwise
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import typer
from typing_extensions import Unpack

if TYPE_CHECKING:
    from ..protocol.operation import Operation


def of_operation(
    operation: Operation[...], without: Collection[str], panel: str, like: Operation[...] | None = None
) -> list[inspect.Parameter]:
    """Return options for the keywords of ``operation``, except ``without``. None of them has a default.

    Keywords that the API leaves open (``Any``) take the type that they have in ``like``, if they are there.
    """
    known = {parameter.name: parameter.annotation for parameter in like.parameters} if like else {}
    help_texts = argument_docs(inspect.getdoc(operation.describe) or "")
    for hint in operation.hints.values():
        if get_origin(hint) is Unpack:
            help_texts |= field_docs(get_args(hint)[0])
    return [
        _option(
            parameter.name,
            parameter.annotation if any(_leaves(parameter.annotation)) else known.get(parameter.name, Any),
            help_texts.get(parameter.name, ""),
            panel,
        )
        for parameter in operation.parameters
        if parameter.name not in without
    ]


def of_settings(settings: type[Any], without: Collection[str] = ()) -> list[inspect.Parameter]:
    """Return options for the fields of the dataclass ``settings``, with its defaults."""
    help_texts = field_docs(settings)
    hints = get_type_hints(settings)
    return [
        _option(field.name, hints[field.name], help_texts.get(field.name, ""), None, field.default)
        for field in fields(settings)
        if field.name not in without
    ]


def with_options(function: Callable[..., Any], added: Iterable[inspect.Parameter]) -> Callable[..., Any]:
    """Return ``function`` as Typer should see it: with ``added`` in the place of its ``**keywords``."""

    def command(**given: Any) -> Any:
        return function(**given)

    hints = get_type_hints(function, include_extras=True)
    own = [
        parameter.replace(annotation=_annotated(hints[parameter.name]), kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    command.__doc__ = function.__doc__
    command.__name__ = function.__name__
    parameters = [*own, *added]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _annotated(hint: Any) -> Any:
    """Return ``hint`` as it was written: Python 3.10 wraps ``Optional`` around it if the default is None."""
    return next((member for member in get_args(hint) if get_origin(member) is Annotated), hint)


def field_docs(described: type[Any]) -> dict[str, str]:
    """Return the docstring under each field of a class; none where the source is not at hand."""
    try:
        source = textwrap.dedent(inspect.getsource(described))
    except (OSError, TypeError):
        return {}
    body = next(node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)).body
    found: dict[str, str] = {}
    for node, following in pairwise(body):
        match node, following:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = inspect.cleandoc(text)
            case _:
                pass
    return found


def argument_docs(docstring: str) -> dict[str, str]:
    """Return what the section ``Args:`` of a docstring says of each argument."""
    section = re.search(r"^Args:\n((?:[ \t]+.*\n|\n)*)", docstring + "\n", re.MULTILINE)
    if section is None:
        return {}
    entries = re.split(r"^(\w+): ", textwrap.dedent(section[1]), flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in zip(entries[1::2], entries[2::2], strict=True)}


def _option(
    name: str, annotation: object, help_text: str, panel: str | None, default: object = None
) -> inspect.Parameter:
    """Return the option for a parameter of this name and type."""
    kinds = list(_leaves(annotation))
    literals = [str(value) for kind in kinds if get_origin(kind) is Literal for value in get_args(kind)]
    flag = "--" + name.replace("_", "-")
    declared: tuple[str, ...] = (flag,)
    metavar: str | None = None
    wanted: object
    if any(_is_sequence(kind) for kind in kinds):
        wanted, metavar, help_text = list[str], "TEXT", f"{help_text} May be given several times."
    elif kinds == [bool] or set(literals) == {"true", "false"}:
        metavar = ""  # a flag takes no value
        literals = []
        wanted, declared = bool, (flag if default is False else f"{flag}/--no-{name.replace('_', '-')}",)
    elif literals or str in kinds:
        wanted, metavar = str, "TEXT"
    else:
        wanted = next((kind for kind in (Path, float, int) if kind in kinds), str)
    if literals:  # an open set: known values are shown, others are passed on
        if len(literals) <= 4:
            metavar = "|".join([*literals, "..."])
        else:
            help_text = f"{help_text} Known: {', '.join(literals)}."
    if default in (None, MISSING):
        wanted, default = Union[wanted, None], None
    information = typer.Option(
        *declared,
        help=plain(help_text),
        metavar=metavar,
        rich_help_panel=panel,
        show_default=default not in (None, False),
    )
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=Annotated[wanted, information])


def _leaves(annotation: object) -> Iterable[Any]:
    """Return the members of a union, however nested, without None and Any."""
    if get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from _leaves(member)
    elif annotation not in (None, type(None), Any):
        yield annotation


def _is_sequence(kind: object) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and issubclass(origin, Sequence) and origin is not str


def plain(text: str) -> str:
    """Return a docstring as help: without reST's marks, and with brackets that rich does not take for a style."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"\1", text).replace("``", "")
    return " ".join(text.split()).replace("[", "\\[").strip()
