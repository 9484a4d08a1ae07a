"""The official packages as peers: released clients, each in an environment of its own, against our server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deepgram.local import Server
from deepgram.protocol.models.listen_live import ListenV1Results, ListenV2TurnInfo

from .conftest import Neighbour

SCRIPTS = Path(__file__).parent / "peers"
RELEASES = ["6.1.1", "7.17.0"]


def interpreter(release: str) -> Path:
    """Return the Python of a peer's environment, which `make test` sets up beside ours."""
    for name in ("bin/python", "Scripts/python.exe"):
        found = Path(sys.prefix) / "peers" / release / name
        if found.exists():
            return found
    pytest.fail(f"the official release {release} is not set up: run `make test`, or `make peers` before pytest")


def run(release: str, script: str, *arguments: str | Path) -> Any:
    """Run a script of ``peers/`` with the official package; return what it prints."""
    done = subprocess.run(
        [interpreter(release), SCRIPTS / script, *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={"PATH": "", "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("release", RELEASES)
def test_the_official_client_transcribes_a_file(server: Server, clip: Path, release: str, neighbour: Neighbour) -> None:
    seen = run(release, "recorded.py", server.url, clip, neighbour.url)
    with server.client() as client:
        ours = client.listen.v1.media.transcribe_file(request=clip, model="nova-3", smart_format=True, utterances=True)
    alternatives = ours.results.channels[0].alternatives
    assert alternatives is not None
    assert alternatives[0].words
    for mode in ("sync", "raw", "async"):
        assert seen[mode]["kind"] == "ListenV1Response"
        assert seen[mode]["transcript"] == alternatives[0].transcript
        assert seen[mode]["words"] == [[word.word, word.start, word.end] for word in alternatives[0].words]
        assert seen[mode]["sha256"] == ours.metadata.sha256
        assert seen[mode]["utterances"] == len(ours.results.utterances or ())
        assert seen[mode]["created"] == "datetime"
        assert seen[mode]["channels"] == 1
    assert seen["request id"] is True
    assert seen["receipt"] == "ListenV1AcceptedResponse"
    assert seen["error"] == ["BadRequestError", 400, ["err_code", "err_msg", "request_id"]]


@pytest.mark.parametrize("release", RELEASES)
def test_the_official_client_holds_live_conversations(server: Server, clip: Path, release: str) -> None:
    seen = run(release, "live.py", server.url, clip)
    words, turns = ours(server, clip)
    assert len(words) > 3
    for mode in ("sync", "async"):
        first, second = seen[f"{mode} v1"], seen[f"{mode} v2"]
        assert first["order"] == second["order"] == ["open", "message", "close"]
        assert first["words"] == words
        assert first["last"] == "Metadata"
        assert second["types"] == ["Connected", "TurnInfo"]
        assert second["turns"] == turns


def ours(server: Server, clip: Path) -> tuple[list[str], list[str]]:
    """Return the final words and the turns that our client hears in the same conversations."""
    words: list[str] = []
    turns: list[str] = []

    def on_result(message: object) -> None:
        if isinstance(message, ListenV1Results) and message.is_final:
            words.extend(word.word for word in message.channel.alternatives[0].words)

    def on_turn(message: object) -> None:
        if isinstance(message, ListenV2TurnInfo) and message.event == "EndOfTurn":
            turns.append(message.transcript)

    with server.client() as client:
        with client.listen.v1.connect(model="nova-3", interim_results=True, endpointing=300) as connection:
            connection.on("message", on_result)
            connection.listen_in_background()
            connection.send_media(clip.read_bytes())
            connection.send_finalize()
        with client.listen.v2.connect(model="flux-general-en", eot_threshold=0.7) as turning:
            turning.on("message", on_turn)
            turning.listen_in_background()
            turning.send_media(clip.read_bytes())
    return words, turns
