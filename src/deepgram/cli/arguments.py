"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

OUTPUT = "Output"
CONNECTION = "Connection"

AsSrt = Annotated[bool, typer.Option("--srt", help="Write SubRip captions.", rich_help_panel=OUTPUT)]
AsVtt = Annotated[bool, typer.Option("--vtt", help="Write WebVTT captions.", rich_help_panel=OUTPUT)]
Local = Annotated[
    bool, typer.Option("--local", help="Use the embedded server, for this call.", rich_help_panel=CONNECTION)
]
Engine = Annotated[
    str | None, typer.Option(help="Engine of the embedded server (with --local).", rich_help_panel=CONNECTION)
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        help="Key of the API. Others on this machine can see it here; rather set DEEPGRAM_API_KEY.",
        rich_help_panel=CONNECTION,
    ),
]
BaseUrl = Annotated[
    str | None, typer.Option(help="Address of the API (or DEEPGRAM_BASE_URL).", rich_help_panel=CONNECTION)
]
Param = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="A parameter of the API that this version does not know yet. May be given several times.",
        rich_help_panel=CONNECTION,
    ),
]
