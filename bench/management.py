"""Management requests of the embedded server: how many one core answers, each recorded on the disk before its answer.

    python -m bench.management

The server is a process of its own, with a data file; its CPU time counts. 32 connections ask as fast as they are
answered.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psutil

CONNECTIONS = 32
REQUESTS = 4000


async def load(url: str, request: bytes, count: int) -> None:
    """Send a request so many times."""
    address = urlsplit(url)
    left = count

    async def one() -> None:
        nonlocal left
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        while left > 0:
            left -= 1
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            found = re.search(rb"(?i)content-length: (\d+)", head)
            assert found, head
            await reader.readexactly(int(found[1]))
        writer.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))


def message(method: str, path: str, body: object = None) -> bytes:
    """Return a request as it goes over the wire."""
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Token bench\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def measure(url: str, server: psutil.Process, request: bytes, count: int = REQUESTS) -> float:
    """Return how many of these requests a core answers in a second."""
    asyncio.run(load(url, request, CONNECTIONS * 4))
    before = server.cpu_times()
    asyncio.run(load(url, request, count))
    after = server.cpu_times()
    return count / (after.user + after.system - before.user - before.system)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data.db")
        options = ["--port", "0", "--engine", "scripted", "--api-key", "bench", "--data", str(data)]
        options += ["--max-requests", str(2 * CONNECTIONS)]
        command = [sys.executable, "-m", "deepgram.local", *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
            try:
                assert running.stdout is not None
                found = re.search(r"http://\S+", running.stdout.readline())
                assert found, "it did not start"
                url, server = found[0], psutil.Process(running.pid)
                asyncio.run(load(url, message("POST", "/v1/read?sentiment=true&language=en", {"text": "Fine."}), 100))
                project = json.loads(asyncio.run(body(url, "/v1/projects")))["projects"][0]["project_id"]
                path = f"/v1/projects/{project}"
                print(
                    json.dumps(
                        {
                            "get": measure(url, server, message("GET", path)),
                            "list": measure(url, server, message("GET", f"{path}/requests?limit=10")),
                            "create": measure(
                                url, server, message("POST", f"{path}/keys", {"comment": "bench"}), REQUESTS // 2
                            ),
                        }
                    )
                )
            finally:
                running.kill()


async def body(url: str, path: str) -> bytes:
    """Return the body of an answer."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(message("GET", path))
    head = await reader.readuntil(b"\r\n\r\n")
    found = re.search(rb"(?i)content-length: (\d+)", head)
    assert found, head
    content = await reader.readexactly(int(found[1]))
    writer.close()
    return content


if __name__ == "__main__":
    main()
