"""``deepgram transcribe``: files, addresses and standard input become text, JSON or captions."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .answers import remarks
from .arguments import CONNECTION, OUTPUT, ApiKey, AsSrt, AsVtt, BaseUrl, Engine, Local, Param
from .described import of_operation, with_options
from .failures import WrongUse, code, complain, explain
from .progress import shown
from .results import document, form_of, is_url, rendered, targets, write

if TYPE_CHECKING:
    from ..client import DeepgramClient

REMOTE_TIMEOUT = 600.0
"""Seconds: the service works up to 10 minutes on one recording (developers.deepgram.com/docs/errors, 504)."""
LOCAL_TIMEOUT = 12 * 3600.0
"""Seconds: the embedded server needs the longest audio it accepts times the speed of the slowest engine."""


def command() -> Callable[..., Any]:
    """Return the function behind the command, with an option for every parameter of the API."""
    from ..protocol.listen import Media

    ours = {"self", "request", "progress", "request_options"}
    return with_options(transcribe, of_operation(Media.transcribe_file, ours, "Transcription"))


def transcribe(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="FILE|URL|-...", help="Audio or video: files, http(s) addresses, - for stdin."),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the JSON of the service as it came.", rich_help_panel=OUTPUT)
    ] = False,
    as_srt: AsSrt = False,
    as_vtt: AsVtt = False,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="File to write; for several inputs a folder.", rich_help_panel=OUTPUT),
    ] = None,
    local: Local = False,
    engine: Engine = None,
    api_key: ApiKey = None,
    base_url: BaseUrl = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            help=f"Seconds to wait for the service; {REMOTE_TIMEOUT:g} by default.", rich_help_panel=CONNECTION
        ),
    ] = None,
    param: Param = None,
    **options: Any,
) -> None:
    """Turn recorded speech into text.

    Reads files, addresses of audio on the web (http, https) and standard input (-), one after the other. The
    options under "Transcription" are those of the API.
    """
    from ..client import DeepgramClient
    from .connection import (
        Received,
        check_choice,
        client_of_service,
        embedded_server,
        further_parameters,
        http_client,
    )

    form = form_of(as_json, as_srt, as_vtt)
    given = {name: value for name, value in options.items() if value is not None and value != []}
    extra = further_parameters(param or ())
    if timeout is not None and timeout <= 0:
        raise WrongUse("--timeout must be greater than 0 seconds.")
    check_choice(local, engine, api_key, base_url)
    if form in ("srt", "vtt") and given.get("callback"):
        raise WrongUse(f"With --callback the transcript goes elsewhere: there is nothing to make --{form} of.")
    if sources.count("-") > 1:
        raise WrongUse("Standard input (-) can be read only once.")
    chosen = targets(sources, output, form)
    with ExitStack() as stack:
        received = Received()
        patience = timeout or (LOCAL_TIMEOUT if local else REMOTE_TIMEOUT)
        http = stack.enter_context(http_client(patience, received))
        if local:
            client = embedded_server(stack, engine).client(httpx_client=http)
        else:
            make = partial(DeepgramClient, httpx_client=http)
            client = client_of_service(make, "transcribe", api_key, base_url)
        exit_code, between = 0, ""
        for source, target in zip(sources, chosen, strict=True):
            try:
                _ask(client, source, given, extra)
                if len(sources) > 1 and target is None and form == "txt":
                    write(f"{between}==> {source} <==\n", None)
                    between = "\n"
                write(rendered(received.body, form), target)
            except BrokenPipeError:
                raise
            except Exception as error:
                if os.environ.get("DEEPGRAM_TRACEBACK"):
                    raise
                complain(explain(error), source if len(sources) > 1 else "")
                exit_code = max(exit_code, code(error))
            else:
                for remark in remarks(document(received.body)):
                    complain(remark, kind="note")
    raise SystemExit(exit_code)


# ------------------------------------------------------------------------------------------------------------ asking


def _ask(client: DeepgramClient, source: str, options: dict[str, Any], extra: dict[str, Any]) -> None:
    """Have ``source`` transcribed."""
    options = {**options, "request_options": {"additional_query_parameters": extra}}
    media = client.listen.v1.media
    transcribing = f"transcribing {Path(source).name if source != '-' else 'standard input'}"
    if is_url(source):
        with shown(transcribing):
            media.transcribe_url(url=source, **options)
        return
    audio = _audio(source)
    with shown(transcribing.replace("transcribing", "sending", 1), transcribing) as progress:
        media.transcribe_file(request=audio, progress=progress, **options)


def _audio(source: str) -> Any:
    """Return what is to be sent: the path, or the standard input."""
    if source == "-":
        if sys.stdin.isatty():
            raise WrongUse("Nothing comes from standard input: use a pipe, or name a file.")
        return sys.stdin.buffer
    return existing(source)


def existing(source: str) -> Path:
    """Return the path of a file that can be read."""
    path = Path(source)
    if path.is_dir():
        raise WrongUse(f"{source} is a folder: name the files in it.")
    if not path.exists():
        if "://" in source:
            raise WrongUse(f"{source}: only http and https addresses are fetched.")
        raise WrongUse(f"{source}: there is no such file.")
    if not os.access(path, os.R_OK):
        raise WrongUse(f"{source} cannot be read: permission denied.")
    return path
