"""The voice agent of the embedded server, message by message: turns, interruptions, functions and what fails."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import av
import pytest
from starlette.requests import Request
from starlette.types import Send
from typing_extensions import Unpack
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from deepgram.local.engines.recognizer import Word
from deepgram.local.live import SpeechBegan, Turn
from deepgram.local.settings import Options

from .hearing import PATIENCE, Ears, Local, serving, tell, until
from .language_models import LanguageModel, called, said, start
from .language_models import serving as thinking

RATE = 16000
AUDIO = {
    "input": {"encoding": "linear16", "sample_rate": RATE},
    "output": {"encoding": "linear16", "sample_rate": RATE, "container": "none"},
}
LONG = "The quick brown fox jumps over the lazy dog, and then it goes to sleep under the old tree. " * 3


@dataclass
class Caller:
    """Somebody who talks with the agent: what came is kept, the audio apart."""

    socket: ClientConnection
    messages: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    audio: bytearray = field(default_factory=bytearray)

    async def next(self) -> dict[str, Any]:
        """Return the next message that is not audio."""
        while True:
            frame = await asyncio.wait_for(self.socket.recv(), PATIENCE)
            if isinstance(frame, bytes):
                self.audio += frame
                continue
            message: dict[str, Any] = json.loads(frame)
            self.messages.append(message)
            return message

    async def until(self, kind: str, **fields: object) -> dict[str, Any]:
        """Return the next message of a kind."""
        while True:
            message = await self.next()
            if message["type"] == kind and fields.items() <= message.items():
                return message

    async def end(self) -> list[dict[str, Any]]:
        """Return all messages up to the end of the conversation."""
        try:
            while True:
                await self.next()
        except ConnectionClosed:
            return self.messages

    async def settle(self, agent: object = None, **settings: object) -> None:
        """Send settings and wait until they are applied."""
        await tell(self.socket, "Settings", **{"audio": AUDIO, "agent": agent or an_agent(), **settings})
        await self.until("SettingsApplied")

    @property
    def kinds(self) -> list[str]:
        return [message["type"] for message in self.messages]


def an_agent(think: object = None, **more: object) -> dict[str, Any]:
    return {
        "listen": {"provider": {"type": "deepgram", "model": "nova-3"}},
        "think": think or {"provider": {"type": "scripted"}, "prompt": "Be kind."},
        "speak": {"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}},
        **more,
    }


def thinks_with(model: LanguageModel, **more: object) -> dict[str, Any]:
    provider = {"type": "open_ai", "model": "gpt-4o-mini"}
    return {"provider": provider, "endpoint": {"url": f"{model.url}/v1/chat/completions"}, "prompt": "Be kind.", **more}


@asynccontextmanager
async def talking(
    ears: Ears | None = None, **options: Unpack[Options]
) -> AsyncGenerator[tuple[Caller, Ears, Local], None]:
    ears = ears or Ears()
    async with serving(ears, **options) as local:
        # Without a limit: websockets does not see the end of a connection behind messages that nobody reads.
        async with connect(f"{local.url}/v1/agent/converse", compression=None, max_queue=None) as socket:
            caller = Caller(socket)
            assert (await caller.next())["type"] == "Welcome"
            yield caller, ears, local
        await until(lambda: ears.taken == 0)


# --- A conversation ---------------------------------------------------------------------------------------------------


async def test_a_message_is_answered_in_the_order_of_the_service() -> None:
    async with talking() as (caller, _, _):
        await caller.settle(tags=["a tag"])
        await tell(caller.socket, "InjectUserMessage", content="Hello.")
        await caller.until("History", role="assistant")
        assert caller.kinds == [
            *("Welcome", "SettingsApplied", "ConversationText", "History", "ConversationText", "AgentStartedSpeaking"),
            *("LatencyReport", "ConversationText", "AgentAudioDone", "History"),
        ]
        user, assistant = [message for message in caller.messages if message["type"] == "History"]
        assert (user["role"], user["content"]) == ("user", "Hello.")
        assert assistant["content"] == "Hello. I am a scripted agent."
        assert len(caller.audio) > RATE  # more than half a second


async def test_speech_is_answered_when_the_turn_ends() -> None:
    async with talking(Ears(script="hello agent")) as (caller, ears, _):
        await caller.settle()
        await caller.socket.send(bytes(32000))
        await caller.until("UserStartedSpeaking")
        assert ears.streams[0].options.sample_rate == RATE
        await tell(caller.socket, "ForceEndTurn")
        assert (await caller.until("ConversationText"))["content"].lower().startswith("hello agent")
        report = await caller.until("AgentStartedSpeaking")
        assert report["total_latency"] >= report["tts_latency"] >= 0
        await caller.until("AgentAudioDone")
        assert caller.kinds.count("UserStartedSpeaking") == 1


async def test_the_greeting_comes_first_and_not_after_a_conversation_so_far() -> None:
    context = {"messages": [{"type": "History", "role": "user", "content": "Before."}]}
    async with talking() as (caller, _, _):
        await caller.settle(an_agent(greeting="Welcome."))
        assert (await caller.until("ConversationText")) == {
            "type": "ConversationText",
            "role": "assistant",
            "content": "Welcome.",
        }
        await caller.until("AgentAudioDone")
    async with thinking(LanguageModel(said("Yes."))) as model, talking(allow_private_urls=True) as (caller, _, _):
        await caller.settle(an_agent(thinks_with(model), greeting="Welcome.", context=context))
        await tell(caller.socket, "InjectUserMessage", content="After.")
        await caller.until("AgentAudioDone")
        assert [message["content"] for message in model.asked[0]["messages"]] == ["Be kind.", "Before.", "After."]


async def test_history_is_not_told_to_those_who_do_not_want_it() -> None:
    async with talking() as (caller, _, _):
        await caller.settle(flags={"history": False})
        await tell(caller.socket, "InjectUserMessage", content="Hello.")
        await caller.until("AgentAudioDone")
        await tell(caller.socket, "InjectUserMessage", content="Hello.")
        await caller.until("AgentAudioDone")
        assert "History" not in caller.kinds


async def test_a_long_conversation_is_told_in_part() -> None:
    async with thinking(LanguageModel(said("Yes."))) as model, talking(allow_private_urls=True) as (caller, _, _):
        messages = [{"type": "History", "role": "user", "content": f"{number} {'x' * 90}"} for number in range(20)]
        await caller.settle(an_agent(thinks_with(model, context_length=300), context={"messages": messages}))
        await tell(caller.socket, "InjectUserMessage", content="And now?")
        await caller.until("AgentAudioDone")
        told = [message["content"][:2] for message in model.asked[0]["messages"][1:]]
        assert told == ["17", "18", "19", "An"]


@pytest.mark.parametrize(
    ("output", "seconds"),
    [
        ({"encoding": "mulaw", "sample_rate": 8000, "container": "none"}, None),
        ({"encoding": "linear16", "sample_rate": 24000, "container": "wav"}, 1.0),
        ({"encoding": "mp3"}, 1.0),
        ({"encoding": "opus", "container": "ogg"}, 1.0),
        ({"encoding": "flac", "sample_rate": 16000}, 1.0),
    ],
)
async def test_the_agent_speaks_in_every_form(output: dict[str, Any], seconds: float | None) -> None:
    async with talking() as (caller, _, _):
        await caller.settle(audio={**AUDIO, "output": output})
        await tell(caller.socket, "InjectUserMessage", content="Hello.")
        await caller.until("AgentAudioDone")
    if seconds is None:
        assert len(caller.audio) > 8000
        return
    with av.open(io.BytesIO(bytes(caller.audio))) as file:
        frames = list(file.decode(audio=0))
    assert sum(frame.samples / frame.sample_rate for frame in frames) > seconds


# --- Interruptions ----------------------------------------------------------------------------------------------------


async def speaking_at_length(caller: Caller, model: LanguageModel) -> None:
    model.events = said(LONG)
    await caller.settle(an_agent(thinks_with(model)))
    await tell(caller.socket, "InjectUserMessage", content="Tell me a story.")
    await caller.until("AgentStartedSpeaking")


async def test_the_user_interrupts_and_the_history_has_what_was_heard() -> None:
    async with thinking(LanguageModel()) as model, talking(allow_private_urls=True) as (caller, ears, _):
        await speaking_at_length(caller, model)
        await until_seconds(caller, 2.0)
        ears.streams[0]._say(SpeechBegan(0, 0.0))
        await caller.until("UserStartedSpeaking")
        heard = (await caller.until("History", role="assistant"))["content"]
        assert LONG.startswith(heard)
        assert 1 <= len(heard.split()) < 12
        amount = len(caller.audio)
        await tell(caller.socket, "InjectUserMessage", content="Stop.")
        await caller.until("ConversationText", role="user")
        assert len(caller.audio) == amount, "audio came after the interruption"
        await caller.until("AgentStartedSpeaking")
        assert model.asked[1]["messages"][2] == {"role": "assistant", "content": heard}


async def until_seconds(caller: Caller, seconds: float) -> None:
    """Read audio until so much of it has come."""
    while len(caller.audio) < seconds * 2 * RATE:
        frame = await asyncio.wait_for(caller.socket.recv(), PATIENCE)
        if isinstance(frame, bytes):
            caller.audio += frame
        else:
            caller.messages.append(json.loads(frame))


async def test_audio_is_not_sent_far_ahead_of_what_is_heard() -> None:
    async with thinking(LanguageModel()) as model, talking(allow_private_urls=True) as (caller, _, _):
        await speaking_at_length(caller, model)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await until_seconds(caller, 3.0)
        assert loop.time() - began > 3.0 - 0.6 - 0.6 - 0.2  # a lead, a piece, and what the machine takes


async def test_a_voice_without_words_is_told_once_and_silences_nobody_for_long() -> None:
    async with talking() as (caller, ears, _):
        await caller.settle()
        for _ in range(3):
            ears.streams[0]._say(SpeechBegan(0, 0.0))
        await tell(caller.socket, "InjectAgentMessage", message="Hello?")
        assert (await caller.until("InjectionRefused"))["message"]
        assert caller.kinds.count("UserStartedSpeaking") == 1


async def test_what_is_thought_early_is_said_only_when_the_turn_has_ended() -> None:
    async with thinking(LanguageModel(said("Indeed."))) as model, talking(allow_private_urls=True) as (caller, ears, _):
        listen = {"provider": {"type": "deepgram", "model": "flux-general-en", "eager_eot_threshold": 0.4}}
        await caller.settle(an_agent(thinks_with(model), listen=listen))
        stream = ears.streams[0]
        assert stream.options.turns is not None
        assert stream.options.turns.eager_eot_threshold == 0.4
        words = (Word("yes", 0.0, 0.5, 0.9),)
        more = (*words, Word("but", 0.6, 0.9, 0.9))
        stream._say(Turn("StartOfTurn", 0, 0.0, 0.5, words, 0.1))
        stream._say(Turn("EagerEndOfTurn", 0, 0.0, 0.8, words, 0.5))
        await until(lambda: len(model.asked) == 1)
        stream._say(Turn("TurnResumed", 0, 0.0, 1.0, more, 0.1))
        stream._say(Turn("EagerEndOfTurn", 0, 0.0, 1.2, more, 0.5))
        await until(lambda: len(model.asked) == 2)
        stream._say(Turn("EndOfTurn", 0, 0.0, 1.4, more, 0.8))
        await caller.until("AgentAudioDone")
        assert len(model.asked) == 2, "the early thought is the answer"
        spoken = [(m["role"], m["content"]) for m in caller.messages if m["type"] == "ConversationText"]
        assert spoken == [("user", "Yes but."), ("assistant", "Indeed.")]
        assert [message["content"] for message in model.asked[1]["messages"]] == ["Be kind.", "Yes but."]


async def test_injected_messages_wait_are_refused_or_interrupt() -> None:
    async with thinking(LanguageModel()) as model, talking(allow_private_urls=True) as (caller, _, _):
        await speaking_at_length(caller, model)
        await tell(caller.socket, "InjectAgentMessage", message="Now.")
        assert "speaking" in (await caller.until("InjectionRefused"))["message"]
        await tell(caller.socket, "InjectAgentMessage", message="Afterwards.", behavior="queue")
        await tell(caller.socket, "InjectAgentMessage", message="At once.", behavior="interrupt")
        assert (await caller.until("ConversationText"))["content"] == "At once."
        assert (await caller.until("ConversationText"))["content"] == "Afterwards."
        await caller.until("AgentAudioDone")


# --- Functions --------------------------------------------------------------------------------------------------------

WEATHER = {
    "name": "get_weather",
    "description": "Tell the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
MakeEvents = Callable[[LanguageModel], list[Any]]


def in_turn(*answers: list[Any]) -> Callable[[Request, Send], Awaitable[None]]:
    """Answer one question after the other."""
    left = list(answers)

    async def serve(request: Request, send: Send) -> None:
        await start(send, 200, "text/event-stream")
        for event in left.pop(0):
            data = event if isinstance(event, str) else json.dumps(event)
            await send({"type": "http.response.body", "body": f"data: {data}\n\n".encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return serve


@pytest.mark.parametrize("with_id", [True, False])
async def test_the_client_carries_out_a_function(with_id: bool) -> None:
    model = LanguageModel(serve=in_turn(called("get_weather", '{"city": "Rome"}'), said("It is sunny.")))
    async with thinking(model), talking(allow_private_urls=True) as (caller, _, _):
        await caller.settle(an_agent(thinks_with(model, functions=[WEATHER])))
        await tell(caller.socket, "InjectUserMessage", content="The weather in Rome?")
        (function,) = (await caller.until("FunctionCallRequest"))["functions"]
        assert function["client_side"] is True
        assert (function["name"], json.loads(function["arguments"])) == ("get_weather", {"city": "Rome"})
        identity = {"id": function["id"]} if with_id else {}
        await tell(caller.socket, "FunctionCallResponse", name="get_weather", content="sunny", **identity)
        (told,) = (await caller.until("History"))["function_calls"]
        assert (told["response"], told["client_side"]) == ("sunny", True)
        assert (await caller.until("ConversationText"))["content"] == "It is sunny."
        await caller.until("AgentAudioDone")
        assert model.asked[1]["messages"][-1] == {"role": "tool", "tool_call_id": function["id"], "content": "sunny"}
        assert model.asked[0]["tools"][0]["function"]["name"] == "get_weather"


async def test_the_server_carries_out_a_function_with_an_endpoint() -> None:
    model = LanguageModel(serve=in_turn(called("get_weather", '{"city": "Rome"}'), said("It is sunny.")))

    async def weather(request: Request, send: Send) -> None:
        await start(send, 200, "application/json")
        await send({"type": "http.response.body", "body": b'{"sky": "clear"}'})

    service = LanguageModel(serve=weather)
    async with thinking(model), thinking(service), talking(allow_private_urls=True) as (caller, _, _):
        endpoint = {"url": f"{service.url}/weather", "method": "post", "headers": {"x-key": "k"}}
        await caller.settle(an_agent(thinks_with(model, functions=[{**WEATHER, "endpoint": endpoint}])))
        await tell(caller.socket, "InjectUserMessage", content="The weather in Rome?")
        (function,) = (await caller.until("FunctionCallRequest"))["functions"]
        assert function["client_side"] is False
        assert (await caller.until("FunctionCallResponse"))["content"] == '{"sky": "clear"}'
        assert (await caller.until("ConversationText"))["content"] == "It is sunny."
    assert service.asked == [{"city": "Rome"}]
    assert service.headers[0]["x-key"] == "k"


async def test_a_function_that_hangs_is_given_up_and_the_model_is_told() -> None:
    model = LanguageModel(serve=in_turn(called("get_weather", "{}"), said("I do not know.")))
    async with thinking(model), talking(allow_private_urls=True, function_timeout=0.3) as (caller, _, _):
        await caller.settle(an_agent(thinks_with(model, functions=[WEATHER])))
        await tell(caller.socket, "InjectUserMessage", content="The weather?")
        assert (await caller.until("Warning"))["code"] == "FUNCTION_CALL_TIMEOUT"
        assert (await caller.until("ConversationText"))["content"] == "I do not know."
        assert "in time" in model.asked[1]["messages"][-1]["content"]
        await tell(caller.socket, "FunctionCallResponse", name="get_weather", content="late")
        assert (await caller.until("Warning"))["code"] == "UNEXPECTED_FUNCTION_CALL_RESPONSE"


async def test_calls_are_void_when_the_user_speaks_on() -> None:
    model = LanguageModel(serve=in_turn(called("get_weather", "{}"), said("Very well.")))
    async with thinking(model), talking(allow_private_urls=True) as (caller, _, _):
        await caller.settle(an_agent(thinks_with(model, functions=[WEATHER])))
        await tell(caller.socket, "InjectUserMessage", content="The weather?")
        (function,) = (await caller.until("FunctionCallRequest"))["functions"]
        await tell(caller.socket, "InjectUserMessage", content="Never mind.")
        (void,) = (await caller.until("FunctionCallCancelled"))["functions"]
        assert void == {"id": function["id"], "name": "get_weather"}
        await tell(caller.socket, "FunctionCallResponse", id=function["id"], name="get_weather", content="late")
        assert (await caller.until("ConversationText", role="assistant"))["content"] == "Very well."
        assert [message["role"] for message in model.asked[1]["messages"]] == ["system", "user", "user"]
        assert "Warning" not in caller.kinds


async def test_a_private_address_of_a_function_is_not_asked() -> None:
    service = LanguageModel(said("secret"))
    async with thinking(service), talking(think="scripted") as (caller, _, _):
        model = LanguageModel(serve=in_turn(called("get_weather", "{}"), said("I could not find out.")))
        async with thinking(model), talking(think=model.url) as (caller, _, _):
            functions = [{**WEATHER, "endpoint": {"url": service.url}}]
            think = {"provider": {"type": "open_ai", "model": "m"}, "functions": functions}
            await caller.settle(an_agent(think))
            await tell(caller.socket, "InjectUserMessage", content="The weather?")
            assert (await caller.until("Warning"))["code"] == "FUNCTION_CALL_FAILED"
            assert (await caller.until("ConversationText", role="assistant"))["content"] == "I could not find out."
    assert service.asked == []


# --- Changes ----------------------------------------------------------------------------------------------------------


async def test_prompt_model_and_voice_can_be_changed() -> None:
    async with thinking(LanguageModel(said("Yes."))) as model, talking(allow_private_urls=True) as (caller, ears, _):
        await caller.settle(an_agent(thinks_with(model)))
        await tell(caller.socket, "UpdatePrompt", prompt="Be brief.")
        await caller.until("PromptUpdated")
        await tell(caller.socket, "InjectUserMessage", content="Yes?")
        await caller.until("AgentAudioDone")
        assert model.asked[0]["messages"][0]["content"] == "Be kind.\n\nBe brief."
        await tell(caller.socket, "UpdateThink", think=thinks_with(model, prompt="Be loud."))
        await caller.until("ThinkUpdated")
        await tell(caller.socket, "UpdateSpeak", speak={"provider": {"type": "deepgram", "model": "aura-2-zeus-en"}})
        await caller.until("SpeakUpdated")
        provider = {"type": "deepgram", "version": "v2", "model": "flux-general-en", "eot_threshold": 0.8}
        await tell(caller.socket, "UpdateListen", listen={"provider": {**provider, "keyterms": ["Rome"]}})
        await caller.until("ListenUpdated")
        await tell(caller.socket, "InjectUserMessage", content="Yes?")
        await caller.until("AgentAudioDone")
        assert model.asked[1]["messages"][0]["content"] == "Be loud."
        ((rules, hints),) = ears.streams[0].configured
        assert rules is not None and rules.eot_threshold == 0.8
        assert hints is not None and hints.keyterms == ("Rome",)


async def test_a_change_that_makes_no_sense_changes_nothing() -> None:
    async with talking() as (caller, _, _):
        await caller.settle()
        await tell(caller.socket, "UpdateSpeak", speak={"provider": {"type": "deepgram", "model": "nobody"}})
        assert (await caller.until("Warning"))["code"] == "INVALID_UPDATE"
        await tell(caller.socket, "InjectUserMessage", content="Hello.")
        await caller.until("AgentAudioDone")


async def test_a_stored_configuration_is_used_with_its_variables() -> None:
    async with talking() as (caller, _, local):
        agents = local.services.state.agents
        (project,) = {identity.project_id for identity in [local.services.authorization.identify("token", "x")]}
        await agents.create_variable(project, "DG_NAME", "Ada")
        config = json.dumps(an_agent(greeting="DG_NAME"))
        stored = await agents.create(project, config, {})
        await caller.settle(stored.agent_id)
        assert (await caller.until("ConversationText"))["content"] == "Ada"


# --- Bad input --------------------------------------------------------------------------------------------------------

BAD_SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"agent": an_agent(think={"provider": {"type": "nonsense"}})}, "think provider"),
    ({"agent": {**an_agent(), "speak": {"provider": {"type": "nonsense"}}}}, "agent.speak.provider"),
    ({"agent": {**an_agent(), "speak": {"provider": {"type": "deepgram", "model": "nobody"}}}}, "agent.speak"),
    ({"agent": {**an_agent(), "listen": {"provider": {"type": "nonsense"}}}}, "agent.listen.provider"),
    ({"agent": {**an_agent(), "listen": {"provider": {"type": "deepgram", "language": "xx"}}}}, "agent.listen"),
    ({"agent": {**an_agent(), "think": None}}, "agent.think"),
    ({"agent": {**an_agent(), "think": 3}}, "agent.think"),
    ({"agent": an_agent(think={"provider": {"type": "open_ai"}, "endpoint": {"url": "ftp://x"}})}, "agent.think"),
    ({"agent": an_agent(think={"provider": {"type": "scripted"}, "functions": [{"description": "x"}]})}, "functions"),
    ({"agent": 3}, "agent"),
    ({"agent": "00000000-0000-0000-0000-000000000000"}, "configuration"),
    ({"audio": {"output": {"encoding": "mp3", "container": "wav"}}}, "audio.output"),
    ({"audio": {"input": {"encoding": "linear16", "sample_rate": "fast"}}}, "agent.listen"),
    ({"audio": 3}, "audio"),
    ({"tags": True}, "tags"),
]


@pytest.mark.parametrize(("settings", "why"), BAD_SETTINGS)
async def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], why: str) -> None:
    async with talking() as (caller, _, _):
        await tell(caller.socket, "Settings", **{"audio": AUDIO, "agent": an_agent(), **settings})
        *_, error = await caller.end()
        assert (error["type"], error["code"]) == ("Error", "INVALID_SETTINGS")
        assert why in error["description"]
        assert caller.socket.close_code == 1008


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\0\0" * 100, "NON_SETTINGS_MESSAGE_BEFORE_SETTINGS"),
        ('{"type": "InjectUserMessage", "content": "x"}', "NON_SETTINGS_MESSAGE_BEFORE_SETTINGS"),
        ("garbage", "UNPARSABLE_CLIENT_MESSAGE"),
        ("[" * 100_000, "UNPARSABLE_CLIENT_MESSAGE"),
        ("3", "UNPARSABLE_CLIENT_MESSAGE"),
    ],
)
async def test_what_comes_before_settings_ends_the_conversation(frame: str | bytes, code: str) -> None:
    async with talking() as (caller, _, _):
        await caller.socket.send(frame)
        assert (await caller.end())[-1]["code"] == code


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "Settings", "audio": AUDIO, "agent": an_agent()}, "SETTINGS_ALREADY_APPLIED"),
        ({"type": "Nonsense"}, "UNPARSABLE_CLIENT_MESSAGE"),
        ({"type": "InjectUserMessage"}, "UNPARSABLE_CLIENT_MESSAGE"),
        ({}, "UNPARSABLE_CLIENT_MESSAGE"),
    ],
)
async def test_nonsense_after_settings_ends_the_conversation(message: dict[str, Any], code: str) -> None:
    async with talking() as (caller, _, _):
        await caller.settle()
        await caller.socket.send(json.dumps(message))
        assert (await caller.end())[-1]["code"] == code


async def test_who_sends_no_settings_is_left() -> None:
    async with talking(idle_timeout=0.4) as (caller, _, _):
        keeping = asyncio.create_task(keep_alive(caller.socket))
        assert (await caller.end())[-1]["code"] == "CLIENT_MESSAGE_TIMEOUT"
        keeping.cancel()


async def keep_alive(socket: ClientConnection) -> None:
    while True:
        await tell(socket, "KeepAlive")
        await asyncio.sleep(0.05)


async def test_keep_alives_hold_a_silent_conversation() -> None:
    async with talking(idle_timeout=0.4) as (caller, _, _):
        await caller.settle()
        keeping = asyncio.create_task(keep_alive(caller.socket))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(caller.next(), 1.0)
        keeping.cancel()
        assert (await caller.end())[-1]["code"] == "CLIENT_MESSAGE_TIMEOUT"


@pytest.mark.parametrize("how", ["down", "garbage", "refuses", "private"])
async def test_a_model_that_does_not_answer_ends_nothing(how: str) -> None:
    model = LanguageModel(["garbage"], status=500 if how == "refuses" else 200)
    async with thinking(model), talking(allow_private_urls=how != "private") as (caller, _, _):
        think = thinks_with(model)
        if how == "down":
            async with thinking(LanguageModel()) as gone:
                think = thinks_with(gone)
        await caller.settle(an_agent(think))
        await tell(caller.socket, "InjectUserMessage", content="Hello?")
        assert (await caller.until("Warning"))["code"] == "THINK_REQUEST_FAILED"
        assert (await caller.until("Error"))["code"] == "FAILED_TO_THINK"
        await tell(caller.socket, "InjectAgentMessage", message="Still here.")
        await caller.until("AgentAudioDone")


async def test_the_next_provider_is_asked_when_one_does_not_answer() -> None:
    async with thinking(LanguageModel(said("Here I am."))) as model, talking(allow_private_urls=True) as (caller, _, _):
        async with thinking(LanguageModel()) as gone:
            pass
        await caller.settle(an_agent([thinks_with(gone), thinks_with(model)]))
        await tell(caller.socket, "InjectUserMessage", content="Hello?")
        assert (await caller.until("Warning"))["code"] == "THINK_REQUEST_FAILED"
        assert (await caller.until("ConversationText"))["content"] == "Here I am."
        assert "Error" not in caller.kinds


async def test_a_model_that_always_calls_functions_is_stopped() -> None:
    model = LanguageModel(called("nobody", "{}"))
    async with thinking(model), talking(allow_private_urls=True) as (caller, _, _):
        await caller.settle(an_agent(thinks_with(model)))
        await tell(caller.socket, "InjectUserMessage", content="Hello?")
        assert (await caller.until("Warning"))["code"] == "TOO_MANY_FUNCTION_CALLS"
        assert "there is no function" in model.asked[-1]["messages"][-1]["content"]


async def test_undecodable_audio_and_lost_recognisers_end_with_their_codes() -> None:
    for frame, code in ((b"no audio!", "USER_AUDIO_FORMAT"), (b"poison", "ASR_CONNECTION_CLOSED")):
        async with talking() as (caller, _, _):
            await caller.settle()
            await caller.socket.send(frame)
            assert (await caller.end())[-1]["code"] == code


async def test_no_place_to_listen_is_told() -> None:
    async with talking(Ears(places=0)) as (caller, _, _):
        await tell(caller.socket, "Settings", audio=AUDIO, agent=an_agent())
        assert (await caller.end())[-1]["code"] == "FAILED_TO_START_LISTENING"


async def test_a_client_that_vanishes_leaves_nothing_behind() -> None:
    async with thinking(LanguageModel()) as model, talking(allow_private_urls=True) as (caller, _, _):
        await speaking_at_length(caller, model)
        caller.socket.transport.abort()
