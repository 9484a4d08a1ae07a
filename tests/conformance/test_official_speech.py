"""The official packages as peers: released clients, each in an environment of its own, have our server speak."""

from __future__ import annotations

import base64
import io

import av
import pytest

from deepgram.local import Server

from .test_official_clients import RELEASES, run


def seconds(audio: str) -> float:
    """Return the length of a FLAC, as it decodes."""
    with av.open(io.BytesIO(base64.b64decode(audio))) as container:
        stream = container.streams.audio[0]
        return float(sum(frame.samples for frame in container.decode(stream)) / int(stream.rate))


@pytest.mark.parametrize("release", RELEASES)
def test_the_official_client_has_texts_spoken(server: Server, release: str) -> None:
    seen = run(release, "speech.py", server.url)
    assert seen["versions"] == (["v1", "v2"] if release.startswith("7") else ["v1"])
    for mode in ("sync", "raw", "async"):
        assert 2 < seconds(seen[mode]) < 6
    assert seen["characters"] == "50"
    for mode in ("sync", "async"):
        assert seen[f"{mode} refusal"] == ["BadRequestError", 400, ["err_code", "err_msg", "request_id"]]
        spoken = seen[f"{mode} v1"]
        assert spoken["types"] == ["Metadata", "audio", "Flushed"]
        assert 2 < spoken["size"] / 48000 < 6
    if "v2" not in seen["versions"]:
        return
    assert 2 < seconds(seen["sync flux"]) < 6
    for mode in ("sync", "async"):
        spoken = seen[f"{mode} v2"]
        turn = ["SpeechStarted", "audio", "Flushed", "SpeechMetadata"]
        assert spoken["types"] == ["Connected", *turn, "SessionMetadata"]
        assert 2 < spoken["size"] / 48000 < 6
