"""Builds the wheels and prints what they weigh: ``python -m bench.weigh``."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DISTRIBUTIONS = {"sdk": ROOT, "server": ROOT / "server"}


def weight(distribution: Path) -> int:
    """Return the bytes of the wheel that is built in a folder."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
        subprocess.run(command, cwd=distribution, capture_output=True, timeout=120, check=True)
        (built,) = Path(folder).iterdir()
        return built.stat().st_size


if __name__ == "__main__":
    print(json.dumps({name: weight(folder) / 1000 for name, folder in DISTRIBUTIONS.items()}))
