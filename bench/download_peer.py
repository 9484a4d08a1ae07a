"""A server in a process of its own that answers every request with audio: as many bytes as its path begins with.

``python -m bench.download_peer`` prints its address and ends when its standard input does. ``POST /1000/v1/speak``
brings 1000 bytes, with a content-length.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

BLOCK = bytes(1 << 20)
HEAD = (
    "HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ndg-request-id: 7b2b9d3e\r\ndg-model-name: aura-2-thalia-en\r\n"
    "dg-char-count: 5\r\ncontent-length: {}\r\n\r\n"
)


def serve(connection: socket.socket) -> None:
    """Answer the requests of one connection."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb") as incoming, suppress(OSError):
        while line := incoming.readline():
            size = int(line.split(b"/")[1])
            length = 0
            while (header := incoming.readline().strip()) != b"":
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            incoming.read(length)
            connection.sendall(HEAD.format(size).encode() + BLOCK[: min(size, 1024)])
            left = size - min(size, 1024)
            while left > 0:
                connection.sendall(BLOCK[: min(left, len(BLOCK))])
                left -= len(BLOCK)


@contextmanager
def answering() -> Generator[str]:
    """Run the server and yield its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.download_peer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def main() -> None:
    """Serve until standard input ends."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
