"""Options that are made of descriptions: of operations and of settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args

import pytest
import typer
from typing_extensions import TypedDict, Unpack

from deepgram.cli.described import argument_docs, field_docs, of_operation, of_settings, plain, with_options
from deepgram.protocol.endpoint import endpoint
from deepgram.protocol.request import Call, RequestOptions

Kind = Union[Literal["a", "b"], Any]
Many = Union[Literal["a", "b", "c", "d", "e"], Any]


class Options(TypedDict, total=False):
    """Options of a resource that exists only here."""

    punctuate: bool | None
    """Add punctuation [and] ``capitals``."""
    kind: Kind | None
    """What kind."""
    many: Many | None
    """Which of many."""
    split: float | None
    terms: Sequence[str] | str | None
    """Terms to favour."""


class Things:
    @endpoint("POST", "v1/things")
    def make(
        self,
        *,
        request: bytes,
        callback: str | None = None,
        request_options: RequestOptions | None = None,
        **options: Unpack[Options],
    ) -> Call[None]:
        """Make a thing.

        Args:
            request: What it is made of.
            callback: Where to tell, over
                two lines.

        Returns:
            Nothing.
        """
        return Call(query={"callback": callback, **options})


@dataclass(frozen=True)
class Settings:
    port: int = 80
    """Port to listen on."""
    strict: bool = False
    """Refuse."""
    gentle: bool = True
    data: Path | None = None
    rate: float = 1.5


def given(described: Any, *arguments: str) -> dict[str, Any]:
    """Run a command that has these options, and return what it was called with."""
    got: dict[str, Any] = {}

    def command(name: Annotated[str, typer.Argument()], **options: Any) -> None:
        got.update(options, name=name)

    app = typer.Typer()
    app.command()(with_options(command, described))
    app(["x", *arguments], standalone_mode=False)
    return {name: value for name, value in got.items() if value not in (None, [])}


def made() -> list[Any]:
    return of_operation(Things.make, {"self", "request", "request_options"}, "Panel")


def test_every_keyword_is_an_option_of_its_kind() -> None:
    arguments = [
        "--punctuate",
        "--kind",
        "c",
        "--many",
        "z",
        "--split",
        "0.5",
        "--terms",
        "one",
        "--terms",
        "two",
        "--callback",
        "here",
    ]
    assert given(made(), *arguments) == {
        "name": "x",
        "punctuate": True,
        "kind": "c",
        "many": "z",
        "split": 0.5,
        "terms": ["one", "two"],
        "callback": "here",
    }
    assert given(made(), "--no-punctuate") == {"name": "x", "punctuate": False}
    assert given(made()) == {"name": "x"}


def information(options: list[Any], name: str) -> Any:
    return next(get_args(option.annotation)[1] for option in options if option.name == name)


def test_help_is_the_docstring_and_known_values_are_shown() -> None:
    options = made()
    assert [option.name for option in options] == ["callback", "punctuate", "kind", "many", "split", "terms"]
    assert information(options, "callback").help == "Where to tell, over two lines."
    assert information(options, "punctuate").help == "Add punctuation \\[and] capitals."
    assert information(options, "kind").metavar == "a|b|..."
    assert information(options, "many").help == "Which of many. Known: a, b, c, d, e."
    assert information(options, "terms").help == "Terms to favour. May be given several times."


def test_settings_are_options_with_their_defaults() -> None:
    options = of_settings(Settings)
    assert given(options) == {"name": "x", "port": 80, "strict": False, "gentle": True, "rate": 1.5}
    arguments = ["--port", "0", "--strict", "--no-gentle", "--data", "state.db"]
    assert given(options, *arguments) == {
        "name": "x",
        "port": 0,
        "strict": True,
        "gentle": False,
        "data": Path("state.db"),
        "rate": 1.5,
    }


def test_docstrings_of_a_class_without_source_are_none() -> None:
    assert field_docs(type("Made", (), {})) == {}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (
            "Do.\n\nArgs:\n    a: One.\n    b: Two\n        lines: with a colon.\n",
            {"a": "One.", "b": "Two lines: with a colon."},
        ),
        ("Do.\n\nArgs:\n    a: One.\n\nReturns:\n    b: No argument.", {"a": "One."}),
        ("Do.", {}),
    ],
)
def test_arguments_are_read_from_a_docstring(text: str, read: dict[str, str]) -> None:
    assert argument_docs(text) == read


def test_marks_of_docstrings_are_not_shown() -> None:
    assert plain("See :class:`~deepgram.X` or ``y``\n  [z].") == "See deepgram.X or y \\[z]."
