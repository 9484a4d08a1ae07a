"""``deepgram agent``: a conversation with a voice agent in the terminal, in writing, by microphone or from a file."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from .arguments import CONNECTION, OUTPUT, ApiKey, BaseUrl, Engine, Local
from .failures import Failure, WrongUse
from .transcribe import existing

if TYPE_CHECKING:
    from ..client import AsyncDeepgramClient
    from ..conversation import Conversation
    from ..conversation.playback import Player
    from .agent_screen import Shown

INPUT = "Input"
AGENT = "The agent"
PATIENCE = 60.0
"""Seconds that an answer may take."""
QUIET = 3.0
"""Seconds without a message after which nothing more is expected for a recording."""
MICROPHONE_RATE = 16_000
"""Hz."""
LINES = 100
"""Lines of standard input that wait to be said."""

Way = Literal["text", "mic", "audio"]
Provider = Literal["open_ai", "anthropic", "google", "groq", "aws_bedrock", "deepgram", "scripted"]


def agent(
    text: Annotated[
        bool, typer.Option("--text", help="Write to the agent: lines of standard input.", rich_help_panel=INPUT)
    ] = False,
    mic: Annotated[
        bool,
        typer.Option("--mic", help='Speak with the agent (extra "audio"); wear headphones.', rich_help_panel=INPUT),
    ] = False,
    audio: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Play a recording to the agent, and wait for its answer.", rich_help_panel=INPUT
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="Microphone, by number or part of its name (with --mic).", rich_help_panel=INPUT),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Settings as JSON; the options below replace parts of it.", rich_help_panel=AGENT
        ),
    ] = None,
    agent_id: Annotated[
        str | None, typer.Option(help="Id of a stored configuration.", rich_help_panel=AGENT, show_default=False)
    ] = None,
    prompt: Annotated[
        str | None, typer.Option(help="What the agent is to be and to do.", rich_help_panel=AGENT)
    ] = None,
    greeting: Annotated[str | None, typer.Option(help="What the agent says first.", rich_help_panel=AGENT)] = None,
    think: Annotated[
        Provider | None,
        typer.Option(help="Who thinks: open_ai, or scripted with --local, by default.", rich_help_panel=AGENT),
    ] = None,
    think_model: Annotated[
        str | None, typer.Option(help="Language model, such as gpt-4o-mini.", rich_help_panel=AGENT)
    ] = None,
    think_url: Annotated[
        str | None,
        typer.Option(help="Address of a language model of your own: chat completions.", rich_help_panel=AGENT),
    ] = None,
    listen_model: Annotated[
        str | None, typer.Option(help="Model that listens: nova-3 by default; flux-* for turns.", rich_help_panel=AGENT)
    ] = None,
    voice: Annotated[
        str | None, typer.Option(help="Voice: aura-2-thalia-en by default.", rich_help_panel=AGENT)
    ] = None,
    speaker: Annotated[
        bool | None,
        typer.Option(
            "--speaker/--no-speaker",
            help='Play the agent (extra "audio"): with --mic, by default.',
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="WAV file for the agent's voice.", rich_help_panel=OUTPUT),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the messages of the service, one on a line.", rich_help_panel=OUTPUT)
    ] = False,
    local: Local = False,
    engine: Engine = None,
    api_key: ApiKey = None,
    base_url: BaseUrl = None,
    timeout: Annotated[
        float | None,
        typer.Option(help=f"Seconds that an answer may take; {PATIENCE:g} by default.", rich_help_panel=CONNECTION),
    ] = None,
) -> None:
    """Talk with a voice agent."""
    from ..client import AsyncDeepgramClient
    from .agent_screen import Shown
    from .connection import check_choice, client_of_service, embedded_server

    way = _way(text, mic, audio, device)
    if timeout is not None and timeout <= 0:
        raise WrongUse("--timeout must be greater than 0.")
    check_choice(local, engine, api_key, base_url)
    asked = _settings(
        settings,
        agent_id,
        parts(
            prompt=prompt,
            greeting=greeting,
            think=think,
            think_model=think_model,
            think_url=think_url,
            listen_model=listen_model,
            voice=voice,
        ),
        "scripted" if local else "open_ai",
    )
    logging.getLogger("deepgram").addHandler(logging.NullHandler())  # it would be written between the lines
    with ExitStack() as stack:
        source = _source(way, audio, device)
        player = _player(way, speaker, output, stack)
        if local:
            client = embedded_server(stack, engine).async_client()
        else:
            client = client_of_service(AsyncDeepgramClient, "agent", api_key, base_url)
        asyncio.run(_talk(client, asked, way, source, player, Shown(as_json=as_json), timeout or PATIENCE))


# --------------------------------------------------------------------------------------------------------- what to do


def _way(text: bool, mic: bool, audio: Path | None, device: str | None) -> Way:
    if text + mic + (audio is not None) != 1:
        raise WrongUse("Say how to talk: --text, --mic or --audio FILE.")
    if device is not None and not mic:
        raise WrongUse("--device belongs to --mic.")
    return "text" if text else "mic" if mic else "audio"


def parts(
    *,
    prompt: str | None = None,
    greeting: str | None = None,
    think: str | None = None,
    think_model: str | None = None,
    think_url: str | None = None,
    listen_model: str | None = None,
    voice: str | None = None,
) -> dict[str, Any]:
    """Return what the options say of the agent: a part of its settings."""
    made: dict[str, Any] = {}
    provider = {name: value for name, value in (("type", think), ("model", think_model)) if value is not None}
    thinks = {
        name: value
        for name, value in (("provider", provider), ("prompt", prompt), ("endpoint", think_url and {"url": think_url}))
        if value
    }
    if thinks:
        made["think"] = thinks
    if listen_model is not None:
        version = "v2" if listen_model.startswith("flux-") else "v1"
        made["listen"] = {"provider": {"type": "deepgram", "version": version, "model": listen_model}}
    if voice is not None:
        made["speak"] = {"provider": {"type": "deepgram", "model": voice}}
    if greeting is not None:
        made["greeting"] = greeting
    return made


USUAL_MODELS = {
    "open_ai": "gpt-4o-mini",
    "anthropic": "claude-sonnet-4-20250514",
    "google": "gemini-2.5-flash",
    "groq": "openai/gpt-oss-20b",
    "deepgram": "think-fast",
}
"""The language model of a provider, unless told otherwise."""


def _settings(path: Path | None, agent_id: str | None, said: dict[str, Any], thinks: str) -> dict[str, Any]:
    """Return the settings: those of a file, or usual ones, with what the options say in place of theirs."""
    if agent_id is not None:
        if path is not None or said:
            raise WrongUse("--agent-id is all there is to say: leave out --settings, --prompt and the like.")
        return {"agent": agent_id}
    if path is not None:
        whole = _read(existing(str(path)))
        if isinstance(whole.get("agent"), str) and said:
            raise WrongUse(f"{path.name} names a stored configuration: leave out --prompt and the like.")
        return {**whole, "agent": _merged(whole["agent"], said)} if said else whole
    usual = parts(listen_model="nova-3", voice="aura-2-thalia-en", think=thinks)
    made = _merged(usual, said)
    provider = made["think"]["provider"]
    if provider["type"] in USUAL_MODELS:
        provider.setdefault("model", USUAL_MODELS[provider["type"]])
    return {"agent": made}


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise WrongUse(f"{path.name} is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise WrongUse(f"{path.name} must hold an object: Settings, or its part `agent`.")
    if "agent" not in found:
        found = {"agent": found}
    if not isinstance(found["agent"], dict | str):
        raise WrongUse(f"{path.name}: `agent` must be an object, or the id of a stored configuration.")
    return found


def _merged(base: Any, over: Any) -> Any:
    """Return ``base`` with what ``over`` says in its place; of several ways to think or speak, the first is meant."""
    if isinstance(base, list) and base and isinstance(over, dict):
        return [_merged(base[0], over), *base[1:]]
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    return {**base, **{name: _merged(base.get(name), value) for name, value in over.items()}}


def _source(way: Way, audio: Path | None, device: str | None) -> Any:
    if way == "audio":
        from .agent_audio import spoken

        return spoken(existing(str(audio)))
    if way == "text":
        return None
    from ..audio import Microphone

    number = int(device) if device is not None and device.isdecimal() else device
    return Microphone(sample_rate=MICROPHONE_RATE, chunk_ms=80, device=number)


def _player(way: Way, wanted: bool | None, output: Path | None, stack: ExitStack) -> Player | None:
    from .agent_audio import VOICE_RATE, VoiceFile, Voices

    players: list[Player] = []
    if wanted if wanted is not None else way == "mic":
        from ..audio import Speaker

        device = Speaker(sample_rate=VOICE_RATE)
        if output is None:
            return device  # the conversation opens it
        players.append(stack.enter_context(device))
    if output is not None:
        players.append(VoiceFile(output, stack))
    return Voices(players) if players else None


# --------------------------------------------------------------------------------------------------- the conversation


async def _talk(
    client: AsyncDeepgramClient,
    settings: dict[str, Any],
    way: Way,
    source: Any,
    player: Player | None,
    shown: Shown,
    patience: float,
) -> None:
    from ..audio import DeviceError
    from ..conversation import AgentError, Conversation
    from .conversation import interruption

    talk = Conversation(
        client.agent.v1.connect(), settings, microphone=source, speaker=player, patience=min(patience, 30.0)
    )
    talk.on("message", shown.take)
    talk.on("error", _pass_over)
    try:
        async with client:
            with interruption() as interrupted:
                async with talk:
                    work = asyncio.ensure_future(_converse(talk, way, source, shown, patience))
                    pressed = asyncio.ensure_future(interrupted.wait())
                    try:
                        await asyncio.wait({work, pressed}, return_when=asyncio.FIRST_COMPLETED)
                        if work.done():
                            work.result()
                        else:
                            raise _Enough
                    finally:
                        work.cancel()
                        pressed.cancel()
    except _Enough:  # Ctrl-C: all of it stops at once
        pass
    except (AgentError, DeviceError) as error:
        said = str(error).rstrip(".")
        raise Failure(f"{said[:1].upper()}{said[1:]}.") from error
    shown.report(talk.turns)


class _Enough(Exception):
    """The user has had enough."""


def _pass_over(error: object) -> None:
    """Functions are not called here, and what breaks the conversation is raised."""


async def _converse(talk: Conversation, way: Way, source: Any, shown: Shown, patience: float) -> None:
    over = asyncio.ensure_future(talk.finished())
    work = asyncio.ensure_future(
        _write(talk, patience)
        if way == "text"
        else _listen(talk, source, shown, patience)
        if way == "audio"
        else _ever()
    )
    try:
        await asyncio.wait({over, work}, return_when=asyncio.FIRST_COMPLETED)
        if over.done():
            over.result()
            if not work.done() or work.exception() is not None:
                raise Failure(shown.fault or "The service ended the conversation.")
        else:
            work.result()
    finally:
        over.cancel()
        work.cancel()


async def _ever() -> None:
    await asyncio.Event().wait()


async def _listen(talk: Conversation, source: Any, shown: Shown, patience: float) -> None:
    """Wait until the recording was played, and nothing more is to be expected."""
    await source.ended.wait()
    seen = -1
    while seen != shown.messages:
        seen = shown.messages
        if not await talk.silence(patience):
            raise Failure(f"The agent did not answer within {patience:g} s.")
        await asyncio.sleep(QUIET)


async def _write(talk: Conversation, patience: float) -> None:
    """Say what comes from standard input, one line after the other; a terminal may interrupt the agent."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str] = asyncio.Queue()
    room = threading.Semaphore(LINES)
    typing = sys.stdin.isatty()

    def read() -> None:
        with suppress(RuntimeError, ValueError):  # the conversation is over
            for line in sys.stdin:
                room.acquire()
                loop.call_soon_threadsafe(lines.put_nowait, line)
            loop.call_soon_threadsafe(lines.put_nowait, "")

    # A thread of our own: one of the event loop's pool would keep the process until somebody presses Enter.
    threading.Thread(target=read, name="deepgram-reading", daemon=True).start()
    await talk.silence(patience)  # of the greeting
    while line := await lines.get():
        room.release()
        if said := line.strip():
            await talk.say(said)
            if not typing and not await talk.silence(patience):
                raise Failure(f"The agent did not answer within {patience:g} s.")
    if typing:
        await talk.silence(patience)
