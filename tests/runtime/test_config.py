"""What a client is configured with: credentials, addresses, headers."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from uuid import UUID

import pytest

import deepgram
from deepgram import AsyncDeepgramClient, DeepgramClient, DeepgramClientEnvironment
from deepgram.runtime.config import Config, Credential, find_credential, merged
from deepgram.runtime.errors import ApiError

PRODUCTION = DeepgramClientEnvironment.PRODUCTION
SECRET = "5f3c9a7e11d2b4c68"


def authorization(**keywords: str | None) -> str:
    return DeepgramClient(**keywords)._client_wrapper.get_headers()["Authorization"]  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_d25_the_token_of_the_environment_is_read_and_wins_over_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPGRAM_API_KEY", "key-e")
    assert authorization() == "Token key-e"
    monkeypatch.setenv("DEEPGRAM_TOKEN", "token-e")
    assert authorization() == "bearer token-e"
    assert authorization(api_key="key-x") == "Token key-x"
    assert authorization(api_key="key-x", access_token="token-x") == "bearer token-x"


def test_the_environment_is_read_when_a_client_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPGRAM_API_KEY", "late")
    assert authorization() == "Token late"


@pytest.mark.parametrize("client", [DeepgramClient, AsyncDeepgramClient])
def test_d26_without_a_credential_the_error_says_what_to_set(
    client: type[DeepgramClient] | type[AsyncDeepgramClient],
) -> None:
    with pytest.raises(ApiError) as caught:
        client()
    error = caught.value
    assert (error.status_code, error.headers, error.request_id) == (None, None, None)
    assert "DEEPGRAM_API_KEY" in error.body
    assert "DEEPGRAM_TOKEN" in error.body
    assert "access_token=" in str(error)


def test_an_explicit_none_means_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPGRAM_API_KEY", "of somebody else")
    with pytest.raises(ApiError, match="api_key=None"):
        DeepgramClient(api_key=None)
    assert authorization(api_key=None, access_token="t") == "bearer t"


def test_the_default_of_api_key_shows_as_recorded() -> None:
    assert repr(inspect.signature(DeepgramClient).parameters["api_key"].default) == "None"


def test_an_empty_text_is_a_key() -> None:
    assert authorization(api_key="") == "Token"
    assert find_credential(None, "").source == "api_key="


@pytest.mark.parametrize(
    "bad", [f"{SECRET}\n", f"{SECRET}\r\nx: y", f"\t{SECRET}", f"{SECRET}\x00", f"{SECRET}\u2019", f"{SECRET}\x85"]
)
@pytest.mark.parametrize("keyword", ["api_key", "access_token"])
def test_d45_a_key_that_cannot_be_sent_is_refused_at_once_and_not_shown(bad: str, keyword: str) -> None:
    with pytest.raises(ApiError) as caught:
        DeepgramClient(**{keyword: bad})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value)
    assert keyword in caught.value.body
    assert caught.value.__cause__ is None


def test_d45_a_bad_key_of_the_environment_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPGRAM_TOKEN", f"{SECRET}\n")
    with pytest.raises(ApiError, match="DEEPGRAM_TOKEN") as caught:
        DeepgramClient()
    assert SECRET not in str(caught.value)


def test_d45_what_holds_a_key_does_not_show_it() -> None:
    client = DeepgramClient(api_key=SECRET, base_url="http://127.0.0.1:1/p")
    shown = repr(client) + repr(client._config) + repr(client._config.credential) + str(client)
    assert SECRET not in shown
    assert "http://127.0.0.1:1/p" in repr(client)
    assert repr(Credential("Token", SECRET, "api_key=")) == "<Token credential given by api_key=>"


def test_one_address_serves_rest_and_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    found = DeepgramClient(api_key="k", base_url="https://proxy.example/dg/")._client_wrapper.get_environment()
    assert (found.base, found.production) == ("https://proxy.example/dg/", "wss://proxy.example/dg/")
    assert (found.agent, found.agent_rest) == ("wss://proxy.example/dg/", "https://proxy.example/dg/")
    assert DeepgramClientEnvironment.at("ws://h:1").base == "http://h:1"
    assert DeepgramClientEnvironment.at("http://[::1]:8080").production == "ws://[::1]:8080"
    monkeypatch.setenv("DEEPGRAM_BASE_URL", "http://h:1")
    assert DeepgramClient(api_key="k")._config.environment.production == "ws://h:1"
    assert DeepgramClient(api_key="k", base_url="http://h:2")._config.environment.base == "http://h:2"
    agent = DeepgramClientEnvironment.AGENT
    assert DeepgramClient(api_key="k", environment=agent)._config.environment is agent


@pytest.mark.parametrize(
    "bad", ["", "api.deepgram.com", "ftp://h", "https://", "http://h h", "http://h\nx", "http://hö", "file:///x"]
)
def test_a_base_url_that_is_no_address_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="base_url must be an address"):
        DeepgramClient(api_key="k", base_url=bad)


@pytest.mark.parametrize("bad", ["http://u:p@h", "http://h?x=1", "http://h/#x"])
def test_a_base_url_with_more_than_an_address_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="must not hold a password"):
        DeepgramClient(api_key="k", base_url=bad)


def test_a_bad_address_of_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPGRAM_BASE_URL", "nonsense")
    with pytest.raises(ValueError, match=r"^DEEPGRAM_BASE_URL: base_url must be"):
        DeepgramClient(api_key="k")


def test_environments_of_all_releases() -> None:
    assert vars(PRODUCTION) == {
        "base": "https://api.deepgram.com",
        "production": "wss://api.deepgram.com",
        "agent": "wss://agent.deepgram.com",
        "agent_rest": "https://agent.deepgram.com",
    }
    assert DeepgramClientEnvironment.AGENT.base == "https://agent.deepgram.com"
    six = DeepgramClientEnvironment(base="https://h", production="wss://h", agent="ws://a")
    seven = DeepgramClientEnvironment(base="https://h", production="wss://h", agent="ws://a", agent_rest="http://a")
    assert six == seven
    assert hash(six) == hash(seven)
    assert six != PRODUCTION
    assert six != "https://h"
    assert "agent_rest='http://a'" in repr(six)
    assert DeepgramClientEnvironment(base="b", production="p", agent="a").agent_rest == "a"
    assert "agent_rest" in inspect.signature(DeepgramClientEnvironment).parameters


def test_d31_the_headers_of_the_caller_are_copied_and_merged_whatever_their_case() -> None:
    given = {"user-agent": "mine", "X-Extra": "1", "authorization": "Token other"}
    client = DeepgramClient(api_key="k", headers=given, session_id="s")
    sent = client._client_wrapper.get_headers()
    assert given == {"user-agent": "mine", "X-Extra": "1", "authorization": "Token other"}
    assert "User-Agent" not in sent
    assert (sent["user-agent"], sent["X-Extra"], sent["Authorization"]) == ("mine", "1", "Token k")
    assert sent["x-deepgram-session-id"] == "s" == client.session_id
    assert client._client_wrapper.get_custom_headers() == given
    given["X-Extra"] = "2"
    assert client._client_wrapper.get_headers()["X-Extra"] == "1"


def test_the_default_headers() -> None:
    client = DeepgramClient(api_key="k")
    headers = client._client_wrapper.get_headers()
    assert headers["User-Agent"] == f"deepgram-sdk/{deepgram.__version__}"
    assert headers["X-Fern-Language"] == "Python"
    assert re.fullmatch(r"python/3\.\d+\.\d+", headers["X-Fern-Runtime"])
    assert re.fullmatch(r"[a-z]+/.+", headers["X-Fern-Platform"])
    assert (headers["X-Fern-SDK-Name"], headers["X-Fern-SDK-Version"]) == ("deepgram-sdk", deepgram.__version__)
    identity = UUID(headers["x-deepgram-session-id"])
    assert (identity.version, str(identity)) == (4, client.session_id)


def test_the_platform_is_known_where_uname_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.uname")
    config = Config(credential=Credential("Token", "k", "test"))
    assert re.fullmatch(r"[a-z]+/.+", config.headers["X-Fern-Platform"])


def _not_again(name: str) -> str:
    pytest.fail(f"the metadata of {name} was read")


def test_d34_headers_and_version_are_put_together_once(monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(credential=Credential("Token", "k", "test"))
    first = config.headers
    monkeypatch.setattr("importlib.metadata.version", _not_again)
    assert config.headers is first


def test_the_version_is_written_in_two_places_that_agree() -> None:
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    written = re.search(r'^version = "(.+)"$', project, re.MULTILINE)
    assert written is None or written[1] == deepgram.__version__


def test_none_takes_a_header_out() -> None:
    assert merged({"A": "1", "B": "2"}, {"a": None}, {"c": "3"}) == {"B": "2", "c": "3"}


@pytest.mark.parametrize("client", [DeepgramClient, AsyncDeepgramClient])
def test_clients_take_keywords_only_and_only_those_they_know(
    client: type[DeepgramClient] | type[AsyncDeepgramClient],
) -> None:
    with pytest.raises(TypeError):
        client("key")  # type: ignore[call-arg,arg-type]  # pyright: ignore[reportCallIssue]
    with pytest.raises(TypeError):
        client(apikey="key")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    made = client(
        api_key="k",
        telemetry_opt_out=False,
        telemetry_handler=object(),
        stream_reconnection_enabled=True,
        max_stream_reconnection_attempts=3,
        follow_redirects=None,
    )
    assert made._config.follow_redirects is True


def test_reconnection_is_off_with_a_transport_of_the_callers() -> None:
    assert DeepgramClient(api_key="k").reconnect is True
    assert DeepgramClient(api_key="k", reconnect=False).reconnect is False
    assert DeepgramClient(api_key="k", transport_factory=lambda url, headers: None).reconnect is False  # type: ignore[arg-type,return-value]  # pyright: ignore[reportArgumentType]
