"""Every Python program of README and docs runs, against the embedded server."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

import deepgram.local
from deepgram.cli.app import app
from deepgram.local.fetch import Downloaded, download
from deepgram.local.handlers import listen

ROOT = Path(__file__).parents[2]
STAND_INS = Path(__file__).with_name("stand_ins")  # for devices that machines with tests do not have
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCES = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
PROGRAMS = [
    pytest.param(block[2], id=f"{document.name}:{document.read_text()[: block.start()].count(chr(10)) + 2}")
    for document in DOCUMENTS
    for block in FENCES.finditer(document.read_text())
    if block[1] == "python"
]
COMMAND: Any = typer.main.get_command(app)
SHOWN = re.compile(r"^(?:    )?(?:[^#`\n]*\| )?(deepgram [a-z-]+.*)$|`(deepgram [a-z]+ [^`]*)`", re.MULTILINE)
SCRIPT = r"""
rules:
  - {when: 'weather in (?P<city>\w+)', call: weather, arguments: {city: '{city}'}, say: 'It is sunny in {city}.'}
  - {when: hello, say: Hello to you.}
"""


@pytest.fixture(scope="module")
def address(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for which https://example.com/audio.wav is a recording: tests have no network."""

    async def fetch(client: Any, url: str, target: Path, *, max_bytes: int, timeout: float) -> Downloaded:
        if url != "https://example.com/audio.wav":
            return await download(client, url, target, max_bytes=max_bytes, timeout=timeout)
        shutil.copy(clip, target)
        return Downloaded("0" * 64, target.stat().st_size, "audio/wav")

    script = tmp_path_factory.mktemp("think") / "script.yaml"
    script.write_text(SCRIPT)
    with pytest.MonkeyPatch.context() as patch:
        with deepgram.local.running(engine="scripted", think_script=script) as server:
            patch.setattr(listen, "download", fetch)
            yield server.url


def commands(text: str) -> list[str]:
    """Return the calls of the command `deepgram` in a document: in blocks, and within sentences."""
    prose = re.sub(r"^```(?:python|py)\n.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return [block or inline for block, inline in SHOWN.findall(prose)]


def test_every_guide_has_programs_that_run() -> None:
    assert len(PROGRAMS) >= 40


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_only_programs_for_old_releases_are_not_run(document: Path) -> None:
    languages = {block[1] for block in FENCES.finditer(document.read_text())}
    old = {"py"} if document.name.startswith("migrating-") else set()
    assert languages <= {"python", "bash", "json", "yaml", "text"} | old


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_of_the_documentation_runs(program: str, address: str, clip: Path, tmp_path: Path) -> None:
    shutil.copy(clip, tmp_path / "audio.wav")
    paths = os.pathsep.join([str(STAND_INS), str(ROOT / "src")])
    variables = {"DEEPGRAM_BASE_URL": address, "DEEPGRAM_API_KEY": "any", "PYTHONPATH": paths}
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=tmp_path,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_commands_of_the_documentation_exist_with_their_options(document: Path) -> None:
    for line in commands(document.read_text()):
        name, *arguments = shlex.split(line, comments=True)[1:]
        if name.startswith("-") or name not in COMMAND.commands:
            assert name in {"--help", "--version"}, line
            continue
        command = COMMAND.commands[name]
        parser = command.make_parser(command.context_class(command))
        parser.parse_args(arguments)  # raises for options that do not exist, or lack a value
