"""A small HTTP server in a process of its own: swallows every request and gives the answer that its path names.

``python -m bench.loopback FOLDER`` serves ``FOLDER/NAME.json`` for every path that begins with ``/NAME/``, with
keep-alive, and prints its address first. It ends when its standard input does, so it cannot outlive its owner.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

BUFFER = 1 << 18
"""Bytes taken from the socket at a time."""
LONGEST_LINE = 1 << 16
"""Bytes that the head of a request may have."""
STOPPING = 10.0
"""Seconds that the process gets to end."""


class Connection(asyncio.BufferedProtocol):
    """One connection. Bodies are counted, not kept, so that the server costs little beside a client on the same CPU."""

    def __init__(self, answers: Mapping[str, bytes]) -> None:
        self._answers = answers
        self._buffer = bytearray(BUFFER)
        self._line = bytearray()
        self._left = 0
        self._chunked = False
        self._answer = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        view = memoryview(self._buffer)[:nbytes]
        while view:
            view = self._skip(view) if self._left else self._read_line(view)

    def _skip(self, view: memoryview) -> memoryview:
        taken = min(self._left, len(view))
        self._left -= taken
        if not self._left and not self._chunked:
            self._reply()
        return view[taken:]

    def _read_line(self, view: memoryview) -> memoryview:
        """Read the head of a request or of a chunk, once all of it is there."""
        end = b"\r\n" if self._chunked else b"\r\n\r\n"
        seen = len(self._line)
        self._line += view[:1024]
        if (at := self._line.find(end)) < 0:
            if len(self._line) > LONGEST_LINE and self._transport is not None:
                self._transport.abort()
            return view[1024:]
        line = bytes(self._line[:at])
        self._line.clear()
        if self._chunked:
            size = int(line, 16)
            self._chunked = size > 0
            self._left = size + 2
        else:
            self._start(line)
        return view[at + len(end) - seen :]

    def _start(self, head: bytes) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._answer = self._answers[first.split(" ")[1].split("/")[1]]
        self._chunked = headers.get("transfer-encoding", "") == "chunked"
        self._left = 0 if self._chunked else int(headers.get("content-length", "0"))
        if not self._left and not self._chunked:
            self._reply()

    def _reply(self) -> None:
        assert self._transport is not None
        self._transport.write(self._answer)


async def serve(folder: Path) -> None:
    """Serve the documents of ``folder`` until standard input ends."""
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n"
    documents = {path.stem: path.read_bytes() for path in folder.glob("*.json")}
    answers = {name: head.format(len(body)).encode() + body for name, body in documents.items()}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(answers), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    # No ``async with``: it would wait for the connections that clients keep alive.
    await asyncio.to_thread(sys.stdin.read)
    server.close()


@contextmanager
def child(*module: str) -> Generator[str]:
    """Run a module that serves in a process of its own; give the address that it prints."""
    command = [sys.executable, "-m", *module]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        try:
            process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def serving(folder: Path) -> AbstractContextManager[str]:
    """Run the server in a process of its own; give its address."""
    return child("bench.loopback", str(folder))


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
