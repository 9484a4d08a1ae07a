"""The TypedDict twins of models, as the build derives them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest
from hatch_build import Surface

Miniature = Callable[[Mapping[str, str], str], Path]
Run = Callable[[str, Path], str]
Hints = Callable[..., tuple[dict[str, str], list[str]]]


@pytest.fixture
def hints(miniature: Miniature, run: Run) -> Hints:
    """Return a function that derives the twin of ``X`` from source and returns its hints and required keys."""

    def derive(source: str, name: str = "X", **others: str) -> tuple[dict[str, str], list[str]]:
        header = "from typing import Annotated, Any, ClassVar, Literal, Optional, Union\nfrom ..model import Model\n"
        modules = {f"protocol/models/{module}.py": header + dedent(text) for module, text in others.items()}
        modules["protocol/models/listen.py"] = header + dedent(source)
        root = miniature(modules, f"requests.x: {name}Params\n")
        Surface(root).write()
        program = f"""
            import json, typing_extensions as t
            from deepgram.requests.x import {name}Params as twin
            hints = t.get_type_hints(twin, include_extras=True) if t.is_typeddict(twin) else {{"": twin}}
            known = {{name: str(hint) for name, hint in hints.items()}}
            print(json.dumps([known, sorted(getattr(twin, "__required_keys__", ()))]))
        """
        shapes, required = json.loads(run(program, root / "src"))
        return {field: plain(hint) for field, hint in shapes.items()}, required

    def plain(hint: str) -> str:
        for noise in (
            "deepgram._twins.listen.",
            "deepgram._twins.common.",
            "collections.abc.",
            "typing_extensions.",
            "typing.",
        ):
            hint = hint.replace(noise, "")
        return hint.replace("<class '", "").replace("'>", "")

    return derive


def test_fields_with_a_default_may_be_left_out(hints: Hints) -> None:
    source = """
        class X(Model):
            a: str
            b: int | None = None
            c: Optional[float] = None
            d: Union[str, int, None] = None
            e: bool = False
            f: None | str = None
    """
    assert hints(source) == (
        {
            "a": "str",
            "b": "NotRequired[int]",
            "c": "NotRequired[float]",
            "d": "NotRequired[Union[str, int]]",
            "e": "NotRequired[bool]",
            "f": "NotRequired[str]",
        },
        ["a"],
    )


def test_what_must_be_given_may_still_be_none(hints: Hints) -> None:
    shapes, required = hints("class X(Model):\n    a: str | None\n    b: Optional[int]\n")
    assert required == ["a", "b"]
    assert shapes["b"] == "Optional[int]"


def test_a_tag_is_required_though_the_model_fills_it_in(hints: Hints) -> None:
    source = """
        Kind = Literal["a", "b"]
        class X(Model):
            type: Literal["KeepAlive"] = "KeepAlive"
            open: Union[Literal["v1"], Any] = "v1"
            named: Kind = "a"
            later: Literal["x"] | None = None
    """
    shapes, required = hints(source)
    assert required == ["named", "open", "type"]
    assert shapes["type"] == "Literal['KeepAlive']"
    assert shapes["later"] == "NotRequired[Literal['x']]"


def test_models_inside_become_twins_and_lists_any_sequence(hints: Hints) -> None:
    source = """
        class Word(Model):
            text: str
        class X(Model):
            words: list[Word]
            by_name: dict[str, Word] | None = None
            names: list[str] | None = None
    """
    assert hints(source)[0] == {
        "words": "Sequence[WordParams]",
        "by_name": "NotRequired[dict[str, WordParams]]",
        "names": "NotRequired[Sequence[str]]",
    }


def test_models_that_contain_themselves_and_each_other(hints: Hints) -> None:
    source = """
        class X(Model):
            children: list["X"] | None = None
            other: "Y | None" = None
        class Y(Model):
            back: X | None = None
    """
    assert hints(source)[0] == {"children": "NotRequired[Sequence[XParams]]", "other": "NotRequired[YParams]"}


def test_unions_and_lists_of_models_have_twins(hints: Hints) -> None:
    source = """
        from pydantic import Field
        class A(Model):
            type: Literal["a"] = "a"
        class B(Model):
            type: Literal["b"] = "b"
        Provider = Annotated[Union[A, B], Field(discriminator="type")]
        Providers = list[Provider]
        class X(Model):
            provider: Provider
            fallbacks: Providers | None = None
    """
    shapes, _ = hints(source)
    assert shapes["provider"] == "Union[AParams, BParams]"
    assert shapes["fallbacks"] == "NotRequired[Sequence[Union[AParams, BParams]]]"
    assert hints(source, "Provider")[0] == {"": "Union[AParams, BParams]"}


def test_a_union_may_mention_itself_in_quotes(hints: Hints) -> None:
    source = """
        class A(Model):
            text: str
        Tree = Union[A, list["Tree"]]
        class X(Model):
            tree: Tree
    """
    assert hints(source)[0]["tree"].startswith("Union[AParams, Sequence[")


def test_open_sets_keep_their_names(hints: Hints) -> None:
    source = """
        Voice = Union[Literal["thalia", "None"], Any]
        class X(Model):
            voice: Voice | None = None
    """
    assert hints(source)[0] == {"voice": "NotRequired[Union[Literal['thalia', 'None'], Any]]"}


def test_fields_of_bases_come_first_and_classvars_not_at_all(hints: Hints) -> None:
    base = (
        "class Part(Model):\n    n: int\nclass Base(Model):\n    known: ClassVar[int] = 1\n    a: str\n    part: Part\n"
    )
    source = """
        from .common import Base
        class X(Base):
            a: str | None = None
            b: int
            _hidden: int = 1
    """
    assert hints(source, common=base) == (
        {"a": "NotRequired[str]", "part": "PartParams", "b": "int"},
        ["b", "part"],
    )


def test_wire_names_are_kept_beside_the_python_name(hints: Hints) -> None:
    source = """
        from pydantic import Field
        class X(Model):
            uuid_: Annotated[str | None, Field(alias="uuid")] = None
            from_: str = Field(alias="from")
            later: list[int] = Field(default_factory=list)
    """
    shapes, required = hints(source)
    assert required == ["from_"]
    assert "alias='uuid'" in shapes["uuid_"]
    assert "alias='from'" in shapes["from_"]
    assert shapes["later"] == "NotRequired[Sequence[int]]"


def test_annotated_names_are_what_type_checkers_see(hints: Hints) -> None:
    common = "Whole = Annotated[int, 'read softly']\n"
    source = "from .common import Whole\nclass X(Model):\n    n: Whole | None = None\n"
    assert hints(source, common=common)[0] == {"n": "NotRequired[int]"}


def test_a_twin_written_by_hand_is_taken(hints: Hints) -> None:
    source = """
        from typing_extensions import TypedDict
        class Word(Model):
            text: str
        class WordParams(TypedDict):
            text: int
        class X(Model):
            word: Word
    """
    assert hints(source)[0] == {"word": "deepgram.protocol.models.listen.WordParams"}
    assert hints(source, "Word")[0] == {"text": "int"}
