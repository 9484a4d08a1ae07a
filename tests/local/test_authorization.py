"""Who may do what on a server that demands keys: real requests, real conversations, keys that stop being valid."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

import deepgram.local
from deepgram.local import Server
from deepgram.local.accounts import OWNER_ID, PROJECT_ID
from deepgram.local.app import MANAGEMENT
from deepgram.local.router import Router
from deepgram.local.scopes import KNOWN, ROLES, expanded, needed
from deepgram.local.settings import Settings
from deepgram.local.state import State
from deepgram.local.tokens import BadToken, Claims

PATIENCE = 10.0
RAW = "encoding=linear16&sample_rate=16000"
PROJECT = f"/v1/projects/{PROJECT_ID}"
SOCKETS = [
    f"/v1/listen?{RAW}",
    f"/v2/listen?model=flux-general-en&{RAW}",
    "/v1/speak?encoding=linear16",
    "/v2/speak?model=flux-alexis-en",
    "/v1/agent/converse",
]


class Caller:
    """Somebody with a credential."""

    def __init__(self, server: Server, key: str, scheme: str = "Token") -> None:
        self.server = server
        self.headers = {"Authorization": f"{scheme} {key}".strip()} if key else {}

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return httpx.request(method, self.server.url + path, headers=self.headers, timeout=PATIENCE, **options)

    def key(self, *scopes: str, **fields: Any) -> tuple[str, str]:
        """Make a key; return its id and its secret."""
        made = self.ask("POST", f"{PROJECT}/keys", json={"comment": "test", "scopes": scopes, **fields})
        assert made.status_code == 200, made.text
        return made.json()["api_key_id"], made.json()["key"]

    def converse(self, path: str = f"/v1/listen?{RAW}") -> ClientConnection:
        return connect(self.server.url.replace("http", "ws") + path, additional_headers=self.headers)


ENDS = {("DELETE", "/v1/projects/{project_id}"), ("DELETE", "/v1/projects/{project_id}/leave")}
"""What would be the end of the project."""


def addresses() -> list[tuple[str, str]]:
    """Return method and path of everything that management answers."""
    router = Router()
    for handlers in MANAGEMENT:
        handlers.register(router)
    return [*router._handlers]


def refused(response: httpx.Response, status: int, code: str) -> None:
    """Make sure of an error in the service's form."""
    assert response.status_code == status, response.text
    assert response.json()["err_code"] == code
    assert response.json()["request_id"] == response.headers["dg-request-id"]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


@pytest.fixture
def server() -> Iterator[Server]:
    with deepgram.local.running(engine="scripted", auth=True) as running:
        yield running


@pytest.fixture
def owner(server: Server) -> Caller:
    with server.client() as client:
        return Caller(server, client._client_wrapper.get_headers()["Authorization"].partition(" ")[2])


# --- Keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["Token", "Bearer", "Basic", ""])
def test_without_a_valid_key_nothing_is_served(server: Server, scheme: str) -> None:
    stranger = Caller(server, "0" * 40, scheme)
    for method, path in [
        ("GET", "/v1/projects"),
        ("POST", "/v1/listen"),
        ("GET", "/v1/nothing"),
        ("GET", "/v1/models"),
    ]:
        refused(stranger.ask(method, path), 401, "INVALID_AUTH")
    with pytest.raises(InvalidStatus) as denied:
        stranger.converse()
    assert denied.value.response.status_code == 401
    assert json.loads(denied.value.response.body or b"")["err_code"] == "INVALID_AUTH"


REQUESTS = [
    ("usage:write", "POST", "/v1/auth/grant", 403),
    ("usage:write", "GET", "/v1/projects", 403),
    ("project:read", "GET", "/v1/projects", 200),
    ("project:read", "GET", PROJECT, 200),
    ("project:write", "GET", PROJECT, 200),
    ("project:read", "PATCH", PROJECT, 403),
    ("admin", "DELETE", PROJECT, 403),
    ("member", "GET", f"{PROJECT}/keys", 200),
    ("member", "GET", f"{PROJECT}/members", 403),
    ("admin", "GET", f"{PROJECT}/members", 200),
    ("member", "GET", f"{PROJECT}/invites", 403),
    ("member", "GET", f"{PROJECT}/requests", 200),
    ("member", "GET", f"{PROJECT}/usage", 200),
    ("usage:read", "GET", f"{PROJECT}/usage/breakdown", 200),
    ("usage:read", "POST", "/v1/listen", 403),
    ("member", "GET", f"{PROJECT}/balances", 403),
    ("billing:read", "GET", f"{PROJECT}/balances", 200),
    ("billing:read", "GET", f"{PROJECT}/purchases", 200),
    ("billing:read", "GET", f"{PROJECT}/billing/fields", 200),
    ("member", "GET", f"{PROJECT}/agents", 200),
    ("usage:write", "GET", f"{PROJECT}/agents", 403),
    ("member", "GET", f"{PROJECT}/self-hosted/distribution/credentials", 200),
    ("usage:write", "GET", "/v1/models", 200),
    ("usage:write", "GET", "/v1/agent/settings/think/models", 200),
    ("member", "POST", "/v1/auth/grant", 200),
    ("usage:write", "GET", "/v1/nothing", 404),
]


