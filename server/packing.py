"""What hatchling packs as ``deepgram-sdk-server``: two folders of the package ``deepgram``, beside the SDK's own.

In a checkout they are in ``../src``; a source distribution has them, and the version, in its own ``src``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

FOLDERS = ("deepgram/cli", "deepgram/local")
VERSION = "deepgram/version.py"


def sources(root: str) -> Path:
    """Return the folder that holds the package ``deepgram``."""
    inside = Path(root) / "src"
    return inside if inside.is_dir() else Path(root).parent / "src"


class VersionHook(MetadataHookInterface):
    """The version, and with it the SDK that this server belongs to: the two ends of one protocol are never mixed."""

    def update(self, metadata: dict[str, Any]) -> None:
        text = (sources(self.root) / VERSION).read_text(encoding="utf-8")
        found = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
        if found is None:
            raise SystemExit(f"{VERSION} does not say the version")
        metadata["version"] = found[1]
        metadata["dependencies"] = [f"deepgram-sdk=={found[1]}"]


class FoldersHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the folders: to a wheel as they are, to a source distribution below ``src``, with the version."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        source = sources(self.root)
        if self.target_name == "sdist":
            build_data["force_include"] |= {str(source / path): f"src/{path}" for path in (*FOLDERS, VERSION)}
        elif version != "editable":  # that refers to the sources where they are
            build_data["force_include"] |= {str(source / path): path for path in FOLDERS}
