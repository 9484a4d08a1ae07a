"""Our requests beside those that the official releases make with the same arguments."""

from __future__ import annotations

import json
import subprocess
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from deepgram import DeepgramClient

from ..clients.conftest import method_of
from ..rest_facts import FACTS, Fact
from .test_official_clients import RELEASES, SCRIPTS, interpreter


def theirs(release: str, facts: list[Fact]) -> list[dict[str, Any] | None]:
    """Return the requests of an official release; None where it has no such method."""
    done = subprocess.run(
        [interpreter(release), SCRIPTS / "operations.py"],
        input=json.dumps([[fact.name, fact.arguments] for fact in facts]),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={"PATH": "", "PYTHONWARNINGS": "ignore", "TZ": "UTC"},
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any] | None] = json.loads(done.stdout)
    return found


def ours(facts: list[Fact]) -> list[dict[str, Any]]:
    made: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        made.append(request)
        return httpx.Response(200, json={})

    with httpx.Client(transport=httpx.MockTransport(answer)) as transport:
        client = DeepgramClient(api_key="k", httpx_client=transport)
        for fact in facts:
            method_of(client, fact.name)(**fact.arguments)
    return [
        {
            "method": request.method,
            "host": request.url.host,
            "path": request.url.path,
            "query": [[*pair] for pair in parse_qsl(request.url.query.decode())],
            "type": request.headers.get("content-type"),
            "body": json.loads(request.content) if request.content else None,
        }
        for request in made
    ]


@pytest.mark.parametrize("release", RELEASES)
def test_every_request_is_the_one_that_the_official_release_makes(release: str) -> None:
    for fact, official, own in zip(FACTS, theirs(release, FACTS), ours(FACTS), strict=True):
        if official is None:
            assert (fact.since, release) == ("7", "6.1.1"), fact.name
            continue
        if fact.host == "agent_rest" and release == "6.1.1":
            assert official["host"] == "api.deepgram.com", "release 6 asked the wrong host for the models of agents"
            official["host"] = own["host"]
        assert own == official, fact.name
