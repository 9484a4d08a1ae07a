"""Language models over HTTP: what they are asked, what is understood of their answers, and what is no answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Send

from deepgram.local.guard import guarded_client
from deepgram.local.thinking import endpoint as endpoints
from deepgram.local.thinking.anthropic import Anthropic
from deepgram.local.thinking.chat_completions import ChatCompletions
from deepgram.local.thinking.endpoint import Endpoint
from deepgram.local.thinking.google import Google
from deepgram.local.thinking.providers import Providers, UnknownProvider, check_choice
from deepgram.local.thinking.scripted import Scripted
from deepgram.local.thinking.thinker import (
    Call,
    Called,
    Function,
    Idea,
    Question,
    Said,
    Text,
    Thinker,
    ThinkError,
    Thought,
)
from deepgram.protocol.model import decode
from deepgram.protocol.models.agent_settings import ThinkSettingsV1

from .language_models import LanguageModel, called, said, serving, start

WEATHER = Function("get_weather", "Tell the weather.", {"type": "object", "properties": {"city": {"type": "string"}}})
TALK = Question(
    "some-model",
    "Be kind.",
    [
        Said("user", "What is the weather in Paris?"),
        Called("call_1", "get_weather", '{"city": "Paris"}', "sunny"),
        Said("assistant", "It is sunny."),
        Said("user", "And now?"),
    ],
    [WEATHER],
    temperature=0.5,
)


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient, None]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


async def ideas(thinker: Thinker, question: Question = TALK) -> list[Idea]:
    async def listen() -> list[Idea]:
        return [idea async for idea in thinker.think(question)]

    return await asyncio.wait_for(listen(), 20)


async def test_chat_completions_are_asked_with_the_whole_conversation(client: httpx.AsyncClient) -> None:
    async with serving(LanguageModel(said("Still ", "sunny."))) as model:
        found = await ideas(ChatCompletions(Endpoint(model.url, client, {"authorization": "Bearer key"})))
    assert found == [Text("Still "), Text("sunny.")]
    (asked,) = model.asked
    assert asked["model"] == "some-model" and asked["stream"] is True and asked["temperature"] == 0.5
    assert [message["role"] for message in asked["messages"]] == [
        *("system", "user", "assistant", "tool", "assistant", "user")
    ]
    call = asked["messages"][2]["tool_calls"][0]
    assert call["id"] == asked["messages"][3]["tool_call_id"] == "call_1"
    assert call["function"] == {"name": "get_weather", "arguments": '{"city": "Paris"}'}
    assert asked["tools"][0]["function"]["parameters"] == WEATHER.parameters
    assert model.headers[0]["authorization"] == "Bearer key"


async def test_a_call_is_put_together_from_its_pieces(client: httpx.AsyncClient) -> None:
    events = called("get_weather", '{"city": "Rome"}')
    async with serving(
        LanguageModel([{"choices": []}, {"choices": [{"delta": {"reasoning": "Hm."}}]}, *events])
    ) as model:
        found = await ideas(ChatCompletions(Endpoint(model.url, client)))
    assert found == [Thought("Hm."), Call("call_1", "get_weather", '{"city": "Rome"}')]


async def test_an_answer_in_one_piece_is_understood(client: httpx.AsyncClient) -> None:
    async def serve(request: Request, send: Send) -> None:
        await start(send, 200, "application/json")
        await send({"type": "http.response.body", "body": b'{"choices": [{"message": {"content": "Yes."}}]}'})

    async with serving(LanguageModel(serve=serve)) as model:
        assert await ideas(ChatCompletions(Endpoint(model.url, client))) == [Text("Yes.")]


async def test_anthropic_is_asked_and_understood(client: httpx.AsyncClient) -> None:
    tool = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}}
    events: list[Any] = [
        {"type": "message_start", "message": {}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Let me see."}},
        {"type": "content_block_start", "index": 1, "content_block": tool},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"city":'}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '"Rome"}'}},
        {"type": "message_stop"},
    ]
    async with serving(LanguageModel(events)) as model:
        found = await ideas(Anthropic(Endpoint(model.url, client)))
    assert found == [Text("Let me see."), Call("toolu_1", "get_weather", '{"city":"Rome"}')]
    (asked,) = model.asked
    assert asked["system"] == "Be kind." and asked["max_tokens"] > 0
    assert [message["role"] for message in asked["messages"]] == ["user", "assistant", "user", "assistant", "user"]
    assert asked["messages"][1]["content"][0]["input"] == {"city": "Paris"}
    assert asked["messages"][2]["content"] == [{"type": "tool_result", "tool_use_id": "call_1", "content": "sunny"}]
    assert asked["tools"][0]["input_schema"] == WEATHER.parameters


async def test_google_is_asked_and_understood(client: httpx.AsyncClient) -> None:
    call = {"functionCall": {"name": "get_weather", "args": {"city": "Rome"}}, "thoughtSignature": "sig"}
    events = [
        {"candidates": [{"content": {"parts": [{"text": "Hm.", "thought": True}, {"text": "Let me see."}]}}]},
        {"candidates": [{"content": {"parts": [call]}}]},
    ]
    async with serving(LanguageModel(events)) as model:
        found = await ideas(Google(Endpoint(model.url, client)))
    assert found[:2] == [Thought("Hm."), Text("Let me see.")]
    assert isinstance(found[2], Call)
    assert (found[2].name, json.loads(found[2].arguments), found[2].thought_signature) == (
        *("get_weather", {"city": "Rome"}, "sig"),
    )
    (asked,) = model.asked
    assert asked["systemInstruction"] == {"parts": [{"text": "Be kind."}]}
    assert [content["role"] for content in asked["contents"]] == ["user", "model", "user", "model", "user"]
    assert asked["contents"][1]["parts"][0]["functionCall"] == {"name": "get_weather", "args": {"city": "Paris"}}


@pytest.mark.parametrize("form", [ChatCompletions, Anthropic, Google])
@pytest.mark.parametrize(
    "event",
    ["garbage", "[1, 2]", "null", '{"choices": 3, "candidates": 3, "type": 3}', '{"error": {"message": "no more"}}'],
)
async def test_garbage_is_an_error_or_nothing_but_never_a_crash(
    form: type[ChatCompletions], event: str, client: httpx.AsyncClient
) -> None:
    async with serving(LanguageModel([event])) as model:
        try:
            assert await ideas(form(Endpoint(model.url, client))) == []
        except ThinkError as error:
            assert str(error)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 302])
async def test_a_refusal_is_told_with_its_reason(status: int, client: httpx.AsyncClient) -> None:
    async def serve(request: Request, send: Send) -> None:
        await start(send, status, "application/json")
        await send({"type": "http.response.body", "body": b'{"error": {"message": "the reason"}}'})

    async with serving(LanguageModel(serve=serve)) as model:
        with pytest.raises(ThinkError, match=f"{status}: the reason"):
            await ideas(ChatCompletions(Endpoint(model.url, client)))


async def test_an_endpoint_that_is_down_is_told(client: httpx.AsyncClient) -> None:
    async with serving(LanguageModel()) as model:
        pass
    with pytest.raises(ThinkError, match="could not be reached"):
        await ideas(ChatCompletions(Endpoint(model.url, client)))


async def test_an_endpoint_that_says_nothing_is_given_up(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "FIRST", 0.3)
    held = asyncio.Event()

    async def serve(request: Request, send: Send) -> None:
        await start(send, 200, "text/event-stream")
        await held.wait()

    async with serving(LanguageModel(serve=serve)) as model:
        with pytest.raises(ThinkError, match="in time"):
            await ideas(ChatCompletions(Endpoint(model.url, client)))
        held.set()


async def test_an_answer_without_an_end_is_given_up(client: httpx.AsyncClient) -> None:
    async def serve(request: Request, send: Send) -> None:
        await start(send, 200, "text/event-stream")
        piece = json.dumps({"choices": [{"delta": {"content": "and so on " * 100}}]})
        while not await request.is_disconnected():
            await send({"type": "http.response.body", "body": f"data: {piece}\n\n".encode(), "more_body": True})

    async with serving(LanguageModel(serve=serve)) as model:
        with pytest.raises(ThinkError, match="more than"):
            await ideas(ChatCompletions(Endpoint(model.url, client)))


async def test_a_line_without_an_end_is_given_up(client: httpx.AsyncClient) -> None:
    async def serve(request: Request, send: Send) -> None:
        await start(send, 200, "text/event-stream")
        while not await request.is_disconnected():
            await send({"type": "http.response.body", "body": b"x" * 10_000, "more_body": True})

    async with serving(LanguageModel(serve=serve)) as model:
        with pytest.raises(ThinkError, match="more than any answer"):
            await ideas(ChatCompletions(Endpoint(model.url, client)))


# --- Who is asked -----------------------------------------------------------------------------------------------------


def settings(kind: str, url: str | None = None, **headers: str) -> ThinkSettingsV1:
    data = {"provider": {"type": kind, "model": "m"}, "endpoint": {"url": url, "headers": headers} if url else None}
    return decode(ThinkSettingsV1, data)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("kind", "given", "path"),
    [
        ("open_ai", "/v1/chat/completions", "/v1/chat/completions"),
        ("open_ai", "/v1", "/v1/chat/completions"),
        ("open_ai", "", "/v1/chat/completions"),
        ("open_ai", "/some/proxy?key=1", "/some/proxy?key=1"),
        ("groq", "/openai/v1/", "/openai/v1/chat/completions"),
        ("anthropic", "", "/v1/messages"),
        ("google", "", "/v1beta/models/m:streamGenerateContent?alt=sse"),
        ("google", "/v1beta/models/x", "/v1beta/models/x:streamGenerateContent?alt=sse"),
    ],
)
async def test_an_endpoint_is_asked_at_its_address(kind: str, given: str, path: str, client: httpx.AsyncClient) -> None:
    async with serving(LanguageModel([{"type": "message_stop", "choices": []}])) as model:
        providers = Providers("scripted", guarded=client, trusted=client)
        thinker, warning = providers.thinker(settings(kind, model.url + given, Authorization="Bearer k", Host="evil"))
        await ideas(thinker)
    assert warning is None
    assert model.paths == [path]
    assert model.headers[0]["authorization"] == "Bearer k"
    assert model.headers[0]["host"] != "evil"


async def test_a_private_address_is_not_asked_for_a_caller(client: httpx.AsyncClient) -> None:
    async with serving(LanguageModel(said("secret"))) as model:
        async with guarded_client(allow_private=False) as guarded:
            thinker, _ = Providers("scripted", guarded=guarded, trusted=client).thinker(settings("open_ai", model.url))
            with pytest.raises(ThinkError, match="allow-private-urls"):
                await ideas(thinker)
        assert model.asked == []
        # The owner of the server may name any address.
        thinker, _ = Providers(model.url, guarded=guarded, trusted=client).thinker(settings("anthropic"))
        assert await ideas(thinker) == [Text("secret")]
        assert model.paths == ["/v1/chat/completions"]


def test_without_an_endpoint_rules_answer_and_say_so(client: httpx.AsyncClient) -> None:
    thinker, warning = Providers("scripted", guarded=client, trusted=client).thinker(settings("open_ai"))
    assert isinstance(thinker, Scripted)
    assert warning is not None and "script" in warning


def test_keys_of_the_environment_are_used_only_if_the_owner_wants(client: httpx.AsyncClient) -> None:
    environment = {"ANTHROPIC_API_KEY": "secret"}
    providers = Providers("providers", guarded=client, trusted=client, environment=environment)
    assert isinstance(providers.thinker(settings("anthropic"))[0], Anthropic)
    with pytest.raises(UnknownProvider, match="OPENAI_API_KEY"):
        providers.thinker(settings("open_ai"))
    with pytest.raises(UnknownProvider, match="endpoint"):
        providers.thinker(settings("deepgram"))


@pytest.mark.parametrize("kind", ["nonsense", ""])
def test_an_unknown_provider_is_refused(kind: str, client: httpx.AsyncClient) -> None:
    providers = Providers("scripted", guarded=client, trusted=client)
    if kind:
        with pytest.raises(UnknownProvider, match="unknown think provider"):
            providers.thinker(settings(kind))
    else:
        assert providers.thinker(decode(ThinkSettingsV1, {}))[1] is not None


@pytest.mark.parametrize("choice", ["", "nonsense", "ftp://host", "http://"])
def test_a_choice_that_is_none_is_refused(choice: str) -> None:
    with pytest.raises(ValueError, match="think must be"):
        check_choice(choice)


def test_a_provider_that_cannot_be_asked_is_stood_in_for_or_refused(client: httpx.AsyncClient) -> None:
    assert Providers("scripted", guarded=client, trusted=client).thinker(settings("aws_bedrock"))[1] is not None
    with pytest.raises(UnknownProvider, match="not asked by this server"):
        Providers("providers", guarded=client, trusted=client).thinker(settings("aws_bedrock"))
