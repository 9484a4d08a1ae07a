"""What is shown while one waits: on stderr, and only if it is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

Progress = Callable[[int, "int | None"], None]
"""Called with the bytes sent so far, and the bytes in all if they are known."""
Telling = Callable[[int, "float | None", int], None]
"""Called with the bytes of text done, the seconds of audio if they are known, and the bytes of audio."""


@contextmanager
def shown(doing: str, then: str = "") -> Generator[Progress]:
    """Show what is being done, and how much of it; nothing is left of it afterwards.

    ``then`` is shown instead of ``doing`` once all bytes are sent.
    """
    if not sys.stderr.isatty():
        yield lambda sent, total: None
        return
    from rich.filesize import decimal

    with _bar() as bar:
        task = bar.add_task(doing, total=None, size="")

        def advance(sent: int, total: int | None) -> None:
            if total is not None and sent >= total:
                bar.update(task, description=then or doing, size="")
                bar.tasks[0].total = None  # the bar pulses: nobody knows how long it takes
            else:
                size = decimal(sent) if total is None else f"{decimal(sent)} of {decimal(total)}"
                bar.update(task, completed=sent, total=total, size=size)

        yield advance


@contextmanager
def telling(doing: str, total: int | None) -> Generator[Telling]:
    """Show how much text was spoken, of ``total`` bytes if that is known, and how much audio it has become."""
    if not sys.stderr.isatty():
        yield lambda done, seconds, size: None
        return
    from rich.filesize import decimal

    with _bar() as bar:
        task = bar.add_task(doing, total=None, size="")

        def advance(done: int, seconds: float | None, size: int) -> None:
            length = "" if seconds is None else f"{int(seconds // 60)}:{int(seconds % 60):02} of speech, "
            # Of a text that is spoken all at once nobody knows how much is done: the bar pulses.
            bar.update(task, completed=done, total=total if done else None, size=f"{length}{decimal(size)}")

        yield advance


def _bar() -> Bar:
    from rich.console import Console
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
    return Bar(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False)
