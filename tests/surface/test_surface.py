"""Every line of compat/surface.txt: what it promises can be imported, and is the one object defined at home."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from subprocess import run as run_command
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hatch_build import Surface
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typing_extensions import is_typeddict

ROOT = Path(__file__).parents[2]
SURFACE = Surface(ROOT)
MODULES = sorted(SURFACE.modules)
FOLDERS = {path.parent.relative_to(SURFACE.package) for path in SURFACE.files() if path.stem == "__init__"}
PACKAGES = sorted(".".join(folder.parts) for folder in FOLDERS if folder.name != "_twins")
TWINS = {entry.home for entries in SURFACE.modules.values() for entry in entries if "_twins" in entry.home.module}


def test_what_the_build_wrote_is_up_to_date() -> None:
    differing = [
        str(path.relative_to(ROOT))
        for path, text in SURFACE.files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    assert not differing, "run `make surface`"


@pytest.mark.parametrize("module", MODULES)
def test_names_are_the_objects_defined_at_home(module: str) -> None:
    there = import_module(f"deepgram.{module}".rstrip("."))
    for entry in SURFACE.modules[module]:
        home = import_module(f"deepgram.{entry.home.module}")
        assert getattr(there, entry.name) is getattr(home, entry.home.name), entry


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_offer_what_they_list(package: str) -> None:
    there = import_module(f"deepgram.{package}")
    assert list(there.__all__) == sorted(there.__all__)
    for name in there.__all__:
        assert getattr(there, name) is not None
    assert set(there.__all__) <= set(dir(there))
    assert all(hasattr(there, name) for name in dir(there))


@pytest.mark.parametrize("package", ["", *PACKAGES])
def test_packages_refuse_what_they_do_not_have(package: str) -> None:
    there = import_module(f"deepgram.{package}".rstrip("."))
    with pytest.raises(AttributeError, match=f"'{there.__name__}' has no attribute 'Nonsense'"):
        _ = there.Nonsense


def test_wildcard_imports_bring_the_names() -> None:
    names: dict[str, Any] = {}
    exec("from deepgram.types import *", names)
    assert "ListenV1Response" in names


@pytest.mark.parametrize("home", sorted(TWINS), ids=lambda home: home.name)
def test_twins_have_the_fields_of_their_models(home: Any) -> None:
    twin = getattr(import_module(f"deepgram.{home.module}"), home.name)
    model = _model(home.name.removesuffix("Params"))
    if not is_typeddict(twin):
        assert get_origin(twin) is not None  # a union of twins, a list of twins
        return
    assert issubclass(model, BaseModel)
    assert list(get_type_hints(twin)) == list(model.model_fields)
    required = {name for name, field in model.model_fields.items() if field.is_required() or _is_tag(field)}
    assert twin.__required_keys__ == required


def test_git_ignores_all_that_is_written() -> None:
    paths = [str(path.relative_to(ROOT)) for path in SURFACE.files()]
    done = run_command(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=ROOT,
        input="\n".join(paths),
        capture_output=True,
        text=True,
        timeout=30,
    )
    if done.returncode > 1:
        pytest.skip("this checkout has no git")
    assert sorted(done.stdout.split()) == sorted(paths)


def _is_tag(field: FieldInfo) -> bool:
    return field.default not in (None, PydanticUndefined) and "Literal" in str(field.annotation)


def _model(name: str) -> Any:
    (home,) = SURFACE.homes.of(name)
    found = getattr(import_module(f"deepgram.{home.module}"), name)
    return found if get_origin(found) not in (Union, list) else get_args(found)[0]