def test_a_key_is_good_for_what_its_scopes_say_and_for_nothing_else(owner: Caller) -> None:
    callers = {scope: Caller(owner.server, owner.key(scope)[1]) for scope in {scope for scope, *_ in REQUESTS}}
    for scope, method, path, status in REQUESTS:
        response = callers[scope].ask(method, path)
        assert response.status_code == status, (scope, method, path, response.text)
        if status == 403:
            refused(response, 403, "FORBIDDEN")
            assert response.json()["err_msg"].startswith("Insufficient permissions.")
    with pytest.raises(InvalidStatus) as denied:
        callers["usage:read"].converse()
    assert denied.value.response.status_code == 403
    with callers["usage:write"].converse():
        pass


def test_every_request_takes_its_own_scope_and_no_other(owner: Caller) -> None:
    """Asked for things that are not there, but for the project: who is let in gets 404 or 400, or what there is."""
    stranger = Caller(owner.server, "")
    speaker, accountant = (Caller(owner.server, owner.key(scope)[1]) for scope in ("usage:write", "billing:read"))
    holders: dict[str, Caller] = {}
    for method, template in addresses():
        path = template.replace("{project_id}", PROJECT_ID)
        path = path if template.endswith("{project_id}") else re.sub(r"{\w+}", str(uuid.uuid4()), path)
        scope = needed(method, path)
        assert stranger.ask(method, path).status_code == 401, path
        if scope is not None:
            other = accountant if scope in expanded(["usage:write"]) else speaker
            refused(other.ask(method, path), 403, "FORBIDDEN")
        if (method, template) in ENDS:
            continue
        name = "member" if template == "/v1/auth/grant" or scope is None else scope
        if name not in holders:
            holders[name] = Caller(owner.server, owner.key(name)[1])
        assert holders[name].ask(method, path).status_code in (200, 400, 404), (method, path, name)


def test_nobody_gives_away_more_than_he_has(owner: Caller) -> None:
    member = Caller(owner.server, owner.key("member")[1])
    member.key("usage:write")
    for scopes in (["admin"], ["usage:write", "billing:read"], ["self-hosted:products"]):
        refused(member.ask("POST", f"{PROJECT}/keys", json={"comment": "c", "scopes": scopes}), 403, "FORBIDDEN")


