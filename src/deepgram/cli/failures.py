"""What went wrong, said in one paragraph on stderr, and the exit code that belongs to it.

Codes: 1 for an error of the service or on the way to it, 2 for wrong use, 130 after Ctrl-C, and 141 if the reader
of the output went away (128 plus the signal's number, as shells have it).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, cast
from unicodedata import category

if TYPE_CHECKING:
    from ..runtime.errors import ApiError

FAILED = 1
WRONG_USE = 2
INTERRUPTED = 130
READER_GONE = 141
LONGEST = 500
"""Characters that are shown of a text of the service."""

ADVICE = {
    400: "Check the options and the input.",
    401: "The credential was refused: `deepgram doctor` shows which one is used and where it comes from.",
    402: "The project has no credit left.",
    403: "The credential has no permission for this; it may belong to another project, or lack a scope or a model.",
    404: "Check the address that is used (`deepgram doctor` shows it) and the model's name.",
    408: "The upload took too long; try again on a faster connection.",
    413: "The input is larger than the server accepts: split it; audio may be sent in a compressed format.",
    415: "The format was not understood: say --encoding and --sample-rate for raw audio, or convert it.",
    429: "Too many requests at once: wait a moment and try again.",
    504: "The service took too long for this audio: split it, or choose a faster model.",
}
_CLOSINGS = {
    1006: "Check the network, and try again.",
    1008: "Check the options: raw audio needs the right --encoding and --sample-rate, other audio needs neither; "
    "an MP4 needs its index first.",
    1011: "No audio arrived in time, or the service failed: try again.",
}
"""What to do, by the code with which a conversation was closed."""
REACHING = "Check the network, a proxy and the address that is used: `deepgram doctor` tries it."


class WrongUse(Exception):
    """The command cannot do what was asked; the message says what to do instead (exit code 2)."""


class Failure(Exception):
    """Something outside of the command failed; the message says what to do (exit code 1)."""


def without_server(missing: ModuleNotFoundError) -> WrongUse:
    """Return the error for an embedded server that cannot be imported; raise ``missing`` if it is a module of ours."""
    if (missing.name or "").partition(".")[0] == "deepgram":
        raise missing
    return WrongUse(f'The embedded server is not installed ({missing}): pip install "deepgram-sdk[cli,local]"')


def check_engine(name: str) -> None:
    """Refuse an engine that does not exist or is not installed, with what to do about it."""
    from ..local.engines import missing

    if (reason := missing(name)) is not None:
        raise WrongUse(f"{reason[:1].upper()}{reason[1:]}.")


def check_voice_engine(name: str) -> None:
    """Refuse an engine that speaks and does not exist or is not installed, with what to do about it."""
    from ..local.engines.synthesizers import AUTO, missing

    if name != AUTO and (reason := missing(name)) is not None:
        raise WrongUse(f"{reason[:1].upper()}{reason[1:]}.")


def not_started(error: BaseException) -> Failure:
    """Return the error for an embedded server that did not start, with the reason."""
    cause = error.__cause__
    if cause is None:
        return Failure(f"{error}.")
    ours = type(cause).__module__.partition(".")[0] == "deepgram"
    return Failure(f"{error}: {cause}" if ours else f"{error}: {type(cause).__name__}: {cause}")


def explain(error: BaseException) -> str:
    """Return what ``error`` means to someone at a terminal: what happened, the request id, and what to do."""
    if isinstance(error, (WrongUse, Failure)):
        return str(error)
    if api_error := _api_error(error):
        return _explain_api_error(api_error)
    if type(error).__module__ == "deepgram.audio.device":  # not imported for this: the command may never use one
        return str(error)
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{_named(error.filename)}: {error.strerror}."
    name = type(error).__name__
    if type(error).__module__.partition(".")[0] in ("httpx", "httpcore", "ssl", "socket"):
        return f"The service could not be reached ({_cut(one_line(str(error))) or name}). {REACHING}"
    said = f"{name}: {_cut(one_line(str(error)))}" if str(error) else name
    return f"Something unforeseen failed ({said}). Set DEEPGRAM_TRACEBACK=1 to see where, and please report it."


def code(error: BaseException) -> int:
    """Return the exit code that belongs to ``error``."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        return READER_GONE
    about_a_file = isinstance(error, OSError) and error.filename is not None
    return WRONG_USE if isinstance(error, WrongUse) or about_a_file else FAILED


