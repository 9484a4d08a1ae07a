"""The clients as objects: what they load, how they show, how they travel."""

from __future__ import annotations

import asyncio
import copy
import multiprocessing
import os
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

import deepgram
from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.runtime import sealing
from deepgram.runtime.errors import ApiError

SECRET = "5f3c9a7e11d2b4c68"
SOURCE = Path(deepgram.__file__).parents[1]


def run(code: str, **variables: str) -> str:
    """Run ``code`` in a process of its own; return what it prints."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), **variables}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_d42_building_clients_loads_none_of_the_heavy_modules() -> None:
    code = """
import sys
before = {*sys.modules}
import deepgram
deepgram.DeepgramClient(api_key="k", base_url="http://h", logging=None)
deepgram.AsyncDeepgramClient(access_token="t")
print(*sorted({*sys.modules} - before))
"""
    loaded = {*run(code).split()}
    heavy = {"httpx", "pydantic", "pydantic_core", "websockets", "ssl", "asyncio", "typing", "typing_extensions"}
    heavy |= {"dataclasses", "inspect", "logging", "json", "uuid", "platform", "importlib.metadata", "httpx_aiohttp"}
    assert not loaded & heavy
    assert {name for name in loaded if name.startswith("deepgram")} == {
        "deepgram",
        "deepgram.client",
        "deepgram.environment",
        "deepgram.runtime",
        "deepgram.runtime.config",
        "deepgram.version",
    }


def test_d42_a_call_from_a_thread_loads_nothing_for_event_loops_or_sockets() -> None:
    code = """
import sys
import deepgram
client = deepgram.DeepgramClient(api_key="k", base_url="http://127.0.0.1:9", max_retries=0, timeout=5)
try:
    client.listen.v1.media.transcribe_url(url="u")
except deepgram.core.ApiError:
    print(*sorted({"asyncio", "websockets", "aiohttp", "httpx_aiohttp"} & {*sys.modules}))