async def test_a_member_sees_and_deletes_his_own_keys_only(tmp_path: Path) -> None:
    data = tmp_path / "data.db"
    state = await State.open(data)
    await state.accounts.invite(PROJECT_ID, "m@example.com", "member")
    member_id = await state.accounts.accept(PROJECT_ID, "m@example.com", "Mia")
    theirs, secret = await state.keys.create(PROJECT_ID, member_id, comment="mine", scopes=["member"])
    own, boss = await state.keys.create(PROJECT_ID, OWNER_ID, comment="owner's", scopes=["owner"])
    await state.close()

    def visit() -> None:
        with deepgram.local.running(engine="scripted", auth=True, data=data) as server:
            member, owner = Caller(server, secret), Caller(server, boss)

            def ids(caller: Caller) -> set[str]:
                keys = caller.ask("GET", f"{PROJECT}/keys").json()["api_keys"]
                return {entry["api_key"]["api_key_id"] for entry in keys}

            assert ids(member) == {theirs.key_id}
            assert ids(owner) == {theirs.key_id, own.key_id}
            for method in ("GET", "DELETE"):
                refused(member.ask(method, f"{PROJECT}/keys/{own.key_id}"), 404, "KEY_NOT_FOUND")
            found = owner.ask("GET", f"{PROJECT}/keys/{theirs.key_id}").json()["item"]["member"]
            assert (found["email"], found["first_name"]) == ("m@example.com", "Mia")
            assert (found["api_key"]["comment"], found["api_key"]["scopes"]) == ("mine", ["member"])

            # Who has less is worth less, and so are the keys that he made.
            scopes = f"{PROJECT}/members/{member_id}/scopes"
            refused(member.ask("PUT", scopes, json={"scope": "owner"}), 403, "FORBIDDEN")
            assert owner.ask("PUT", scopes, json={"scope": "usage:write"}).status_code == 200
            assert owner.ask("GET", scopes).json() == {"scopes": ["usage:write"]}
            refused(member.ask("GET", f"{PROJECT}/keys"), 403, "FORBIDDEN")

            with member.converse() as socket:
                assert owner.ask("DELETE", f"{PROJECT}/members/{member_id}").status_code == 200
                refused(member.ask("GET", f"{PROJECT}/keys"), 401, "INVALID_AUTH")
                with pytest.raises(ConnectionClosed):
                    socket.recv(PATIENCE)
            refused(owner.ask("DELETE", f"{PROJECT}/members/{member_id}"), 404, "MEMBER_NOT_FOUND")
            assert ids(owner) == {own.key_id}

    await asyncio.to_thread(visit)


async def test_a_project_is_closed_to_keys_of_another_one(tmp_path: Path) -> None:
    data = tmp_path / "data.db"
    state = await State.open(data)
    other = await state.accounts.create_project("other")
    _, secret = await state.keys.create(other, OWNER_ID, comment="c", scopes=["owner"])
    _, boss = await state.keys.create(PROJECT_ID, OWNER_ID, comment="c", scopes=["owner"])
    await state.close()

    def visit() -> None:
        with deepgram.local.running(engine="scripted", auth=True, data=data) as server:
            caller, owner = Caller(server, secret), Caller(server, boss)
            assert [one["project_id"] for one in caller.ask("GET", "/v1/projects").json()["projects"]] == [other]
            for path in (PROJECT, f"{PROJECT}/keys", f"{PROJECT}/nothing"):
                refused(caller.ask("GET", path), 404, "PROJECT_NOT_FOUND")
            refused(caller.ask("DELETE", PROJECT), 404, "PROJECT_NOT_FOUND")
            with caller.converse() as socket:
                assert caller.ask("DELETE", f"/v1/projects/{other}").json()["message"]
                with pytest.raises(ConnectionClosed):
                    socket.recv(PATIENCE)
            refused(caller.ask("GET", "/v1/projects"), 401, "INVALID_AUTH")
            assert owner.ask("GET", PROJECT).status_code == 200

    await asyncio.to_thread(visit)


def test_a_key_lives_as_long_as_was_said(owner: Caller) -> None:
    key_id, secret = owner.key("usage:read", time_to_live_in_seconds=1)
    caller = Caller(owner.server, secret)
    until(lambda: caller.ask("GET", f"{PROJECT}/usage").status_code == 401)
    listed = {
        status: {
            entry["api_key"]["api_key_id"]
            for entry in owner.ask("GET", f"{PROJECT}/keys?status={status}").json()["api_keys"]
        }
        for status in ("active", "expired")
    }
    assert listed["expired"] == {key_id}
    assert key_id not in listed["active"]
    found = owner.ask("GET", f"{PROJECT}/keys/{key_id}").json()
    assert found["item"]["member"]["api_key"]["expiration_date"].startswith("20")


def test_a_secret_is_shown_once_and_not_kept(tmp_path: Path) -> None:
    data = tmp_path / "data.db"
    with deepgram.local.running(engine="scripted", auth=True, data=data) as server, server.client() as client:
        first = client._client_wrapper.get_headers()["Authorization"].partition(" ")[2]
        owner = Caller(server, first)
        key_id, secret = owner.key("member", tags=["a", "b"], expiration_date="2999-01-01T00:00:00Z")
        shown = owner.ask("GET", f"{PROJECT}/keys/{key_id}").text + owner.ask("GET", f"{PROJECT}/keys").text
        assert secret not in shown
        assert '"tags":["a","b"]' in shown
        assert "2999-01-01" in shown
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    for hidden in (first, secret):
        assert hidden.encode() not in content
    with deepgram.local.running(engine="scripted", auth=True, data=data) as server, server.client() as client:
        assert client._client_wrapper.get_headers()["Authorization"] == "Token local", "there was a key already"
        assert Caller(server, first).ask("GET", "/v1/projects").status_code == 200
        assert Caller(server, secret).ask("GET", "/v1/projects").status_code == 200


