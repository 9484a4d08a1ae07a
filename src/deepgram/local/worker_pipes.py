"""The standard input and output of a worker process, kept for jobs and answers: one line of JSON each."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, BinaryIO

Message = dict[str, Any]


def own_output() -> Callable[[Message], None]:
    """Keep the standard output for answers: what a library prints goes to the standard error."""
    pipe = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    def tell(message: Message) -> None:
        # One write for one answer; a raw file may take less than all of it.
        rest = memoryview(json.dumps(message).encode() + b"\n")
        while rest:
            rest = rest[pipe.write(rest) or 0 :]

    return tell


def own_input() -> BinaryIO:
    """Keep the standard input for jobs: a library that reads it finds nothing."""
    pipe = os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    return pipe
