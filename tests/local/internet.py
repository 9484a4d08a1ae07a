"""The Internet as the guard of the embedded server sees it: two public addresses that lead to the loopback."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import httpcore

from deepgram.local.guard import Resolver, resolve

PUBLIC = "93.184.216.34"
PUBLIC_TOO = "93.184.216.35"


class Internet(httpcore.AsyncNetworkBackend):
    """Leads two public addresses to the server on the loopback, and says where connections were to go."""

    def __init__(self, port: int, dead: Sequence[str] = ()) -> None:
        self.asked: list[tuple[str, int]] = []
        self._port = port
        self._dead = dead
        self._sockets = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.asked.append((host, port))
        if host in self._dead:
            raise httpcore.ConnectError("no answer")
        assert host in (PUBLIC, PUBLIC_TOO), "the guard let something else through"
        return await self._sockets.connect_tcp("127.0.0.1", self._port, timeout)


def names(table: Mapping[str, Sequence[str]]) -> Resolver:
    async def look_up(host: str, port: int) -> Sequence[str]:
        return table[host] if host in table else await resolve(host, port)

    return look_up
