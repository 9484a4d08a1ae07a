"""What type checkers must see of the REST API. Not run: checked by mypy --strict and pyright."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Coroutine, Generator
from datetime import datetime
from typing import Any, Literal

from typing_extensions import assert_type

from deepgram import AsyncDeepgramClient, DeepgramClient, ReadV1RequestText
from deepgram.agent.v1.settings.think.models.client import ModelsClient as ThinkModelsClient
from deepgram.core.http_response import AsyncHttpResponse, HttpResponse
from deepgram.core.request_options import RequestOptions
from deepgram.manage.v1.projects.keys.client import AsyncKeysClient, KeysClient
from deepgram.manage.v1.projects.models.client import ModelsClient as ProjectModelsClient
from deepgram.requests.read_v1request_text import ReadV1RequestTextParams
from deepgram.types import (
    AgentConfigurationV1,
    AgentThinkModelsV1ResponseModelsItemZero,
    CreateKeyV1Response,
    GetModelV1ResponseBatch,
    GetModelV1ResponseMetadata,
    GrantV1Response,
    ListProjectRequestsV1Response,
    ListProjectsV1Response,
    ProjectRequestResponse,
    ReadV1Response,
    SharedTopicsSegmentsItem,
    UsageBreakdownV1Response,
)
from deepgram.types.create_key_v1request import CreateKeyV1Request


def text(client: DeepgramClient) -> None:
    asked: ReadV1RequestTextParams = {"text": "Hello, world!"}
    answer = client.read.v1.text.analyze(request=asked, language="en", sentiment=True, summarize=True, topics=True)
    assert_type(answer, ReadV1Response)
    assert_type(answer.metadata.created, datetime | None)
    if answer.results.topics and answer.results.topics.segments:
        assert_type(answer.results.topics.segments[0], SharedTopicsSegmentsItem)
    client.read.v1.text.analyze(request=ReadV1RequestText(text="Hello."), summarize="v2", custom_topic=["a", "b"])
    client.read.v1.text.analyze(request={"txt": "Hello."})  # type: ignore[arg-type]  # pyright: ignore
    client.read.v1.text.analyze(request={"text": "Hello."}, topics="yes")  # type: ignore[arg-type]  # pyright: ignore
    client.read.v1.text.analyze(request={"text": "Hello."}, topcs=True)  # type: ignore[call-arg]  # pyright: ignore


def account(client: DeepgramClient) -> None:
    projects = client.manage.v1.projects
    assert_type(projects.list(), ListProjectsV1Response)
    assert_type(projects.keys, KeysClient)
    assert_type(projects.models, ProjectModelsClient)
    assert_type(projects.models.get("p", "m"), GetModelV1ResponseBatch | GetModelV1ResponseMetadata)
    key: CreateKeyV1Request = {"comment": "c", "scopes": ["member"], "time_to_live_in_seconds": 60}
    made = projects.keys.create("p", request=key)
    assert_type(made, CreateKeyV1Response)
    assert_type(made.key, str | None)
    wrong: CreateKeyV1Request = {"comment": "c", "scope": "member"}  # type: ignore[typeddict-item, typeddict-unknown-key]  # pyright: ignore
    projects.keys.create("p", request=wrong)
    projects.keys.create("p", request={"comment": "c", "scopes": ["member"], "newer": 1})
    assert_type(projects.usage.breakdown.get("p", grouping="models", diarize=True), UsageBreakdownV1Response)
    assert_type(projects.with_raw_response.list(), HttpResponse[ListProjectsV1Response])
    assert_type(projects.with_raw_response.keys.list("p").status_code, int)
    projects.usage.get("p", dairize=True)  # type: ignore[call-arg]  # pyright: ignore
    projects.keys.get("p")  # type: ignore[call-arg]  # pyright: ignore
    projects.keys.get(1, "k")  # type: ignore[arg-type]  # pyright: ignore
    client.manage.v1.project  # type: ignore[attr-defined]  # pyright: ignore  # noqa: B018
    token = client.auth.v1.tokens.grant(ttl_seconds=60)
    assert_type(token, GrantV1Response)
    DeepgramClient(access_token=token.access_token)
    options: RequestOptions = {"timeout_in_seconds": 60, "max_retries": 3}
    projects.list(request_options=options)
    projects.list(request_options={"retries": 3})  # type: ignore[arg-type]  # pyright: ignore


def pages(client: DeepgramClient) -> None:
    requests = client.manage.v1.projects.requests
    for request in requests.iterate("p", status="failed", limit=100):
        assert_type(request, ProjectRequestResponse)
    for page in requests.iterate("p", start=datetime.now()).pages():
        assert_type(page, ListProjectRequestsV1Response)
    assert_type(
        requests.with_raw_response.iterate("p"), Generator[HttpResponse[ListProjectRequestsV1Response], None, None]
    )
    requests.iterate("p", stat="failed")  # type: ignore[call-arg]  # pyright: ignore


def agents(client: DeepgramClient) -> None:
    assert_type(client.agent.v1.settings.think.models, ThinkModelsClient)
    for model in client.agent.v1.settings.think.models.list().models:
        assert_type(model.name, str)
        if isinstance(model, AgentThinkModelsV1ResponseModelsItemZero):
            assert_type(model.provider, Literal["open_ai"])
    assert_type(client.voice_agent.configurations.get("p", "a"), AgentConfigurationV1)
    assert_type(client.voice_agent.variables.delete("p", "v"), dict[str, Any])
    client.voice_agent.configurations.create("p", config={})  # type: ignore[arg-type]  # pyright: ignore


async def asynchronous(client: AsyncDeepgramClient) -> None:
    keys = client.manage.v1.projects.keys
    assert_type(keys, AsyncKeysClient)
    pending: Coroutine[Any, Any, CreateKeyV1Response] = keys.create("p", request={"comment": "c", "scopes": ["member"]})
    assert_type(await pending, CreateKeyV1Response)
    raw = client.auth.v1.tokens.with_raw_response
    assert_type(await raw.grant(), AsyncHttpResponse[GrantV1Response])
    async for request in client.manage.v1.projects.requests.iterate("p"):
        assert_type(request, ProjectRequestResponse)
    async for page in client.manage.v1.projects.requests.iterate("p").pages():
        assert_type(page, ListProjectRequestsV1Response)
    responses = client.manage.v1.projects.requests.with_raw_response.iterate("p")
    assert_type(responses, AsyncGenerator[AsyncHttpResponse[ListProjectRequestsV1Response], None])
    for wrong in client.manage.v1.projects.requests.iterate("p"):  # type: ignore[attr-defined]  # pyright: ignore
        print(wrong)
