"""Since which release of the official package a name is there: read from ``versions.txt``.

Three releases were recorded, so "7" means: not in 6.1.1, but in 7.17.0. What no release has is this package's own.
``python -m reference.versions SURFACE.json ...`` writes the file anew, from recordings in the order of the releases.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("versions.txt")
OWN = "own"
"""What stands for names that only this package has."""

HEAD = """\
# Since which release of the official package something is there; written by `python -m reference.versions`.
# A line per operation, command of a socket, client or message: its name, a release, and the parameters or fields
# that came with it. The releases are 6.0 (6.0.1), 6.1 (6.1.1) and 7 (7.17.0 at the latest).
"""


@cache
def recorded() -> dict[str, dict[str, str]]:
    """Return, for everything recorded, its parameters or fields and the release that brought them."""
    known: dict[str, dict[str, str]] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, release, *parts = line.split()
            # The first release of a name stands under the empty name: it has no parameters, perhaps.
            known.setdefault(name, {"": release}).update(dict.fromkeys(parts, release))
    return known


def since(name: str, part: str = "") -> str:
    """Return the release that brought ``name``, or its parameter or field ``part``; ``OWN`` if none did."""
    return recorded().get(name, {}).get(part, OWN)


def collect(surface: dict[str, Any]) -> dict[str, list[str]]:
    """Return the operations, commands, clients and messages of one recording, each with its parameters or fields."""
    objects = surface["objects"]
    found: dict[str, list[str]] = {}
    for path, home in surface["tree"].items():
        root, _, resource = path.partition(".")
        if root != "DeepgramClient" or "with_raw_response" in path:
            continue
        if not resource:
            continue
        for method, shape in objects[home].get("methods", {}).items():
            if not method.startswith("_"):
                found[f"{resource}.{method}"] = _names(shape["params"])
    for home, shape in objects.items():
        module, _, name = home.rpartition(":")
        if name == "DeepgramClient" and "accepts" in shape:
            found[name] = _names(shape["accepts"])
        elif name.endswith("V1SocketClient") or name.endswith("V2SocketClient"):
            resource = module.removeprefix("deepgram.").removesuffix(".socket_client")
            if not name.startswith("Async"):
                for method, command in shape["methods"].items():
                    if method.startswith("send_"):
                        found[f"{resource}.connect.{method}"] = _names(command["params"])
        elif shape["kind"] in ("model", "typeddict") and not name.endswith("Params"):
            found[name] = _names(shape["fields"])
    return found


def _names(entries: list[list[Any]]) -> list[str]:
    return [entry[0] for entry in entries]


def write(recordings: list[Path]) -> None:
    """Write the file out of the recordings of 6.0.1, 6.1.1 and 7.17.0."""
    lines: set[tuple[str, str, str]] = set()
    seen: dict[str, set[str]] = {}
    for path in recordings:
        surface = json.loads(path.read_text(encoding="utf-8"))
        major, minor, _ = surface["meta"]["version"].split(".")
        release = f"{major}.{minor}" if major == "6" else major
        for name, parts in collect(surface).items():
            known = seen.setdefault(name, set())
            new = [part for part in parts if part not in known]
            if new or not known:
                lines.add((name, release, " ".join(new)))
            known |= {"", *parts}
    text = "".join(f"{' '.join(line).rstrip()}\n" for line in sorted(lines))
    FILE.write_text(HEAD + text, encoding="utf-8")


if __name__ == "__main__":
    write([Path(argument) for argument in sys.argv[1:]])
