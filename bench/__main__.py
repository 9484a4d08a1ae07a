"""``make bench``: measure ours, the bare libraries and the official package in one run, and print a table.

Speed is never tested: the exit code is 0 whatever the table says, and a missed target is marked in it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from .documents import drifted_document, hour_document, small_document
from .download_peer import answering
from .live_peer import talking
from .loopback import serving

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 300.0
"""Seconds that one measurement may take."""
UPLOAD = 512
"""MiB of the large upload."""
BUSY = 0.1
"""Share of the time without a CPU from which on nothing can be said about keeping up with real time."""
MIB = 2**20
GB = 1e9

Figures = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    unit: str
    values: tuple[float | None, float | None, float | None]
    """Ours, the bare libraries, the official package; None is not measured."""
    at_most: float | None = None
    at_least: float | None = None
    of_bare: bool = False
    """The target is for the ratio of ours to bare."""

    def cells(self) -> list[str]:
        """Return the texts of the line."""
        ours, *others = self.values
        return [
            self.what,
            self.unit,
            *(show(value) for value in self.values),
            *(show(ratio(ours, other), "x") for other in others),
            self.target(),
            self.verdict(),
        ]

    def target(self) -> str:
        """Return the target as text."""
        if self.at_most is not None:
            return f"<= {self.at_most:g}" + ("x bare" if self.of_bare else "")
        return f">= {self.at_least:g}" if self.at_least is not None else ""

    def verdict(self) -> str:
        """Return whether the target is reached."""
        if self.at_most is None and self.at_least is None:
            return ""
        ours, bare, _ = self.values
        value = ratio(ours, bare) if self.of_bare else ours
        if value is None:
            return "not measured"
        low, high = self.at_least, self.at_most
        return "yes" if (low is None or value >= low) and (high is None or value <= high) else "MISSED"


def ratio(ours: float | None, other: float | None) -> float | None:
    """Return ours as a multiple of the other."""
    return ours / other if ours is not None and other else None


def show(value: float | None, unit: str = "") -> str:
    """Return ``value`` with as many digits as mean something."""
    if value is None:
        return "-"
    if isinstance(value, int):
        return str(value)
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}{unit}"


class Bench:
    """The sides that are compared, and how each is run.

    Ours and the bare libraries run in the environment of the official package where there is one: all three then
    have the same libraries, and no others that these would load on their own (httpx loads click and rich).
    """

    def __init__(self, official: Path | None, address: str) -> None:
        self.official = official
        self.address = address
        self.plain = official or Path(sys.executable)

    def run(self, *arguments: str, ours: bool = True, python: Path | None = None, given: str | None = None) -> Figures:
        """Measure in a process of its own; return what it prints, or nothing if it fails or cannot be run."""
        if not ours and self.official is None:
            return {}
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        if ours:
            environment["PYTHONPATH"] = str(ROOT / "src")
        command = [str(python or self.plain), *arguments]
        try:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                input=given,
                capture_output=True,
                text=True,
                timeout=LIMIT,
                check=True,
            )
        except subprocess.TimeoutExpired:
            print(f"{' '.join(arguments)} took more than {LIMIT:.0f} s", file=sys.stderr)
            return {}
        except subprocess.CalledProcessError as error:
            print(f"{' '.join(arguments)} failed:\n{error.stderr[-2000:]}", file=sys.stderr)
            return {}
        return json.loads(done.stdout) or {}

    def best(self, times: int, *arguments: str, ours: bool = True, python: Path | None = None) -> dict[str, float]:
        """Return the lowest of each figure of several runs."""
        runs = [self.run(*arguments, ours=ours, python=python) for _ in range(times)]
        return {name: min(run[name] for run in runs if run) for name in next((run for run in runs if run), {})}

    def version(self, *, ours: bool) -> str:
        """Return the version of a side. Raises ``SystemExit`` if ours would not be this checkout."""
        program = (
            "import json, deepgram; print(json.dumps({'file': deepgram.__file__, 'version': deepgram.__version__}))"
        )
        found = self.run("-c", program, ours=ours)
        if ours and not Path(found.get("file") or "/").is_relative_to(ROOT / "src"):
            raise SystemExit(f"ours would be measured from {found.get('file')}, not from {ROOT / 'src'}")
        return str(found.get("version", "-"))


def scaled(value: float | None, by: float) -> float | None:
    """Return ``value`` in another unit."""
    return value * by if value is not None else None


def each(sides: tuple[T, T, T], figure: Callable[[T], float | None]) -> tuple[float | None, float | None, float | None]:
    """Return the figure of each side."""
    ours, bare, official = sides
    return figure(ours), figure(bare), figure(official)


def starting(bench: Bench) -> list[Row]:
    """Measure fresh processes; the sides take turns."""
    address = f"{bench.address}/small"
    sides = {"ours": ("package", True), "bare": ("bare", True), "official": ("package", False)}
    runs: dict[str, list[Figures]] = {side: [] for side in sides}
    for _ in range(9):
        for side, (what, ours) in sides.items():
            runs[side].append(bench.run("bench/start.py", what, address, ours=ours))

    def lowest(side: str, figure: Callable[[Figures], float]) -> float | None:
        return min((figure(run) for run in runs[side][1:] if run), default=None)

    def row(what: str, unit: str, figure: Callable[[Figures], float], at_most: float | None = None) -> Row:
        return Row(what, unit, (lowest("ours", figure), lowest("bare", figure), lowest("official", figure)), at_most)

    heavy = {"httpx", "pydantic", "websockets"}
    return [
        row("build a client, above bare Python", "ms", lambda run: (run["built"] - run["start"]) * 1e3, 15),
        row("- modules that it loads", "", lambda run: len(run["modules"])),
        row("- httpx, pydantic, websockets among them", "", lambda run: len(heavy & set(run["modules"])), 0),
        row("fresh process to the first REST answer", "ms", lambda run: run["answered"] * 1e3, 190),
    ]


DEEP = {
    "listen.v1.media.client": "clients.listen",
    "speak.v1.audio.client": "clients.speak",
    "agent.v1.client": "clients.agent",
    "manage.v1.projects.keys.client": "clients.manage",
    "read.v1.text.client": "clients.read",
    "voice_agent.variables.client": "clients.voice_agent",
    "listen.v1.socket_client": "protocol.listen_sockets",
    "types.listen_v1response": "protocol.models.listen",
    "types.think_settings_v1": "protocol.models.agent_settings",
    "types.list_projects_v1response": "protocol.models.projects",
    "requests.listen_v1response": "protocol.models.listen",
    "core.api_error": "runtime.errors",
}
"""Paths that programs import, and where what they lead to lives."""


def imports(bench: Bench) -> list[Row]:
    """Measure imports; build the wheels to weigh them."""
    lines = (ROOT / "compat" / "surface.txt").read_text(encoding="utf-8").splitlines()
    paths = {line.partition(":")[0] for line in lines if line[:1].isidentifier()} - {"deepgram"}
    modules = " ".join(["deepgram", *(f"deepgram.{path}" for path in sorted(paths))])

    def once(module: str, *, ours: bool = True) -> float | None:
        return bench.best(3, "bench/imports.py", "once", f"deepgram{module and '.'}{module}", ours=ours).get("seconds")

    package = (scaled(once(""), 1e3), None, scaled(once("", ours=False), 1e3))
    whole = [bench.run("bench/imports.py", "all", ours=ours, given=modules).get("seconds") for ours in (True, False)]
    ratios = [found for path, home in DEEP.items() if (found := ratio(once(path), once(home)))]
    wheel = bench.run("-m", "bench.weigh", python=Path(sys.executable))
    return [
        Row("import deepgram, CPU", "ms", package, 15),
        Row(f"import all {len(paths) + 1} modules of the surface", "s", (whole[0], None, whole[1]), 3),
        Row(
            "a deep path, times its resource: the worst",
            "x",
            (max((r for r in ratios if r), default=None), None, None),
            1.3,
        ),
        Row("the wheel", "kB", (wheel.get("sdk"), None, None), 700),
        Row("the wheel of server and command", "kB", (wheel.get("server"), None, None)),
    ]


def large_answers(bench: Bench) -> list[Row]:
    """Measure answers for an hour of speech."""
    ours = bench.run("-m", "bench.calls", "large", bench.address)
    official = bench.run("-m", "bench.calls", "large", bench.address, ours=False)
    sides = (ours.get("package", {}), ours.get("bare", {}), official.get("package", {}))

    def row(what: str, name: str, at_most: float) -> Row:
        return Row(what, "ms", each(sides, lambda side: scaled(side.get(name), 1e3)), at_most)

    drift = each(sides, lambda side: ratio(side.get("drifted"), side.get("transcript")))
    return [
        row("transcribe_url, 1 h of speech, transcript read", "transcript", 45),
        row("- every word read", "words", 75),
        Row("- fields missing and unknown: times the clean one", "x", drift, 1.2),
    ]


def small_calls(bench: Bench) -> list[Row]:
    """Measure small calls, one by one and 64 at once."""
    single, single_official = (
        bench.run("-m", "bench.calls", "small", bench.address, ours=ours) for ours in (True, False)
    )
    many = bench.run("-m", "bench.calls", "at_once", bench.address, python=Path(sys.executable))
    many_official = bench.run("-m", "bench.calls", "at_once", bench.address, ours=False)

    def row(what: str, ours: Figures, official: Figures, at_most: float, of_bare: bool) -> Row:
        sides = (ours.get("package"), ours.get("bare"), official.get("package"))
        return Row(what, "us", each(sides, lambda side: scaled(side, 1e6)), at_most, of_bare=of_bare)

    return [
        row("small call, sync, keep-alive", single, single_official, 1.15, True),
        row("64 async calls at once, extra aiohttp: each", many, many_official, 450, False),
    ]


def uploads(bench: Bench) -> list[Row]:
    """Measure uploads of one large file in every form that is taken."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "audio")
        with file.open("wb") as out:
            for _ in range(UPLOAD):
                out.write(os.urandom(MIB))
        for kind in ("bytes", "path", "file", "iterator"):
            # A second run would tell nothing new where the figure is a hundred times the target.
            slow = 1 if kind == "bytes" else 2
            there = (kind, f"{bench.address}/small", str(file))
            sides = (
                bench.best(4, "-m", "bench.uploads", "package", *there),
                bench.best(slow, "-m", "bench.uploads", "bare", *there),
                bench.best(slow, "-m", "bench.uploads", "package", *there, ours=False),
            )
            cpu = each(sides, lambda side: scaled(side.get("seconds"), GB / (UPLOAD * MIB)))
            memory = each(sides, lambda side: scaled(side.get("memory"), 1 / MIB))
            rows.append(Row(f"upload {UPLOAD} MiB given as {kind}", "s/GB", cpu, 0.5))
            rows.append(Row("- extra memory", "MiB", memory, 8))
    return rows


