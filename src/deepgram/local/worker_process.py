"""A worker process as the server sees it: a subprocess that is asked in JSON and answers in JSON."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from typing import Any

Message = dict[str, Any]

MAX_ANSWER = 256 * 1024 * 1024
"""Longest answer of a worker (bytes)."""


class WorkerProcess:
    """A worker process. Its methods block, and belong on a thread; ``kill`` may be called from anywhere."""

    def __init__(self, settings: Message, module: str = "worker_main") -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        # Numeric libraries start a thread for each core otherwise, in each worker.
        environment.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // settings["workers"])))
        self._popen = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", f"{__package__}.{module}", json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # a Ctrl-C in the terminal is for the server
        )

    def read(self) -> Message:
        """Return the next answer. Raises ``EOFError`` when the process is gone or out of its mind."""
        assert self._popen.stdout is not None
        line = self._popen.stdout.readline(MAX_ANSWER)
        if not line.endswith(b"\n"):
            raise EOFError
        try:
            answer: Message = json.loads(line)
        except ValueError as error:  # it is not itself any more
            raise EOFError from error
        return answer

    def ask(self, message: Message) -> Message:
        """Have a job done."""
        self.tell(message)
        return self.read()

    def tell(self, message: Message, data: bytes | memoryview = b"") -> None:
        """Send a message, and ``data`` behind it. Raises ``EOFError`` when the process is gone."""
        assert self._popen.stdin is not None
        try:
            self._popen.stdin.write(json.dumps(message).encode() + b"\n")
            self._popen.stdin.write(data)
            self._popen.stdin.flush()
        except OSError as error:
            raise EOFError from error

    def kill(self) -> None:
        """End it at once."""
        self._popen.kill()

    def reap(self) -> None:
        """Wait for the end of a killed process and close its pipes."""
        self._popen.kill()
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):  # bytes that a dead process did not take
                pipe.close()
