"""Receiving audio: the body of a request goes to a file, hashed and measured on its way."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import ClientDisconnect, Request

from .refusals import Refusal, bad_request, slow_upload, too_large

SLICE = 1024 * 1024
"""Bytes that are collected before a thread writes and hashes them."""


@dataclass(frozen=True)
class Received:
    """Audio in a file."""

    path: Path
    sha256: str
    """Hex digest of the bytes."""
    size: int
    """Bytes."""


async def receive(request: Request, target: Path, *, max_bytes: int, timeout: float) -> Received:
    """Write the body of ``request`` to ``target``.

    Raises ``Refusal`` 413 past ``max_bytes``, 408 when nothing comes for ``timeout`` seconds, 415 for a compressed
    body, 400 for an incomplete one.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "Send the audio as it is, without Content-Encoding.")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise too_large(max_bytes)
    digest = hashlib.sha256()
    size = 0
    with target.open("wb") as file:

        def keep(piece: bytes) -> None:
            digest.update(piece)
            file.write(piece)

        waiting = bytearray()
        async for chunk in _bounded(request.stream(), timeout):
            size += len(chunk)
            if size > max_bytes:
                raise too_large(max_bytes)
            waiting += chunk
            if len(waiting) >= SLICE:
                await asyncio.to_thread(keep, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(keep, bytes(waiting))
    return Received(target, digest.hexdigest(), size)


async def _bounded(chunks: AsyncIterator[bytes], timeout: float) -> AsyncIterator[bytes]:
    """Yield ``chunks``, waiting at most ``timeout`` seconds for each."""
    while True:
        try:
            yield await asyncio.wait_for(anext(chunks), timeout)
        except StopAsyncIteration:
            return
        except asyncio.TimeoutError:
            raise slow_upload(timeout) from None
        except ClientDisconnect:
            raise bad_request("The upload ended before its announced length.") from None