def downloads(bench: Bench) -> list[Row]:
    """Measure audio that comes back: 200 MB of it, and its first byte."""
    with answering() as address:

        def measured(kind: str, python: Path | None = None) -> Figures:
            return bench.run("-m", "bench.downloads", kind, address, python=python)

        def row(what: str, unit: str, figures: Figures, by: float, at_most: float) -> Row:
            values = (scaled(figures.get("package"), by), scaled(figures.get("bare"), by), None)
            return Row(what, unit, values, at_most, of_bare=True)

        first, grown = measured("first"), measured("memory")
        sooner = scaled((first.get("package") or 0) - (first.get("bare") or 0), 1e6) if first else None
        return [
            row("download 200 MB, sync: bare is httpx", "ms", measured("sync"), 1e3, 1.11),
            row("- async, extra aiohttp: bare is aiohttp", "ms", measured("async", Path(sys.executable)), 1e3, 1.11),
            Row("- extra memory", "MiB", (scaled(grown.get("bytes"), 1 / MIB), None, None), 8),
            Row("first byte of speech, by the clock, above bare httpx", "us", (sooner, None, None), 150),
        ]


def recognition(bench: Bench) -> list[Row]:
    """Measure the embedded server."""
    measured = bench.run("-m", "bench.recognition", python=Path(sys.executable))
    sides: tuple[Figures, Figures, Figures] = (measured.get("package", {}), measured.get("bare", {}), {})

    def row(what: str, unit: str, name: str, at_least: float | None = None) -> Row:
        return Row(what, unit, each(sides, lambda side: side.get(name)), at_least=at_least)

    return [
        row("server: read speech, one worker, by CPU time", "x real time", "cpu", 3),
        row("- by the clock", "x real time", "clock"),
        row("- two workers, by the clock", "x of one", "two", 1.9),
    ]


