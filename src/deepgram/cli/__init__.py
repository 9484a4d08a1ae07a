"""The command ``deepgram`` (extra ``cli``)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command with ``arguments`` (those of the process by default) and exit with its code."""
    try:
        from .app import run
    except ModuleNotFoundError as missing:
        if missing.name not in ("typer", "rich", "click"):
            raise
        sys.stderr.write('The command `deepgram` needs Typer: pip install "deepgram-sdk[cli]"\n')
        sys.exit(2)
    sys.exit(run(arguments))
