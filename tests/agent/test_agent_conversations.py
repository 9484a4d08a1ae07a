"""Conversations with an agent over real sockets: every command, every event, keep-alive, leaving."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.agent.v1 import socket_client
from deepgram.agent.v1 import types as messages
from deepgram.environment import DeepgramClientEnvironment
from deepgram.protocol.model import Unknown
from deepgram.protocol.session import Session, Transmit
from deepgram.types import ThinkSettingsV1

from .service import SETTINGS, Desk, converse, given, until

CALL = {"id": "f1", "name": "weather", "client_side": True, "arguments": "{}", "response": "sunny"}

EVENTS: list[tuple[dict[str, Any], type[Any]]] = [
    ({"type": "Welcome", "request_id": "r"}, messages.AgentV1Welcome),
    ({"type": "SettingsApplied"}, messages.AgentV1SettingsApplied),
    ({"type": "ConversationText", "role": "user", "content": "Hello"}, messages.AgentV1ConversationText),
    ({"type": "UserStartedSpeaking"}, messages.AgentV1UserStartedSpeaking),
    ({"type": "AgentThinking", "content": "hm"}, messages.AgentV1AgentThinking),
    ({"type": "FunctionCallRequest", "functions": [CALL]}, messages.AgentV1FunctionCallRequest),
    ({"type": "FunctionCallCancelled", "functions": [CALL]}, messages.AgentV1FunctionCallCancelled),
    (
        {"type": "FunctionCallResponse", "name": "n", "content": "c"},
        messages.AgentV1ReceiveFunctionCallResponse,
    ),
    (
        {"type": "AgentStartedSpeaking", "total_latency": 1.5, "tts_latency": 0.5, "ttt_latency": 1.0},
        messages.AgentV1AgentStartedSpeaking,
    ),
    ({"type": "AgentAudioDone"}, messages.AgentV1AgentAudioDone),
    ({"type": "LatencyReport", "total_latency": 0.7, "stt_latency": 0.1}, messages.AgentV1LatencyReport),
    ({"type": "History", "role": "user", "content": "Hello"}, messages.ConversationHistoryMessage),
    ({"type": "History", "function_calls": [CALL]}, messages.FunctionCallHistoryMessage),
    ({"type": "PromptUpdated"}, messages.AgentV1PromptUpdated),
    ({"type": "SpeakUpdated"}, messages.AgentV1SpeakUpdated),
    ({"type": "ThinkUpdated"}, messages.AgentV1ThinkUpdated),
    ({"type": "ThinkLiveUpdated"}, messages.AgentV1ThinkLiveUpdated),
    ({"type": "ListenUpdated"}, messages.AgentV1ListenUpdated),
    ({"type": "InjectionRefused", "message": "busy"}, messages.AgentV1InjectionRefused),
    ({"type": "FrustrationDetected", "count": 1, "escalated": False}, messages.AgentV1FrustrationDetected),
    ({"type": "__customFromThinkProvider", "content": [1]}, messages.AgentV1CustomFromThinkProvider),
    ({"type": "Error", "description": "d", "code": "c"}, messages.AgentV1Error),
    ({"type": "Warning", "description": "d", "code": "c"}, messages.AgentV1Warning),
]

THINK = SETTINGS["agent"]["think"]
SPEAK = SETTINGS["agent"]["speak"]
LISTEN = SETTINGS["agent"]["listen"]
COMMANDS: list[tuple[str, Any, dict[str, Any]]] = [
    ("update_listen", messages.AgentV1UpdateListen(listen=LISTEN), {"type": "UpdateListen", "listen": LISTEN}),
    ("update_think", messages.AgentV1UpdateThink(think=[THINK]), {"type": "UpdateThink", "think": [THINK]}),
    (
        "update_think_live",
        {"type": "UpdateThink_Live", "think_live": {"provider": {"type": "deepgram", "version": "v1"}}},
        {"type": "UpdateThink_Live", "think_live": {"provider": {"type": "deepgram", "version": "v1"}}},
    ),
    ("update_speak", messages.AgentV1UpdateSpeak(speak=SPEAK), {"type": "UpdateSpeak", "speak": SPEAK}),
    ("update_prompt", messages.AgentV1UpdatePrompt(prompt="p"), {"type": "UpdatePrompt", "prompt": "p"}),
    (
        "inject_user_message",
        messages.AgentV1InjectUserMessage(content="hi"),
        {"type": "InjectUserMessage", "content": "hi"},
    ),
    (
        "inject_agent_message",
        messages.AgentV1InjectAgentMessage(message="hi", behavior="queue"),
        {"type": "InjectAgentMessage", "message": "hi", "behavior": "queue"},
    ),
    (
        "inject_dynamic_agent_message",
        messages.AgentV1InjectDynamicAgentMessage(),
        {"type": "InjectAgentMessage", "is_dynamic": True},
    ),
    (
        "function_call_response",
        messages.AgentV1SendFunctionCallResponse(id="1", name="n", content="c"),
        {"type": "FunctionCallResponse", "id": "1", "name": "n", "content": "c"},
    ),
    (
        "function_call_response",
        messages.AgentV1ReceiveFunctionCallResponse(id="1", name="n", content="c"),
        {"type": "FunctionCallResponse", "id": "1", "name": "n", "content": "c"},
    ),
    ("custom_to_think_provider", messages.AgentV1CustomToThinkProvider(content={"a": 1}), {}),
    ("raw", {"type": "Newer", "value": 2.0, "rate": 0.5}, {"type": "Newer", "value": 2, "rate": 0.5}),
    ("raw", '{"type":"AsText"}', {"type": "AsText"}),
]


def test_every_event_arrives_as_its_own_class(mode: str) -> None:
    heard: list[Any] = []

    def script(desk: Desk) -> None:
        for event, _ in EVENTS:
            desk.say(event)
        desk.say(b"\1\2")

    async def talk(agent: Any) -> None:
        for _ in range(len(EVENTS) + 1):
            heard.append(await given(agent.recv()))

    converse(mode, script, talk)
    assert heard.pop() == b"\1\2"
    for message, (event, kind) in zip(heard, EVENTS, strict=True):
        assert type(message) is kind
        assert message.dict() == event


def test_an_unknown_message_keeps_every_field(mode: str) -> None:
    newer = {"type": "MoodDetected", "mood": {"name": "happy"}, "score": 0.5}

    async def talk(agent: Any) -> None:
        message = await given(agent.recv())
        assert isinstance(message, Unknown)
        assert message.dict() == newer

    converse(mode, lambda desk: desk.say(newer), talk)


def test_every_command_goes_out_as_the_protocol_has_it_from_a_model_and_from_a_dict(mode: str) -> None:
    frames: list[dict[str, Any]] = []

    def script(desk: Desk) -> None:
        for _ in range(2 * len(COMMANDS) + 3):
            frames.append(desk.hear())

    async def talk(agent: Any) -> None:
        for name, message, _ in COMMANDS:
            await given(getattr(agent, f"send_{name}")(message))
            as_dict = message.dict() if hasattr(message, "dict") else message
            await given(getattr(agent, f"send_{name}")(as_dict))
        await given(agent.send_keep_alive())
        await given(agent.send_force_end_turn())
        await given(agent.send_force_end_turn(messages.AgentV1ForceEndTurn()))

    converse(mode, script, talk, drain_timeout=0)
    assert frames[-3:] == [{"type": "KeepAlive"}, {"type": "ForceEndTurn"}, {"type": "ForceEndTurn"}]
    for index, (name, _, expected) in enumerate(COMMANDS):
        first, second = frames[2 * index : 2 * index + 2]
        assert first == second, name
        if expected:
            assert first == expected
    assert {"type": "__customToThinkProvider", "content": {"a": 1}} in frames


def test_settings_go_to_the_agents_address_with_whole_numbers_and_models_inside_of_dicts(mode: str) -> None:
    settings = {
        **SETTINGS,
        "audio": {"input": {"encoding": "linear16", "sample_rate": 24000.0}},
        "agent": {**SETTINGS["agent"], "think": ThinkSettingsV1(context_length=5000, prompt="p")},
    }

    def script(desk: Desk) -> None:
        sent = desk.welcome()
        assert sent["audio"]["input"]["sample_rate"] == 24000
        assert sent["agent"]["think"] == {"context_length": 5000, "prompt": "p"}
        assert ".0" not in json.dumps(sent)

    async def talk(agent: Any) -> None:
        await given(agent.send_settings(settings))
        await until(agent, "SettingsApplied")

    service = converse(mode, script, talk)
    assert service.paths == ["/v1/agent/converse"]
    assert service.headers[0]["authorization"] == "Token k"


def test_the_authorization_can_be_replaced_and_a_stored_configuration_named() -> None:
    from .service import Service

    service = Service(lambda desk: desk.welcome())
    with service.running() as url, DeepgramClient(api_key="k", base_url=url) as client:
        with client.agent.v1.connect(authorization="Bearer other") as agent:
            agent.send_settings(messages.AgentV1Settings(audio=messages.AgentV1SettingsAudio(), agent="stored-id"))
            assert isinstance(agent.recv(), messages.AgentV1Welcome)
            assert isinstance(agent.recv(), messages.AgentV1SettingsApplied)
        service.finish()
    assert service.headers[0]["authorization"] == "Bearer other"


def test_the_socket_of_the_hosted_service_is_the_agents() -> None:
    made: list[str] = []

    class Wire:
        def __init__(self, url: str, headers: dict[str, str]) -> None:
            made.append(url)

        def send(self, data: Any) -> None: ...
        def recv(self) -> Any: ...
        def __iter__(self) -> Any:
            return iter(())

        def close(self) -> None: ...

    with DeepgramClient(api_key="k", transport_factory=Wire) as client, client.agent.v1.connect():
        pass
    assert made == [DeepgramClientEnvironment.PRODUCTION.agent + "/v1/agent/converse"]


def test_a_silent_conversation_is_kept_open() -> None:
    session = Session(socket_client.V1SocketClient.conduct)
    session.begin(0.0)
    assert session.tick(7.0) == []
    assert session.tick(7.5) == [Transmit('{"type": "KeepAlive"}')]
    session.sends(bytes(320), 8.0)
    session.sent()
    assert session.tick(15.0) == []


def test_leaving_waits_for_an_answer_that_is_due(mode: str) -> None:
    heard: list[Any] = []

    def script(desk: Desk) -> None:
        desk.hear("InjectUserMessage")
        time.sleep(0.3)
        desk.say({"type": "ConversationText", "role": "assistant", "content": "Hello."}, b"\0\0")
        desk.say(type="AgentAudioDone")
        desk.stay()

    async def talk(agent: Any) -> None:
        agent.on("message", heard.append)
        await given(agent.send_inject_user_message(messages.AgentV1InjectUserMessage(content="hi")))

    began = time.monotonic()
    converse(mode, script, talk)
    assert [getattr(message, "type", "audio") for message in heard] == ["ConversationText", "audio", "AgentAudioDone"]
    assert time.monotonic() - began < 4, "it waits for the answer, not for the connection's end"


def test_leaving_waits_for_a_reader_in_the_background_until_the_answer_is_there(mode: str) -> None:
    heard: list[Any] = []

    def script(desk: Desk) -> None:
        desk.hear("InjectUserMessage")
        desk.say({"type": "ConversationText", "role": "assistant", "content": "Hello."})
        desk.say(type="AgentAudioDone")
        desk.stay()

    async def talk(agent: Any) -> None:
        agent.on("message", heard.append)
        agent.listen_in_background()
        await given(agent.send_inject_user_message({"type": "InjectUserMessage", "content": "hi"}))

    began = time.monotonic()
    converse(mode, script, talk)
    assert [message.type for message in heard] == ["ConversationText", "AgentAudioDone"]
    assert time.monotonic() - began < 4


@pytest.mark.parametrize("event", ["AgentAudioDone", "UserStartedSpeaking"])
def test_leaving_waits_for_nothing_if_nothing_is_due(mode: str, event: str) -> None:
    def script(desk: Desk) -> None:
        desk.say(type="AgentStartedSpeaking", total_latency=1, tts_latency=1, ttt_latency=1)
        desk.say(type=event)
        desk.stay()

    async def talk(agent: Any) -> None:
        await until(agent, event)

    began = time.monotonic()
    converse(mode, script, talk)
    assert time.monotonic() - began < 3


def test_leaving_is_bounded_if_the_agent_never_answers(mode: str) -> None:
    async def talk(agent: Any) -> None:
        await given(agent.send_inject_user_message({"type": "InjectUserMessage", "content": "hi"}))

    began = time.monotonic()
    converse(mode, Desk.stay, talk, drain_timeout=0.5)
    assert time.monotonic() - began < 5


def test_a_socket_on_a_connection_of_ones_own_refuses_to_run_functions() -> None:
    socket = socket_client.V1SocketClient(websocket=object())  # type: ignore[arg-type]
    socket.function(test_a_silent_conversation_is_kept_open)
    with pytest.raises(RuntimeError, match=r"connect\(\)"):
        socket._note(messages.AgentV1FunctionCallRequest(functions=[]))


def test_a_client_loads_no_messages_of_the_agent_until_it_converses() -> None:
    import subprocess
    import sys

    program = (
        "import sys; from deepgram import AsyncDeepgramClient;"
        "AsyncDeepgramClient(api_key='k').agent.v1.connect;"
        "print([name for name in sys.modules if 'agent_messages' in name or 'function_calls' in name])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "[]"
    assert AsyncDeepgramClient(api_key="k").agent is not None
