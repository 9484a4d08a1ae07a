"""Nothing that the official releases offer is missing, and every difference has a reason in ``compat/ignore.txt``.

The recorded surfaces, and the scripts that record and compare them, lie beside the checkout of those who develop this
package (``../shared/contract``). Elsewhere these tests are skipped; what needs no records is in ``test_surface.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECORDS = ROOT.parent / "shared" / "contract"
IGNORED = ROOT / "compat" / "ignore.txt"
RELEASES = ["6.0.1", "6.1.1", "7.17.0"]

beside = pytest.mark.skipif(not RECORDS.exists(), reason="the recorded surfaces are not beside this checkout")


def run(*command: str | Path, check: bool = True) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, timeout=110, check=False, env=environment, cwd=ROOT
    )
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


def patterns() -> list[tuple[str, str]]:
    """Return the patterns of our list, each with its reason."""
    lines = [line for line in IGNORED.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return [(pattern.strip(), reason.strip()) for pattern, _, reason in (line.partition("#") for line in lines)]


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The surface of this checkout, recorded."""
    file = tmp_path_factory.mktemp("surface") / "ours.json"
    file.write_text(run(RECORDS / "make_surface.py", "--label", "ours"), encoding="utf-8")
    return file


def differences(release: str, ours: Path, ignored: str | Path) -> str:
    recorded = RECORDS / f"surface-{release}.json"
    return run(RECORDS / "diff_surface.py", recorded, ours, "--types", "loose", "--ignore", ignored, check=False)


@beside
@pytest.mark.timeout(180)
@pytest.mark.parametrize("release", RELEASES)
def test_nothing_is_missing_and_all_that_differs_has_a_reason(release: str, ours: Path) -> None:
    *found, summary = differences(release, ours, IGNORED).splitlines()
    assert not found
    assert summary.startswith("summary: missing 0, different 0,")


@beside
@pytest.mark.timeout(180)
def test_every_reason_is_still_needed(ours: Path) -> None:
    found = [line for release in RELEASES for line in differences(release, ours, "").splitlines()[:-1]]
    places = {line.split(" ")[1].removesuffix(":") for line in found}
    unused = [
        pattern
        for pattern, _ in patterns()
        if not any(fnmatchcase(place, form) for place in places for form in (pattern, f"{pattern}.*", f"{pattern}:*"))
    ]
    assert not unused


def test_every_ignored_difference_has_a_reason() -> None:
    found = patterns()
    assert len(found) > 10
    assert [pattern for pattern, reason in found if not reason] == []
    assert len({pattern for pattern, _ in found}) == len(found)