def live_clients(bench: Bench) -> list[Row]:
    """Measure live conversations from the client's side."""
    rows: list[Row] = []
    with talking() as address:

        def alone(kind: str) -> tuple[list[Figures], list[Figures], list[Figures]]:
            runs: tuple[list[Figures], list[Figures], list[Figures]] = ([], [], [])
            for _ in range(2):
                for side, (what, ours) in zip(
                    runs, (("package", True), ("bare", True), ("package", False)), strict=True
                ):
                    side.append(bench.run("-m", "bench.live", kind, address, what, ours=ours))
            return runs

        def pair(kind: str, what: str, targets: Mapping[str, tuple[float | None, float | None]]) -> Generator[Row]:
            ours, official = (bench.run("-m", "bench.live", kind, address, ours=ours) for ours in (True, False))
            sides = (ours.get("package", {}), ours.get("bare", {}), official.get("package", {}))
            for mode, (at_most, of_bare) in targets.items():
                values = each(sides, lambda side, mode=mode: scaled(side.get(mode), 1e6))  # type: ignore[misc]
                if at_most is not None:
                    yield Row(f"{what}, {mode}", "us", values, at_most)
                if of_bare is not None:
                    yield Row(f"{what}, {mode}", "us", values, of_bare, of_bare=True)

        received: dict[str, tuple[float | None, float | None]] = {"async": (20, 1.4), "sync": (25, 1.4)}
        rows += pair("receive", "live message received, its words read", received)
        rows += pair("send", "send_media of 640 bytes", {"async": (None, 1.15), "sync": (None, 1.15)})
        rows += pair("agent_send", "agent: send_media of 640 bytes", {"async": (None, 1.15), "sync": (None, 1.15)})
        rows += pair("agent_audio", "agent: 640 bytes of audio received", {"async": (None, 1.4), "sync": (None, 1.4)})
        rows += pair("latency", "message to handler, p50", {"async": (None, 1.5), "sync": (None, 1.5)})
        # The run that kept time best: what comes late comes together, which costs less.
        calm = each(alone("streams"), lambda runs: min((run["late"], run["per_core"]) for run in runs if run)[1])
        rows.append(Row("1000 async streams in one process: per core", "streams", calm, at_least=600))
        held = each(alone("memory"), lambda runs: min((run["bytes"] / 1e3 for run in runs if run), default=None))
        rows.append(Row("memory of a conversation", "kB", held, 30))
    return rows


