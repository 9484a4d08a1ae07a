"""Addresses that lead astray, end to end: through the client, and through the command."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

import deepgram.local
from deepgram.cli import main
from deepgram.errors import BadRequestError
from deepgram.local import Server
from deepgram.local.guard import guarded_client
from tests.local.internet import PUBLIC, Internet, names

from .conftest import Neighbour

Command = Callable[..., str]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run ``deepgram transcribe`` against a server; return what it says on stderr."""

    def run(server: Server, source: str) -> str:
        monkeypatch.setenv("DEEPGRAM_BASE_URL", server.url)
        monkeypatch.setenv("DEEPGRAM_API_KEY", "any")
        with pytest.raises(SystemExit) as leaving:
            main(["transcribe", source])
        out, err = capfd.readouterr()
        assert (leaving.value.code, out, len(err.splitlines())) == (1, "", 1), err
        return err

    return run


def refused(server: Server, command: Command, url: str, clip: Path) -> str:
    """Return why the server does not fetch ``url``, after both ways to ask, and after the next request was served."""
    with server.client() as client:
        with pytest.raises(BadRequestError) as caught:
            client.listen.v1.media.transcribe_url(url=url)
        assert caught.value.body["err_code"] == "REMOTE_CONTENT_ERROR"
        assert caught.value.request_id
        said: str = caught.value.body["err_msg"]
        told = command(server, url)
        assert said.rstrip(".") in told
        assert "Request id: " in told
        assert client.listen.v1.media.transcribe_file(request=clip).metadata.duration
    return said


@pytest.mark.parametrize("target", ["http://127.0.0.1:{port}/a", "http://169.254.169.254/latest", "//10.0.0.1/a"])
def test_a_url_that_redirects_to_a_private_address_is_refused(
    neighbour: Neighbour, command: Command, clip: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    port = neighbour.server_address[1]
    internet = Internet(port)
    guarded = partial(guarded_client, resolver=names({"audio.example": [PUBLIC]}), network=internet)
    monkeypatch.setattr("deepgram.local.services.guarded_client", guarded)
    neighbour.files["/a"] = clip.read_bytes()
    neighbour.redirects["/away"] = target.format(port=port)
    with deepgram.local.running(engine="scripted") as server:
        with server.client() as client:
            assert client.listen.v1.media.transcribe_url(url="http://audio.example/a").metadata.duration
        assert "address" in refused(server, command, "http://audio.example/away", clip)
    assert {host for host, _ in internet.asked} == {PUBLIC}


def test_a_url_that_never_ends_is_given_up(neighbour: Neighbour, command: Command, clip: Path) -> None:
    with deepgram.local.running(engine="scripted", allow_private_urls=True, max_body_bytes=1_000_000) as server:
        assert "1000000 bytes" in refused(server, command, f"{neighbour.url}/endless", clip)


async def test_proxies_of_the_environment_are_not_asked_for_this_machine(
    clip: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with deepgram.local.running(engine="scripted") as server:
        with server.client() as client:
            assert client.listen.v1.media.transcribe_file(request=clip).metadata.request_id
        async with server.async_client() as client:
            assert (await client.listen.v1.media.transcribe_file(request=clip)).metadata.request_id
    with pytest.raises(SystemExit) as leaving:
        main(["transcribe", str(clip), "--local", "--engine", "scripted"])
    assert leaving.value.code == 0, capfd.readouterr().err
