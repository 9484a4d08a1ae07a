"""Audio that a server on the loopback sends as it is told to, and clients of that server."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from deepgram import AsyncDeepgramClient, DeepgramClient

from .conftest import Server, after_body

Serve = Callable[..., Server]

AUDIO = bytes(range(256)) * 40
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ndg-request-id: r-1\r\ndg-char-count: 5\r\n"
WHOLE = HEAD + f"content-length: {len(AUDIO)}\r\n\r\n".encode() + AUDIO
ENDLESS_HEAD = HEAD + b"content-length: 1000000000\r\n\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
REFUSED = b'{"err_code":"Bad Request","err_msg":"no text","request_id":"r-2"}'


def sending(data: bytes) -> Callable[[socket.socket, Any], object]:
    """Answer with ``data`` and close."""
    return after_body(lambda connection, seen: connection.sendall(data))


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def client(server: Server, **options: Any) -> DeepgramClient:
    return DeepgramClient(api_key="secret-key-1", base_url=server.url, **options)


def async_client(server: Server, **options: Any) -> AsyncDeepgramClient:
    return AsyncDeepgramClient(api_key="secret-key-1", base_url=server.url, **options)
