"""What type checkers must see of voice agents. Not run: checked by mypy --strict and pyright."""

from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any

from typing_extensions import assert_type

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.agent.v1.requests import AgentV1SettingsParams
from deepgram.agent.v1.socket_client import AsyncV1SocketClient, V1SocketClient, V1SocketClientResponse
from deepgram.agent.v1.types import (
    AgentV1ConversationText,
    AgentV1FunctionCallRequest,
    AgentV1HistoryContent,
    AgentV1Settings,
    AgentV1SettingsAgent,
    AgentV1SettingsAgentContext,
    AgentV1SettingsAgentListen,
    AgentV1SettingsAgentListenProvider_V1,
    AgentV1SettingsAudio,
    AgentV1SettingsAudioInput,
    AgentV1UpdateSpeak,
    AgentV1UpdateSpeakSpeakEndpoint,
    AgentV1UpdateSpeakSpeakEndpointProvider_Deepgram,
)
from deepgram.functions import Functions
from deepgram.types.speak_settings_v1 import SpeakSettingsV1
from deepgram.types.speak_settings_v1provider import SpeakSettingsV1Provider_Deepgram
from deepgram.types.think_settings_v1 import ThinkSettingsV1
from deepgram.types.think_settings_v1provider import ThinkSettingsV1Provider_OpenAi

functions = Functions(timeout=10)


@functions.function
def add(a: int, b: int) -> int:
    return a + b


@functions.function(name="later", defer_until_eot=True)
async def add_later(a: int, b: int) -> int:
    return a + b


assert_type(add(1, 2), int)
add("1", 2)  # type: ignore[arg-type]  # pyright: ignore
functions.function(nme="x")  # type: ignore[call-overload]  # pyright: ignore

settings = AgentV1Settings(
    audio=AgentV1SettingsAudio(input=AgentV1SettingsAudioInput(encoding="linear16", sample_rate=24000)),
    agent=AgentV1SettingsAgent(
        context=AgentV1SettingsAgentContext(messages=[AgentV1HistoryContent(role="user", content="Hello")]),
        listen=AgentV1SettingsAgentListen(
            provider=AgentV1SettingsAgentListenProvider_V1(type="deepgram", model="nova-3"),
        ),
        think=ThinkSettingsV1(
            provider=ThinkSettingsV1Provider_OpenAi(type="open_ai", model="gpt-4o-mini"), prompt="Be brief."
        ),
        speak=[SpeakSettingsV1(provider=SpeakSettingsV1Provider_Deepgram(model="aura-2-thalia-en"))],
    ),
)
AgentV1Settings(audio=AgentV1SettingsAudio(), agent="stored-id")
AgentV1Settings(audio=AgentV1SettingsAudio(), agnt="x")  # type: ignore[call-arg]  # pyright: ignore
AgentV1UpdateSpeak(
    speak=AgentV1UpdateSpeakSpeakEndpoint(
        provider=AgentV1UpdateSpeakSpeakEndpointProvider_Deepgram(model="aura-2-thalia-en")
    )
)


def sync(client: DeepgramClient, prepared: AgentV1SettingsParams) -> None:
    conversation = client.agent.v1.connect(functions=functions)
    assert_type(conversation, AbstractContextManager[V1SocketClient])
    with conversation as agent:

        @agent.function
        def here(x: int) -> str:
            return str(x)

        assert_type(here(1), str)
        agent.send_settings(settings)
        agent.send_settings(prepared)
        agent.send_settings({"type": "Settings"})
        assert_type(agent.send_media(b""), None)
        agent.send_media("text")  # type: ignore[arg-type]  # pyright: ignore
        agent.send_raw("{}")
        for message in agent:
            assert_type(message, V1SocketClientResponse)
            if isinstance(message, bytes):
                assert_type(message, bytes)
            elif isinstance(message, AgentV1ConversationText):
                assert_type(message.content, str)
            elif isinstance(message, AgentV1FunctionCallRequest):
                assert_type(message.functions[0].client_side, bool)
                agent.send_function_call_response(functions.answer(message.functions[0]))
            elif message.type == "History":
                print(message)
    client.agent.v1.connect(function=functions)  # type: ignore[call-arg]  # pyright: ignore


async def asynchronous(client: AsyncDeepgramClient) -> None:
    conversation = client.agent.v1.connect()
    assert_type(conversation, AbstractAsyncContextManager[AsyncV1SocketClient])
    async with conversation as agent:
        pending: Coroutine[Any, Any, None] = agent.send_settings(settings)
        await pending
        async for message in agent:
            assert_type(message, V1SocketClientResponse)
        assert_type(await agent.recv(), V1SocketClientResponse)
