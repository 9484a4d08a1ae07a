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
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = [
    pytest.param(block[1], id=f"{document.name}:{document.read_text()[: block.start()].count(chr(10)) + 2}")
    for document in DOCUMENTS
    for block in re.finditer(r"^```python\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE)
]


@pytest.fixture(scope="module")
def address(clip: Path) -> Iterator[str]:
    """A server for which https://example.com/audio.wav is a recording: tests have no network."""

    async def fetch(client: Any, url: str, target: Path, *, max_bytes: int, timeout: float) -> Downloaded:
        if url != "https://example.com/audio.wav":
            return await download(client, url, target, max_bytes=max_bytes, timeout=timeout)
        shutil.copy(clip, target)
        return Downloaded("0" * 64, target.stat().st_size, "audio/wav")

    with pytest.MonkeyPatch.context() as patch, deepgram.local.running(engine="scripted") as server:
        patch.setattr(listen, "download", fetch)
        yield server.url


def test_there_are_programs() -> None:
    assert len(PROGRAMS) >= 7


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_of_the_documentation_runs(program: str, address: str, clip: Path, tmp_path: Path) -> None:
    shutil.copy(clip, tmp_path / "audio.wav")
    variables = {"DEEPGRAM_BASE_URL": address, "DEEPGRAM_API_KEY": "any", "PYTHONPATH": str(ROOT / "src")}
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
