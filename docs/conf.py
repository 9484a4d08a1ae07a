"""How Sphinx builds the documentation site out of what ``python -m reference.site`` lays out: ``make docs``."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import GoogleDocstring

from deepgram import __version__

project = "deepgram-sdk"
author = "The deepgram-sdk founders"
release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
root_doc = "index"

myst_heading_anchors = 4  # links to headings are those of the repository

autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
python_use_unqualified_type_names = True
maximum_signature_line_length = 90
add_module_names = False

html_theme = "furo"
html_title = "deepgram-sdk"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
pygments_style = "friendly"
pygments_dark_style = "monokai"

GOOGLE: Any = Config(napoleon_use_rtype=False)


def read_docstring(app: Sphinx, what: Any, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Turn a docstring of ours into reStructuredText.

    Napoleon is not loaded as an extension: it takes "The socket: for commands" of an attribute for a type and a text.
    """
    marked: list[str] = []
    for line in lines:
        # An indented block after an empty line is code.
        if line.startswith("    ") and marked[-1:] == [""] and not _is_indented(marked) and marked[-2][-2:] != "::":
            marked += ["::", ""]
        marked.append(line)
    if what in ("class", "exception", "function", "method"):
        marked = GoogleDocstring(marked, GOOGLE, None, what, name, obj, options).lines()
    lines[:] = marked


def _is_indented(lines: list[str]) -> bool:
    said = [line for line in lines if line]
    return not said or said[-1].startswith(" ")


def setup(app: Sphinx) -> None:
    """Have docstrings read as above."""
    app.connect("autodoc-process-docstring", read_docstring)
