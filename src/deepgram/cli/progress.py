"""What is shown while one waits: on stderr, and only if it is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

Progress = Callable[[int, "int | None"], None]
"""Called with the bytes sent so far, and the bytes in all if they are known."""


@contextmanager
def shown(doing: str, then: str = "") -> Generator[Progress]:
    """Show what is being done, and how much of it; nothing is left of it afterwards.

    ``then`` is shown instead of ``doing`` once all bytes are sent.
    """
    if not sys.stderr.isatty():
        yield lambda sent, total: None
        return
    from rich.console import Console
    from rich.filesize import decimal
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    def text(of: str) -> TextColumn:
        return TextColumn(of, markup=False)

    columns = (
        SpinnerColumn(),
        text("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        text("{task.fields[size]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(doing, total=None, size="")

        def advance(sent: int, total: int | None) -> None:
            if total is not None and sent >= total:
                bar.update(task, description=then or doing, size="")
                bar.tasks[0].total = None  # the bar pulses: nobody knows how long it takes
            else:
                size = decimal(sent) if total is None else f"{decimal(sent)} of {decimal(total)}"
                bar.update(task, completed=sent, total=total, size=size)

        yield advance
