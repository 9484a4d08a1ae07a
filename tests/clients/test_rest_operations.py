"""Every endpoint of the REST API in all its modes: what goes out, and what a caller sees of the method."""

from __future__ import annotations

import inspect
import json
from typing import Any
from unittest.mock import create_autospec
from urllib.parse import parse_qsl

import httpx
import pytest
from reference.client_tree import resources

from deepgram import DeepgramClient
from deepgram.protocol.channel import Channel
from deepgram.protocol.operation import Operation
from deepgram.protocol.response import AsyncHttpResponse, HttpResponse

from ..rest_facts import FACTS, Fact
from .conftest import Wire, method_of

every_endpoint = pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)


def check(request: httpx.Request, fact: Fact) -> None:
    """Compare a request with what is known about its endpoint."""
    assert request.method == fact.method
    assert request.url.path == fact.path.format(**fact.arguments)
    assert request.url.host == {"base": "api.example", "agent_rest": "agent.example"}[fact.host]
    names = [name for name, _ in parse_qsl(request.url.query.decode())]
    assert list(dict.fromkeys(names)) == fact.query.split(), "the names of the query, in the order of the signature"
    body = fact.arguments.get("request") or {name: fact.arguments[name] for name in fact.body.split()}
    if body:
        assert request.headers["content-type"] == "application/json"
        assert json.loads(request.content) == body
    else:
        assert request.content == b""


def test_no_endpoint_of_the_client_is_left_out() -> None:
    named = {
        described.path
        for resource in resources()
        for described in resource.operations
        if not isinstance(described.operation, Channel)
    }
    in_audio = {name for name in named if name.startswith(("listen.", "speak."))}  # tested where audio is
    assert in_audio == {
        *("listen.v1.media.transcribe_file", "listen.v1.media.transcribe_url"),
        *("speak.v1.audio.generate", "speak.v2.audio.generate"),
    }
    helpers = {"manage.v1.projects.requests.iterate"}  # asks what `list` asks, page by page: test_paging
    assert named - in_audio - helpers == {fact.name for fact in FACTS}


@every_endpoint
def test_it_asks_what_the_official_clients_ask(wire: Wire, fact: Fact) -> None:
    method_of(wire.sync, fact.name)(**fact.arguments)
    check(wire.requests[0], fact)


@every_endpoint
async def test_async_and_raw_clients_ask_the_same(wire: Wire, fact: Fact) -> None:
    client = wire.asynchronous
    await method_of(client, fact.name)(**fact.arguments)
    answer = await method_of(client, fact.name, raw=True)(**fact.arguments)
    other = method_of(wire.sync, fact.name, raw=True)(**fact.arguments)
    assert isinstance(answer, AsyncHttpResponse)
    assert isinstance(other, HttpResponse)
    assert answer.headers["x-place"] == other.headers["x-place"] == "loopback"
    assert len(wire.requests) == 3
    for request in wire.requests:
        check(request, fact)


@every_endpoint
def test_what_is_not_given_is_not_sent(wire: Wire, fact: Fact) -> None:
    """Nothing but what must be given: parameters without a default, and a whole body."""
    method = method_of(wire.sync, fact.name)
    required = [name for name, p in inspect.signature(method).parameters.items() if p.default is p.empty]
    method(**{name: fact.arguments[name] for name in required})
    request = wire.requests[0]
    assert request.url.query == b""
    sent = {name: fact.arguments[name] for name in fact.body.split() if name in required}
    if "request" in required:
        assert json.loads(request.content) == fact.arguments["request"]
    elif fact.body:
        assert json.loads(request.content) == sent
    else:
        assert request.content == b""


