"""``deepgram speak``: text becomes a file of audio, or is heard, however long it is."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from .arguments import CONNECTION, OUTPUT, ApiKey, BaseUrl, Local, Param
from .described import of_operation, with_options
from .failures import Failure, WrongUse, code, complain, explain, one_line
from .progress import Telling, telling
from .results import targets
from .spoken_audio import NEEDS_PYAV, Form, Writer, form_of
from .spoken_text import Piece, of_argument, of_stdin, pieces

if TYPE_CHECKING:
    from ..audio import Speaker
    from ..client import DeepgramClient
    from ..protocol.audio_stream import AudioStream

TIMEOUT = 60.0
"""Seconds that the service may be silent."""


def command() -> Callable[..., Any]:
    """Return the function behind the command, with an option for every parameter of both versions of the API."""
    from ..protocol.speak import V1Audio, V2Audio

    # A callback takes the audio elsewhere, and priority is for callbacks.
    ours = {"self", "text", "request_options", "callback", "callback_method", "priority"}
    first = of_operation(V1Audio.generate, ours, "Speech")
    known = {parameter.name for parameter in first}
    return with_options(speak, [*first, *of_operation(V2Audio.generate, ours | known, "Flux voices")])


def speak(
    text: Annotated[str, typer.Argument(metavar="TEXT|-", help="What to say; - reads it from stdin.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="File to write; its ending is the format: wav, mp3, ogg, opus, flac, aac, raw, mulaw, alaw. "
            "- is stdout, mp3 if not told otherwise.",
            rich_help_panel=OUTPUT,
        ),
    ] = None,
    play: Annotated[
        bool, typer.Option("--play", help='Let it be heard (extra "audio").', rich_help_panel=OUTPUT)
    ] = False,
    device: Annotated[
        str | None, typer.Option(help="Speaker, by number or part of its name (with --play).", rich_help_panel=OUTPUT)
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write a line of JSON about each request.", rich_help_panel=OUTPUT)
    ] = False,
    local: Local = False,
    engine: Annotated[
        str | None, typer.Option(help="Engine that speaks (with --local).", rich_help_panel=CONNECTION)
    ] = None,
    api_key: ApiKey = None,
    base_url: BaseUrl = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            help=f"Seconds that the service may be silent; {TIMEOUT:g} by default.", rich_help_panel=CONNECTION
        ),
    ] = None,
    param: Param = None,
    **options: Any,
) -> None:
    """Turn text into speech."""
    from ..client import DeepgramClient
    from .connection import check_choice, client_of_service, embedded_server, further_parameters

    given = {name: value for name, value in options.items() if value is not None and value != []}
    extra = further_parameters(param or ())
    _check(output, play, device, as_json, timeout)
    check_choice(local, engine, api_key, base_url)
    (target,) = (output,) if output is None or str(output) == "-" else targets([], output, "txt")
    form = form_of(target, given, played=play)
    coming = pieces([of_argument(text)] if text != "-" else of_stdin())
    first = [*islice(coming, 2 if form.how == "as it comes" else 1)]
    if not first:
        raise WrongUse("There is nothing in the text that could be spoken.")
    if len(first) > 1:
        raise WrongUse(f"The text is longer than one request may be, and for more in this format {NEEDS_PYAV}.")
    if text != "-" and Path(text).is_file():
        complain(f"{text} is a file, and its name is spoken; for its content: deepgram speak - < {text}", kind="note")
    with ExitStack() as stack:
        if local:
            client = embedded_server(stack, "scripted", engine).client()
        else:
            make = partial(DeepgramClient, timeout=timeout or TIMEOUT)
            client = client_of_service(make, "speak", api_key, base_url)
        stack.enter_context(client)
        speaker = stack.enter_context(_speaker(device, form)) if play else None
        told = stack.enter_context(telling("speaking", len(text.encode()) if text != "-" else None))
        ask = partial(_ask, client, {**given, **form.asks}, extra)
        _Job(ask, form, target, speaker, told, as_json).run(chain(first, coming))


def _check(output: Path | None, play: bool, device: str | None, as_json: bool, timeout: float | None) -> None:
    if output is None and not play:
        raise WrongUse("Say where the speech goes: -o FILE, -o - for standard output, or --play.")
    if device is not None and not play:
        raise WrongUse("--device belongs to --play.")
    if str(output) == "-" and as_json:
        raise WrongUse("--json and -o - both want standard output: name a file with -o.")
    if str(output) == "-" and sys.stdout.isatty():
        raise WrongUse("Audio is no text for a terminal: use a pipe, or name a file with -o.")
    if timeout is not None and timeout <= 0:
        raise WrongUse("--timeout must be greater than 0 seconds.")


def _speaker(device: str | None, form: Form) -> Speaker:
    from ..audio import Speaker

    wanted = int(device) if device is not None and device.isdecimal() else device
    assert form.sample_rate is not None  # what is played has one
    return Speaker(sample_rate=form.sample_rate, device=wanted)


def _ask(client: DeepgramClient, options: dict[str, Any], extra: dict[str, Any], text: str) -> AudioStream:
    version: Any = client.speak.v2 if str(options.get("model", "")).startswith("flux-") else client.speak.v1
    audio: AudioStream = version.audio.generate(
        text=text, **options, request_options={"additional_query_parameters": extra}
    )
    return audio


class _Job:
    """A text that is spoken piece by piece."""

    def __init__(
        self,
        ask: Callable[[str], AudioStream],
        form: Form,
        target: Path | None,
        speaker: Speaker | None,
        told: Telling,
        as_json: bool,
    ) -> None:
        self._ask = ask
        self._form = form
        self._target = target
        self._speaker = speaker
        self._told = told
        self._as_json = as_json
        self._stack = ExitStack()
        self._writer: Writer | None = None
        self._written = 0
        self._spoken: Piece | None = None
        """The last one that was spoken to its end."""

    def run(self, coming: Iterator[Piece]) -> None:
        """Speak everything. Whatever happens, what was written is a valid file."""
        under_way: Piece | None = None
        try:
            with self._stack:
                try:
                    for under_way in coming:
                        if self._spoken is not None and self._writer is not None:
                            self._writer.pause()
                        self._speak(under_way)
                        self._spoken = under_way
                finally:
                    if self._writer is not None:
                        with _undisturbed():
                            self._writer.finish()
        except BrokenPipeError:
            raise
        except (Exception, KeyboardInterrupt) as error:
            if os.environ.get("DEEPGRAM_TRACEBACK") or not self._begun:
                raise
            if not isinstance(error, KeyboardInterrupt):
                complain(explain(error))
            complain(self._how_far(under_way), kind="note")
            raise SystemExit(code(error)) from None

    @property
    def _begun(self) -> bool:
        return self._written > 0

    def _speak(self, piece: Piece) -> None:
        written = self._written
        with self._ask(piece.text) as audio:
            if not (audio.content_type or "audio/").startswith(("audio/", "application/octet-stream")):
                raise Failure(
                    f"The answer is no audio ({one_line(audio.content_type or '')}): check the address that is used "
                    "(`deepgram doctor`)."
                )
            for chunk in audio:
                self._take(chunk)
            headers = audio.headers
            request_id = audio.request_id
        self._told(piece.size, self._seconds(), self._written)
        if self._as_json:
            about = {
                "request_id": request_id,
                "model_name": headers.get("dg-model-name"),
                "model_uuid": headers.get("dg-model-uuid"),
                "characters": len(piece.text),
                "bytes": self._written - written,
            }
            sys.stdout.write(json.dumps(about) + "\n")
            sys.stdout.flush()

    def _take(self, chunk: bytes) -> None:
        if self._target is not None:
            if self._writer is None:
                self._writer = self._open(self._target)
            try:
                with _undisturbed():
                    self._writer.write(chunk)
                    if str(self._target) == "-":
                        sys.stdout.buffer.flush()
            except BrokenPipeError:
                raise
            except OSError as error:
                raise Failure(f"{self._target} cannot be written: {error.strerror or error}.") from error
        self._written += len(chunk)
        self._told(self._spoken.size if self._spoken else 0, self._seconds(), self._written)
        if self._speaker is not None:
            self._speaker.play(chunk)

    def _open(self, target: Path) -> Writer:
        """Open the file: not before there is audio, for an older one is lost by that."""
        if str(target) == "-":
            return self._form.writer(sys.stdout.buffer, rewritable=False)
        out: BinaryIO = self._stack.enter_context(_opened(target))
        return self._form.writer(out, rewritable=out.seekable() and out.readable())

    def _seconds(self) -> float | None:
        if self._writer is not None:
            return self._writer.seconds
        return self._written / 2 / (self._form.sample_rate or 1) if self._speaker is not None else None

    def _how_far(self, under_way: Piece | None) -> str:
        """Say what there is, and what is missing."""
        seconds = self._seconds()
        length = f"{int(seconds // 60)}:{seconds % 60:04.1f} of speech" if seconds is not None else "some speech"
        where = f"{self._target} holds" if self._target not in (None, Path("-")) else "There were"
        said = f"{where} {length}: the first {self._spoken.characters if self._spoken else 0} characters of the text"
        if under_way is None or under_way is self._spoken:
            return f"{said}."
        return f'{said}, and the beginning of what follows, which is "{one_line(under_way.text[:60])} ...".'


@contextmanager
def _undisturbed() -> Generator[None]:
    """Let Ctrl-C wait until a piece is written as a whole: within the encoder it would lose a part of it."""
    if threading.current_thread() is not threading.main_thread():  # where it never arrives
        yield
        return
    came = False

    def wait(*_: object) -> None:
        nonlocal came
        came = True

    before = signal.signal(signal.SIGINT, wait)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            raise KeyboardInterrupt


def _opened(target: Path) -> BinaryIO:
    """Open a file for writing; one that can be written only, such as a pipe, too."""
    if target.exists() and not target.is_file():
        return target.open("wb")
    return target.open("w+b")