def test_the_key_of_the_owner_is_good_as_long_as_the_server_is_started_with_it(tmp_path: Path) -> None:
    data = tmp_path / "data.db"
    with deepgram.local.running(engine="scripted", api_key="one", data=data) as server:
        owner = Caller(server, "one")
        _, made = owner.key("member")
        assert Caller(server, made).ask("GET", "/v1/projects").status_code == 200
        refused(Caller(server, "two").ask("GET", "/v1/projects"), 401, "INVALID_AUTH")
    with deepgram.local.running(engine="scripted", api_key="two", data=data) as server:
        refused(Caller(server, "one").ask("GET", "/v1/projects"), 401, "INVALID_AUTH")
        for key in ("two", made):
            assert Caller(server, key).ask("GET", "/v1/projects").status_code == 200
    with deepgram.local.running(engine="scripted", auth=True, data=data) as server:
        refused(Caller(server, "two").ask("GET", "/v1/projects"), 401, "INVALID_AUTH")


def test_without_auth_any_key_is_taken_and_a_known_one_is_recognised() -> None:
    with deepgram.local.running(engine="scripted") as server:
        for key in ("", "anything", "a.b.c"):
            assert Caller(server, key).ask("DELETE", f"{PROJECT}/invites/x").status_code == 404
            with Caller(server, key).converse():
                pass
        key_id, secret = Caller(server, "any").key("usage:write", tags=["of the key"])
        known = Caller(server, secret)
        assert known.ask("GET", f"{PROJECT}/keys").status_code == 200
        assert (
            known.ask("POST", "/v1/read?tag=own&language=en&sentiment=true", json={"text": "Fine."}).status_code == 200
        )
        page = known.ask("GET", f"{PROJECT}/requests?accessor={key_id}").json()
        assert [one["response"]["details"]["tags"] for one in page["requests"]] == [["of the key", "own"]]


def test_an_address_that_others_can_reach_demands_keys() -> None:
    with pytest.raises(ValueError, match="auth or api_key must be set"):
        Settings(host="0.0.0.0")
    Settings(host="0.0.0.0", auth=True)
    with pytest.raises(ValueError, match="api_key must not be empty"):
        Settings(api_key="")


# --- Tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_is_good_for_speaking_and_not_for_managing(owner: Caller) -> None:
    granted = owner.ask("POST", "/v1/auth/grant").json()
    assert granted["expires_in"] == 30
    holder = Caller(owner.server, granted["access_token"], "bearer")
    with holder.converse() as socket:
        socket.send(json.dumps({"type": "KeepAlive"}))
    assert holder.ask("POST", "/v1/read?language=en&sentiment=true", json={"text": "Fine."}).status_code == 200
    assert holder.ask("GET", "/v1/agent/settings/think/models").status_code == 200
    for method, path in [
        ("GET", "/v1/projects"),
        ("GET", PROJECT),
        ("GET", f"{PROJECT}/usage"),
        ("GET", "/v1/models"),
        ("POST", "/v1/auth/grant"),
    ]:
        refused(holder.ask(method, path), 403, "FORBIDDEN")


def test_a_token_dies_with_its_time_and_with_its_key(owner: Caller) -> None:
    def holder(of: Caller, ttl: float) -> Caller:
        answer = of.ask("POST", "/v1/auth/grant", json={"ttl_seconds": ttl}).json()
        assert answer["expires_in"] == ttl
        return Caller(of.server, answer["access_token"], "Bearer")

    short = holder(owner, 1)
    until(lambda: short.ask("GET", "/v1/agent/settings/think/models").status_code == 401)
    response = short.ask("POST", "/v1/listen")
    refused(response, 401, "INVALID_AUTH")
    assert "expired" in response.json()["err_msg"]
    with pytest.raises(InvalidStatus) as denied:
        short.converse()
    assert denied.value.response.status_code == 401

    key_id, secret = owner.key("member")
    long = holder(Caller(owner.server, secret), 3600)
    with long.converse() as socket:
        assert owner.ask("DELETE", f"{PROJECT}/keys/{key_id}").status_code == 200
        with pytest.raises(ConnectionClosed):
            socket.recv(PATIENCE)
    refused(long.ask("POST", "/v1/listen"), 401, "INVALID_AUTH")


