"""``python -m reference`` writes ``reference.md``; with ``--check`` it says whether that is up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from .operations import reference

FILE = Path(__file__).parents[1] / "reference.md"


def main() -> int:
    """Write or check the file; return the exit code."""
    text = reference()
    if sys.argv[1:] == ["--check"]:
        current = FILE.exists() and FILE.read_text(encoding="utf-8") == text
        print("reference.md is up to date" if current else "reference.md is out of date: run `make reference`")
        return 0 if current else 1
    FILE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
