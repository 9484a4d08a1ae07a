"""What tests of the clients share: a client whose requests go nowhere, and are written down."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import httpx
import pytest

from deepgram import AsyncDeepgramClient, DeepgramClient, DeepgramClientEnvironment

ENVIRONMENT = DeepgramClientEnvironment(
    base="https://api.example", production="wss://api.example", agent="wss://agent.example"
)


@dataclass
class Wire:
    """The requests that were made, and the answers they got: the last of ``answers`` stays."""

    answers: list[object] = field(default_factory=lambda: [{}])
    requests: list[httpx.Request] = field(default_factory=list[httpx.Request])

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(body, httpx.Response):
            return body
        return httpx.Response(200, content=json.dumps(body), headers={"x-place": "loopback"})

    @property
    def sync(self) -> DeepgramClient:
        transport = httpx.Client(transport=httpx.MockTransport(self.answer))
        return DeepgramClient(api_key="k", environment=ENVIRONMENT, httpx_client=transport)

    @property
    def asynchronous(self) -> AsyncDeepgramClient:
        transport = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        return AsyncDeepgramClient(api_key="k", environment=ENVIRONMENT, httpx_client=transport)


@pytest.fixture
def wire() -> Wire:
    return Wire()


def method_of(client: object, name: str, *, raw: bool = False) -> Callable[..., Any]:
    """Return the method of a dotted name below ``client``."""
    path, _, method = name.rpartition(".")
    resource = reduce(getattr, path.split("."), client)
    found: Callable[..., Any] = getattr(getattr(resource, "with_raw_response") if raw else resource, method)  # noqa: B009
    return found
