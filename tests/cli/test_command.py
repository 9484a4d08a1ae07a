"""The command as a process: how it starts, how it ends, and what it never shows."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

import deepgram
from deepgram.cli import main
from deepgram.cli.failures import WRONG_USE, code, explain, guarded

from .conftest import Run, Service

SOURCE = str(Path(deepgram.__file__).parent.parent)
PATIENCE = 60
"""Seconds that a process gets; machines that test are busy."""


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DEEPGRAM_")}
    return {**kept, "PYTHONPATH": SOURCE, **more}


def python(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=PATIENCE, env=environment(**more)
    )


def test_help_loads_neither_httpx_nor_pydantic_nor_the_server() -> None:
    program = """
import sys
from deepgram.cli import main
try:
    main(["--help"])
except SystemExit as leaving:
    assert not leaving.code, leaving.code
heavy = {"httpx", "pydantic", "websockets", "starlette", "uvicorn", "av"} & set(sys.modules)
assert not heavy, heavy
"""
    ended = python("-c", program)
    assert ended.returncode == 0, ended.stderr
    assert all(name in ended.stdout for name in ("transcribe", "serve", "doctor"))


def test_the_module_can_be_run() -> None:
    ended = python("-m", "deepgram.cli", "--version")
    assert (ended.returncode, ended.stdout) == (0, f"deepgram {deepgram.__version__}\n")


def test_without_typer_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "deepgram.cli.app", raising=False)
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit) as leaving:
        main([])
    assert leaving.value.code == 2
    assert capsys.readouterr().err == 'The command `deepgram` needs Typer: pip install "deepgram-sdk[cli]"\n'


def test_an_unknown_command_is_wrong_use(bare: Run) -> None:
    assert bare("transcripe").code == 2


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_ends_the_command_without_a_traceback(audio: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        command = [sys.executable, "-m", "deepgram.cli", "transcribe", str(audio)]
        process = subprocess.Popen(
            command,
            env=environment(DEEPGRAM_API_KEY="key", DEEPGRAM_BASE_URL=url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            accepted, _ = silent.accept()
            with accepted:
                accepted.recv(10)  # it is in the middle of the request
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait(PATIENCE)
    assert (process.returncode, out, err) == (130, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_reader_that_goes_away_ends_the_command_without_a_traceback(service: Service, audio: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "deepgram.cli", "transcribe", str(audio)]
    try:
        ended = subprocess.run(
            command,
            env=environment(DEEPGRAM_API_KEY="key", DEEPGRAM_BASE_URL=service.url),
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
        )
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


@pytest.mark.skipif(sys.platform == "win32", reason="terminals of POSIX")
def test_on_a_terminal_the_upload_is_shown_and_the_output_stays_clean(service: Service, audio: Path) -> None:
    terminal, end = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "deepgram.cli", "transcribe", str(audio)],
        env=environment(DEEPGRAM_API_KEY="key", DEEPGRAM_BASE_URL=service.url, TERM="xterm", COLUMNS="100"),
        stdout=subprocess.PIPE,
        stderr=end,
        text=True,
    )
    os.close(end)
    shown = b""
    try:
        with suppress(OSError):  # Linux ends a terminal without writers with an error
            while piece := os.read(terminal, 4096):
                shown += piece
        out, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait(PATIENCE)
        os.close(terminal)
    assert (process.returncode, out) == (0, "Hello world.\n")
    assert b"sending talk.wav" in shown or b"transcribing talk.wav" in shown


def test_what_nobody_foresaw_is_explained_and_shown_only_on_demand(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise LookupError("no\x1b[2J such\nthing")

    monkeypatch.delenv("DEEPGRAM_TRACEBACK", raising=False)
    assert guarded(fail) == 1
    assert capsys.readouterr().err.startswith("error: Something unforeseen failed (LookupError: no [2J such thing).")
    monkeypatch.setenv("DEEPGRAM_TRACEBACK", "1")
    with pytest.raises(LookupError):
        guarded(fail)


def test_a_file_that_cannot_be_opened_is_wrong_use() -> None:
    error = PermissionError(13, "Permission denied", b"talk.wav")
    assert (code(error), explain(error)) == (WRONG_USE, "talk.wav: Permission denied.")


@pytest.mark.parametrize(("given", "expected"), [(None, 0), (3, 3), ("text", 1)])
def test_exit_codes_pass_through(given: object, expected: int) -> None:
    def leave() -> None:
        raise SystemExit(given)

    assert guarded(leave) == expected
