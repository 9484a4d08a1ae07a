"""``deepgram doctor``: what is installed, what is configured, and whether the service answers."""

from __future__ import annotations

import json
import platform
import re
import sys
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires
from importlib.metadata import version as version_of
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .failures import REACHING, Failure, explain, without_server

if TYPE_CHECKING:
    from .connection import CredentialInUse

DISTRIBUTION = "deepgram-sdk"
OURS = "deepgram-sdk-server"
"""The distribution that this command and the embedded server come in."""
PATIENCE = 5.0
"""Seconds that the service gets to answer."""
AVAILABLE = "available"


@dataclass(frozen=True)
class Reached:
    """How the service answered to the cheapest question there is."""

    ok: bool
    """It answered, and took the credential if there is one."""
    status: int | None
    """HTTP status; None if nothing answered."""
    says: str
    """For people."""


@dataclass(frozen=True)
class Findings:
    """What was found out."""

    version: str
    python: str
    platform: str
    extras: dict[str, dict[str, str | None]]
    """Extra -> distribution -> its version, None if it is missing."""
    engines: dict[str, str]
    """Engine that hears -> ``available``, or why it is not."""
    voice_engines: dict[str, str]
    """Engine that speaks -> ``available``, or why it is not."""
    voice_activity: dict[str, str]
    """What finds speech in live audio -> ``available``, or why it is not."""
    credential: CredentialInUse | None
    base_url: str
    base_url_source: str
    reached: Reached

    @property
    def usable(self) -> bool:
        """Speech can be transcribed: by the service or, without a credential for it, by the embedded server."""
        if self.credential is not None:
            return self.reached.ok
        return any(state == AVAILABLE for name, state in self.engines.items() if name != "scripted")  # it hears nothing

    @property
    def verdict(self) -> str:
        """What follows, for people."""
        if self.credential is not None:
            return "The service can be used." if self.usable else "The service cannot be used as configured."
        if self.usable:
            return "The embedded server can be used: deepgram transcribe --local FILE"
        return 'Nothing to transcribe with: set DEEPGRAM_API_KEY, or pip install "deepgram-sdk[cli,local]".'


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Write the findings as JSON.")] = False,
    api_key: Annotated[str | None, typer.Option(help="Key to examine instead of the configured one.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Address to examine instead of the configured one.")] = None,
) -> None:
    """Show what is installed, which credential and address are used, and whether the service answers.

    The exit code is 0 if speech can be transcribed: by the service, or without a credential by the embedded server.
    """
    found = examine(api_key, base_url)
    if as_json:
        typer.echo(json.dumps({**asdict(found), "usable": found.usable}, indent=2))
    else:
        show(found)
    raise SystemExit(0 if found.usable else 1)


def examine(api_key: str | None, base_url: str | None) -> Findings:
    """Find out everything; this waits for the service for at most a few seconds."""
    from ..runtime.errors import ApiError
    from .connection import address_in_use, credential_in_use

    try:
        credential = credential_in_use(api_key)
        address, source = address_in_use(base_url)
    except ApiError as error:  # a credential that cannot be sent
        raise Failure(explain(error)) from error
    except ValueError as error:
        raise Failure(f"{error}.") from error
    return Findings(
        version=version(),
        python=platform.python_version(),
        platform=platform.platform(terse=True),
        extras=extras(),
        engines=available_engines(),
        voice_engines=available_voice_engines(),
        voice_activity=available_detectors(),
        credential=credential,
        base_url=address,
        base_url_source=source,
        reached=reach(api_key, base_url, credential),
    )


# ---------------------------------------------------------------------------------------------------------- installed


def version() -> str:
    """Return the version of this package."""
    from ..version import __version__

    return __version__


def extras() -> dict[str, dict[str, str | None]]:
    """Return the extras of this package and what they ask for; empty if the package was not installed (a checkout)."""
    try:
        wanted = requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return {}
    found: dict[str, dict[str, str | None]] = {}
    for requirement in wanted:
        name, _, marker = requirement.partition(";")
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", marker)
        if extra is None or extra[1] == "dev":
            continue
        name = re.split(r"[^\w.-]", name.strip())[0]
        installed = _installed(name)
        if installed is not None or " and " not in marker:
            # What is wanted only on some systems or versions of Python counts if it is there.
            found.setdefault(extra[1], {})[name] = installed
    return dict(sorted(found.items()))


def mixed() -> str | None:
    """Say if the SDK and this command are of different versions, which pip allows who upgrades one of them alone."""
    sdk, ours = _installed(DISTRIBUTION), _installed(OURS)
    if sdk is None or ours is None or sdk == ours:
        return None
    return f"{DISTRIBUTION} {sdk} and {OURS} {ours} do not belong together: pip install {OURS}=={sdk}"


def _installed(name: str) -> str | None:
    try:
        return version_of(name)
    except PackageNotFoundError:
        return None