"""
    assert run(code, NO_PROXY="*").split() == []


def test_the_top_level_offers_all_names_when_asked() -> None:
    assert {"DeepgramClient", "AsyncDeepgramClient", "DeepgramClientEnvironment", "__version__"} <= {*deepgram.__all__}  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    assert "DeepgramClient" in dir(deepgram)
    with pytest.raises(AttributeError):
        _ = deepgram.Nonsense  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def test_resources_are_made_once() -> None:
    client = DeepgramClient(api_key="k")
    assert client.listen is client.listen
    assert client.listen.v1.media is client.listen.v1.media
    assert client._client_wrapper is client._client_wrapper
    loop_client = AsyncDeepgramClient(api_key="k")
    assert loop_client.listen is loop_client.listen
    assert loop_client._client_wrapper is loop_client._client_wrapper


def test_programs_find_address_and_headers_where_they_look_for_them() -> None:
    wrapper: Any = DeepgramClient(api_key="k").listen.v1._client_wrapper
    assert wrapper.get_environment().production == "wss://api.deepgram.com"
    assert wrapper.get_headers()["Authorization"] == "Token k"


# --- Pickles ----------------------------------------------------------------------------------------------------------

ARGUMENTS: list[dict[str, Any]] = [
    {"api_key": SECRET},
    {"access_token": SECRET},
    {"api_key": ""},
    {"api_key": SECRET, "headers": {"X-Team": "a", "X-Api-Key": SECRET}, "proxy": f"http://u:{SECRET}@h", "timeout": 3},
    {"api_key": SECRET, "base_url": "http://h/p", "session_id": "s", "max_retries": 0, "verify": False},
    {"api_key": SECRET, "timeout": httpx.Timeout(5), "environment": deepgram.DeepgramClientEnvironment.AGENT},
]


@pytest.mark.parametrize("kind", [DeepgramClient, AsyncDeepgramClient])
@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_d45_a_pickled_client_works_in_this_program_and_shows_no_key(
    kind: type[DeepgramClient] | type[AsyncDeepgramClient], arguments: dict[str, Any]
) -> None:
    client = kind(**arguments)
    stored = pickle.dumps(client)
    assert SECRET.encode() not in stored
    for other in (pickle.loads(stored), copy.copy(client), copy.deepcopy(client)):
        assert type(other) is kind
        assert other._client_wrapper.get_headers() == client._client_wrapper.get_headers()
        assert (other._config.proxy, other._config.environment) == (client._config.proxy, client._config.environment)
        assert (other._config.timeout, other._config.max_retries) == (
            client._config.timeout,
            client._config.max_retries,
        )
        assert (other.session_id, other._config.verify) == (client.session_id, client._config.verify)


def authorization(client: DeepgramClient) -> str:
    return client._client_wrapper.get_headers()["Authorization"]


@pytest.mark.parametrize("method", [m for m in ("spawn", "forkserver") if m in multiprocessing.get_all_start_methods()])
def test_a_client_goes_to_the_processes_of_a_pool(method: str) -> None:
    client = DeepgramClient(api_key=SECRET)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
        assert pool.submit(authorization_of, client).result(timeout=60) == f"Token {SECRET}"


def authorization_of(client: DeepgramClient) -> str:
    return authorization(client)


LOAD = "import pickle, sys; c = pickle.loads(bytes.fromhex(sys.stdin.read()))"


def loaded_elsewhere(stored: bytes, **variables: str) -> subprocess.CompletedProcess[str]:
    code = f"{LOAD}; print(c._client_wrapper.get_headers()['Authorization'], c._config.custom_headers)"
    environment = {**os.environ, "PYTHONPATH": str(SOURCE), **variables}
    return subprocess.run(
        [sys.executable, "-c", code],
        input=stored.hex(),
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_d45_another_program_reads_the_key_of_its_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = pickle.dumps(DeepgramClient(api_key=SECRET, headers={"X-Team": "a"}))
    assert loaded_elsewhere(stored, DEEPGRAM_API_KEY="theirs").stdout == "Token theirs {'X-Team': 'a'}\n"
    without = loaded_elsewhere(stored)
    assert "DEEPGRAM_API_KEY" in without.stderr
    assert SECRET not in without.stderr
    monkeypatch.setenv("DEEPGRAM_API_KEY", SECRET)
    of_environment = pickle.dumps(DeepgramClient())
    assert SECRET.encode() not in of_environment
    assert loaded_elsewhere(of_environment, DEEPGRAM_API_KEY="theirs").stdout == "Token theirs {}\n"
    monkeypatch.setenv("DEEPGRAM_API_KEY", "changed")
    assert authorization(pickle.loads(of_environment)) == "Token changed"


def test_d45_other_secrets_do_not_travel_to_another_program() -> None:
    stored = pickle.dumps(DeepgramClient(api_key="k", headers={"Cookie": SECRET}, proxy=f"http://u:{SECRET}@h"))
    failed = loaded_elsewhere(stored, DEEPGRAM_API_KEY="theirs")
    assert "make it anew where it is used, with its headers and proxy" in failed.stderr
    assert SECRET not in failed.stderr


def test_d45_a_client_of_another_run_is_read_with_the_credential_of_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = pickle.dumps(DeepgramClient(api_key=SECRET))
    with_proxy = pickle.dumps(DeepgramClient(api_key=SECRET, proxy=f"http://u:{SECRET}@h"))
    monkeypatch.setattr(multiprocessing.current_process(), "authkey", os.urandom(32))
    with pytest.raises(ApiError, match="DEEPGRAM_API_KEY"):
        pickle.loads(plain)
    monkeypatch.setenv("DEEPGRAM_API_KEY", "ours")
    assert authorization(pickle.loads(plain)) == "Token ours"
    with pytest.raises(ApiError, match="make it anew where it is used, with its proxy"):
        pickle.loads(with_proxy)


def test_what_another_program_sealed_is_noise() -> None:
    closed = sealing.seal(b"secret")
    assert b"secret" not in closed
    assert closed != sealing.seal(b"secret")
    assert sealing.unseal(closed) == b"secret"
    assert sealing.unseal(closed[:-1] + bytes([closed[-1] ^ 1])) is None
    assert sealing.unseal(b"short") is None
    assert sealing.unseal(sealing.seal(b"")) == b""


class Unpicklable:
    def __reduce__(self) -> Any:
        raise TypeError("not me")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("httpx_client", httpx.Client()),
        ("transport_factory", lambda *connection: None),  # pyright: ignore[reportUnknownLambdaType]
        ("logging", {"logger": Unpicklable()}),
    ],
)
def test_what_cannot_leave_its_process_is_named(name: str, value: Any) -> None:
    client = DeepgramClient(api_key=SECRET, **{name: value})
    with pytest.raises(TypeError, match=f"cannot be pickled with {name}="):
        pickle.dumps(client)


def test_a_tls_context_cannot_leave_its_process() -> None:
    import ssl

    with pytest.raises(TypeError, match="with ssl_context= SSLContext"):
        pickle.dumps(DeepgramClient(api_key="k", ssl_context=ssl.create_default_context()))


def test_d32_clients_can_be_closed_before_they_were_used() -> None:
    DeepgramClient(api_key="k").close()
    asyncio.run(AsyncDeepgramClient(api_key="k").aclose())


def test_d45_the_traceback_of_a_refusal_holds_no_key_in_its_text() -> None:
    import traceback

    transport = httpx.MockTransport(lambda request: httpx.Response(401, json={"err_code": "INVALID_AUTH"}))
    client = DeepgramClient(api_key=SECRET, httpx_client=httpx.Client(transport=transport))
    with pytest.raises(ApiError) as caught:
        client.listen.v1.media.transcribe_url(url="u")
    assert SECRET not in "".join(traceback.format_exception(caught.value))
