"""The embedded server is installed apart: this file is found while it is not."""

from deepgram._apart import missing

raise missing("deepgram.local", "the embedded server", extra="local")
