"""The arrows of the architecture: which part may import which."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "deepgram"

ALLOWED = {
    "protocol": {"protocol"},
    "runtime": {"protocol", "runtime", "environment", "version"},
    "clients": {"protocol", "clients"},
    "client": {"protocol", "runtime", "clients", "environment"},
    "environment": set[str](),
    "audio": {"audio"},
    "transports": {"protocol", "runtime", "transports"},
    "testing": {"protocol", "client", "testing"},
    "conversation": {"protocol", "conversation"},
    "telephony": {"protocol", "telephony"},
    # The server runs a client of itself for those who ask (`server.client()`), and the command serves.
    "local": {"protocol", "local", "client", "cli", "_lazy"},
    "cli": {
        "clients",
        "protocol",
        "runtime",
        "client",
        "audio",
        "conversation",
        "cli",
        "local",
        "environment",
        "version",
    },
}
OUTSIDE = {
    "protocol": {"pydantic", "pydantic_core", "typing_extensions"},
    # certifi comes with httpx, aiohttp with the extra of its name; pydantic encodes what JSON has no form for.
    "runtime": {
        "httpx",
        "httpx_aiohttp",
        "aiohttp",
        "certifi",
        "pydantic",
        "pydantic_core",
        "websockets",
        "typing_extensions",
    },
    "clients": {"typing_extensions"},
}
"""Libraries that a layer may use besides the standard library, where that is part of the design."""

# A lock may protect what threads share; nothing else of threads belongs there.
FORBIDDEN_IN_PROTOCOL = {"socket", "ssl", "asyncio", "subprocess", "http", "select"}


def imports(file: Path) -> Iterator[str]:
    """Yield the dotted names that ``file`` imports: relative ones as ``.layer.module``."""
    package = file.relative_to(PACKAGE).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, level=0):
                yield module or ""
            case ast.ImportFrom(module=module, level=level, names=names):
                above = package[: len(package) - level + 1]
                targets = [module] if module else [alias.name for alias in names]
                yield from ("." + ".".join([*above, target]) for target in targets)
            case _:
                pass


def files(layer: str) -> list[Path]:
    folder = PACKAGE / layer
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


@pytest.mark.parametrize("layer", ALLOWED)
def test_a_layer_imports_only_the_layers_below_it(layer: str) -> None:
    found = {
        (file.name, name.split(".")[1])
        for file in files(layer)
        for name in imports(file)
        if name.startswith(".") and name.split(".")[1] not in {*ALLOWED[layer], layer}
    }
    assert not found


def test_nothing_of_the_sdk_imports_what_is_distributed_apart() -> None:
    """Server and command come in ``deepgram-sdk-server``; the SDK has to work without them."""
    apart = ("local", "cli")
    inside = {path for name in apart for path in (PACKAGE / name).rglob("*.py")}
    paths = tuple(f"{prefix}{name}" for prefix in (".", "deepgram.") for name in apart)
    found = {
        (str(file.relative_to(PACKAGE)), name)
        for file in set(PACKAGE.rglob("*.py")) - inside
        for name in imports(file)
        if f"{name}.".startswith(tuple(f"{path}." for path in paths))
    }
    assert not found


@pytest.mark.parametrize("layer", OUTSIDE)
def test_a_layer_uses_only_the_libraries_it_is_meant_to(layer: str) -> None:
    import sys

    roots = {name.split(".")[0] for file in files(layer) for name in imports(file) if not name.startswith(".")}
    assert roots - sys.stdlib_module_names <= OUTSIDE[layer]


def test_the_protocol_knows_nothing_that_waits() -> None:
    roots = {name.split(".")[0] for file in files("protocol") for name in imports(file) if not name.startswith(".")}
    assert not roots & FORBIDDEN_IN_PROTOCOL


def test_every_file_says_its_subject_and_stays_readable() -> None:
    for layer in ALLOWED:
        for file in files(layer):
            text = file.read_text()
            assert ast.get_docstring(ast.parse(text)), f"{file}: the first line says the subject of the file"
            assert text.count("\n") <= (600 if "models" in file.parts else 400), f"{file} is too long"
