"""CPU time and memory of one large upload. Runs on ours, on the official package and on httpx alone.

``python -m bench.uploads {package,bare} {bytes,path,file,iterator} ADDRESS FILE`` prints the CPU seconds of the call
(``seconds``) and the bytes of memory that it took at its peak above what the process held before (``memory``), or null
for what cannot be uploaded in that form.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import repeat
from pathlib import Path
from time import process_time
from typing import BinaryIO, Union

Content = Union[bytes, Path, BinaryIO, Iterator[bytes]]

SLICE = 1 << 16
"""Bytes that the iterator gives at a time."""


def content(kind: str, file: Path, open_until: ExitStack) -> Content:
    """Return what is uploaded, in the given form."""
    if kind == "bytes":
        return file.read_bytes()
    if kind == "path":
        return file
    if kind == "iterator":
        return repeat(os.urandom(SLICE), file.stat().st_size // SLICE)  # what making the slices costs is the caller's
    return open_until.enter_context(file.open("rb"))


def sender(side: str, address: str) -> Callable[[Content], object]:
    """Return what uploads: the package or httpx alone. It raises ``TypeError`` for a form that is not taken."""
    if side == "bare":
        import httpx

        http = httpx.Client(timeout=60)

        def post(body: Content) -> object:
            if isinstance(body, Path):
                raise TypeError("httpx takes no path")
            return http.post(f"{address}/v1/listen", content=body).raise_for_status().json()

        return post
    from deepgram import DeepgramClient
    from deepgram.environment import DeepgramClientEnvironment

    here = DeepgramClientEnvironment(base=address, production=address, agent=address, agent_rest=address)
    client = DeepgramClient(api_key="bench", environment=here)
    return lambda body: client.listen.v1.media.transcribe_file(request=body)


def memory(peak: bool) -> int:
    """Return the bytes of memory this process holds, or held at most since the last :func:`forget_peak`."""
    status = Path("/proc/self/status")
    if status.exists():
        name = "VmHWM:" if peak else "VmRSS:"
        (line,) = (line for line in status.read_text().splitlines() if line.startswith(name))
        return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # elsewhere only the peak of the whole life is known
    return most if sys.platform == "darwin" else most * 1024


def forget_peak() -> None:
    """Let the peak of memory begin anew, where the system can (Linux)."""
    if (switch := Path("/proc/self/clear_refs")).exists():
        switch.write_text("5")


def measure(side: str, kind: str, address: str, file: Path) -> dict[str, float] | None:
    """Upload ``file`` once."""
    send = sender(side, address)
    send(b"x" * SLICE)  # what is loaded by the first call is not part of this one
    with ExitStack() as open_until:
        body = content(kind, file, open_until)
        forget_peak()
        held = memory(peak=False)
        began = process_time()
        try:
            send(body)
        except TypeError:
            return None
        return {"seconds": process_time() - began, "memory": memory(peak=True) - held}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))))