def live_server(bench: Bench) -> list[Row]:
    """Measure live conversations from the server's side."""

    def row(
        what: str, unit: str, value: float | None, at_most: float | None = None, at_least: float | None = None
    ) -> Row:
        return Row(what, unit, (value, None, None), at_most, at_least)

    rows: list[Row] = []
    for kind in ("v1", "v2"):
        run = bench.run("-m", "bench.live_server", kind, python=Path(sys.executable))
        rows.append(
            row(f"server: listen {kind}, protocol only: per core", "streams", run.get("per_core"), at_least=500)
        )
        rows.append(row("- its memory grows meanwhile by", "%", run.get("growth"), 1))
    run = bench.run("-m", "bench.live_server", "speech", python=Path(sys.executable))
    if run.get("waited", 0.0) > BUSY:
        print(f"the recogniser had to wait for a CPU in {run['waited']:.0%} of the time", file=sys.stderr)
    return [
        *rows,
        row("server: pocketsphinx, live: per core", "streams", run.get("per_core"), at_least=4),
        row("- four on one worker: last results behind the audio", "ms", scaled(run.get("behind"), 1e3), 1000),
        row("- final result after the endpoint, p50", "ms", scaled(run.get("final"), 1e3), 300),
        row("- p95", "ms", scaled(run.get("final_worst"), 1e3)),
    ]


def management(bench: Bench) -> list[Row]:
    """Measure management requests of the embedded server."""
    run = bench.run("-m", "bench.management", python=Path(sys.executable))

    def row(what: str, name: str) -> Row:
        return Row(f"server: {what}, recorded: per core", "/s", (run.get(name), None, None), at_least=1000)

    return [row("get a project", "get"), row("list ten requests", "list"), row("make a key", "create")]


def transports(bench: Bench) -> list[Row]:
    """Measure other transports: picows beside the default, SageMaker's beside AWS's client."""
    here = Path(sys.executable)
    with talking() as address:
        kinds = ("picows", "default", "nothing")
        runs = {kind: bench.run("-m", "bench.transports", kind, address, python=here) for kind in kinds}
    picows, default, nothing = (runs[kind].get("per_core") for kind in kinds)
    rows = [Row("picows, 1000 async streams: per core (bare: default)", "streams", (picows, default, None))]
    rows.append(Row("- times the default", "x", (ratio(picows, default), None, None), at_least=1.5))
    if default and nothing:  # the program, the session, the messages; and what the kernel does for the same frames
        most = 1 / default / (1 / nothing + runs["picows"]["kernel"])
        rows.append(Row("- if a transport cost nothing but the kernel's part", "x", (most, None, None)))
    if sys.version_info >= (3, 12):
        run = bench.run("-m", "bench.transports", "sagemaker", python=here)
        values = (scaled(run.get("package"), 1e6), scaled(run.get("bare"), 1e6), None)
        rows.append(Row("SageMaker: 20 ms of audio sent (bare: AWS's client)", "us", values, 1.5, of_bare=True))
    else:
        print("SageMaker is not measured: AWS's client needs Python 3.12 or newer", file=sys.stderr)
    return rows


