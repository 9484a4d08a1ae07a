"""The command `deepgram doctor`: what it finds out and what it never shows."""

from __future__ import annotations

import json
import socket
import sys
import time
from pathlib import Path

import pytest

import deepgram.local
from deepgram.cli import doctor
from deepgram.cli.connection import CredentialInUse, address_in_use, credential_in_use
from deepgram.cli.doctor import available_detectors, available_engines, extras

from .conftest import REQUEST_ID, Answer, Run, Service

SECRET = "a-secret-key"


def test_a_service_that_takes_the_credential_can_be_used(run: Run, service: Service) -> None:
    service.answers = [Answer({"projects": []})]
    ended = run("doctor")
    assert ended.code == 0
    assert "The service can be used." in ended.out
    assert "DEEPGRAM_API_KEY, 12 characters" in ended.out
    assert service.url in ended.out
    assert SECRET not in ended.out + ended.err
    (came,) = service.came
    assert (came.method, came.path, came.headers["authorization"]) == ("GET", "/v1/projects", f"Token {SECRET}")


def test_the_findings_can_be_read_by_a_program(run: Run, service: Service) -> None:
    service.answers = [Answer({"projects": []})]
    ended = run("doctor", "--json")
    found = json.loads(ended.out)
    assert found["credential"] == {"source": "DEEPGRAM_API_KEY", "kind": "api key", "length": 12}
    assert (found["base_url"], found["base_url_source"]) == (service.url, "DEEPGRAM_BASE_URL")
    assert found["reached"]["status"] == 200
    assert found["usable"] is True
    assert {"pocketsphinx", "scripted"} <= set(found["engines"])
    assert found["voice_engines"]["espeak"] == "available"
    assert {"flite", "piper", "kokoro"} <= set(found["voice_engines"])
    assert found["voice_activity"]["webrtc"] == "available"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            Answer({"err_code": "INVALID_AUTH", "err_msg": "no", "request_id": REQUEST_ID}, 401),
            "refuses the credential",
        ),
        (Answer({"err_msg": "down"}, 500), "down"),
        (Answer(b"<html>", 200), "no answer of the API"),
        (Answer(b"nothing", 404, {"dg-request-id": ""}), "404"),
    ],
)
def test_a_service_that_does_not_play_along_cannot_be_used(
    run: Run, service: Service, answer: Answer, says: str
) -> None:
    service.answers = [answer]
    ended = run("doctor")
    assert ended.code == 1
    assert says in " ".join(ended.out.split())
    assert "cannot be used as configured" in ended.out
    assert len(service.came) == 1


def test_a_server_of_this_protocol_without_projects_can_be_used(run: Run, service: Service) -> None:
    service.answers = [Answer({"err_code": "NOT_FOUND", "err_msg": "no such route", "request_id": REQUEST_ID}, 404)]
    assert run("doctor").code == 0


def test_an_address_where_nobody_listens_is_told(run: Run) -> None:
    ended = run("doctor", "--base-url", "http://127.0.0.1:1")
    assert ended.code == 1
    assert "could not be reached" in " ".join(ended.out.split())


def test_an_address_that_never_answers_is_given_up(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        ended = run("doctor", "--base-url", f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert ended.code == 1
    assert time.monotonic() - began < 60


def test_versions_that_do_not_belong_together_are_told(
    run: Run, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.answers = [Answer({"projects": []})] * 2
    assert "do not belong together" not in run("doctor").out
    versions = {"deepgram-sdk": "7.19.0", "deepgram-sdk-server": "7.18.0"}
    monkeypatch.setattr(doctor, "_installed", versions.get)
    assert "pip install deepgram-sdk-server==7.19.0" in " ".join(run("doctor").out.split())


def test_without_a_credential_the_embedded_server_decides(
    bare: Run, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.answers = [Answer({"err_msg": "who is there?"}, 401)]
    monkeypatch.setattr(doctor, "available_engines", lambda: {"pocketsphinx": "available"})
    ended = bare("doctor", "--base-url", service.url)
    assert ended.code == 0
    assert "wants a credential" in " ".join(ended.out.split())
    assert "deepgram transcribe --local" in ended.out
    monkeypatch.setattr(doctor, "available_engines", lambda: {"pocketsphinx": "missing", "scripted": "available"})
    assert bare("doctor", "--base-url", service.url).code == 1


def test_the_credential_is_chosen_as_clients_choose_it(
    clean_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert credential_in_use(None) is None
    monkeypatch.setenv("DEEPGRAM_API_KEY", "12345")
    assert credential_in_use(None) == CredentialInUse("DEEPGRAM_API_KEY", "api key", 5)
    monkeypatch.setenv("DEEPGRAM_TOKEN", "1234")
    assert credential_in_use(None) == CredentialInUse("DEEPGRAM_TOKEN", "access token", 4)
    assert credential_in_use("123") == CredentialInUse("--api-key", "api key", 3)


def test_the_address_is_chosen_as_clients_choose_it(clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert address_in_use(None) == ("https://api.deepgram.com", "default")
    monkeypatch.setenv("DEEPGRAM_BASE_URL", "http://b")
    assert address_in_use(None) == ("http://b", "DEEPGRAM_BASE_URL")
    assert address_in_use("http://a") == ("http://a", "--base-url")


@pytest.mark.parametrize("wrong", [["--api-key", "two\nlines"], ["--base-url", "nonsense"]])
def test_what_cannot_be_sent_is_told(run: Run, service: Service, wrong: list[str]) -> None:
    ended = run("doctor", *wrong)
    assert (ended.code, ended.out, service.came) == (1, "", [])
    assert len(ended.err.splitlines()) == 1


def test_extras_are_read_from_the_metadata_of_the_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [
        "httpx>=0.27",
        "pytest>=8; extra == 'cli'",
        "no-such-distribution[x]>=1; extra == 'cli'",
        "only-on-mars>=1; (sys_platform == 'mars') and extra == 'local'",
        "ruff; extra == 'dev'",
    ]

    def requires(name: str) -> list[str]:
        assert name == "deepgram-sdk"
        return wanted

    monkeypatch.setattr(doctor, "requires", requires)
    found = extras()
    assert list(found) == ["cli"]
    assert found["cli"]["pytest"]
    assert found["cli"]["no-such-distribution"] is None


def test_without_the_server_every_engine_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deepgram, "local", deepgram.local)  # what is imported anew in between must not stay
    for name in [name for name in sys.modules if name.startswith("deepgram.local")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert all("deepgram-sdk[cli,local]" in state for state in available_engines().values())


def test_what_finds_speech_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    from deepgram.local import speech_detectors

    monkeypatch.setattr(speech_detectors, "why_no_silero", lambda: "no model")
    assert available_detectors() == {"webrtc": "available", "silero": "no model"}
    monkeypatch.setattr(deepgram.local, "speech_detectors", speech_detectors)  # which must be the same afterwards
    monkeypatch.delitem(sys.modules, "deepgram.local.speech_detectors")
    monkeypatch.setitem(sys.modules, "webrtcvad", None)
    assert all("deepgram-sdk[cli,local]" in state for state in available_detectors().values())


def test_what_is_missing_is_told_with_the_command_that_installs_it(
    run: Run, service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(doctor, "extras", lambda: {"whisper": {"faster-whisper": None}, "cli": {"typer": "0.29"}})
    out = run("doctor").out
    assert 'pip install "deepgram-sdk[whisper]"' in out
    assert "typer 0.29" in out
