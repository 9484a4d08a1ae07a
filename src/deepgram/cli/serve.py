"""``deepgram serve``: the embedded server as a process of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import typer

from .described import of_settings, with_options
from .failures import Failure, WrongUse, check_engine, check_voice_engine, not_started, without_server

if TYPE_CHECKING:
    from ..local.sagemaker import SageMaker
    from ..local.settings import Settings


def command() -> Callable[..., Any]:
    """Return the function behind the command, with an option for every setting of the server."""
    from ..local.settings import Settings

    return with_options(serve, of_settings(Settings))


def serve(**given: Any) -> None:
    """Run the embedded server, which speaks the same protocol as the service.

    It stops on Ctrl-C. Clients find it through DEEPGRAM_BASE_URL, or `base_url=` in a program.
    """
    settings = _settings(given)
    try:
        from ..local.server import serve as run
    except ModuleNotFoundError as missing:
        raise without_server(missing) from missing
    check_engine(settings.engine)
    check_voice_engine(settings.voice_engine)
    try:
        run(settings, lambda address, made: _announce(address, settings, made), _announce_sagemaker)
    except OSError as error:
        if error.filename is not None:
            raise
        raise Failure(
            f"{settings.host} port {settings.port} cannot be listened on ({error.strerror or error}): "
            "choose another --port, or 0 for a free one."
        ) from error
    except RuntimeError as error:
        raise not_started(error) from error


def _settings(given: dict[str, Any]) -> Settings:
    from ..local.settings import Settings

    try:
        return Settings(**given)
    except ValueError as error:
        flags = {field.name: "--" + field.name.replace("_", "-") for field in fields(Settings)}
        message = re.sub(r"\w+", lambda word: flags.get(word[0], word[0]), str(error))
        raise WrongUse(f"{message}.") from error


def _announce_sagemaker(endpoint: SageMaker) -> None:
    """Say how AWS's clients find the SageMaker endpoint. A secret that was given is not repeated."""
    shown = {
        name: "..." if "SECRET" in name and value != "local" else value for name, value in endpoint.environment.items()
    }
    variables = " ".join(f"{name}={value}" for name, value in shown.items())
    typer.echo(f"SageMaker endpoint: {endpoint.url}; to use it:\n  export {variables}")


def _announce(address: str, settings: Settings, made: str | None) -> None:
    """Say where the server is and how to use it, and show the key that was ``made``: nobody can tell it later."""
    key = made or ("local" if settings.api_key is None and not settings.auth else "...")
    note = "this key was made for you and is not shown again: keep it\n" if made and settings.data else ""
    model = f" ({settings.model})" if settings.model else ""
    typer.echo(
        f"deepgram is serving on {address}\n"
        f"engine: {settings.engine}{model}, workers: {settings.workers}\n"
        f"to use it:\n"
        f"  export DEEPGRAM_BASE_URL={address} DEEPGRAM_API_KEY={key}\n"
        f"{note}"
        f"  deepgram transcribe talk.wav\n"
        f"Ctrl-C stops it."
    )