@pytest.mark.parametrize("path", SOCKETS)
def test_every_conversation_takes_the_scope_or_a_token(owner: Caller, path: str) -> None:
    granted = owner.ask("POST", "/v1/auth/grant").json()["access_token"]
    for caller in (
        Caller(owner.server, owner.key("usage:write")[1]),
        Caller(owner.server, granted, "bearer"),
        Caller(owner.server, granted, "BEARER"),
    ):
        with caller.converse(path) as conversation:
            assert conversation.response is not None
            assert conversation.response.headers["dg-request-id"]
    for caller, status in (
        (Caller(owner.server, ""), 401),
        (Caller(owner.server, "0" * 40), 401),
        (Caller(owner.server, f"{granted}x", "Bearer"), 401),
        (Caller(owner.server, owner.key("usage:read")[1]), 403),
        (Caller(owner.server, owner.key("project:write", "keys:write")[1]), 403),
    ):
        with pytest.raises(InvalidStatus) as denied:
            caller.converse(path)
        answer = denied.value.response
        assert answer.status_code == status
        assert json.loads(answer.body or b"")["request_id"] == answer.headers["dg-request-id"]


def test_a_conversation_outlives_the_token_it_was_begun_with(owner: Caller) -> None:
    """Tokens are for the handshake: developers.deepgram.com/guides/fundamentals/token-based-authentication"""
    granted = owner.ask("POST", "/v1/auth/grant", json={"ttl_seconds": 1}).json()["access_token"]
    holder = Caller(owner.server, granted, "bearer")
    with holder.converse() as hearing, holder.converse("/v1/speak?encoding=linear16") as speaking:
        until(lambda: holder.ask("GET", "/v1/agent/settings/think/models").status_code == 401)
        hearing.send(bytes(32_000))
        hearing.send(json.dumps({"type": "CloseStream"}))
        while json.loads(hearing.recv(PATIENCE))["type"] != "Metadata":
            pass
        speaking.send(json.dumps({"type": "Flush"}))
        while json.loads(speaking.recv(PATIENCE))["type"] != "Flushed":
            pass


def test_a_token_that_this_server_has_not_made_opens_nothing(owner: Caller) -> None:
    claims = {
        "sub": OWNER_ID,
        "project": PROJECT_ID,
        "member": OWNER_ID,
        "exp": time.time() + 60,
        "iss": "deepgram.local",
    }
    genuine = owner.ask("POST", "/v1/auth/grant").json()["access_token"]
    unsigned = jwt.encode(claims, None, "none")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    head, body, signature = genuine.split(".")
    forged = [
        jwt.encode(claims, "x" * 32, "HS256"),
        unsigned,
        f"{head}.{body}.{signature[::-1]}",
        f"{head}.{body}.",
        "..",
        "a.b.c",
        "\xff.\xff.\xff",
    ]
    for token in forged:
        response = httpx.get(
            f"{owner.server.url}/v1/models", headers=[(b"Authorization", f"Bearer {token}".encode("latin-1"))]
        )
        refused(response, 401, "INVALID_AUTH")


@pytest.mark.parametrize("ttl", [0, 0.5, -1, 3601, "30", True, [], {}])
def test_a_life_that_no_token_has_is_refused(owner: Caller, ttl: object) -> None:
    response = owner.ask("POST", "/v1/auth/grant", json={"ttl_seconds": ttl})
    assert response.status_code == 400
    assert response.json()["category"] == "INVALID_JSON"
    assert "ttl_seconds" in response.json()["details"]


async def test_time_is_told_by_one_clock_for_keys_and_tokens(tmp_path: Path) -> None:
    now = 1000.0
    state = await State.open(tmp_path / "data.db", clock=lambda: now)
    key, secret = await state.keys.create(PROJECT_ID, OWNER_ID, comment="c", scopes=["member"], expires=1010.0)
    token = state.tokens.grant(Claims(key.key_id, PROJECT_ID, OWNER_ID), 5.5)
    assert state.keys.find(secret) is not None
    now = 1005.4
    assert state.tokens.read(token).key_id == key.key_id
    now = 1005.5
    with pytest.raises(BadToken, match="expired"):
        state.tokens.read(token)
    now = 1010.0
    assert state.keys.find(secret) is None
    assert state.keys.known(key.key_id) is None
    await state.close()


