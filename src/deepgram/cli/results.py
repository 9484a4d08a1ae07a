"""Where the results of `deepgram transcribe` go, and in which form."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, cast

from . import answers, captions
from .failures import Failure, WrongUse

Form = Literal["txt", "json", "srt", "vtt"]


def form_of(as_json: bool, as_srt: bool, as_vtt: bool) -> Form:
    """Return the form that was asked for."""
    wanted: list[tuple[Form, bool]] = [("json", as_json), ("srt", as_srt), ("vtt", as_vtt)]
    chosen: list[Form] = [form for form, asked in wanted if asked]
    if len(chosen) > 1:
        raise WrongUse(f"Choose one of --{' and --'.join(chosen)}.")
    return chosen[0] if chosen else "txt"


def is_url(source: str) -> bool:
    """Tell whether ``source`` is an address that the service fetches."""
    return source.lower().startswith(("http://", "https://"))


def targets(sources: Sequence[str], output: Path | None, form: Form) -> list[Path | None]:
    """Return where each result goes (None: stdout), and refuse at once what could only fail after the work.

    Several results go into a folder, each named after its input.
    """
    if output is None or str(output) == "-":
        if len(sources) > 1 and form in ("srt", "vtt"):
            raise WrongUse("Captions of several inputs do not fit into one stream: name a folder with -o.")
        return [None] * len(sources)
    if output.is_dir() or len(sources) > 1:
        if output.exists() and not output.is_dir():
            raise WrongUse(f"-o {output} is a file; several inputs need a folder.")
        chosen = [output / f"{name}.{form}" for name in _names(sources)]
    elif not output.parent.is_dir():
        raise WrongUse(f"The folder of -o {output} does not exist.")
    else:
        chosen = [output]
    inputs = [Path(source) for source in sources if source != "-" and not is_url(source)]
    for target in chosen:
        if target.exists() and any(path.exists() and path.samefile(target) for path in inputs):
            raise WrongUse(f"-o would overwrite the input {target}.")
    return list(chosen)


def rendered(body: bytes, form: Form) -> str:
    """Return the answer in the form that was asked for, with a line end at its end."""
    if form == "json":
        return body.decode("utf-8", "replace").rstrip("\n") + "\n"
    answer = document(body)
    if "results" not in answer and "request_id" in answer:
        return f"accepted: request id {answer['request_id']}\n"
    if form == "txt":
        return answers.text(answer) + "\n"
    cues = captions.cues(answers.phrases(answer))
    return captions.srt(cues) if form == "srt" else captions.vtt(cues)


def document(body: bytes) -> answers.Json:
    """Return the answer as the JSON object it is."""
    try:
        value: object = json.loads(body)
    except ValueError as error:
        raise Failure(f"The answer is no JSON ({error}): check the address that is used (`deepgram doctor`).") from None
    if not isinstance(value, dict):
        raise Failure("The answer is no transcription: check the address that is used (`deepgram doctor`).")
    return cast("answers.Json", value)


def write(text: str, target: Path | None) -> None:
    """Write ``text`` to ``target``, or to stdout. Files are UTF-8 everywhere."""
    if target is None:
        sys.stdout.write(text)
        sys.stdout.flush()  # the next input may take minutes
        return
    target.parent.mkdir(exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="\n")


def _names(sources: Sequence[str]) -> Iterator[str]:
    """Name results after their inputs; a name that comes again is numbered: talk, talk-2, talk-3."""
    taken: set[str] = set()
    for source in sources:
        name = "stdin" if source == "-" else Path(source.partition("?")[0].rstrip("/")).stem or "audio"
        number = 1
        while (free := name if number == 1 else f"{name}-{number}") in taken:
            number += 1
        taken.add(free)
        yield free
