"""A call made every way there is, what it asks for, and what answers it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.protocol.model import Model
from deepgram.protocol.request import Call, Request, RequestOptions

SECRET = "5f3c9a7e11d2b4c68"
OK = b'HTTP/1.1 200 OK\r\ncontent-length: 18\r\ndg-request-id: r\r\n\r\n{"request_id":"r"}'


class Document(Model):
    request_id: str | None = None


def ask(
    method: str = "GET", path: str = "v1/x", options: RequestOptions | None = None, **call: Any
) -> Request[Document]:
    return Request(method, path, Call(**call), options or {}, Document)


def answered(status: int, body: bytes, *headers: str) -> bytes:
    lines = "".join(f"{line}\r\n" for line in (f"content-length: {len(body)}", *headers))
    return f"HTTP/1.1 {status} Status\r\n{lines}\r\n".encode() + body


def mocked(*answers: httpx.Response | Exception) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    seen: list[httpx.Request] = []
    left = [*answers]

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.MockTransport(handle), seen


class Both:
    """One call, made from a thread or from an event loop."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __call__(self, request: Request[Any], **keywords: Any) -> Any:
        keywords = {"api_key": SECRET, **keywords}
        transport = keywords.pop("transport", None)
        if self.kind == "sync":
            if transport:
                keywords["httpx_client"] = httpx.Client(transport=transport)
            with DeepgramClient(**keywords) as client:
                return client._client_wrapper.send(request).data

        async def call() -> Any:
            if transport:
                keywords["httpx_client"] = httpx.AsyncClient(transport=transport)
            async with AsyncDeepgramClient(**keywords) as client:
                return (await client._client_wrapper.send(request)).data

        return asyncio.run(call())
