"""What of ours talks with agents, against the embedded server: the described block, the conversation helper, functions,
stored configurations, and the command in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import threading
import wave
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import psutil
import pytest

import deepgram.local
from deepgram import AsyncDeepgramClient
from deepgram.conversation import AgentError, Conversation
from deepgram.functions import Functions
from deepgram.local import ScriptedThinkProvider, Server
from deepgram.local.engines.synthesizers import missing
from deepgram.local.speech import Speech
from deepgram.runtime.errors import ApiError
from deepgram.types import ThinkSettingsV1

from ..local.conftest import needs
from ..local.language_models import LanguageModel, said
from ..local.language_models import serving as thinking
from .test_official_clients import interpreter

RULES = r"""
rules:
  - when: weather in (?P<city>\w+)
    call: get_weather
    arguments: {city: "{city}"}
    say: It is {result.sky} in {city}.
  - when: weather
    say: The weather is fine.
otherwise: You said {heard}.
"""
AGENT = {
    "listen": {"provider": {"type": "deepgram", "model": "nova-3"}},
    "think": ThinkSettingsV1(provider=ScriptedThinkProvider(), prompt="Be kind.").dict(),
    "speak": {"provider": {"type": "deepgram", "model": "aura-2-zeus-en"}},
}
SETTINGS: dict[str, Any] = {"type": "Settings", "agent": AGENT}
PATIENCE = 30.0

DESCRIBED = """
from deepgram import DeepgramClient
from deepgram.agent.v1.types import (
    AgentV1Settings, AgentV1SettingsAgent,
    AgentV1SettingsAgentListen, AgentV1SettingsAgentListenProvider_V1,
    AgentV1SettingsAudio, AgentV1SettingsAudioInput,
)
from deepgram.types.think_settings_v1 import ThinkSettingsV1
from deepgram.types.think_settings_v1provider import ThinkSettingsV1Provider_OpenAi
from deepgram.types.speak_settings_v1 import SpeakSettingsV1
from deepgram.types.speak_settings_v1provider import SpeakSettingsV1Provider_Deepgram

client = DeepgramClient()

with client.agent.v1.connect() as agent:
    settings = AgentV1Settings(
        audio=AgentV1SettingsAudio(
            input=AgentV1SettingsAudioInput(encoding="linear16", sample_rate=24000)
        ),
        agent=AgentV1SettingsAgent(
            listen=AgentV1SettingsAgentListen(
                provider=AgentV1SettingsAgentListenProvider_V1(
                    type="deepgram", model="nova-3"
                )
            ),
            think=ThinkSettingsV1(
                provider=ThinkSettingsV1Provider_OpenAi(
                    type="open_ai", model="gpt-4o-mini"
                ),
                prompt="You are a helpful AI assistant.",
            ),
            speak=SpeakSettingsV1(
                provider=SpeakSettingsV1Provider_Deepgram(
                    type="deepgram", model="aura-2-asteria-en"
                )
            ),
        ),
    )

    agent.send_settings(settings)
    agent.start_listening()
"""
ASKING = """
    from deepgram.agent.v1.types import AgentV1InjectUserMessage
    from deepgram.core.events import EventType

    def show(message):
        print("audio" if isinstance(message, bytes) else f"{message.type} {getattr(message, 'content', '')}")

    agent.on(EventType.MESSAGE, show)
    agent.send_settings(settings)
    agent.send_inject_user_message(AgentV1InjectUserMessage(type="InjectUserMessage", content="Hello?"))
    agent.start_listening()