async def test_a_token_lives_through_a_restart_with_a_data_file(tmp_path: Path) -> None:
    claims = Claims("key", PROJECT_ID, OWNER_ID)
    tokens: list[str] = []
    for path in (tmp_path / "data.db", tmp_path / "data.db", None):
        state = await State.open(path)
        tokens.append(state.tokens.grant(claims, 60))
        if path is None:
            with pytest.raises(BadToken, match="not made by this server"):
                state.tokens.read(tokens[0])
        else:
            assert state.tokens.read(tokens[0]) == claims
        await state.close()


# --- Keys that stop being valid ---------------------------------------------------------------------------------------


def test_a_deleted_key_ends_the_conversations_that_were_begun_with_it(owner: Caller) -> None:
    key_id, secret = owner.key("usage:write")
    caller = Caller(owner.server, secret)
    with ExitStack() as leaving:
        spared = leaving.enter_context(owner.converse())
        conversations = [leaving.enter_context(caller.converse(path)) for path in SOCKETS]
        for conversation in conversations[:2]:
            conversation.send(bytes(32_000))
        assert owner.ask("DELETE", f"{PROJECT}/keys/{key_id}").status_code == 200
        for conversation in conversations:
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    conversation.recv(PATIENCE)
            assert closed.value.rcvd is not None
            said = (closed.value.rcvd.code, closed.value.rcvd.reason)
            assert said == (1008, "The API key of this conversation was deleted.")
        refused(caller.ask("POST", "/v1/listen"), 401, "INVALID_AUTH")
        refused(owner.ask("DELETE", f"{PROJECT}/keys/{key_id}"), 404, "KEY_NOT_FOUND")
        spared.send(json.dumps({"type": "CloseStream"}))
        while json.loads(spared.recv(PATIENCE))["type"] != "Metadata":
            pass
    until(lambda: recorded(owner, key_id) == [(101, "streaming")] * len(SOCKETS))


def test_a_deleted_project_ends_the_conversations_of_its_keys(owner: Caller) -> None:
    caller = Caller(owner.server, owner.key("usage:write")[1])
    with caller.converse() as conversation:
        assert owner.ask("DELETE", PROJECT).status_code == 200
        with pytest.raises(ConnectionClosed) as closed:
            conversation.recv(PATIENCE)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    refused(caller.ask("POST", "/v1/listen"), 401, "INVALID_AUTH")


def test_a_conversation_whose_client_does_not_read_ends_with_its_key_too(owner: Caller) -> None:
    key_id, secret = owner.key("usage:write")
    host, port = owner.server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), PATIENCE) as silent:
        lines = [
            f"GET /v1/listen?{RAW} HTTP/1.1",
            *("Host: x", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
            *(f"Sec-WebSocket-Key: {'A' * 22}==", f"Authorization: Token {secret}", "", ""),
        ]
        silent.sendall("\r\n".join(lines).encode())
        assert silent.recv(12) == b"HTTP/1.1 101"
        assert owner.ask("DELETE", f"{PROJECT}/keys/{key_id}").status_code == 200
        until(lambda: recorded(owner, key_id) == [(101, "streaming")])


def recorded(caller: Caller, key_id: str) -> list[Any]:
    page = caller.ask("GET", f"{PROJECT}/requests?accessor={key_id}").json()
    return [(one["code"], one["response"]["details"]["method"]) for one in page["requests"]]


# --- The table --------------------------------------------------------------------------------------------------------


def test_roles_bring_what_the_service_says() -> None:
    assert ROLES["member"] < ROLES["admin"] < ROLES["owner"]
    assert "members:write:kick" in ROLES["admin"]
    assert "owners:write" not in ROLES["admin"]
    assert expanded(["keys:write"]) == {"keys:write", "keys:read"}
    assert expanded(["self-hosted:products"]) >= {"self-hosted:product:api"}
    assert expanded(KNOWN) >= ROLES["owner"]


def test_every_address_of_a_project_has_a_scope() -> None:
    free = {
        (method, path) for method, path in addresses() if needed(method, path.replace("{", "").replace("}", "")) is None
    }
    assert free == {
        ("GET", "/v1/models"),
        ("GET", "/v1/models/{model_id}"),
        ("GET", "/v1/agent/settings/think/models"),
    }
