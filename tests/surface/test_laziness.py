"""Importing the package stays cheap: what is not used is not loaded, what is used needs no further import."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[[str, Path], str]

SOURCE = Path(__file__).parents[2] / "src"
HEAVY = "pydantic httpx websockets anyio"


def test_importing_the_package_loads_no_library(run: Run) -> None:
    program = f"""
        import sys
        import deepgram
        print([name for name in {HEAVY.split()!r} if name in sys.modules])
    """
    assert run(program, SOURCE) == "[]"


def test_packages_of_the_surface_load_no_library(run: Run) -> None:
    program = f"""
        import sys
        import deepgram.listen.v1.media, deepgram.types, deepgram.requests, deepgram.core, deepgram.errors
        print([name for name in {HEAVY.split()!r} if name in sys.modules])
    """
    assert run(program, SOURCE) == "[]"


@pytest.mark.parametrize(
    "path",
    [
        "listen.v1.media.client.MediaClient",
        "core.api_error.ApiError",
        "core.ApiError",
        "types.listen_v1response.ListenV1Response",
        "types.ListenV1Response",
        "requests.ListenV1ResponseParams",
        "errors.BadRequestError",
        "manage.v1.projects.keys.client.KeysClient",
        "manage.v1.projects.requests.types.RequestsListRequestStatus",
        "read.v1.text.client.TextClient",
        "agent.v1.types.AgentV1Settings",
        "core.http_client.HttpClient",
        "transport.install_transport",
        "environment.DeepgramClientEnvironment",
        "version.__version__",
        "ListenV1Response",
    ],
)
def test_a_path_below_the_package_needs_no_import_of_its_own(run: Run, path: str) -> None:
    assert run(f"import deepgram; print(deepgram.{path} is not None)", SOURCE) == "True"


def test_a_name_is_looked_up_once(run: Run) -> None:
    program = """
        import deepgram.types
        first = deepgram.types.ListenV1Response
        print("ListenV1Response" in vars(deepgram.types))
    """
    assert run(program, SOURCE) == "True"


def test_speech_is_loaded_with_its_first_use_and_its_messages_with_the_first_conversation(run: Run) -> None:
    program = """
        import sys
        import deepgram
        client = deepgram.DeepgramClient(api_key="k")
        before = [name for name in sys.modules if "speak" in name or "speech" in name]
        client.speak.v1.audio.generate(text="Hello").close()
        client.speak.v1.connect
        print(before, "deepgram.protocol.models.speak" in sys.modules, "deepgram.protocol.speak_sockets" in sys.modules)
    """
    assert run(program, SOURCE) == "[] False False"


def test_text_helpers_load_no_library(run: Run) -> None:
    program = f"""
        import sys
        from deepgram.helpers import TextBuilder
        TextBuilder().text("a").build()
        print([name for name in {HEAVY.split()!r} if name in sys.modules])
    """
    assert run(program, SOURCE) == "[]"