def complain(text: str, subject: str = "", kind: Literal["error", "note"] = "error") -> None:
    """Write one paragraph to stderr, wrapped if it is a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, soft_wrap=not sys.stderr.isatty(), highlight=False)
    head = Text(f"{kind}: ", style="bold red" if kind == "error" else "bold")
    named = subject and not text.startswith(subject)
    console.print(head + Text(one_line(f"{subject}: {text}" if named else text)))


def guarded(run: Callable[[], None]) -> int:
    """Run a command and return its exit code; whatever it raises is explained, never shown as a traceback."""
    try:
        run()
        sys.stdout.flush()
    except SystemExit as leaving:
        with suppress(BrokenPipeError):
            sys.stdout.flush()
            return leaving.code if isinstance(leaving.code, int) else FAILED if leaving.code else 0
        _forget_output()
        return READER_GONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_output()
        return READER_GONE
    except Exception as error:
        if os.environ.get("DEEPGRAM_TRACEBACK"):
            raise
        complain(explain(error))
        return code(error)
    return 0


def _forget_output() -> None:
    """Keep the interpreter from writing once more, and complaining, to a pipe that nobody reads."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _api_error(error: BaseException) -> ApiError | None:
    if "deepgram.runtime.errors" not in sys.modules:  # not loaded, so never raised
        return None
    from ..runtime.errors import ApiError

    return error if isinstance(error, ApiError) else None


def _explain_api_error(error: ApiError) -> str:
    from ..runtime.errors import ConnectionFailed, ConversationClosed, RateLimitError, RequestTimedOut

    said = _cut(one_line(_text_of(error.body))).rstrip(".")
    status = error.status_code
    if isinstance(error, RequestTimedOut):
        said = said.partition(": raise timeout=")[0]  # what a program would do
        return f"The service did not answer in time: {said}. Wait longer with --timeout, or try again later."
    if isinstance(error, ConnectionFailed):
        return f"The service could not be reached: {said}. {REACHING}"
    if isinstance(error, ConversationClosed):
        return f"{said[:1].upper()}{said[1:]}. {_CLOSINGS.get(error.code or 0, '')}".strip()
    if status is None:  # the client could not even ask
        return said if said.endswith("?") else f"{said}."
    if 200 <= status < 300:
        said = error.hint or "it has another shape than a transcription"
    sentences = [f"The service answered {status}: {said or 'without an explanation'}."]
    if error.request_id:
        sentences.append(f"Request id: {one_line(error.request_id)}.")
    if isinstance(error, RateLimitError) and error.retry_after is not None:
        sentences.append(f"Too many requests at once: try again in {error.retry_after:g} s.")
    elif status in ADVICE:
        sentences.append(ADVICE[status])
    elif status >= 500:
        sentences.append("The fault is on the side of the service: try again later.")
    elif 200 <= status < 300:
        sentences.append("That is no answer of the API: check the address that is used (`deepgram doctor` shows it).")
    return " ".join(sentences)


def _text_of(body: object) -> str:
    """Return the message in an error's body, whichever of the service's forms it has."""
    if isinstance(body, Mapping):
        fields = cast("Mapping[str, object]", body)
        message = str(fields.get("err_msg") or fields.get("message") or fields.get("reason") or "")
        details = str(fields.get("details") or "")
        kind = str(fields.get("err_code") or fields.get("category") or "")
        said = " ".join(part for part in (message, details if details != message else "") if part)
        return f"{said.rstrip('.')} ({kind})" if said and kind and kind not in said else said or kind
    return body if isinstance(body, str) else ""


def _named(path: object) -> str:
    return one_line(os.fsdecode(path) if isinstance(path, bytes) else str(path))


def one_line(text: str) -> str:
    """Return foreign text as one line that is safe to print: nothing in it acts on the terminal."""
    return " ".join("".join(" " if category(character)[0] == "C" else character for character in text).split())


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + " ..."