"""
"""What comes in place of the last two lines, so that the agent has something to answer."""
THERE = """
from deepgram import environment
keywords = {{"base": {0!r}, "production": {1!r}, "agent": {1!r}, "agent_rest": {0!r}}}
client = DeepgramClient(api_key="any", environment=environment.DeepgramClientEnvironment(**keywords))
"""
"""How the official package finds the server: its client does not read DEEPGRAM_BASE_URL."""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("agent") / "rules.yaml"
    path.write_text(RULES)
    return path


@pytest.fixture(scope="module")
def scripted(script: Path) -> Iterator[Server]:
    with deepgram.local.running(engine="scripted", think_script=script) as running:
        yield running


# --- The described block ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", ["ours", "7.17.0"])
@pytest.mark.parametrize("asks", [False, True])
async def test_the_block_about_voice_agents_runs_with_a_language_model_of_ones_own(release: str, asks: bool) -> None:
    """The block sends no audio, so it is the server that ends it, after a second."""
    async with thinking(LanguageModel(said("Good ", "morning."))) as model:
        with deepgram.local.running(engine="scripted", think=model.url, idle_timeout=2.0) as server:
            block = DESCRIBED
            if asks:
                block = block.replace("    agent.send_settings(settings)\n    agent.start_listening()\n", ASKING)
            python, paths = sys.executable, os.pathsep.join(path for path in sys.path if path)
            if release != "ours":
                python, paths = str(interpreter(release)), ""
                there = THERE.format(server.url, server.url.replace("http", "ws", 1))
                block = block.replace("client = DeepgramClient()\n", there)
            variables = {
                "PATH": "",
                "PYTHONWARNINGS": "ignore",
                "PYTHONPATH": paths,
                "DEEPGRAM_BASE_URL": server.url,
                "DEEPGRAM_API_KEY": "anything",
            }
            done = await asyncio.to_thread(
                subprocess.run,
                [python, "-c", block],
                env=variables,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    if not asks:
        return
    (question,) = model.asked
    assert question["model"] == "gpt-4o-mini"
    assert [message["content"] for message in question["messages"]] == ["You are a helpful AI assistant.", "Hello?"]
    shown = [line.strip() for line in done.stdout.splitlines()]
    assert shown[:4] == ["Welcome", "SettingsApplied", "ConversationText Hello?", "History Hello?"]
    assert "ConversationText Good morning." in shown
    assert shown.index("audio") < shown.index("AgentAudioDone")


# --- The conversation helper ------------------------------------------------------------------------------------------


class Ear:
    """A speaker that plays as fast as it gets."""

    sample_rate = 16000

    def __init__(self) -> None:
        self.heard = bytearray()
        self.cleared = 0

    async def play_async(self, audio: bytes, /) -> None:
        self.heard += audio

    async def wait_async(self) -> None: ...

    def clear(self) -> None:
        self.cleared += 1

    @property
    def waiting(self) -> float:
        return 0.0


async def test_what_is_written_is_answered_with_functions_in_between(scripted: Server) -> None:
    functions = Functions()

    @functions.function
    async def get_weather(city: str) -> dict[str, str]:
        """Tell the weather."""
        return {"sky": f"clear over {city.upper()}"}

    ear = Ear()
    async with scripted.async_client() as client:
        connection = client.agent.v1.connect(functions=functions)
        async with Conversation(connection, SETTINGS, speaker=ear) as conversation:
            await conversation.say("What is the weather in Rome?")
            assert await conversation.silence(PATIENCE)
    assert [(one.role, one.text) for one in conversation.transcript] == [
        ("user", "What is the weather in Rome?"),
        ("assistant", "It is clear over ROME in Rome."),
    ]
    (turn,) = conversation.turns
    assert turn.latency is not None
    assert len(ear.heard) > 16000


async def test_functions_that_fail_are_told_to_the_model_and_the_conversation_goes_on(scripted: Server) -> None:
    functions = Functions(timeout=0.3)
    answers: list[Any] = [RuntimeError("secret"), {1, object()}, None]

    @functions.function
    async def get_weather(city: str) -> Any:
        """Tell the weather."""
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            await asyncio.sleep(60)
        return answer

    async with scripted.async_client() as client:
        async with Conversation(client.agent.v1.connect(functions=functions), SETTINGS, speaker=Ear()) as conversation:
            conversation.on("error", lambda error: None)
            told: list[str] = []
            conversation.on("message", lambda m: told.append(m.json()) if getattr(m, "function_calls", None) else None)
            for _ in range(3):
                await conversation.say("What is the weather in Rome?")
                assert await conversation.silence(PATIENCE)
    assert not answers
    results = [json.loads(entry)["function_calls"][0]["response"] for entry in told]
    assert ["RuntimeError" in results[0], "error" in results[1], "0.3 s" in results[2]] == [True, True, True], results
    assert "secret" not in "".join(results)


async def test_settings_that_are_refused_are_raised_with_their_code(scripted: Server) -> None:
    bad = {"agent": {**AGENT, "think": {"provider": {"type": "nobody"}}}}
    async with scripted.async_client() as client:
        with pytest.raises(AgentError, match="unknown think provider") as caught:
            async with Conversation(client.agent.v1.connect(), bad):
                pass
    assert caught.value.code == "INVALID_SETTINGS"


async def test_a_stored_configuration_with_variables_is_used_by_its_id(scripted: Server) -> None:
    async with scripted.async_client() as client:
        (project,) = (await client.manage.v1.projects.list()).projects or []
        assert project.project_id is not None
        await client.voice_agent.variables.create(project.project_id, key="DG_GREETING", value="Good evening.")
        config = json.dumps({**AGENT, "greeting": "DG_GREETING"})
        stored = await client.voice_agent.configurations.create(project.project_id, config=config)
        async with Conversation(client.agent.v1.connect(), stored.agent_id, speaker=Ear()) as conversation:
            while not conversation.transcript:
                await asyncio.sleep(0.01)
            assert await conversation.silence(PATIENCE)
        assert conversation.transcript[0].text == "Good evening."
        with pytest.raises(AgentError, match="no configuration"):
            async with Conversation(client.agent.v1.connect(), "nobody"):
                pass
        requests = await client.manage.v1.projects.requests.list(project.project_id, endpoint="agent")
        assert requests.requests


async def spoken(*texts: str) -> list[bytes]:
    needs("pocketsphinx")
    if (reason := missing("flite")) is not None:
        pytest.skip(f"flite is not here, whose speech is understood again: {reason}")
    speech = Speech("flite")
    await speech.start()
    try:
        voice = speech.voice("aura-2-zeus-en")
        made: list[bytes] = []
        for text in texts:
            made.append(b"".join([pcm async for pcm in speech.say(text, voice, sample_rate=16000)]))
        return made
    finally:
        await speech.stop()


async def test_a_spoken_question_is_answered_and_interrupted_by_microphone_and_speaker(script: Path) -> None:
    question, interruption = await spoken("what is the weather today", "please stop talking now")
    line = bytearray(question)

    async def microphone() -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            piece = bytes(line[:640]).ljust(640, b"\0")
            del line[:640]
            yield piece
            due += 0.02
            await asyncio.sleep(max(0.0, due - loop.time()))

    ear = Ear()
    with deepgram.local.running(engine="pocketsphinx", voice_engine="flite", think_script=script) as server:
        async with server.async_client() as client, aclosing(microphone()) as heard:
            talk = Conversation(client.agent.v1.connect(), SETTINGS, microphone=heard, speaker=ear, play_to_end=False)
            async with talk as conversation:
                await asyncio.wait_for(answered(conversation, 1), PATIENCE)
                cleared = ear.cleared
                line += interruption
                await asyncio.wait_for(answered(conversation, 2), PATIENCE)
                assert ear.cleared > cleared
    users = [said.text.lower() for said in conversation.transcript if said.role == "user"]
    assert "weather" in users[0]
    assert "stop" in users[1]
    assert all(turn.latency is not None for turn in conversation.turns[:2])


async def answered(conversation: Conversation, count: int) -> None:
    while sum(said.role == "user" for said in conversation.transcript) < count or not conversation.is_speaking:
        if sum(said.role == "assistant" for said in conversation.transcript) >= count:
            return
        await asyncio.sleep(0.01)


# --- The command ------------------------------------------------------------------------------------------------------


def command(*arguments: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DEEPGRAM_")}
    return subprocess.run(
        [sys.executable, "-m", "deepgram.cli", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env={**kept, "COLUMNS": "200"},
    )


def test_the_command_talks_with_an_agent_of_its_own_in_writing() -> None:
    needs("pocketsphinx")
    done = command("agent", "--text", "--local", "--greeting", "Welcome.", stdin="hello\nhow are things\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "Agent: Welcome.",
        "You: hello",
        "Agent: Hello.",
        "Agent: I am a scripted agent.",
        "You: how are things",
        "Agent: I am a scripted agent, and I heard you say: how are things.",
    ]
    assert "median" in done.stderr


async def test_the_command_plays_a_recording_to_an_agent_of_its_own(tmp_path: Path) -> None:
    (question,) = await spoken("what is the weather today")
    with wave.open(str(tmp_path / "question.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(question)
    voice = tmp_path / "answer.wav"
    done = await asyncio.to_thread(command, "agent", "--audio", tmp_path / "question.wav", "--local", "-o", voice)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^You: .*weather", done.stdout, re.M | re.I), done.stdout
    assert re.search(r"^Agent: I am a scripted agent, and I heard you say: .*weather", done.stdout, re.M | re.I)
    with wave.open(str(voice)) as file:
        assert file.getnframes() > file.getframerate()


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        (None, "cannot be read"),
        ("rules: [", "is no YAML"),
        ("rules: 3", "is no script of rules: rules: Input should be a valid list"),
        ("rules: [{when: '('}]", "rule 1: `when` is no regular expression"),
        ("rules: [{when: a, what: b}]", "rules.0.what: Extra inputs are not permitted"),
    ],
)
def test_a_script_that_cannot_be_used_is_explained(rules: str | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    if rules is not None:
        path.write_text(rules)
    done = command("serve", "--port", "0", "--engine", "scripted", "--think-script", path)
    assert done.returncode == 1
    (last,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert str(path) in last
    assert says in last
    assert "Traceback" not in done.stderr


async def test_the_client_can_be_kept_waiting_by_nobody(scripted: Server) -> None:
    """Leaving in the middle of an answer is bounded, and the server has nothing left of it."""
    async with AsyncDeepgramClient(api_key="any", base_url=scripted.url, drain_timeout=0) as client:
        async with client.agent.v1.connect() as agent:
            await agent.send_settings(SETTINGS)
            async for message in agent:
                if getattr(message, "type", None) == "SettingsApplied":
                    await agent.send_raw('{"type": "InjectUserMessage", "content": "%s"}' % ("so it is and " * 50))
                elif isinstance(message, bytes):
                    break


async def test_a_server_that_stops_in_the_middle_of_an_answer_leaves_nothing_behind(script: Path) -> None:
    needs("pocketsphinx")
    process = psutil.Process()
    children, threads = {child.pid for child in process.children()}, set(threading.enumerate())
    speaking = asyncio.Event()

    async def listen(server: Server) -> None:
        async with server.async_client() as client, client.agent.v1.connect() as agent:
            await agent.send_settings(SETTINGS)
            await agent.send_raw('{"type": "InjectUserMessage", "content": "%s"}' % ("so it is and " * 50))
            async for message in agent:
                if isinstance(message, bytes):
                    speaking.set()

    with deepgram.local.running(engine="pocketsphinx", think_script=script) as server:
        listening = asyncio.create_task(listen(server))
        await asyncio.wait_for(speaking.wait(), PATIENCE)
        await asyncio.to_thread(server.stop)
    with pytest.raises(ApiError):
        await asyncio.wait_for(listening, PATIENCE)
    assert {child.pid for child in process.children()} <= children
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while left := [thread.name for thread in set(threading.enumerate()) - threads if "asyncio" not in thread.name]:
        assert asyncio.get_running_loop().time() < deadline, left
        await asyncio.sleep(0.05)
