"""Downloads of files that callers name, with limits on size and time; ``guard`` decides where they may come from."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx

from .guard import FetchError, FetchFailed, FetchRefused, GuardedClient, check_url, guarded_client, shown

__all__ = [
    "Downloaded",
    "FetchError",
    "FetchFailed",
    "FetchRefused",
    "GuardedClient",
    "check_url",
    "download",
    "guarded_client",
]

MAX_REDIRECTS = 5
CHUNK = 256 * 1024
"""Bytes that are hashed and written at once."""


@dataclass(frozen=True)
class Downloaded:
    """A file that was fetched."""

    sha256: str
    """Hex digest of the bytes in the file."""
    size: int
    """Bytes in the file."""
    content_type: str | None


async def download(client: httpx.AsyncClient, url: str, target: Path, *, max_bytes: int, timeout: float) -> Downloaded:
    """Fetch ``url`` into ``target``, which is removed again when that fails.

    ``max_bytes`` bounds the file (decompressed), ``timeout`` the whole of it in seconds, at most five redirects
    included. Raises :class:`FetchRefused` or :class:`FetchFailed`.
    """
    try:
        return await asyncio.wait_for(_download(client, url, target, max_bytes), timeout)
    except asyncio.TimeoutError:
        raise FetchFailed(f"{shown(url)} took longer than {timeout:g} s to deliver the file.") from None
    except httpx.ConnectError as error:
        raise FetchFailed(f"{_host(error, url)} could not be reached: {error}.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        detail = str(error) or type(error).__name__
        raise FetchFailed(f"{_host(error, url)} did not deliver the file: {detail}.") from None


def _host(error: Exception, url: str) -> str:
    """Name the server that failed: after a redirect it is another one than the caller named."""
    try:
        return shown(error.request.url if isinstance(error, httpx.RequestError) else url)
    except RuntimeError:  # httpx, when the error came before a request
        return shown(url)


async def _download(client: httpx.AsyncClient, url: str, target: Path, max_bytes: int) -> Downloaded:
    request = client.build_request("GET", check_url(url, allow_private=True))
    # httpx would read the body of each redirect, however long it is; here it is not read at all.
    for _ in range(MAX_REDIRECTS + 1):
        response = await client.send(request, stream=True, follow_redirects=False)
        try:
            if response.next_request is None:
                return await _save(response, target, max_bytes)
            request = response.next_request
        finally:
            await response.aclose()
    raise FetchFailed(f"{shown(url)} redirects more than {MAX_REDIRECTS} times.")


async def _save(response: httpx.Response, target: Path, max_bytes: int) -> Downloaded:
    host = shown(response.url)
    if not response.is_success:
        answer = f"{response.status_code} {response.reason_phrase}".rstrip()
        raise FetchFailed(f"{host} answered {answer} instead of the file.", status=response.status_code)
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise _too_large(host, max_bytes)
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip", "deflate"):
        raise FetchFailed(f"{host} compresses the file ({encoding}) although it was asked not to.")
    sink = _Sink(target, host, max_bytes, compressed=encoding not in ("identity", ""))
    complete = False
    try:
        async for chunk in response.aiter_raw(CHUNK):
            await asyncio.to_thread(sink.write, chunk)
        await asyncio.to_thread(sink.finish)
        complete = True
    finally:
        # Waits for a write that a cancelled call has left behind in its thread.
        await asyncio.shield(asyncio.to_thread(sink.close, keep=complete))
    return Downloaded(sink.digest.hexdigest(), sink.size, response.headers.get("content-type"))


class _Sink:
    """A file that grows up to a limit, hashed and, where the peer insists, decompressed slice by slice."""

    def __init__(self, target: Path, host: str, max_bytes: int, *, compressed: bool) -> None:
        self.digest = hashlib.sha256()
        self.size = 0
        self._received = 0
        self._target = target
        self._host = host
        self._max_bytes = max_bytes
        self._inflater = _inflater() if compressed else None
        self._file: IO[bytes] = target.open("wb")

    def write(self, data: bytes) -> None:
        self._received += len(data)  # compressed nothing can be endless, too
        for part in self._inflated(data):
            self.size += len(part)
            if max(self.size, self._received) > self._max_bytes:
                raise _too_large(self._host, self._max_bytes)
            self.digest.update(part)
            self._file.write(part)

    def finish(self) -> None:
        self.write(b"")
        if self._inflater is not None and not self._inflater.eof:
            raise FetchFailed(f"{self._host} sent a compressed file that ends too early.")

    def close(self, *, keep: bool) -> None:
        try:
            self._file.close()  # flushes, and fails on a full disk
        finally:
            if not keep:
                self._target.unlink(missing_ok=True)

    def _inflated(self, data: bytes) -> Iterator[bytes]:
        """Yield ``data`` decompressed, at most ``CHUNK`` bytes at a time: a small body may hold an endless file."""
        if self._inflater is None:
            yield data
            return
        try:
            part = b"-"
            while data or part:
                part = self._inflater.decompress(data, CHUNK)
                data = self._inflater.unconsumed_tail
                yield part
                if self._inflater.unused_data:  # a gzip file may have several members
                    data = self._inflater.unused_data
                    self._inflater = _inflater()
        except zlib.error as error:
            raise FetchFailed(f"{self._host} sent a damaged compressed file: {error}.") from None


def _inflater() -> zlib._Decompress:
    """Return what reads both gzip and zlib (which HTTP calls deflate)."""
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)


def _too_large(host: str, max_bytes: int) -> FetchFailed:
    return FetchFailed(f"The file of {host} is larger than the {max_bytes} bytes that this server accepts.")
