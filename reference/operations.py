"""The reference of operations as Markdown: what a client can be asked, every parameter, what comes back."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any

from typing_extensions import get_type_hints

from deepgram import DeepgramClient
from deepgram.protocol.paging import Paging
from deepgram.protocol.request import RequestOptions

from . import docstrings, versions
from .client_tree import Described, Resource, commands, events, resources
from .notation import written

HEAD = """\
# Reference

Every operation of the client with its parameters, written by `make reference` from the source. Guides with examples:
the [README](README.md) and [docs/](docs/). The fields of the messages are described where the links lead, and on the
site that `make docs` builds.

- **Since** names the release of the official package that brought an operation or a parameter: 6.0, 6.1, or 7 (7.17.0
  at the latest). A star (★) marks what only this package has.
- **Default** is what counts if the parameter is left out. A dash means: nothing is sent, and the service does what it
  does without it. Booleans and numbers may be given to conversations as such or as text.
- `…` at the end of a type: the service may know more values than this version; any is accepted.
- All operations are there four times: on `DeepgramClient` and (awaited) on `AsyncDeepgramClient`, and on both below
  `with_raw_response`, where the answer is `.data` beside `.headers`, `.status_code` and `.request_id`.
- What is refused raises an `ApiError`, and so does a service that cannot be reached: [errors](docs/errors.md).
"""
STAR = "★"
DASH = "\N{EN DASH}"
OF_ALL = {"request_options": "Timeout, retries, headers and parameters of this call alone."}
"""What is said about parameters of all operations where an operation has nothing to add."""
FLAG = "One of the flags described above."
"""What is said about options that are described together."""
HTML = "https://"


def reference() -> str:
    """Return the whole of ``reference.md``."""
    tree = resources()
    return "\n".join([HEAD, contents(tree), *(page for _, page in pages(tree))]).rstrip() + "\n"


def pages(tree: Sequence[Resource]) -> list[tuple[str, str]]:
    """Return the pages of the reference with their names: the clients, and each of their resources."""
    tops = list(dict.fromkeys(resource.path.split(".")[0] for resource in tree))
    written_out = [("client", _clients())]
    for top in tops:
        parts = [_resource(resource) for resource in tree if resource.path.split(".")[0] == top]
        about = inspect.getdoc(getattr(DeepgramClient, top)) or ""
        written_out.append((top, "\n".join([f"## {top}\n", f"{docstrings.markdown(about)}\n", *parts])))
    return written_out


def contents(tree: Sequence[Resource]) -> str:
    """Return the table of contents: an operation a line, with what it does."""
    lines = [
        "| operation | |",
        "|---|---|",
        "| [`DeepgramClient(...)`](#deepgram-client) | The client and its keywords |",
    ]
    for described in (operation for resource in tree for operation in resource.operations):
        said = docstrings.read(described.operation.__doc__)
        lines.append(f"| [`{described.path}`](#{described.anchor}) | {_cell(said.summary.rstrip('.'))} |")
    lines.append("| [`request_options`](#request-options) | What one call may ask besides |")
    return "\n".join([*lines, ""])


def _clients() -> str:
    said = docstrings.read(DeepgramClient.__init__.__doc__)
    keywords = [*inspect.signature(DeepgramClient.__init__, eval_str=False).parameters.values()][1:]
    told = said.arguments
    rows = [_row("DeepgramClient", keyword, told.get(keyword.name, "")) for keyword in keywords]
    about = docstrings.markdown(docstrings.about(DeepgramClient))
    return "\n".join(
        [
            "## The client\n",
            '<a id="deepgram-client"></a>\n',
            "### DeepgramClient, AsyncDeepgramClient\n",
            f"{about} The async client has the same keywords, and is closed with `aclose`.\n",
            *_table(rows),
            *_raises(said),
            '<a id="request-options"></a>\n',
            "### request_options\n",
            f"{docstrings.markdown(docstrings.about(RequestOptions))} A dict with these keys:\n",
            *_table(_fields_of(RequestOptions)),
        ]
    )


def _fields_of(options: type[Any]) -> list[str]:
    told = docstrings.fields(options)
    rows: list[str] = []
    for name, hint in get_type_hints(options, include_extras=True).items():
        parameter = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
        rows.append(_row("RequestOptions", parameter, told.get(name, "")))
    return rows


def _resource(resource: Resource) -> str:
    return "\n".join(_operation(described) for described in resource.operations)


def _operation(described: Described) -> str:
    operation = described.operation
    said = docstrings.read(operation.__doc__)
    if isinstance(operation, Paging):
        said = docstrings.read(f"{operation.__doc__}\n\n{_arguments_of(operation)}")
    facts = [f"Since {_release(versions.since(described.path))}"]
    if described.address:
        facts.insert(0, "`{} {}`".format(*described.address))
    facts += [f"[at the service]({HTML}{source})" for source in said.sources]
    lines = [f'<a id="{described.anchor}"></a>\n', f"### {described.path}\n", f"{' · '.join(facts)}\n"]
    lines += [f"{said.summary}\n", *([f"{said.more}\n"] if said.more else [])]
    lines += _parameters(described, said)
    lines += _answer(described, said)
    lines += _raises(said)
    return "\n".join([*lines, *_conversation(described)])


def _arguments_of(operation: Paging[Any, Any, Any]) -> str:
    text = inspect.cleandoc(operation.describe.__doc__ or "")
    return text[text.index("Args:") :] if "Args:" in text else ""


def _parameters(described: Described, said: docstrings.Said) -> list[str]:
    """Return the table of parameters; below it, the values of those that have many."""
    told = OF_ALL | said.arguments
    prose: list[str] = []
    for options in described.options:
        told |= dict.fromkeys(get_type_hints(options), FLAG) | docstrings.fields(options)
        if more := docstrings.read(docstrings.about(options)).more:
            prose.append(f"{more}\n")
    path = described.path.replace(".iterate", ".list") if isinstance(described.operation, Paging) else described.path
    rows: list[str] = []
    values: list[str] = []
    for parameter in described.parameters:
        rows.append(_row(path, parameter, told.get(parameter.name, "")))
        if many := written(parameter.annotation).values:
            values.append(f"`{parameter.name}`: {', '.join(f'`{value}`' for value in many)}.\n")
    return [*prose, *_table(rows), *values]


def _row(owner: str, parameter: inspect.Parameter, text: str) -> str:
    """Return a line of a table of parameters."""
    text, default = docstrings.split_default(text)
    required = parameter.default is inspect.Parameter.empty
    if required:
        default = "**required**"
    elif not default and isinstance(parameter.default, (bool, int, float)):
        default = _literal(parameter.default)
    annotation = parameter.annotation
    kind = f"`{_pipes(annotation)}`" if isinstance(annotation, str) else ""
    kind = kind or written(annotation, optional=not required).markdown(link)
    if parameter.name == "request_options":
        kind = f"[{kind}](#request-options)"
    unit = docstrings.unit(parameter.name, text)
    cells = [
        f"`{parameter.name}`",
        f"{kind}, {unit}" if unit else kind,
        _cell(coded(default)) or DASH,
        _release(versions.since(owner, parameter.name)),
        _cell(text),
    ]
    return f"| {' | '.join(cells)} |"


def _table(rows: Iterable[str]) -> list[str]:
    rows = list(rows)
    if not rows:
        return []
    return ["| parameter | type, unit | default | since | |", "|---|---|---|---|---|", *rows, ""]


def _answer(described: Described, said: docstrings.Said) -> list[str]:
    if described.returns is None:
        return [f"**Returns** {said.returns}\n"] if said.returns else []
    kind = written(described.returns).markdown(link).replace("\\|", "|")
    return [f"**Returns** {kind}{': ' + said.returns if said.returns else '.'}\n"]


def _raises(said: docstrings.Said) -> list[str]:
    return ["**Raises**\n", *(f"- `{name}`: {text}" for name, text in said.raises), ""] if said.raises else []


def _conversation(described: Described) -> list[str]:
    """Return what can be said in the conversation that this operation opens, and what is heard."""
    union = events(described)
    if union is None:
        return []
    lines = ["**Commands**; a dict may stand for each message\n", "| command | takes | since | |", "|---|---|---|---|"]
    for command in commands(described):
        since = _release(versions.since(command.path))
        said = docstrings.read(command.operation.__doc__)
        prose = " ".join([said.summary, *said.more.split()])
        name = command.path.rpartition(".")[2]
        lines.append(f'| <a id="{command.anchor}"></a>`{name}` | {_takes(command)} | {since} | {_cell(prose)} |')
    lines += ["", "**Messages** that come back\n", "| message | since | |", "|---|---|---|"]
    for part in dict.fromkeys(part for part in written(union).parts if not isinstance(part, str)):
        about = docstrings.read(docstrings.about(part)).summary
        lines.append(f"| {link(part)} | {_release(versions.since(part.__name__))} | {_cell(about)} |")
    return [*lines, ""]


def _takes(command: Described) -> str:
    """Return what a command takes: messages, which a dict may stand for, or audio."""
    types = [written(parameter.annotation, optional=parameter.default is None) for parameter in command.parameters]
    kinds = [part for kind in types for part in kind.parts if not isinstance(part, str)]
    return ", ".join(map(link, kinds)) or ", ".join(kind.markdown(link) for kind in types)


def link(kind: type[Any]) -> str:
    """Return a link to where a message is described: the source, in ``reference.md``."""
    return f"[`{kind.__name__}`](src/{kind.__module__.replace('.', '/')}.py)"


def coded(default: str) -> str:
    """Write a default as code if it is a value, not a phrase."""
    return f"`{default}`" if re.fullmatch(r"[\w.-]+", default) else default


def _release(release: str) -> str:
    return STAR if release == versions.OWN else release


def _cell(text: str) -> str:
    return _pipes(" ".join(text.split()))


def _pipes(text: str) -> str:
    return text.replace("|", "\\|")


def _literal(value: object) -> str:
    return f"`{value}`"
