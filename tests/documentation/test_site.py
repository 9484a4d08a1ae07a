"""What is laid out for the documentation site: every page, and links that lead to pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from reference import site

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    site.lay_out(target)
    return target


def test_every_guide_is_in_the_side_bar(laid_out: Path) -> None:
    index = (laid_out / "index.md").read_text(encoding="utf-8")
    for guide in (ROOT / "docs").glob("*.md"):
        assert re.search(rf"^(docs/{guide.stem}|.+ <docs/{guide.stem}>)$", index, re.MULTILINE)


def test_links_to_the_reference_lead_to_its_pages(laid_out: Path) -> None:
    text = (laid_out / "docs" / "quick-start.md").read_text(encoding="utf-8")
    assert "[reference](#listen-v1-media-transcribe-file)" in text
    assert "[reference](../reference/index.md)" in text
    assert "(listen-v1-media-transcribe-file)=" in (laid_out / "reference" / "listen.md").read_text(encoding="utf-8")


def test_no_link_leads_into_the_source(laid_out: Path) -> None:
    for page in laid_out.rglob("*.md"):
        assert not re.search(r"\]\([^)#]*src/", page.read_text(encoding="utf-8")), page


def test_programs_are_left_as_they_are(laid_out: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    index = (laid_out / "index.md").read_text(encoding="utf-8")
    for program in re.findall(r"^```python\n.*?^```", readme, re.DOTALL | re.MULTILINE):
        assert program in index


def test_what_has_not_changed_is_not_written_again(laid_out: Path) -> None:
    before = {page: page.stat().st_mtime_ns for page in laid_out.rglob("*.md")}
    site.lay_out(laid_out)
    assert before == {page: page.stat().st_mtime_ns for page in laid_out.rglob("*.md")}