def available_engines() -> dict[str, str]:
    """Return each engine of the embedded server with ``available`` or the reason why it is not."""
    from ..local.engines import engine_names, missing

    try:
        import_module("deepgram.local.server")
    except ModuleNotFoundError as absent:
        return dict.fromkeys(engine_names(), explain(without_server(absent)))
    return {name: missing(name) or AVAILABLE for name in engine_names()}


def available_voice_engines() -> dict[str, str]:
    """Return each engine that speaks with ``available`` or the reason why it is not."""
    from ..local.engines.synthesizers import missing, synthesizer_names

    return {name: missing(name) or AVAILABLE for name in synthesizer_names()}


def available_detectors() -> dict[str, str]:
    """Return what can find speech in live audio, with ``available`` or the reason why it is not."""
    try:
        from ..local.speech_detectors import why_no_silero
    except ModuleNotFoundError as absent:
        return dict.fromkeys(("webrtc", "silero"), explain(without_server(absent)))
    return {"webrtc": AVAILABLE, "silero": why_no_silero() or AVAILABLE}


# ------------------------------------------------------------------------------------------------------------ reached


def reach(api_key: str | None, base_url: str | None, credential: CredentialInUse | None) -> Reached:
    """Ask the service for the projects of the credential.

    In a thread, because looking a name up cannot be bounded otherwise; the thread ends with the process at the latest.
    """
    answers: list[Reached] = []

    def ask() -> None:
        answers.append(_asked(api_key, base_url, credential))

    asking = Thread(target=ask, name="deepgram doctor", daemon=True)
    asking.start()
    asking.join(2 * PATIENCE)
    return answers[0] if answers else Reached(False, None, f"no answer within {2 * PATIENCE:g} s")


def _asked(api_key: str | None, base_url: str | None, credential: CredentialInUse | None) -> Reached:
    from ..client import DeepgramClient
    from ..runtime.errors import ApiError

    keywords: dict[str, Any] = {"api_key": api_key if credential else "none", "base_url": base_url}
    given = {name: value for name, value in keywords.items() if value is not None}
    try:
        with DeepgramClient(timeout=PATIENCE, **given) as client:
            client.manage.v1.projects.list(request_options={"max_retries": 0})
    except ApiError as error:
        status = error.status_code
        if status is None:
            return Reached(False, None, explain(error).removesuffix(REACHING).strip())
        if status in (401, 403):
            said = "it answers, and refuses the credential" if credential else "it answers, and wants a credential"
            return Reached(credential is None, status, said)
        if status == 404 and error.request_id:  # a server of this protocol that keeps no projects
            return Reached(True, status, "it answers")
        return Reached(False, status, explain(error))
    except Exception as error:
        return Reached(False, None, explain(error))
    return Reached(True, 200, "it answers, and takes the credential" if credential else "it answers")


# ------------------------------------------------------------------------------------------------------------- written


def show(found: Findings) -> None:
    """Write the findings for people."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    def mark(good: bool) -> Text:
        return Text("ok", "green") if good else Text("--", "yellow")

    table = Table.grid(padding=(0, 2))
    table.add_row(mark(True), "version", f"deepgram-sdk {found.version}, Python {found.python}, {found.platform}")
    if says := mixed():
        table.add_row(mark(False), "versions", Text(says))
    for extra, parts in found.extras.items():
        missing = [name for name, installed in parts.items() if installed is None]
        says = ", ".join(f"{name} {installed}" for name, installed in parts.items() if installed)
        if missing:
            says = f'missing: {", ".join(missing)} (pip install "deepgram-sdk[{extra}]")'
        table.add_row(mark(not missing), f"extra {extra}", Text(says))
    if not found.extras:
        table.add_row(mark(False), "extras", "unknown: the package runs from a checkout, it is not installed")
    states = set(found.engines.values())
    if len(states) == 1 and AVAILABLE not in states:  # one reason for all
        table.add_row(mark(False), "engines", Text(states.pop()))
    else:
        for engine, state in found.engines.items():
            table.add_row(mark(state == AVAILABLE), f"engine {engine}", Text(state))
    for engine, state in found.voice_engines.items():
        table.add_row(mark(state == AVAILABLE), f"voice engine {engine}", Text(state))
    for detector, state in found.voice_activity.items():
        table.add_row(mark(state == AVAILABLE), f"voice activity {detector}", Text(state))
    if found.credential is None:
        says = "none: set DEEPGRAM_API_KEY or DEEPGRAM_TOKEN, or transcribe with --local"
    else:
        says = f"{found.credential.kind} from {found.credential.source}, {found.credential.length} characters"
    table.add_row(mark(found.credential is not None), "credential", says)
    table.add_row(mark(True), "address", Text(f"{found.base_url} ({found.base_url_source})"))
    status = "" if found.reached.status is None else f" (status {found.reached.status})"
    table.add_row(mark(found.reached.ok), "service", Text(found.reached.says + status))
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    console.print(table)
    console.print(Text(found.verdict, "bold"))
