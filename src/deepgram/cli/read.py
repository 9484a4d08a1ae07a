"""``deepgram read``: what a text is about, what its writer wants and feels, and its summary."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .arguments import CONNECTION, OUTPUT, ApiKey, BaseUrl, Local, Param
from .described import of_operation, with_options
from .failures import WrongUse
from .progress import shown
from .results import document, is_url, targets, write
from .transcribe import existing

if TYPE_CHECKING:
    from ..client import DeepgramClient

TIMEOUT = 120.0
"""Seconds. A text of the greatest length takes the service, or the embedded server, seconds."""
MOST_BYTES = 4 * 1024 * 1024
"""Of a text. The service takes 150 000 tokens, which are less (its page "Text Intelligence")."""
ANALYSES = ("sentiment", "summarize", "topics", "intents")


def command() -> Callable[..., Any]:
    """Return the function behind the command, with an option for every parameter of the API."""
    from ..protocol.read import Text

    return with_options(read, of_operation(Text.analyze, {"self", "request", "request_options"}, "Analysis"))


def read(
    source: Annotated[str, typer.Argument(metavar="FILE|URL|-", help="A text: a file, an address, - for stdin.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Write the JSON of the service as it came.", rich_help_panel=OUTPUT)
    ] = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File to write.", rich_help_panel=OUTPUT)
    ] = None,
    local: Local = False,
    api_key: ApiKey = None,
    base_url: BaseUrl = None,
    timeout: Annotated[
        float | None,
        typer.Option(help=f"Seconds to wait for the service; {TIMEOUT:g} by default.", rich_help_panel=CONNECTION),
    ] = None,
    param: Param = None,
    **options: Any,
) -> None:
    """Analyse a text: its sentiment, topics and intents, and a summary.

    Reads a file, an address of a text on the web (http, https) or standard input (-). Without --sentiment,
    --summarize, --topics and --intents all four are made.
    """
    from ..client import DeepgramClient
    from . import findings
    from .connection import Received, check_choice, client_of_service, embedded_server, further_parameters, http_client

    given = {name: value for name, value in options.items() if value is not None and value != []}
    if not any(name in given for name in ANALYSES):
        given.update(dict.fromkeys(ANALYSES, True))
    given.setdefault("language", "en")  # the service wants it to be said
    extra = further_parameters(param or ())
    if timeout is not None and timeout <= 0:
        raise WrongUse("--timeout must be greater than 0 seconds.")
    check_choice(local, None, api_key, base_url)
    (target,) = targets([source], output, "json" if as_json else "txt")
    request = {"url": source} if is_url(source) else {"text": text_of(source)}
    with ExitStack() as stack:
        received = Received()
        http = stack.enter_context(http_client(timeout or TIMEOUT, received))
        if local:
            client = embedded_server(stack, None).client(httpx_client=http)
        else:
            make = partial(DeepgramClient, httpx_client=http)
            client = client_of_service(make, "read", api_key, base_url)
        with shown(f"reading {Path(source).name if source != '-' else 'standard input'}"):
            _ask(client, request, given, extra)
    if as_json:
        write(received.body.decode("utf-8", "replace").rstrip("\n") + "\n", target)
        return
    answer = document(received.body)
    if "results" not in answer and "request_id" in answer:
        write(f"accepted: request id {answer['request_id']}\n", target)
    else:
        write(findings.text(answer) + "\n", target)


def _ask(client: DeepgramClient, request: Any, options: dict[str, Any], extra: dict[str, Any]) -> None:
    client.read.v1.text.analyze(request=request, **options, request_options={"additional_query_parameters": extra})


def text_of(source: str) -> str:
    """Return the text of a file or of standard input, which must be UTF-8."""
    if source == "-":
        if sys.stdin.isatty():
            raise WrongUse("Nothing comes from standard input: use a pipe, or name a file.")
        body = sys.stdin.buffer.read(MOST_BYTES + 1)
    else:
        with existing(source).open("rb") as file:
            body = file.read(MOST_BYTES + 1)
    name = "Standard input" if source == "-" else source
    if len(body) > MOST_BYTES:
        raise WrongUse(f"{name} is longer than the {MOST_BYTES // 1024 // 1024} MB of text that can be analysed.")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WrongUse(f"{name} is not text in UTF-8.") from None
    if not text.strip():
        raise WrongUse(f"{name} holds no text.")
    return text
