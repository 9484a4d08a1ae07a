"""``deepgram live``: what is spoken now becomes text, JSON or captions."""

from __future__ import annotations

import asyncio
import logging
import math
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .arguments import CONNECTION, OUTPUT, ApiKey, AsSrt, AsVtt, BaseUrl, Engine, Local, Param
from .described import of_operation, with_options
from .failures import WrongUse
from .results import Form, form_of, targets
from .transcribe import existing

if TYPE_CHECKING:
    from ..client import AsyncDeepgramClient
    from .screen import Sink
    from .sources import Source

INPUT = "Input"
PATIENCE = 60.0
"""Seconds that the service may be silent after the end of the audio."""
SAMPLE_RATE = 16_000
"""Hz of the microphone, unless told otherwise: enough for speech."""
MODELS = {1: "nova-3", 2: "flux-general-en"}
"""The model of each version, unless told otherwise."""


def command() -> Callable[..., Any]:
    """Return the function behind the command, with an option for every parameter of both versions of the API."""
    from ..protocol.listen import Media
    from ..protocol.listen_live import V1, V2

    ours = {"self", "authorization", "request_options"}
    first = of_operation(V1.connect, ours, "Transcription", like=Media.transcribe_file)
    known = {parameter.name for parameter in first}
    second = of_operation(V2.connect, ours | known, "Turns (--v2)")
    return with_options(live, [*first, *second])


def live(
    source: Annotated[
        str | None, typer.Argument(metavar="FILE|-", help="Audio or video: a file, or - for stdin.", show_default=False)
    ] = None,
    mic: Annotated[
        bool, typer.Option("--mic", help='Listen to the microphone (extra "audio").', rich_help_panel=INPUT)
    ] = False,
    device: Annotated[
        str | None,
        typer.Option(help="Microphone, by number or part of its name (with --mic).", rich_help_panel=INPUT),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(
            help="How many times faster than spoken a file is sent, 1 by default; 0 sends everything at once.",
            rich_help_panel=INPUT,
        ),
    ] = None,
    v2: Annotated[
        bool,
        typer.Option(
            "--v2", help="Listen with turns, as for conversations; so do models flux-*.", rich_help_panel=INPUT
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the messages of the service, one on a line.", rich_help_panel=OUTPUT)
    ] = False,
    as_srt: AsSrt = False,
    as_vtt: AsVtt = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="File to write; a terminal still shows what is said.", rich_help_panel=OUTPUT
        ),
    ] = None,
    local: Local = False,
    engine: Engine = None,
    api_key: ApiKey = None,
    base_url: BaseUrl = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            help=f"Seconds that the service may be silent after the end; {PATIENCE:g} by default.",
            rich_help_panel=CONNECTION,
        ),
    ] = None,
    param: Param = None,
    **options: Any,
) -> None:
    """Turn speech into text while it is spoken."""
    from ..client import AsyncDeepgramClient
    from .connection import check_choice, client_of_service, embedded_server, further_parameters
    from .conversation import converse

    form = form_of(as_json, as_srt, as_vtt)
    given = {name: value for name, value in options.items() if value is not None and value != []}
    extra = further_parameters(param or ())
    _check(source, mic, device, speed, timeout)
    check_choice(local, engine, api_key, base_url)
    version = _version(v2, given)
    (target,) = targets([source or "-"], output, form)
    audio = _source(source, device, speed, given)
    given = {"model": MODELS[version], **given, **audio.parameters}
    on_screen = sys.stdout.isatty() and (form == "txt" or target is not None)
    if on_screen and version == 1:
        given.setdefault("interim_results", True)
    logging.getLogger("deepgram").addHandler(logging.NullHandler())  # it would be written across the screen

    async def listen(client: AsyncDeepgramClient) -> None:
        request_options: Any = {"additional_query_parameters": extra}
        connect: Callable[..., Any] = client.listen.v1.connect if version == 1 else client.listen.v2.connect
        async with client:
            opening = connect(**given, request_options=request_options)
            await converse(opening, audio, sinks, timeout or PATIENCE)

    def sinks(stack: ExitStack) -> Sequence[Sink]:
        waiting = "listening ... (Ctrl-C ends)" if mic else "..."
        return _sinks(stack, form, target, waiting if on_screen else None)

    with ExitStack() as stack:
        if local:
            client = embedded_server(stack, engine).async_client()
        else:
            client = client_of_service(AsyncDeepgramClient, "live", api_key, base_url)
        asyncio.run(listen(client))


# --------------------------------------------------------------------------------------------------------- what to do


def _check(source: str | None, mic: bool, device: str | None, speed: float | None, timeout: float | None) -> None:
    if mic == (source is not None):
        raise WrongUse("Say what to listen to: a FILE, - for standard input, or --mic.")
    if device is not None and not mic:
        raise WrongUse("--device belongs to --mic.")
    if speed is not None and mic:
        raise WrongUse("--speed is for files: nobody can speak faster than they speak.")
    if speed is not None and not 0 <= speed < math.inf:
        raise WrongUse("--speed must be 0 or greater.")
    if timeout is not None and timeout <= 0:
        raise WrongUse("--timeout must be greater than 0 seconds.")


def _version(v2: bool, given: dict[str, Any]) -> int:
    """Return which version of the API is meant, and refuse options that it does not have."""
    from ..protocol.listen_live import V1, V2

    version = 2 if v2 or str(given.get("model", "")).startswith("flux-") else 1
    known = (V2 if version == 2 else V1).connect.positions
    for name in given:
        if name not in known:
            flag = "--" + name.replace("_", "-")
            raise WrongUse(f"{flag} belongs to --v2." if version == 1 else f"{flag} is not for turns (--v2, flux-*).")
    return version


def _source(source: str | None, device: str | None, speed: float | None, given: dict[str, Any]) -> Source:
    from . import sources

    if source is None:
        if given.get("encoding", "linear16") != "linear16":
            raise WrongUse("The microphone speaks linear16: leave --encoding out.")
        sample_rate, channels = (
            _whole(name, given, usual) for name, usual in (("sample_rate", SAMPLE_RATE), ("channels", 1))
        )
        return sources.Dictation(sample_rate=sample_rate, channels=channels, device=device)
    if source == "-":
        return sources.from_stdin(speed, given)
    if "://" in source:
        raise WrongUse(f"{source}: live audio comes from files; `deepgram transcribe` has addresses fetched.")
    return sources.from_file(existing(source), 1.0 if speed is None else speed, given)


def _whole(name: str, given: dict[str, Any], usual: int) -> int:
    value = str(given.get(name, usual))
    if not value.isdecimal() or not int(value):
        raise WrongUse(f"--{name.replace('_', '-')} must be a whole number greater than 0.")
    return int(value)


def _sinks(stack: ExitStack, form: Form, target: Path | None, waiting: str | None) -> Sequence[Sink]:
    """Open what the messages go to; ``waiting`` is what a screen shows while nobody speaks, None for no screen."""
    from .screen import Captions, Messages, Screen, Transcript

    opened: list[Sink] = []
    if waiting is not None:
        opened.append(Screen(waiting))
    if target is not None or waiting is None:
        file = sys.stdout if target is None else stack.enter_context(target.open("w", encoding="utf-8", newline="\n"))
        if form == "json":
            opened.append(Messages(file))
        elif form == "txt":
            opened.append(Transcript(file))
        else:
            opened.append(Captions(form, file))
    for sink in opened:
        stack.callback(sink.finish)
    return opened
