"""The modules of ``deepgram.core`` do what those of the official release do: one script, run by both."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from .test_official_clients import SCRIPTS, interpreter

ROOT = Path(__file__).parents[2]


def run(python: Path) -> dict[str, str]:
    done = subprocess.run(
        [python, "-W", "ignore", SCRIPTS / "machinery.py"],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={"PATH": os.environ["PATH"], "TZ": "XYZ-1", "PYTHONPATH": str(ROOT / "src") if python == OURS else ""},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


OURS = Path(sys.executable)


def test_every_expression_gives_what_it_gives_with_the_official_release() -> None:
    official, ours = run(interpreter("7.17.0")), run(OURS)
    assert len(official) > 80
    assert "raises NameError" not in official.values(), "the script imports what its expressions use"
    different = {expression: (official[expression], ours[expression]) for expression in official}
    assert {expression: two for expression, two in different.items() if two[0] != two[1]} == {}