@every_endpoint
def test_ids_come_first_and_all_else_by_name(fact: Fact) -> None:
    method = method_of(DeepgramClient(api_key="k"), fact.name)
    parameters = inspect.signature(method).parameters
    in_path = [part[1:-1] for part in fact.path.split("/") if part.startswith("{")]
    positional = [name for name, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional == in_path
    whole = ["request"] if "request" in fact.arguments else []
    by_name = [name for name, p in parameters.items() if p.kind is p.KEYWORD_ONLY]
    assert sorted(by_name) == sorted([*whole, *fact.query.split(), *fact.body.split(), "request_options"])
    assert by_name[-1] == "request_options"


@every_endpoint
def test_every_parameter_is_documented(fact: Fact) -> None:
    client = DeepgramClient(api_key="k")
    path, _, name = fact.name.rpartition(".")
    resource: Any = client
    for part in path.split("."):
        resource = getattr(resource, part)
    documentation = inspect.getdoc(getattr(resource, name)) or ""
    assert "Source: developers.deepgram.com/reference/" in documentation
    operation = next(vars(base)[name] for base in type(resource).__mro__ if isinstance(vars(base).get(name), Operation))
    written_out = [p.name for p in operation.signature.parameters.values() if p.name != "self"]
    missing = [name for name in written_out if f"{name}:" not in documentation]
    assert missing in ([], ["request_options"]), "an `Args:` line for each"


def test_a_client_can_be_replaced_by_a_double_with_the_same_signatures() -> None:
    double = create_autospec(DeepgramClient(api_key="k").manage.v1.projects.keys, instance=True)
    double.list("p", status="active")
    with pytest.raises(TypeError):
        double.list("p", stat="active")


def test_null_is_sent_where_none_is_given_for_a_field(wire: Wire) -> None:
    wire.sync.manage.v1.projects.update("p", name=None)
    wire.sync.auth.v1.tokens.grant(ttl_seconds=None)
    assert [json.loads(request.content) for request in wire.requests] == [{"name": None}, {"ttl_seconds": None}]


def test_fields_newer_than_this_version_can_be_added(wire: Wire) -> None:
    options: Any = {"additional_body_parameters": {"color": "red"}, "additional_query_parameters": {"deep": True}}
    wire.sync.auth.v1.tokens.grant(request_options=options)
    assert json.loads(wire.requests[0].content) == {"color": "red"}
    assert wire.requests[0].url.query == b"deep=true"


def test_text_is_analyzed_from_a_model_too(wire: Wire) -> None:
    from deepgram import ReadV1RequestText, ReadV1RequestUrl

    wire.sync.read.v1.text.analyze(request=ReadV1RequestText(text="Hello."), language="en")
    wire.sync.read.v1.text.analyze(request=ReadV1RequestUrl(url="https://example.org/a"), language="en")
    assert [json.loads(request.content) for request in wire.requests] == [
        {"text": "Hello."},
        {"url": "https://example.org/a"},
    ]


def test_moments_may_be_text_days_or_datetimes(wire: Wire) -> None:
    from datetime import date, datetime, timezone

    requests = wire.sync.manage.v1.projects.requests
    requests.list("p", start="2025-01-02", end=datetime(2025, 1, 3, 4, 5, 6, tzinfo=timezone.utc))
    wire.sync.manage.v1.projects.usage.get("p", start=date(2025, 1, 2), end="2025-01-03")
    assert wire.requests[0].url.query == b"start=2025-01-02&end=2025-01-03T04%3A05%3A06Z"
    assert wire.requests[1].url.query == b"start=2025-01-02&end=2025-01-03"


def test_the_models_of_agents_are_asked_of_the_host_that_the_environment_names(wire: Wire) -> None:
    """Where an environment of a release 6 names no address for them, it is the agent's."""
    from deepgram import DeepgramClientEnvironment as Environment

    def host(environment: Environment) -> str:
        transport = httpx.Client(transport=httpx.MockTransport(wire.answer))
        client = DeepgramClient(api_key="k", environment=environment, httpx_client=transport)
        client.agent.v1.settings.think.models.list()
        return wire.requests[-1].url.host

    assert host(Environment.PRODUCTION) == "agent.deepgram.com"
    assert host(Environment.AGENT) == "agent.deepgram.com"
    assert host(Environment(base="https://b", production="wss://p", agent="ws://a")) == "a"
    assert host(Environment(base="https://b", production="wss://p", agent="ws://a", agent_rest="https://r")) == "r"
