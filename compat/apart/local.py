"""The embedded server is installed apart: this file is found while it is not."""

raise ModuleNotFoundError(
    'deepgram.local, the embedded server, is not installed: pip install "deepgram-sdk[local]"', name="deepgram.local"
)
