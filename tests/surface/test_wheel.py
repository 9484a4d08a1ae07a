"""The wheel, built from a source distribution as an index would serve it, without network."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from bench.weigh import EXTRAS, weight
from hatch_build import Surface

Run = Callable[[str, Path], str]

ROOT = Path(__file__).parents[2]


def build(folder: Path, target: str, into: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(into)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = into.iterdir()
    return built


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked."""
    folder = tmp_path_factory.mktemp("sources")
    with tarfile.open(build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    return unpacked


@pytest.fixture(scope="module")
def wheel(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(sources, "wheel", tmp_path_factory.mktemp("wheel"))


def test_a_source_distribution_holds_only_what_was_written_by_hand(tmp_path_factory: pytest.TempPathFactory) -> None:
    with tarfile.open(build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"hatch_build.py", "compat/surface.txt", "compat/homes.py", "src/deepgram/py.typed"} <= names
    assert not {str(path.relative_to(ROOT)) for path in Surface(ROOT).files()} & names


def test_the_wheel_has_the_later_name_of_the_sagemaker_transport(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"deepgram_sagemaker/__init__.py", "deepgram_sagemaker/py.typed"} <= names
    assert {"deepgram/transports/sagemaker/__init__.py", "deepgram/testing/transport.py"} <= names


def test_every_path_of_the_surface_imports_from_the_wheel(wheel: Path, tmp_path: Path, run: Run) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    modules = sorted(f"deepgram.{module}".rstrip(".") for module in Surface(ROOT).modules)
    program = f"""
        from importlib import import_module
        import deepgram
        for module in {modules!r}:
            import_module(module)
        print(deepgram.__file__)
    """
    assert run(program, tmp_path) == str(tmp_path / "deepgram" / "__init__.py")


def test_the_wheel_is_small_but_for_server_and_command(wheel: Path) -> None:
    """700 kB is what the official release weighs, which has neither: docs/decisions/0018-size-of-the-wheel.md."""
    assert wheel.stat().st_size - weight(wheel, EXTRAS) <= 700_000
    assert wheel.stat().st_size <= 1_200_000


def test_the_wheel_holds_the_mark_of_typed_packages_and_nothing_of_the_workshop(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert "deepgram/py.typed" in names
    assert not [name for name in names if name.startswith(("compat", "hatch_build", "tests"))]
