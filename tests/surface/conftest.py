"""What tests of the import surface share: the surface of this checkout, and miniature packages to build."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest
from hatch_build import Surface

ROOT = Path(__file__).parents[2]
MODEL = """
    from pydantic import BaseModel, ConfigDict

    class Model(BaseModel):
        model_config = ConfigDict(extra="allow", frozen=True, defer_build=True)
"""
INIT = """
    TYPE_CHECKING = False

    if TYPE_CHECKING:
        from ._surface import *
    else:
        from ._surface import __all__, __dir__, __getattr__
"""

Miniature = Callable[[Mapping[str, str], str], Path]
Run = Callable[[str, Path], str]


@pytest.fixture(scope="session")
def surface() -> Surface:
    return Surface(ROOT)


@pytest.fixture
def miniature(tmp_path: Path) -> Miniature:
    """Return a function that lays out a package of given modules and a given surface, and returns its root."""

    def lay_out(modules: Mapping[str, str], lines: str) -> Path:
        package = tmp_path / "src" / "deepgram"
        lazy = (ROOT / "src" / "deepgram" / "_lazy.py").read_text(encoding="utf-8")
        files = {"__init__.py": INIT, "_lazy.py": lazy, "protocol/model.py": MODEL, **modules}
        for name, text in files.items():
            path = package / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text), encoding="utf-8")
        (tmp_path / "compat").mkdir(exist_ok=True)
        (tmp_path / "compat" / "surface.txt").write_text(dedent(lines), encoding="utf-8")
        return tmp_path

    return lay_out


@pytest.fixture(scope="session")
def run() -> Run:
    """Return a function that runs a program with the package found in a folder, and returns what it prints."""

    def run_program(program: str, folder: Path) -> str:
        environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-W", "error", "-c", dedent(program)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, cwd=folder)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run_program
