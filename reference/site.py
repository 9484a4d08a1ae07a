"""Lays out the documentation site: the Markdown files of the repository and the pages that are generated, for Sphinx.

``python -m reference.site FOLDER`` copies and writes everything to FOLDER, with links between files as they are in the
repository turned into links between pages. ``make docs`` does this and builds the site.
"""

from __future__ import annotations

import posixpath
import re
import sys
from pathlib import Path

from . import library, messages, operations
from .client_tree import resources

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|`[^`]*`)+)\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1 *$", re.DOTALL | re.MULTILINE)
ANCHOR = re.compile(r'^<a id="([\w-]+)"></a>$', re.MULTILINE)
MODEL = re.compile(r"src/deepgram/protocol/models/\w+\.py")
GUIDES = {
    "Guides": {
        "quick-start": "Quick start",
        "authentication": "Authentication",
        "live": "Live listening",
        "speech": "Speech",
        "agent": "Voice agents",
        "text-analysis": "Text analysis",
        "telephony": "Telephone calls",
        "account": "The account",
        "errors": "Errors",
    },
    "Running it": {
        "local-server": "The embedded server",
        "transports": "Transports",
        "self-hosted": "Self-hosted, other addresses",
    },
    "Migrating": {
        "migrating-from-v7": "From the official 7",
        "migrating-from-v6": "From 6",
        "migrating-from-v5": "From 5",
        "migrating-from-v3": "From 3 and 4",
    },
}
"""Guides with their titles in the side bar; those that are not named here follow after the reference."""
FOLDERS = ("docs", "docs/decisions", "examples/transports")
FILES = ("CHANGELOG.md", "CONTRIBUTING.md", "bench/README.md")


def lay_out(target: Path) -> None:
    """Write the source of the site to ``target``."""
    copied = [file for folder in FOLDERS for file in sorted((ROOT / folder).glob("*.md"))]
    copied += [ROOT / file for file in FILES]
    texts = {file.relative_to(ROOT).as_posix(): file.read_text(encoding="utf-8") for file in copied}
    known = {*texts, "README.md", "reference.md"}
    pages = {name: linked(text, name, known) for name, text in texts.items()}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    generated = reference_pages()
    shown = {posixpath.basename(name)[:-3] for name in texts if name.startswith("docs/")}
    pages["index.md"] = linked(readme, "README.md", known) + contents(generated, shown, texts)
    for name, text in {**pages, **generated}.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:  # what did not change is not built again
            path.write_text(text, encoding="utf-8")


def reference_pages() -> dict[str, str]:
    """Return the generated pages: operations by resource, messages by domain, parts of the library."""
    tree = resources()
    head = f"{operations.HEAD}\n{operations.contents(tree)}"
    pages = {"reference/index.md": placed(head, "reference.md")}
    for name, text in operations.pages(tree):
        pages[f"reference/{name}.md"] = placed(re.sub("^##", "#", text, flags=re.MULTILINE), "reference.md")
    pages["messages/index.md"] = messages.INTRODUCTION
    pages |= {f"messages/{name}.md": text for name, text in messages.pages()}
    pages |= {f"library/{part.name}.md": library.page(part) for part in library.PARTS}
    for folder in ("reference", "messages"):
        inside = sorted(name for name in pages if name.startswith(f"{folder}/") and not name.endswith("/index.md"))
        inside.sort(key=lambda name: name != "reference/client.md")
        pages[f"{folder}/index.md"] += tree_of([posixpath.basename(name)[:-3] for name in inside], depth=1)
    return pages


def contents(generated: dict[str, str], guides: set[str], texts: dict[str, str]) -> str:
    """Return the tables of contents that the side bar shows."""
    trees = [
        tree_of([f"{title} <docs/{name}>" for name, title in titles.items() if name in guides], caption=caption)
        for caption, titles in GUIDES.items()
    ]
    parts = [name[:-3] for name in generated if name.startswith("library/")]
    trees.append(tree_of(["reference/index", "messages/index", *parts], caption="Reference"))
    named = {name for titles in GUIDES.values() for name in titles}
    trees.append(
        tree_of([f"docs/{name}" for name in sorted(guides - named - {"README"}) if f"docs/{name}.md" in texts])
    )
    decisions = [name[:-3] for name in texts if name.startswith("docs/decisions/")]
    others = [name[:-3] for name in texts if not name.startswith("docs/")]
    trees.append(tree_of([*others, "docs/decisions/README"], caption="Project"))
    trees.append(tree_of([name for name in decisions if not name.endswith("README")], hidden="decisions"))
    return "\n".join(trees)


def tree_of(names: list[str], *, caption: str = "", depth: int = 1, hidden: str = "") -> str:
    """Return a table of contents for the side bar; nothing shows on the page itself."""
    if not names:
        return ""
    title = caption or ("Decisions" if hidden else "")
    options = [f":caption: {title}"] if title else []
    return "\n".join(["", "```{toctree}", ":hidden:", f":maxdepth: {depth}", *options, "", *names, "```", ""])


def placed(text: str, origin: str) -> str:
    """Turn a part of ``reference.md`` into a page of the site."""
    text = ANCHOR.sub(r"(\1)=", text)
    text = MODEL.sub(lambda found: found[0], text)
    return linked(text, origin, {origin, "README.md"}, page="reference/index.md")


def linked(text: str, origin: str, known: set[str], *, page: str = "") -> str:
    """Turn links between files of the repository into links between pages; what is no page becomes plain text."""
    page = page or origin.replace("README.md", "index.md") if origin == "README.md" else page or origin

    def turn(found: re.Match[str]) -> str:
        shown, target = found[1], found[2]
        if re.match(r"[a-z]+:|#", target):
            return found[0]
        path, _, anchor = target.partition("#")
        full = posixpath.normpath(posixpath.join(posixpath.dirname(origin), path))
        if MODEL.fullmatch(full):
            return f"[{shown}](#message-{shown.strip('`').lower()})"
        if full == "reference.md":
            return f"[{shown}](#{anchor})" if anchor else f"[{shown}]({_relative('reference/index.md', page)})"
        if full not in known and (ROOT / full / "README.md").exists() and f"{full}/README.md" in known:
            full = f"{full}/README.md"
        if full not in known and not (full.startswith("docs/") and (ROOT / full).is_file()):
            return shown
        there = "index.md" if full == "README.md" else full
        return f"[{shown}]({_relative(there, page)}{'#' + anchor if anchor else ''})"

    pieces: list[str] = []
    end = 0
    for fence in FENCE.finditer(text):  # code stays as it is
        pieces += [LINK.sub(turn, text[end : fence.start()]), fence[0]]
        end = fence.end()
    return "".join([*pieces, LINK.sub(turn, text[end:])])


def _relative(target: str, page: str) -> str:
    return posixpath.relpath(target, posixpath.dirname(page) or ".")


if __name__ == "__main__":
    lay_out(Path(sys.argv[1]))
