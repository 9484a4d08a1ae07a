"""What programs in the field import and touch, private names included: frameworks, command lines, agents.

Their habits with live connections are in ``tests/conformance``: entering by hand and through an exit stack, text where
numbers are due (``test_live_ways``), ``recv`` under a short timeout, iteration taken up again, a closed socket, a peer
that is gone for good (``test_conversations``), refused handshakes (``test_handshakes``). What type checkers see of them
is in ``tests/typing``.
"""

from __future__ import annotations

import asyncio
import inspect
from importlib import import_module, metadata
from typing import Any

import pytest

from deepgram import AsyncDeepgramClient, DeepgramClient, DeepgramClientEnvironment, __version__


@pytest.mark.parametrize(("oldest", "next_major"), [((6, 1, 1), 8), ((7, 7, 0), 8)])
def test_the_version_is_one_that_frameworks_ask_for(oldest: tuple[int, ...], next_major: int) -> None:
    version = tuple(map(int, __version__.split(".")[:3]))
    assert oldest <= version < (next_major,)
    assert metadata.version("deepgram-sdk") == __version__


@pytest.mark.parametrize(
    "paths",
    [
        "core.ApiError core.api_error.ApiError errors.ApiError",
        "core.EventType core.events.EventType listen.v1.socket_client.EventType",
        "listen.ListenV1Results listen.v1.types.listen_v1results.ListenV1Results "
        "listen.v1.types.ListenV1Results listen.v1.ListenV1Results listen.v1.socket_client.ListenV1Results",
        "listen.v1.socket_client.ListenV1UtteranceEnd listen.v1.types.listen_v1utterance_end.ListenV1UtteranceEnd",
        "listen.v1.types.listen_v1metadata.ListenV1Metadata listen.ListenV1Metadata",
        "listen.ListenV2CloseStream listen.v2.types.listen_v2close_stream.ListenV2CloseStream",
        "transport.install_transport",
        "transport.restore_transport",
        "speak.v2.types.speak_v2speak.SpeakV2Speak speak.SpeakV2Speak",
        "requests.read_v1request_text.ReadV1RequestTextParams requests.ReadV1RequestTextParams ReadV1RequestTextParams",
        "listen.v1.raw_client.RawV1Client",
        "listen.v1.raw_client.AsyncRawV1Client",
        "core.unchecked_base_model.UncheckedBaseModel core.UncheckedBaseModel",
        "core.unchecked_base_model.construct_type core.construct_type",
        "core.client_wrapper.BaseClientWrapper core.BaseClientWrapper",
        "core.client_wrapper.SyncClientWrapper core.SyncClientWrapper",
        "core.client_wrapper.AsyncClientWrapper core.AsyncClientWrapper",
        "transport_interface.SyncTransport transport.SyncTransport",
    ],
)
def test_every_path_leads_to_the_same_object(paths: str) -> None:
    found: list[Any] = []
    for path in paths.split():
        module, _, name = f"deepgram.{path}".rpartition(".")
        found.append(getattr(import_module(module), name))
    assert all(one is found[0] for one in found)


def test_a_twin_is_called_like_a_constructor() -> None:
    from deepgram.requests.read_v1request_text import ReadV1RequestTextParams

    assert ReadV1RequestTextParams(text="Hello.") == {"text": "Hello."}


def test_addresses_and_headers_are_asked_of_the_client_wrapper() -> None:
    client = DeepgramClient(api_key="k")
    wrapper = client.listen.v1._client_wrapper
    assert wrapper is client._client_wrapper
    assert wrapper.get_environment().production == "wss://api.deepgram.com"
    assert wrapper.get_headers()["Authorization"] == "Token k"
    assert type(client.listen.v1._raw_client).__name__ == "RawV1Client"
    assert type(AsyncDeepgramClient(api_key="k").manage.v1.projects._raw_client).__name__ == "AsyncRawProjectsClient"


async def test_the_httpx_client_is_closed_two_attributes_deep() -> None:
    client = AsyncDeepgramClient(api_key="k")
    await client._client_wrapper.httpx_client.httpx_client.aclose()


def test_the_environment_lists_its_addresses_by_name() -> None:
    assert "agent_rest" in inspect.signature(DeepgramClientEnvironment).parameters


def test_an_error_is_made_of_a_body_alone() -> None:
    from deepgram.core.api_error import ApiError

    error = ApiError(body="no")
    assert (error.body, error.status_code, error.headers) == ("no", None, None)


def test_answers_become_json_text() -> None:
    from deepgram import ListProjectsV1Response

    answer = ListProjectsV1Response.model_validate({"projects": [{"project_id": "p", "name": "n"}]})
    assert answer.to_json() == '{"projects":[{"project_id":"p","name":"n"}]}'
    assert '\n  "projects"' in answer.to_json(indent=2)


def test_turns_read_like_dicts() -> None:
    from deepgram.core.unchecked_base_model import construct_type
    from deepgram.listen.v2.types import ListenV2TurnInfo

    turn = construct_type(type_=ListenV2TurnInfo, object_={"type": "TurnInfo", "event": "EndOfTurn"})
    assert (turn["event"], turn.get("transcript", "none yet")) == ("EndOfTurn", "none yet")
    with pytest.raises(KeyError):
        turn["nonsense"]


def test_start_listening_is_a_plain_method_of_every_socket() -> None:
    for path in ("listen.v1", "listen.v2", "speak.v1", "speak.v2", "agent.v1"):
        sockets = vars(import_module(f"deepgram.{path}.socket_client")).values()
        kinds = [kind for kind in sockets if inspect.isclass(kind) and kind.__name__.endswith("SocketClient")]
        assert len(kinds) == 2
        for kind in kinds:
            method = inspect.getattr_static(kind, "start_listening")
            assert inspect.isfunction(method)
            assert asyncio.iscoroutinefunction(method) == kind.__name__.startswith("Async")


def test_methods_of_async_clients_are_coroutine_functions_and_those_of_others_are_not() -> None:
    sync, later = DeepgramClient(api_key="k"), AsyncDeepgramClient(api_key="k")
    for client, awaits in ((sync, False), (later, True)):
        for method in (
            client.listen.v1.media.transcribe_url,
            client.auth.v1.tokens.grant,
            client.manage.v1.models.list,
        ):
            assert inspect.iscoroutinefunction(method) is awaits
            assert inspect.iscoroutinefunction(inspect.unwrap(method)) is awaits


@pytest.mark.parametrize(
    "path",
    [
        "listen.v1.media.client.MediaClient",
        "listen.v1.socket_client.V1SocketClient",
        "speak.v1.audio.client.AudioClient",
        "agent.v1.client.V1Client",
        "manage.v1.projects.keys.client.KeysClient",
        "read.v1.text.client.TextClient",
        "self_hosted.v1.distribution_credentials.client.DistributionCredentialsClient",
        "voice_agent.configurations.client.ConfigurationsClient",
    ],
)
def test_a_class_can_be_patched_at_its_official_path(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, _, name = f"deepgram.{path}".rpartition(".")
    kind = getattr(import_module(module), name)
    method = next(name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_"))
    double = object()
    monkeypatch.setattr(f"deepgram.{path}.{method}", double)
    assert getattr(kind, method) is double
