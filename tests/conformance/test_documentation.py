"""Every Python program of README and docs runs, against the embedded server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import deepgram.local
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
