"""The reference follows the code: it is up to date, complete, and what links to it arrives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from reference import docstrings, messages, operations, versions
from reference.client_tree import Described, commands, resources

from deepgram.protocol.channel import Channel

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "reference.md"
OPERATIONS = [operation for resource in resources() for operation in resource.operations]
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ROW = re.compile(r"^\| `(\w+)` \|.*\|$", re.MULTILINE)
GUIDES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    REFERENCE,
    *sorted((ROOT / "docs").rglob("*.md")),
]


def section(described: Described) -> str:
    """Return what the reference says about an operation."""
    _, _, rest = operations.reference().partition(f'<a id="{described.anchor}"></a>\n\n')
    return rest.partition("\n<a id=")[0]


def rows(text: str) -> dict[str, list[str]]:
    """Return the lines of a table of parameters: type, default, since and description by name."""
    cells = [re.split(r"(?<!\\) \| ", found[0].strip("| ")) for found in ROW.finditer(text)]
    return {line[0].strip("`"): line[1:] for line in cells if len(line) == 5}


def anchors(text: str) -> set[str]:
    """Return the anchors of a file: the explicit ones, and those that headings get."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(plain)}
    return slugs | set(re.findall(r'<a id="([\w-]+)">', text))


def links(text: str) -> Iterator[str]:
    """Yield the addresses that a file links to, but for those on the net."""
    plain = re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.DOTALL | re.MULTILINE)
    yield from (target for target in re.findall(r"\]\(([^)\s]+)\)", plain) if not re.match(r"[a-z]+:", target))


def test_the_file_is_what_the_code_says() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == operations.reference(), "run `make reference`"


def test_every_operation_of_the_official_releases_is_there() -> None:
    ours = {described.path for described in OPERATIONS}
    ours |= {command.path for described in OPERATIONS for command in commands(described)}
    recorded = {name for name in versions.recorded() if name[0].islower()}
    assert recorded <= ours


@pytest.mark.parametrize("described", OPERATIONS, ids=lambda described: described.path)
def test_every_parameter_is_described(described: Described) -> None:
    table = rows(section(described))
    assert {parameter.name for parameter in described.parameters} <= set(table)
    assert [name for name, (_, default, since, text) in table.items() if not (default and since and text)] == []


@pytest.mark.parametrize("described", OPERATIONS, ids=lambda described: described.path)
def test_quantities_have_a_unit(described: Described) -> None:
    quantities = {"utt_split", "endpointing", "sample_rate", "bit_rate", "ttl_seconds", "eot_timeout_ms"}
    table = rows(section(described))
    named = {name for name in table if name in quantities or name.endswith(("_ms", "_seconds"))}
    filters = {name for name in named if table[name][3] == operations.FLAG}
    assert [name for name in named - filters if "`, " not in table[name][0]] == []


def test_since_tells_the_release_that_brought_it() -> None:
    table = rows(section(next(described for described in OPERATIONS if described.path.endswith("transcribe_file"))))
    assert (table["model"][2], table["language_hint"][2], table["progress"][2]) == ("6.0", "7", operations.STAR)


@pytest.mark.parametrize(
    "anchor",
    [
        "listen-v2-connect",
        "listen-v1-media-transcribe-file",
        "speak-v1-audio-generate",
        "read-v1-text-analyze",
        "agent-v1-connect",
    ],
)
def test_anchors_that_the_official_readme_links_to_exist(anchor: str) -> None:
    assert f'<a id="{anchor}"></a>' in REFERENCE.read_text(encoding="utf-8")


def test_a_conversation_lists_its_commands_and_messages() -> None:
    channels = [described for described in OPERATIONS if isinstance(described.operation, Channel)]
    assert len(channels) == 5
    for described in channels:
        text = section(described)
        assert "**Commands**;" in text
        assert "**Messages**" in text
    assert "`send_finalize`" in section(next(found for found in channels if found.path == "listen.v1.connect"))


def test_messages_tell_fields_values_and_where_to_import_them() -> None:
    pages = dict(messages.pages())
    live = pages["listen_live"]
    assert "`from deepgram.listen import ListenV1Results`" in live
    assert re.search(r"^\| `duration` \|.*\| 6\.0 \|", live, re.MULTILINE)
    assert "(message-agentv1settings)=" in pages["agent_settings"]


@pytest.mark.parametrize("document", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_arrive(document: Path) -> None:
    for target in links(document.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        there = (document.parent / path).resolve() if path else document
        assert there.exists(), target
        if anchor:
            assert anchor in anchors(there.read_text(encoding="utf-8")), target


@pytest.mark.parametrize(
    ("text", "rest", "default"),
    [
        ("Seconds of silence. Default 0.8.", "Seconds of silence.", "0.8"),
        ("Voice. Default ``aura-asteria-en``.", "Voice.", "`aura-asteria-en`"),
        ("HTTP method of the callback, POST by default.", "HTTP method of the callback.", "POST"),
        ("Confidence from which a turn has ended; 0.7 by default.", "Confidence from which a turn has ended.", "0.7"),
        ("Milliseconds, 10 by default; false for never.", "Milliseconds; false for never.", "10"),
        ("Labels for usage reports.", "Labels for usage reports.", ""),
    ],
)
def test_defaults_are_read_from_descriptions(text: str, rest: str, default: str) -> None:
    assert docstrings.split_default(docstrings.markdown(text)) == (rest, default)
