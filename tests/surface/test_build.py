"""The build of the surface, on miniature packages: what it writes, what it removes, what stops it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from compat.homes import is_written
from hatch_build import Surface

Miniature = Callable[[Mapping[str, str], str], Path]
Run = Callable[[str, Path], str]

LISTEN = """
    from typing import Union

    from .model import Model

    class Word(Model):
        text: str
        start: float | None = None

    class Page(Model):
        words: list[Word] | None = None

    Either = Union[Word, Page]
"""


def read(root: Path, module: str) -> str:
    return (root / "src" / "deepgram" / module).read_text(encoding="utf-8")


def test_modules_are_aliases_and_packages_above_offer_their_names(miniature: Miniature, run: Run) -> None:
    root = miniature({"protocol/listen.py": LISTEN}, "types.word: Word\nlisten.v1.types.page: Page\n")
    Surface(root).write()
    program = """
        import deepgram
        from deepgram.listen import Page
        from deepgram.listen.v1.types.page import Page as deep
        from deepgram.protocol.listen import Page as home, Word
        print(Page is deep is home, deepgram.Word is Word, deepgram.types.word.Word is Word, hasattr(deepgram, "Page"))
        print(deepgram.listen.__all__, deepgram.__all__, "v1" in dir(deepgram.listen))
    """
    assert run(program, root / "src") == "True True True False\n['Page'] ['Word'] True"


def test_a_package_lists_the_resources_below_it(miniature: Miniature, run: Run) -> None:
    root = miniature({"clients/listen.py": "class V1Client: ..."}, "listen.v1.client: V1Client\n")
    Surface(root).write()
    program = "import deepgram; print(deepgram.listen.__all__, deepgram.listen.v1.__all__, deepgram.listen.v1.client)"
    assert run(program, root / "src").startswith("['v1'] [] <module 'deepgram.listen.v1.client'")


def test_a_name_may_have_another_name_at_home(miniature: Miniature, run: Run) -> None:
    root = miniature(
        {"protocol/listen.py": LISTEN},
        "core.old: OldBase=Model OldWord=Word\ntypes.old: OldWord=Word\nrequests.old: OldWordParams=WordParams\n",
    )
    Surface(root).write()
    program = """
        from deepgram import OldWord, OldWordParams
        from deepgram.core import OldBase
        from deepgram.protocol.listen import Word
        from deepgram.protocol.model import Model
        from deepgram.requests.old import OldWordParams as deep
        print(OldBase is Model, OldWord is Word, OldWordParams is deep, deep.__name__)
    """
    assert run(program, root / "src") == "True True True WordParams"


def test_a_name_without_a_home_stops_the_build(miniature: Miniature) -> None:
    root = miniature({"protocol/listen.py": LISTEN}, "types.word: Word\ntypes.lost: Lost LostParams\n")
    with pytest.raises(SystemExit) as stopped:
        Surface(root).write()
    assert "line 2: Lost has no home: Lost is not defined in protocol or runtime or clients" in str(stopped.value)
    assert "line 2: LostParams has no home" in str(stopped.value)
    assert not (root / "src" / "deepgram" / "types").exists()


def test_a_name_with_two_homes_stops_the_build_until_one_is_chosen(miniature: Miniature, run: Run) -> None:
    two = {"clients/listen.py": "class V1Client: ...", "clients/speak.py": "class V1Client: ..."}
    root = miniature(two, "listen.v1.client: V1Client\n")
    with pytest.raises(SystemExit, match=r"line 1: V1Client is defined in clients.listen, clients.speak: say which"):
        Surface(root).write()
    lines = "listen.v1.client: V1Client <- clients.listen\nspeak.v1.client: V1Client <- clients.speak\n"
    Surface(miniature(two, lines)).write()
    program = "from deepgram.listen.v1.client import V1Client; print(V1Client.__module__)"
    assert run(program, root / "src") == "deepgram.clients.listen"


def test_a_package_that_would_offer_two_things_under_one_name_stops_the_build(miniature: Miniature, run: Run) -> None:
    two = {"protocol/one.py": "Speed = float", "protocol/two.py": "Speed = int"}
    lines = "speak.v1.types.speed: Speed <- protocol.one\nspeak.v2.types.speed: Speed <- protocol.two\n"
    root = miniature(two, lines)
    with pytest.raises(SystemExit, match=r"speak offers Speed of .*: add `speak: Speed <- module`"):
        Surface(root).write()
    Surface(miniature(two, lines + "speak: Speed <- protocol.two\n")).write()
    program = "from deepgram import speak; print(speak.Speed, speak.v1.Speed, speak.v2.Speed)"
    assert run(program, root / "src") == "<class 'int'> <class 'float'> <class 'int'>"


def test_a_line_that_cannot_be_read_stops_the_build(miniature: Miniature) -> None:
    with pytest.raises(SystemExit, match=r"line 1: expected `module: Name .*`, found 'types.word Word'"):
        Surface(miniature({"protocol/listen.py": LISTEN}, "types.word Word\n")).write()


def test_a_module_that_would_have_two_things_under_one_name_stops_the_build(miniature: Miniature) -> None:
    two = {"protocol/one.py": "Speed = float", "protocol/two.py": "Speed = int"}
    with pytest.raises(SystemExit, match=r"line 2: types\.speed has Speed of protocol\.one already"):
        Surface(miniature(two, "types.speed: Speed <- protocol.one\ntypes.speed: Speed <- protocol.two\n")).write()


def test_a_module_without_names_can_be_imported(miniature: Miniature, run: Run) -> None:
    root = miniature({}, "transports:   # a package that offered nothing\n")
    Surface(root).write()
    assert run("import deepgram.transports; print('fine')", root / "src") == "fine"


def test_what_an_earlier_surface_left_behind_is_removed(miniature: Miniature) -> None:
    root = miniature({"protocol/listen.py": LISTEN}, "types.word: Word\nlisten.v1.types.page: Page\n")
    Surface(root).write()
    package = root / "src" / "deepgram"
    compiled = package / "listen" / "v1" / "types" / "__pycache__"
    compiled.mkdir()
    (compiled / "page.pyc").touch()
    Surface(miniature({}, "types.word: Word\n")).write()
    assert not (package / "listen").exists()
    assert (package / "types" / "word.py").exists()
    assert (package / "protocol" / "listen.py").exists()


def test_files_written_by_hand_are_never_overwritten_nor_removed(miniature: Miniature) -> None:
    by_hand = {"protocol/listen.py": LISTEN, "types/word.py": "Word = 1\n"}
    root = miniature(by_hand, "types.word: Word\n")
    with pytest.raises(SystemExit, match="written by hand"):
        Surface(root).write()
    assert read(root, "types/word.py") == "Word = 1\n"


def test_a_module_written_by_hand_beside_the_layers_is_its_own_home(miniature: Miniature, run: Run) -> None:
    root = miniature({"environment.py": "class Environment: ..."}, "environment: Environment\ndeepgram: Environment\n")
    written = Surface(root).write()
    assert [path.name for path in written] == ["_surface.py"]
    assert run("import deepgram; print(deepgram.Environment.__module__)", root / "src") == "deepgram.environment"


def test_a_module_written_by_hand_that_lacks_a_name_stops_the_build(miniature: Miniature) -> None:
    modules = {"environment.py": "class Environment: ...", "runtime/config.py": "class Config: ..."}
    with pytest.raises(SystemExit, match="environment is written by hand, and lacks Config"):
        Surface(miniature(modules, "environment: Environment Config\n")).write()


def test_what_has_not_changed_is_not_written_again(miniature: Miniature) -> None:
    root = miniature({"protocol/listen.py": LISTEN}, "types.word: Word\n")
    paths = Surface(root).write()
    before = [path.stat().st_mtime_ns for path in paths]
    assert [path.stat().st_mtime_ns for path in Surface(root).write()] == before
    assert all(is_written(path) for path in paths)


def test_definitions_are_found_under_conditions_and_reexports_are_followed(miniature: Miniature, run: Run) -> None:
    http = """
        try:
            import nothing_of_this_name
        except ImportError:
            def connect() -> None: ...
    """
    line = """
        from .listen import Word as Spoken
        from .model import Model

        class Line(Model):
            w: Spoken
    """
    modules = {"runtime/http.py": http, "protocol/listen.py": LISTEN, "protocol/other.py": line}
    root = miniature(modules, "core.http: connect\nrequests.line: LineParams\n")
    Surface(root).write()
    program = """
        from deepgram import LineParams
        from deepgram.core import connect
        print(connect.__module__, LineParams.__annotations__["w"].__forward_arg__)
    """
    assert run(program, root / "src") == "deepgram.runtime.http WordParams"