def speaking(bench: Bench) -> list[Row]:
    """Measure speech from the embedded server."""
    run = bench.run("-m", "bench.speaking", python=Path(sys.executable))

    def row(what: str, unit: str, name: str, at_most: float | None = None, at_least: float | None = None) -> Row:
        return Row(f"speech: {what}", unit, (run.get(name), None, None), at_most, at_least)

    return [
        row("first byte of 2000 characters, mp3", "ms", "first byte, mp3", at_most=30),
        row("first byte of 2000 characters, linear16", "ms", "first byte, linear16", at_most=30),
        row("whole path to mp3, of real time", "x", "mp3, of real time", at_least=100),
        row("50 conversations, longest gap", "ms", "longest gap", at_most=0),
        row("50 conversations, of real time", "x", "together, of real time", at_least=50),
    ]


def agents(bench: Bench) -> list[Row]:
    """Measure conversations with the agent of the embedded server."""

    def row(what: str, unit: str, value: float | None, at_most: float | None = None) -> Row:
        return Row(what, unit, (value, None, None), at_most)

    rows: list[Row] = []
    for at_once, name in ((1, "agent"), (4, "four agents at once")):
        run = bench.run("-m", "bench.agents", "--at-once", str(at_once), python=Path(sys.executable))
        if run.get("waited", 0.0) > BUSY:
            print(f"{name}: the server had to wait for a CPU in {run['waited']:.0%} of the time", file=sys.stderr)
        answer, silence, told = (run.get(measured, {}) for measured in ("answer", "silence", "told"))
        rows += [
            row(f"{name}: end of speech to first audio, p50", "ms", scaled(answer.get("p50"), 1e3), 700),
            row("- worst", "ms", scaled(answer.get("worst"), 1e3)),
            row("- barge-in: speech to the last audio, worst", "ms", scaled(silence.get("worst"), 1e3), 150),
            row("- barge-in: speech to UserStartedSpeaking, p50", "ms", scaled(told.get("p50"), 1e3)),
            row("- worst", "ms", scaled(told.get("worst"), 1e3), 150),
            row("- longest gap in the agent's speech", "ms", scaled(run.get("gap"), 1e3), 0),
            row("- cores in use", "", run.get("cores"), 2),
        ]
    return rows


PARTS = {
    "start": starting,
    "imports": imports,
    "large": large_answers,
    "small": small_calls,
    "upload": uploads,
    "download": downloads,
    "server": recognition,
    "live": live_clients,
    "streams": live_server,
    "management": management,
    "speaking": speaking,
    "agents": agents,
    "transports": transports,
}
HEAD = ["measure", "unit", "ours", "bare", "official", "of bare", "of official", "target", "reached"]


def measure(parts: list[str], official: Path | None) -> Generator[Row, None, None]:
    """Yield the rows of the table, part by part."""
    with tempfile.TemporaryDirectory() as folder:
        for name, document in (("small", small_document), ("hour", hour_document), ("drifted", drifted_document)):
            Path(folder, f"{name}.json").write_text(json.dumps(document(), separators=(",", ":")))
        with serving(Path(folder)) as address:
            bench = Bench(official, address)
            print(f"ours {bench.version(ours=True)}, official {bench.version(ours=False)}", flush=True)
            for part in parts:
                print(f"measuring: {part} ...", file=sys.stderr, flush=True)
                yield from PARTS[part](bench)


def table(rows: list[Row]) -> str:
    """Return the table in Markdown, readable as it is."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    drawn = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    drawn.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(drawn)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--official", type=Path, help="Python of an environment with the official package")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS), help="parts to measure")
    asked = parser.parse_args()
    official: Path | None = asked.official
    if official is not None and not official.exists():
        print(f"{official} does not exist: the table goes without the official package", file=sys.stderr)
        official = None
    began = time.monotonic()
    rows = list(measure(asked.only, official))
    load = os.getloadavg()[0]
    took = time.monotonic() - began
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}, measured in {took:.0f} s\n")
    print(table(rows))
    if missed := [row.what for row in rows if row.verdict() == "MISSED"]:
        print(f"\n{len(missed)} targets missed.")


if __name__ == "__main__":
    main()
