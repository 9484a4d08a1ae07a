"""The command is installed apart: this file is found while it is not."""

raise ModuleNotFoundError(
    'deepgram.cli, the command `deepgram`, is not installed: pip install "deepgram-sdk[cli]"', name="deepgram.cli"
)
