"""What the voice agent of the embedded server does with hostile settings, floods, bad moments and models that fail."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Send
from websockets.asyncio.client import connect

from deepgram.local.agent.plan import BadSettings, Planner
from deepgram.local.live import SpeechBegan
from deepgram.local.speech import Speech
from deepgram.local.thinking.providers import Providers
from deepgram.local.thinking.thinker import Idea, Question

from .hearing import INFO, PATIENCE, Ears, recorded, serving, tell, until
from .language_models import LanguageModel, called, said, start
from .language_models import serving as thinking
from .test_agent import AUDIO, WEATHER, Caller, an_agent, in_turn, speaking_at_length, talking, thinks_with

# --- Settings of every shape ------------------------------------------------------------------------------------------

WHOLE: dict[str, Any] = {
    "type": "Settings",
    "tags": ["one"],
    "experimental": True,
    "mip_opt_out": True,
    "flags": {"history": True},
    "audio": {
        "input": {"encoding": "linear16", "sample_rate": 16000},
        "output": {"encoding": "mp3", "sample_rate": 22050, "container": "none", "bitrate": 48000},
    },
    "agent": {
        "language": "en",
        "greeting": "Hello.",
        "context": {
            "messages": [
                {"type": "History", "role": "user", "content": "Before."},
                {
                    "type": "History",
                    "function_calls": [
                        {"id": "1", "name": "f", "client_side": True, "arguments": "{}", "response": "x"}
                    ],
                },
            ]
        },
        "listen": {
            "provider": {
                "type": "deepgram",
                "version": "v2",
                "model": "flux-general-en",
                "keyterms": ["Rome"],
                "smart_format": True,
                "eot_threshold": 0.7,
                "eager_eot_threshold": 0.5,
                "eot_timeout_ms": 5000,
            }
        },
        "think": [
            {
                "provider": {"type": "open_ai", "model": "m", "temperature": 0.5, "reasoning_mode": "low"},
                "endpoint": {"url": "https://example.com", "headers": {"x-key": "k"}},
                "functions": [
                    {
                        "name": "f",
                        "description": "Do it.",
                        "parameters": {"type": "object"},
                        "endpoint": {"url": "https://example.com", "method": "post", "headers": {"x-key": "k"}},
                    }
                ],
                "prompt": "Be kind.",
                "context_length": 1000,
            }
        ],
        "speak": [{"provider": {"type": "deepgram", "model": "aura-2-thalia-en", "speed": 1.0}}],
    },
}


@cache
def planner() -> Planner:
    client = httpx.AsyncClient()
    return Planner(INFO, Providers("scripted", guarded=client, trusted=client), Speech())


def places(value: object, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the ways to everything inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inside:
        yield (*place, name)
        yield from places(item, (*place, name))


WORDS = [
    "deepgram",
    "flux-general-en",
    "nova-3",
    "open_ai",
    "scripted",
    "google",
    "https://[",
    "ftp://x",
    "\ud800",
    "max",
]
NAMES = ["type", "model", "provider", "url", "headers", "endpoint", "name", "id", "version", "messages", "role"]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400)])
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([*WORDS, "x" * 40_000])
)
JUNK = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(places(WHOLE))), JUNK), min_size=1, max_size=3))
@example([(("agent", "think"), {}), (("agent", "think", 0), None)])
def test_settings_of_any_shape_are_taken_or_refused(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    message = copy.deepcopy(WHOLE)
    for (*way, last), value in changes:
        target: Any = message
        for name in way:
            there = name in target if isinstance(target, dict) else isinstance(target, list) and target and name == 0
            target = target[name] if there else None
        if isinstance(target, dict):
            target[last] = value
        elif isinstance(target, list) and target and last == 0:
            target[0] = value
    message = json.loads(json.dumps(message))  # as it comes: names are text, whatever stood there before
    agent = message["agent"]
    try:
        planner().plan(message, agent if isinstance(agent, dict) else {})
    except BadSettings as error:
        assert str(error)


BAD_PARTS: list[tuple[dict[str, Any], str]] = [
    ({"endpoint": []}, "agent.think.endpoint: expected an object"),
    ({"endpoint": {"url": True}}, "the url is text"),
    ({"endpoint": {"url": "https://x", "headers": {"a": 3}}}, "holds? something that is no text"),
    ({"endpoint": {"url": "https://x", "headers": {"a b": "c"}}}, "no name of a header"),
    ({"provider": [1]}, "agent.think.provider: expected an object"),
    ({"provider": {"type": "scripted", "temperature": "hot"}}, "temperature: expected a number"),
    ({"context_length": -1e300}, "context_length: expected a number"),
    ({"functions": {"name": "f"}}, "functions: expected a list"),
    ({"functions": [None]}, "functions: expected objects"),
    ({"functions": [{"name": "f", "parameters": [1]}]}, "parameters are an object"),
    ({"functions": [{"name": "f", "endpoint": {"url": "ftp://x"}}]}, "f: endpoint"),
    ({"functions": [{"name": "f", "endpoint": {"url": "https://x", "method": 3}}]}, "the method is text"),
    ({"functions": [{"name": str(number)} for number in range(200)]}, "more than 128"),
]


@pytest.mark.parametrize(("part", "why"), BAD_PARTS)
def test_parts_that_make_no_sense_are_named(part: dict[str, Any], why: str) -> None:
    with pytest.raises(BadSettings, match=why):
        planner().thinking({"provider": {"type": "open_ai", "model": "m"}, **part}, [])


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ('{"type": "InjectUserMessage", "content": NaN}', "Out of range"),
        ('{"type": "UpdateThink", "think": {"context_length": 1e999}}', "Out of range"),
        ('{"type": "UpdateThink", "think": %s}' % ('{"a":' * 100 + "1" + "}" * 100), "inside each other"),
        ('{"type": "KeepAlive", "x": %s}' % ("9" * 5000), "digits"),
        ('{"type": "InjectUserMessage", "content": "%s"}' % ("x" * 70_000), "more than"),
        ('{"type": "\\ud800"}', "unknown variant"),
    ],
)
async def test_messages_that_no_json_could_be_ends_with_a_reason(frame: str, why: str) -> None:
    async with talking() as (caller, _, _):
        await caller.settle()
        await caller.socket.send(frame)
        error = (await caller.end())[-1]
        assert error["code"] == "UNPARSABLE_CLIENT_MESSAGE"
        assert why in error["description"]


async def test_halves_of_characters_are_replaced_wherever_they_come_from() -> None:
    half = "\ud83d"
    model = LanguageModel(
        serve=in_turn(called("get_weather", '{"city": "\ud83d"}'), said("Well \ud83d", "\ude00, so \ude00."))
    )
    async with thinking(model), talking(allow_private_urls=True) as (caller, _, _):
        functions = [{**WEATHER, "description": half}]
        await caller.settle(an_agent(thinks_with(model, prompt=half, functions=functions), greeting=f"Hi {half}."))
        await caller.until("AgentAudioDone")
        await tell(caller.socket, "InjectUserMessage", content=f"What {half}?")
        (function,) = (await caller.until("FunctionCallRequest"))["functions"]
        await tell(caller.socket, "FunctionCallResponse", id=function["id"], name="get_weather", content=half)
        await caller.until("AgentAudioDone")
        texts = [message["content"] for message in caller.messages if message["type"] == "ConversationText"]
        assert texts == ["Hi ?.", "What ??", "Well \U0001f600, so \ufffd."]


async def test_what_a_model_writes_like_a_control_of_speech_is_spoken_as_text() -> None:
    async with thinking(LanguageModel(said("Wait {pause:99999ms} for it."))) as model:
        async with talking(allow_private_urls=True) as (caller, _, _):
            await caller.settle(an_agent(thinks_with(model)))
            await tell(caller.socket, "InjectUserMessage", content="Go.")
            await caller.until("AgentAudioDone")
            assert caller.audio


@pytest.mark.parametrize("kind", ["UpdateThink", "UpdateSpeak", "UpdateListen"])
@pytest.mark.parametrize(
    "value", [3, [], [3], {"provider": 3}, {"provider": {"type": []}}, {"provider": {"model": {}}}]
)
async def test_updates_with_nonsense_end_nothing(kind: str, value: object) -> None:
    async with talking() as (caller, _, _):
        await caller.settle()
        await tell(caller.socket, kind, **{kind.removeprefix("Update").lower(): value})
        await tell(caller.socket, "InjectUserMessage", content="Hello.")
        await caller.until("AgentAudioDone")
        assert "Error" not in caller.kinds


# --- Floods -----------------------------------------------------------------------------------------------------------


async def test_no_more_messages_wait_than_a_conversation_can_need() -> None:
    async with thinking(LanguageModel()) as model, talking(allow_private_urls=True) as (caller, _, _):
        await speaking_at_length(caller, model)
        for number in range(3000):
            await tell(caller.socket, "InjectAgentMessage", message=f"{number}.", behavior="queue")
        for _ in range(2980):
            await caller.until("InjectionRefused")
        await tell(caller.socket, "InjectAgentMessage", message="At once.", behavior="interrupt")
        assert (await caller.until("ConversationText", content="At once."))["role"] == "assistant"
        assert (await caller.until("ConversationText"))["content"] == "0."


async def test_results_that_nobody_waits_for_are_told_and_end_nothing() -> None:
    async with talking() as (caller, _, _):
        await caller.settle()
        for number in range(1000):
            await tell(caller.socket, "FunctionCallResponse", id=str(number), name="x\ny", content={"deep": [1]})
        for _ in range(1000):
            assert (await caller.until("Warning"))["code"] == "UNEXPECTED_FUNCTION_CALL_RESPONSE"
        await tell(caller.socket, "InjectUserMessage", content="Hello.")
        await caller.until("AgentAudioDone")


async def test_a_client_that_never_reads_is_left() -> None:
    async with serving_silently() as (caller, local):
        for _ in range(600):  # each is told twice: more than the sockets between hold
            try:
                await asyncio.wait_for(tell(caller.socket, "InjectUserMessage", content="x" * 60_000), 1.0)
            except asyncio.TimeoutError:
                break
        (record,) = await recorded(local)
        assert record.path == "/v1/agent/converse"
        caller.socket.transport.abort()


@asynccontextmanager
async def serving_silently() -> AsyncGenerator[tuple[Caller, Any], None]:
    """Serve a client that settles and then reads nothing more."""
    ears = Ears()
    async with serving(ears, send_timeout=0.5) as local:
        socket = await connect(f"{local.url}/v1/agent/converse", compression=None, max_queue=1)
        caller = Caller(socket)
        await caller.settle()
        yield caller, local
        await until(lambda: ears.taken == 0)


# --- Bad moments ------------------------------------------------------------------------------------------------------


async def test_messages_that_come_just_as_an_answer_ends_are_each_answered_once() -> None:
    async with thinking(LanguageModel(said("Yes."))) as model, talking(allow_private_urls=True) as (caller, _, _):
        await caller.settle(an_agent(thinks_with(model)), flags={"history": False})
        await tell(caller.socket, "InjectAgentMessage", message="A.")
        for number in range(8):
            await caller.until("AgentAudioDone")
            await asyncio.sleep(0.1 * number)  # while it is played, and after
            await tell(caller.socket, "InjectUserMessage", content=f"Number {number}.")
            await tell(caller.socket, "InjectAgentMessage", message="Next.", behavior="queue")
        await caller.until("AgentAudioDone")
        begun, done = caller.kinds.count("AgentStartedSpeaking"), caller.kinds.count("AgentAudioDone")
        assert begun == done, "two answers at once"


async def test_a_message_that_waits_for_a_voice_which_was_nobody_is_said() -> None:
    async with talking() as (caller, ears, _):
        await caller.settle()
        ears.streams[0]._say(SpeechBegan(0, 0.0))
        await caller.until("UserStartedSpeaking")
        await tell(caller.socket, "InjectAgentMessage", message="Are you there?", behavior="queue")
        assert (await caller.until("ConversationText"))["content"] == "Are you there?"
        await caller.until("AgentAudioDone")


async def test_what_waits_goes_on_after_an_interruption_that_said_nothing() -> None:
    async with thinking(LanguageModel()) as model, talking(allow_private_urls=True) as (caller, ears, _):
        await speaking_at_length(caller, model)
        await tell(caller.socket, "InjectAgentMessage", message="And then?", behavior="queue")
        await tell(caller.socket, "UpdatePrompt", prompt="x")
        await caller.until("PromptUpdated")
        ears.streams[0]._say(SpeechBegan(0, 0.0))
        await caller.until("UserStartedSpeaking")
        assert (await caller.until("ConversationText"))["content"] == "And then?"


async def test_audio_never_follows_the_word_that_the_user_speaks() -> None:
    async with thinking(LanguageModel()) as model, talking(allow_private_urls=True) as (caller, ears, _):
        await speaking_at_length(caller, model)
        ears.streams[0]._say(SpeechBegan(0, 0.0))
        await caller.until("UserStartedSpeaking")
        amount = len(caller.audio)
        await tell(caller.socket, "UpdatePrompt", prompt="x")
        await caller.until("PromptUpdated")
        assert len(caller.audio) == amount


async def test_an_interruption_hangs_up_on_the_model() -> None:
    hung_up = asyncio.Event()

    async def serve(request: Request, send: Send) -> None:
        await start(send, 200, "text/event-stream")
        data = json.dumps(said("One moment. ")[0])
        await send({"type": "http.response.body", "body": f"data: {data}\n\n".encode(), "more_body": True})
        while not await request.is_disconnected():
            await asyncio.sleep(0.01)
        hung_up.set()

    async with thinking(LanguageModel(serve=serve)) as model, talking(allow_private_urls=True) as (caller, ears, _):
        await caller.settle(an_agent(thinks_with(model)))
        await tell(caller.socket, "InjectUserMessage", content="Hello?")
        await caller.until("AgentStartedSpeaking")
        ears.streams[0]._say(SpeechBegan(0, 0.0))
        await caller.until("UserStartedSpeaking")
        await asyncio.wait_for(hung_up.wait(), PATIENCE)


async def test_a_model_that_goes_silent_in_the_middle_is_told_and_what_it_said_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("deepgram.local.thinking.endpoint.PAUSE", 0.3)

    async def serve(request: Request, send: Send) -> None:
        await start(send, 200, "text/event-stream")
        data = json.dumps(said("It was a dark night. And then")[0])
        await send({"type": "http.response.body", "body": f"data: {data}\n\n".encode(), "more_body": True})
        while not await request.is_disconnected():
            await asyncio.sleep(0.01)

    async with thinking(LanguageModel(serve=serve)) as model, talking(allow_private_urls=True) as (caller, _, _):
        await caller.settle(an_agent(thinks_with(model)))
        await tell(caller.socket, "InjectUserMessage", content="Tell.")
        warning = await caller.until("Warning")
        assert (warning["code"], "in time" in warning["description"]) == ("THINK_REQUEST_FAILED", True)
        await caller.until("AgentAudioDone")
        spoken = " ".join(m["content"] for m in caller.messages if m.get("role") == "assistant")
        assert spoken.startswith("It was a dark night. And then")
        assert "Error" not in caller.kinds


async def test_a_server_that_stops_leaves_no_answer_behind() -> None:
    async with thinking(LanguageModel()) as model, talking(allow_private_urls=True) as (caller, ears, local):
        await speaking_at_length(caller, model)
        before = asyncio.all_tasks()
        async with talking(allow_private_urls=True) as (other, _, _):
            await speaking_at_length(other, model)
        # The second server has stopped in the middle of its answer: none of its tasks goes on.
        await until(lambda: not {task for task in asyncio.all_tasks() - before if "agent" in repr(task.get_coro())})
        assert ears.taken == 1
        assert local.services


async def test_a_thinker_that_breaks_ends_the_conversation_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Broken:
        def __init__(self, script: object) -> None: ...

        async def think(self, question: Question) -> AsyncGenerator[Idea, None]:
            raise RuntimeError("a fault of the program")
            yield

    monkeypatch.setattr("deepgram.local.thinking.providers.Scripted", Broken)
    async with talking() as (caller, _, _):
        await caller.settle()
        await tell(caller.socket, "InjectUserMessage", content="Hello?")
        error = (await caller.end())[-1]
        assert error["code"] == "INTERNAL_SERVER_ERROR"
        assert "fault" not in error["description"]


async def test_odd_audio_does_no_harm() -> None:
    async with talking() as (caller, _, _):
        await caller.settle(audio={**AUDIO, "input": {"encoding": "linear16", "sample_rate": 8000}})
        for size in (1, 3, 0, 31_999):
            await caller.socket.send(bytes(size))
        await caller.until("UserStartedSpeaking")
        await tell(caller.socket, "InjectUserMessage", content="Hello.")
        await caller.until("AgentAudioDone")
        assert "Error" not in caller.kinds


async def test_a_conversation_is_recorded_with_what_it_used() -> None:
    async with talking() as (caller, _, local):
        await caller.settle(tags=["one", 3, "x" * 500], mip_opt_out=True, experimental=True)
        await tell(caller.socket, "InjectUserMessage", content="Hello.")
        await caller.until("AgentAudioDone")
        await caller.socket.close()
        (record,) = await recorded(local)
        assert record.path == "/v1/agent/converse"
        assert record.duration
        assert record.characters == len("Hello.I am a scripted agent.")
        assert record.tags[0] == "one"
