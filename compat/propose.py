"""Proposes lines for ``surface.txt``: ``python -m compat.propose RECORDED.json ... [--homeless]``.

A recorded surface says which module offers which names. Printed are the lines that are missing here and
whose names have a home; with ``--homeless`` those whose names are still to be written. Where a name is
defined several times, or was another name for something, the line is a suggestion to look at.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path

from hatch_build import ROOT, Surface

IGNORED = {"OMIT", "T"}  # sentinels and type variables of the recorded package


def recorded(files: list[Path]) -> dict[str, dict[str, str]]:
    """Return the names of every recorded module with where they were defined; packages are left out."""
    names: dict[str, dict[str, str]] = {}
    for file in files:
        surface = json.loads(file.read_text(encoding="utf-8"))
        for module, offered in surface["modules"].items():
            known = names.setdefault(module.removeprefix(ROOT).removeprefix("."), {})
            known |= {name: origin or f"{module}:{name}" for name, origin in offered.items()}
            if not offered:  # a plain value is recorded without its name, but its package offers it
                package, _, leaf = module.rpartition(".")
                around = surface["modules"].get(package, {})
                known |= {name: f"{module}:{name}" for name in around if name.lower() == leaf.replace("_", "")}
    packages = {module.rpartition(".")[0] for module in names}
    return {module: found for module, found in names.items() if module not in packages}


def propose(surface: Surface, files: list[Path], *, homeless: bool = False) -> list[str]:
    """Return the lines that are missing: of names that have a home, or of those that have none."""
    lines: list[str] = []
    modules = recorded(files)
    origins: dict[str, set[str]] = defaultdict(set)
    for names in modules.values():
        for name, origin in names.items():
            origins[name].add(origin.partition(":")[0])
    for module, names in sorted(modules.items()):
        have = {entry.name for entry in surface.modules.get(module, ())}
        words: list[str] = []
        places: set[str] = set()
        for name, origin in sorted(names.items()):
            if name in have or name in IGNORED:
                continue
            defined = origin.rpartition(":")[2]
            same = surface.find(name)
            found = homes = same or surface.find(defined)
            if len(origins[name]) > 1:  # V1Client and the like: one in each resource
                resource = module.partition(".")[0]
                homes = [home for home in found if home.module.rpartition(".")[2].startswith(resource)]
            if bool(homes) != homeless:
                words.append(name if same or not found else f"{name}={defined}")
                places |= {home.module for home in homes} if len(found) > 1 else set()
        if words:
            unsure = f" <- {' OR '.join(sorted(places))}" if places else ""
            lines.append(f"{module}: {' '.join(words)}{unsure}")
    return lines


if __name__ == "__main__":
    paths = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")]
    for line in propose(Surface(Path(__file__).parent.parent), paths, homeless="--homeless" in sys.argv):
        print(line)  # noqa: T201
