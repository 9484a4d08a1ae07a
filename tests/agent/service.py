"""A voice agent service on the loopback interface that follows a script, and clients of both modes for it."""

from __future__ import annotations

import asyncio
import json
import queue
import threading
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from inspect import isawaitable
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from deepgram import AsyncDeepgramClient, DeepgramClient

PATIENCE = 10.0
"""Seconds that a test waits for anything."""

SETTINGS: dict[str, Any] = {
    "type": "Settings",
    "audio": {"input": {"encoding": "linear16", "sample_rate": 16000}},
    "agent": {
        "listen": {"provider": {"type": "deepgram", "version": "v1", "model": "nova-3"}},
        "think": {"provider": {"type": "open_ai", "model": "gpt-4o-mini"}, "prompt": "Be brief."},
        "speak": {"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}},
    },
}


class Desk:
    """The service's end of one conversation."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.commands: list[dict[str, Any]] = []
        self.audio = bytearray()

    def say(self, *messages: dict[str, Any] | str | bytes, **message: Any) -> None:
        """Send messages: dicts as JSON, text and audio as they are."""
        for each in (*messages, *([message] if message else [])):
            self.connection.send(json.dumps(each) if isinstance(each, dict) else each)

    def hear(self, type: str = "", timeout: float = PATIENCE) -> dict[str, Any]:
        """Wait for the next command, of ``type`` if given; keep the audio before it."""
        deadline = time.monotonic() + timeout
        while True:
            frame = self.connection.recv(max(0, deadline - time.monotonic()))
            if isinstance(frame, bytes):
                self.audio += frame
                continue
            command: dict[str, Any] = json.loads(frame)
            self.commands.append(command)
            if not type or command.get("type") == type:
                return command

    def hear_audio(self, size: int) -> bytes:
        """Wait until so many bytes of audio have come."""
        while len(self.audio) < size:
            frame = self.connection.recv(PATIENCE)
            if isinstance(frame, bytes):
                self.audio += frame
            else:
                self.commands.append(json.loads(frame))
        return bytes(self.audio)

    def welcome(self) -> dict[str, Any]:
        """Begin as the service does; return the settings."""
        self.say(type="Welcome", request_id="r")
        settings = self.hear("Settings")
        self.say(type="SettingsApplied")
        return settings

    def ask(self, *calls: tuple[str, str, str], client_side: bool = True) -> None:
        """Ask for functions: id, name, arguments."""
        items = [
            {"id": id, "name": name, "arguments": arguments, "client_side": client_side}
            for id, name, arguments in calls
        ]
        self.say(type="FunctionCallRequest", functions=items)

    def stay(self) -> None:
        """Listen until the client leaves."""
        with suppress(ConnectionClosed):
            while True:
                self.hear("nothing")


Script = Callable[[Desk], object]


class Service:
    """Follows the script in every conversation; what the script raises is raised to the test."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.outcomes: queue.Queue[BaseException | None] = queue.Queue()

    def _converse(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.paths.append(connection.request.path)
        self.headers.append({name.lower(): value for name, value in connection.request.headers.raw_items()})
        outcome: BaseException | None = None
        try:
            self.script(Desk(connection))
        except ConnectionClosed:
            pass
        except BaseException as error:
            outcome = error
        self.outcomes.put(outcome)

    @contextmanager
    def running(self) -> Generator[str]:
        """Yield the address."""
        with serve(self._converse, "127.0.0.1", 0, close_timeout=1) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
            finally:
                server.shutdown()
                thread.join(PATIENCE)

    def finish(self) -> None:
        """Wait for the end of the script, and raise what it raised."""
        outcome = self.outcomes.get(timeout=PATIENCE)
        if outcome is not None:
            raise outcome


async def given(value: Any) -> Any:
    """Return what a call of either mode returns."""
    return await value if isawaitable(value) else value


def converse(
    mode: str, script: Script, talk: Callable[[Any], Awaitable[object]], functions: Any = None, **client: Any
) -> Service:
    """Let ``talk`` use a conversation of ``mode`` ("sync" or "async") with a service that follows ``script``."""
    service = Service(script)
    options = {} if functions is None else {"functions": functions}
    with service.running() as url:
        if mode == "sync":
            with DeepgramClient(api_key="k", base_url=url, **client) as sync:
                with sync.agent.v1.connect(**options) as agent:
                    asyncio.run(_bounded(talk(agent)))
        else:

            async def run() -> None:
                async with AsyncDeepgramClient(api_key="k", base_url=url, **client) as asynchronous:
                    async with asynchronous.agent.v1.connect(**options) as agent:
                        await _bounded(talk(agent))

            asyncio.run(run())
        service.finish()
    return service


async def _bounded(talk: Awaitable[object]) -> None:
    await asyncio.wait_for(talk, 3 * PATIENCE)


async def until(agent: Any, type: str) -> list[Any]:
    """Return the messages up to one of ``type``."""
    heard: list[Any] = []
    while not heard or getattr(heard[-1], "type", None) != type:
        heard.append(await given(agent.recv()))
    return heard
