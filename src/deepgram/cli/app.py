"""The command and its subcommands; each one's options are read only when it is used, so that `--help` is quick."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from .failures import guarded

SETTINGS = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    name="deepgram",
    help="Speech to text and text to speech, by the Deepgram API or by the server embedded in this package.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings=SETTINGS,
)


class Deferred(TyperCommand):
    """A command whose parameters are made when it is used: they are read from models, which take time to load."""

    spell: Callable[[], Callable[..., Any]]
    """Returns the function behind the command, with all its options."""

    @cached_property
    def spelt(self) -> TyperCommand:
        single = typer.Typer(add_completion=False, rich_markup_mode="rich")
        single.command(context_settings=SETTINGS)(self.spell())
        made = typer.main.get_command(single)
        assert isinstance(made, TyperCommand)  # Typer's promise for an application with one command
        return made

    def get_params(self, ctx: Any) -> list[Any]:
        return self.spelt.get_params(ctx)

    def invoke(self, ctx: Any) -> Any:
        raise typer.Exit(guarded(lambda: self.spelt.invoke(ctx)))


class Transcribe(Deferred):
    @staticmethod
    def spell() -> Callable[..., Any]:
        from . import transcribe

        return transcribe.command()


class Live(Deferred):
    @staticmethod
    def spell() -> Callable[..., Any]:
        from . import live

        return live.command()


class Read(Deferred):
    @staticmethod
    def spell() -> Callable[..., Any]:
        from . import read

        return read.command()


class Speak(Deferred):
    @staticmethod
    def spell() -> Callable[..., Any]:
        from . import speak

        return speak.command()


class Agent(Deferred):
    @staticmethod
    def spell() -> Callable[..., Any]:
        from . import agent

        return agent.agent


class Serve(Deferred):
    @staticmethod
    def spell() -> Callable[..., Any]:
        from . import serve

        return serve.command()


class Doctor(Deferred):
    @staticmethod
    def spell() -> Callable[..., Any]:
        from . import doctor

        return doctor.doctor


@app.command(cls=Transcribe)
def transcribe() -> None:
    """Turn recorded speech into text.

    Reads files, addresses of audio on the web (http, https) and standard input (-), one after the other. The
    options under "Transcription" are those of the API.
    """


@app.command(cls=Live)
def live() -> None:
    """Turn speech into text while it is spoken.

    Listens to a FILE, sent as fast as it was spoken, to standard input (-) or to the microphone (--mic).
    A terminal shows what may still change in place, and final text above it.
    Ctrl-C ends the audio: the last results still come, and the exit code is 0. A second Ctrl-C gives up (130).
    """


@app.command(cls=Read)
def read() -> None:
    """Analyse a text: its sentiment, topics and intents, and a summary.

    Reads a file, an address of a text on the web (http, https) or standard input (-). Without --sentiment,
    --summarize, --topics and --intents all four are made.
    """


@app.command(cls=Speak)
def speak() -> None:
    """Turn text into speech: a file of audio, or sound.

    Speaks TEXT, or what comes from standard input (-), however long that is: it is asked for in pieces of whole
    sentences, and becomes one file. The file is written as it comes: what is there after Ctrl-C, or a failure in the
    middle, can be played.
    """


@app.command(cls=Agent)
def agent() -> None:
    """Talk with a voice agent, and see who says what.

    In writing (--text), by microphone and speaker (--mic), or by a recording (--audio FILE), which is played as fast
    as it was spoken. Ctrl-C ends the conversation.
    """


@app.command(cls=Serve, context_settings={"auto_envvar_prefix": "DEEPGRAM_SERVE"})  # keeps a key off the command line
def serve() -> None:
    """Run the embedded server, which speaks the same protocol as the service."""


@app.command(cls=Doctor)
def doctor() -> None:
    """Show what is installed, which credential and address are used, and whether the service answers."""


def _version(wanted: bool) -> None:
    if wanted:
        from .doctor import version

        typer.echo(f"deepgram {version()}")
        raise typer.Exit


@app.callback()
def deepgram(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Speech to text and text to speech, by the Deepgram API or by the server embedded in this package."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    given = None if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")  # a console that lacks a letter shows a question mark instead of failing
    return guarded(lambda: app(given, prog_name="deepgram"))
