"""Builds the wheel and prints what it weighs: ``python -m bench.weigh``."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


EXTRAS = ("deepgram/local/", "deepgram/cli/")
"""The server and the command, which need extras to run."""


def weight(wheel: Path, folders: tuple[str, ...]) -> int:
    """Return the bytes that the files of some folders add to a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        files = [file for file in archive.infolist() if file.filename.startswith(folders)]
    # Each file also has its name and two headers in the archive, and a line of checksums that hardly compress.
    return sum(file.compress_size + 2 * len(file.filename) + 76 + 50 for file in files)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=True)
        (built,) = Path(folder).iterdir()
        whole = built.stat().st_size
        print(json.dumps({"wheel": whole / 1000, "sdk": (whole - weight(built, EXTRAS)) / 1000}))
