"""The command is installed apart: this file is found while it is not."""

from deepgram._apart import missing

raise missing("deepgram.cli", "the command `deepgram`", extra="cli")
