"""An HTTP proxy for tests: it tunnels (CONNECT) for those who know the password."""

from __future__ import annotations

import asyncio
import base64
import threading
from contextlib import suppress
from types import TracebackType

from typing_extensions import Self


class Proxy:
    """A proxy in a thread."""

    def __init__(self, user: str = "user", password: str = "secret") -> None:
        self._wanted = "basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.url = ""
        self.tunnels: list[str] = []
        """Where to tunnels were made."""

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.url = f"http://user:secret@127.0.0.1:{port}"
        self._ready.set()
        await self._stopped.wait()
        server.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
            method, target, _ = lines[0].split()
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            scheme, _, secret = headers.get("proxy-authorization", "").partition(" ")
            if method != "CONNECT" or f"{scheme.lower()} {secret}" != self._wanted:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
                writer.close()
                return
            self.tunnels.append(target)
            host, _, port = target.rpartition(":")
            there, back = await asyncio.open_connection(host, int(port))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        writer.close()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    # An abrupt end is passed on as an abrupt end.
    target.transport.abort()
