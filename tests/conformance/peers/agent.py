"""Run by the official packages and by ours: a spoken conversation with an agent, interrupted once.

Usage: ``python agent.py BASE_URL sync|async QUESTION INTERRUPTION ANSWERS``. The first two are linear16 at 16 kHz and
spoken in real time; what the agent says of its first and last answer is written to ANSWERS.1 and ANSWERS.2.
"""

import asyncio
import json
import sys
import threading
import time
from pathlib import Path

from recorded import environment

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.agent.v1.types import AgentV1SendFunctionCallResponse, AgentV1Settings
from deepgram.core.events import EventType

FRAME = 640
SETTINGS = {
    "type": "Settings",
    "audio": {
        "input": {"encoding": "linear16", "sample_rate": 16000},
        "output": {"encoding": "linear16", "sample_rate": 16000, "container": "none"},
    },
    "agent": {
        "listen": {"provider": {"type": "deepgram", "version": "v1", "model": "nova-3"}},
        "think": {
            "provider": {"type": "open_ai", "model": "gpt-4o-mini"},
            "prompt": "Be kind.",
            "functions": [
                {
                    "name": "get_weather",
                    "description": "Tell the weather.",
                    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
                }
            ],
        },
        "speak": {"provider": {"type": "deepgram", "model": "aura-2-zeus-en"}},
    },
}


class Talk:
    """What the user says, frame by frame, and what came back."""

    def __init__(self, question, interruption):
        self.question, self.interruption = (Path(path).read_bytes() for path in (question, interruption))
        self.types, self.texts, self.answers = [], [], [bytearray()]
        self.line = []
        self.started = self.interrupted_at = self.silent_at = None
        self.call = None
        self.done = threading.Event()

    def take(self, message):
        now = time.monotonic()
        if isinstance(message, bytes):
            self.answers[-1] += message
            if self.interrupted_at and len(self.answers) == 1:
                self.silent_at = now
            return
        kind = message.type
        self.types.append(kind)
        if kind == "SettingsApplied":
            self.say(self.question)
        elif kind == "ConversationText":
            self.texts.append([message.role, message.content])
        elif kind == "FunctionCallRequest":
            function = message.functions[0]
            get = function.get if isinstance(function, dict) else lambda name: getattr(function, name)
            self.call = {"id": get("id"), "name": get("name"), "arguments": get("arguments")}
        elif kind == "AgentStartedSpeaking":
            self.started = now
        elif kind == "UserStartedSpeaking" and self.interrupted_at:
            self.answers.append(bytearray())
        elif kind == "AgentAudioDone" and self.interrupted_at:
            self.done.set()

    def say(self, audio):
        self.line += [audio[at : at + FRAME] for at in range(0, len(audio), FRAME)]

    def frame(self):
        """Return the next 20 ms of what the microphone hears."""
        now = time.monotonic()
        if self.started and not self.interrupted_at and now - self.started > 1.5:
            self.interrupted_at = now
            self.say(self.interruption)
        return self.line.pop(0) if self.line else bytes(FRAME)

    def response(self):
        call, self.call = self.call, None
        if call is None:
            return None
        return AgentV1SendFunctionCallResponse(
            type="FunctionCallResponse", id=call["id"], name=call["name"], content="sunny and warm"
        )

    def told(self, answers):
        for number, audio in enumerate((self.answers[0], self.answers[-1]), 1):
            with open(f"{answers}.{number}", "wb") as file:
                file.write(bytes(audio))
        return {
            "types": self.types,
            "texts": self.texts,
            "done": self.done.is_set(),
            "seconds": [len(audio) / 32000 for audio in self.answers],
            "audio_after_interruption": (self.silent_at or self.interrupted_at or 0) - (self.interrupted_at or 0),
        }


def sync(url, talk):
    client = DeepgramClient(api_key="any", environment=environment(url))
    with client.agent.v1.connect() as agent:
        agent.on(EventType.MESSAGE, talk.take)
        thread = threading.Thread(target=agent.start_listening)
        thread.start()
        agent.send_settings(AgentV1Settings(**SETTINGS))
        end, due = time.monotonic() + 40, time.monotonic()
        while not talk.done.is_set() and time.monotonic() < end:
            if "SettingsApplied" in talk.types:
                agent.send_media(talk.frame())
            if (response := talk.response()) is not None:
                agent.send_function_call_response(response)
            due += 0.02
            time.sleep(max(0.0, due - time.monotonic()))
    thread.join(10)
    assert not thread.is_alive()


async def asynchronously(url, talk):
    client = AsyncDeepgramClient(api_key="any", environment=environment(url))
    async with client.agent.v1.connect() as agent:
        agent.on(EventType.MESSAGE, talk.take)
        task = asyncio.create_task(agent.start_listening())
        await agent.send_settings(AgentV1Settings(**SETTINGS))
        end, due = time.monotonic() + 40, time.monotonic()
        while not talk.done.is_set() and time.monotonic() < end:
            if "SettingsApplied" in talk.types:
                await agent.send_media(talk.frame())
            if (response := talk.response()) is not None:
                await agent.send_function_call_response(response)
            due += 0.02
            await asyncio.sleep(max(0.0, due - time.monotonic()))
    await asyncio.wait([task], timeout=10)


if __name__ == "__main__":
    url, mode, question, interruption, answers = sys.argv[1:]
    talk = Talk(question, interruption)
    if mode == "sync":
        sync(url, talk)
    else:
        asyncio.run(asynchronously(url, talk))
    print(json.dumps(talk.told(answers)))
