"""The command `deepgram serve`."""

from __future__ import annotations

import os
import re
import selectors
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

import deepgram

from .conftest import Run

PATIENCE = 60
SOURCE = str(Path(deepgram.__file__).parent.parent)


def test_every_setting_is_an_option(bare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import fields

    from deepgram.local.settings import Settings

    monkeypatch.setenv("COLUMNS", "200")
    out = bare("serve", "--help").out
    for field in fields(Settings):
        assert "--" + field.name.replace("_", "-") in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--port", "70000"], "--port must be between"),
        (["--max-body-bytes", "0"], "--max-body-bytes must be greater than 0"),
        (["--host", "0.0.0.0"], "--api-key must be set"),
        (["--port", "http"], "--port"),
    ],
)
def test_settings_that_cannot_work_are_wrong_use(bare: Run, arguments: list[str], says: str) -> None:
    ended = bare("serve", *arguments)
    assert ended.code == 2
    assert says in " ".join(ended.err.split())


def test_a_port_that_is_taken_is_told(bare: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = bare("serve", "--engine", "scripted", "--port", taken.getsockname()[1])
    assert ended.code == 1
    assert "choose another --port" in ended.err


def test_an_engine_that_does_not_speak_is_told(bare: Run) -> None:
    ended = bare("serve", "--port", "0", "--engine", "scripted", "--voice-engine", "parrot")
    assert ended.code == 2
    assert ended.err.lower().startswith("error: there is no engine 'parrot' that speaks")


def test_an_engine_that_is_not_there_is_told(bare: Run) -> None:
    ended = bare("serve", "--port", "0", "--engine", "clairvoyance")
    assert ended.code == 2
    assert ended.err.lower().startswith("error: there is no engine 'clairvoyance'")


@pytest.mark.skipif(sys.platform == "win32", reason="selectors of POSIX")
def test_the_first_start_with_auth_shows_a_key_once(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DEEPGRAM_")}
    environment |= {"PYTHONPATH": SOURCE, "PYTHONUNBUFFERED": "1"}
    options = ["--port", "0", "--engine", "scripted", "--auth", "--data", str(tmp_path / "data.db")]
    shown: list[str] = []
    for _ in range(2):
        with (tmp_path / "log").open("w+") as log:
            command = [sys.executable, "-m", "deepgram.cli", "serve", *options]
            process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
            assert process.stdout is not None
            try:
                with selectors.DefaultSelector() as ready:
                    ready.register(process.stdout, selectors.EVENT_READ)
                    assert ready.select(PATIENCE), (tmp_path / "log").read_text()
                shown.append("".join(process.stdout.readline() for _ in range(5)))
                (key,) = re.findall(r"DEEPGRAM_API_KEY=([0-9a-f]{40})\n", shown[0])
                if len(shown) == 2:
                    (url,) = re.findall(r"serving on (http://\S+)", shown[1])
                    for given, status in ((key, 200), ("0" * 40, 401)):
                        answer = httpx.get(f"{url}/v1/projects", headers={"authorization": f"Token {given}"})
                        assert answer.status_code == status
            finally:
                process.kill()
                process.wait(PATIENCE)
                process.stdout.close()
    assert "is not shown again" in shown[0]
    assert "DEEPGRAM_API_KEY=...\n" in shown[1]
    assert "not shown again" not in shown[1]
    assert shown[0].split("DEEPGRAM_API_KEY=")[1][:40] not in (tmp_path / "log").read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_it_says_where_it_is_and_how_to_use_it_then_serves_until_ctrl_c(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DEEPGRAM_")}
    environment = {**kept, "PYTHONPATH": SOURCE, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "deepgram.cli", "serve", "--port", "0", "--engine", "scripted"]
    with (tmp_path / "log").open("w+") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        try:
            with selectors.DefaultSelector() as ready:
                ready.register(process.stdout, selectors.EVENT_READ)
                assert ready.select(PATIENCE), (tmp_path / "log").read_text()
            said = "".join(process.stdout.readline() for _ in range(6))
            found = re.match(r"deepgram is serving on (http://127\.0\.0\.1:(\d+))\n", said)
            assert found, said + (tmp_path / "log").read_text()
            with socket.create_connection(("127.0.0.1", int(found[2])), PATIENCE):
                pass
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait(PATIENCE)
            process.stdout.close()
        told = (tmp_path / "log").read_text()
    assert "engine: scripted" in said
    assert f"export DEEPGRAM_BASE_URL={found[1]}" in said
    assert "Traceback" not in told
    assert process.returncode == 130
