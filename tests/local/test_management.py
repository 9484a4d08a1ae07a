"""Projects, people, keys and the rest as the server keeps them; and what nobody should be able to ask for."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

import deepgram.local
from deepgram.core.api_error import ApiError
from deepgram.local import Server
from deepgram.local.accounts import OWNER_ID, PROJECT_ID
from deepgram.local.agent_configurations import UnknownVariable
from deepgram.local.database import Absent, Conflict
from deepgram.local.state import State

PROJECT = f"/v1/projects/{PROJECT_ID}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with deepgram.local.running(engine="scripted") as running:
        yield running


@pytest.fixture
def ask(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=10) as client:
        yield client


def details(response: httpx.Response) -> str:
    """Return why a body was refused, in the service's newer form."""
    assert response.status_code == 400, response.text
    body = response.json()
    assert set(body) == {"category", "message", "details", "request_id"}
    assert (body["category"], body["message"]) == ("INVALID_JSON", "Invalid JSON submitted.")
    assert body["request_id"] == response.headers["dg-request-id"]
    return str(body["details"])


# --- Ids --------------------------------------------------------------------------------------------------------------

ODD = [
    "..",
    ".",
    "a/b",
    "../keys",
    "%2F",
    "%252F",
    "%00",
    "é\N{SNOWMAN}",
    " ",
    "x" * 3000,
    "a?b",
    "'; DROP TABLE keys",
    "\n",
]


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_id_is_not_found_and_leads_nowhere_else(server: Server, odd: str) -> None:
    """Sent as it is: clients would tidy the path up."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    before = httpx.get(f"{server.url}{PROJECT}/keys").json()
    quoted = quote(odd, safe="")
    for method, path in [
        ("GET", f"/v1/projects/{quoted}"),
        ("DELETE", f"/v1/projects/{quoted}"),
        ("DELETE", f"/v1/projects/{PROJECT_ID}%2F{quoted}"),
        ("GET", f"{PROJECT}/keys/{quoted}"),
        ("DELETE", f"{PROJECT}/keys/{quoted}"),
        ("DELETE", f"{PROJECT}/members/{quoted}"),
        ("GET", f"{PROJECT}/members/{quoted}%2Fscopes"),
        ("DELETE", f"{PROJECT}/invites/{quoted}"),
        ("GET", f"{PROJECT}/requests/{quoted}"),
        ("GET", f"{PROJECT}/balances/{quoted}"),
        ("GET", f"{PROJECT}/agents/{quoted}"),
        ("GET", f"/v1/models/{quoted}"),
    ]:
        connection.request(method, path)
        response = connection.getresponse()
        body = json.loads(response.read())
        assert response.status in (404, 405), (method, path, body)
        assert body["request_id"] == response.headers["dg-request-id"]
    connection.close()
    assert httpx.get(f"{server.url}{PROJECT}/keys").json() == before
    assert httpx.get(f"{server.url}{PROJECT}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", f"{PROJECT}/"),
        ("GET", f"{PROJECT}/keys/"),
        ("DELETE", f"{PROJECT}/keys/"),
        ("GET", f"{PROJECT}//keys"),
        ("GET", f"{PROJECT}/keys/../members"),
        ("GET", f"{PROJECT}/keys/x/.."),
        ("GET", "/v1/projects/"),
        ("GET", "/v1/../v1/projects"),
        ("GET", "/V1/projects"),
        ("GET", f"/v1/projects/{PROJECT_ID.upper()}"),
    ],
)
def test_an_empty_id_and_a_detour_lead_nowhere(server: Server, method: str, path: str) -> None:
    """Sent as it is: clients would tidy the path up."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.request(method, path)
    response = connection.getresponse()
    assert response.status == 404
    assert json.loads(response.read())["request_id"] == response.headers["dg-request-id"]
    connection.close()


def test_our_client_reaches_with_any_id_what_has_that_id_or_nothing(server: Server) -> None:
    with server.client() as client:
        projects, models = client.manage.v1.projects, client.manage.v1.models
        for odd in (*ODD, "\ud800", "", "None"):
            for call in (
                partial(projects.get, odd),
                partial(projects.delete, odd),
                partial(projects.keys.get, PROJECT_ID, odd),
                partial(projects.keys.delete, PROJECT_ID, odd),
                partial(projects.members.invites.delete, PROJECT_ID, odd),
                partial(projects.requests.get, PROJECT_ID, odd),
                partial(models.get, odd),
                partial(client.voice_agent.variables.get, PROJECT_ID, odd),
            ):
                with pytest.raises(ApiError) as refused:
                    call()
                assert refused.value.status_code == (404 if odd else None)
        assert projects.get(PROJECT_ID).project_id == PROJECT_ID


@pytest.mark.parametrize("project_id", ["1", "x" * 36, PROJECT_ID.replace("-", ""), f"{{{PROJECT_ID}}}", "null"])
def test_a_project_id_that_is_no_uuid_is_not_found(ask: httpx.Client, project_id: str) -> None:
    for path in ("", "/keys", "/usage/breakdown"):
        response = ask.get(f"/v1/projects/{project_id}{path}")
        assert response.status_code == 404
        assert response.json()["err_code"] == "PROJECT_NOT_FOUND"


# --- Queries ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        *("requests?limit=0", "requests?limit=1001", "requests?limit=ten", "requests?limit=1.5", "requests?limit=nan"),
        *("requests?page=-1", "requests?page=1e300", "requests?page=x", "requests?start=yesterday"),
        *("requests?end=2026-13-01", "requests?start=99999999999999", "requests?end=9999-12-31"),
        *("requests?status=maybe", "requests?endpoint=fly", "requests?method=POST", "requests?deployment=moon"),
        *(
            "usage?start=03/01/2026",
            "usage?punctuate=perhaps",
            "usage?endpoint=x",
            "usage?start=2026-02-02&end=2026-01-01",
        ),
        *("usage/breakdown?grouping=colour", "usage/breakdown?diarize=2", "usage/fields?end=x"),
        *("billing/breakdown?grouping=models", "billing/breakdown?grouping=tags&grouping=x", "billing/fields?start=0"),
        *("purchases?limit=all", "keys?status=lost", "models?include_outdated=1"),
    ],
)
def test_a_parameter_of_the_wrong_type_is_refused_by_name(ask: httpx.Client, query: str) -> None:
    response = ask.get(f"{PROJECT}/{query}")
    assert response.status_code == 400, response.text
    body = response.json()
    assert set(body) == {"err_code", "err_msg", "request_id"}
    assert body["err_code"] == "INVALID_QUERY_PARAMETER"
    assert query.partition("?")[2].rpartition("&")[2].partition("=")[0] in body["err_msg"]


@pytest.mark.parametrize(
    "query",
    [
        "requests?limit=1000&page=0.0&start=2026-01-01&end=2026-12-31T10:00:00%2B02:00&status=succeeded",
        "requests?start=2026-01-01T00:00:00Z&end=2026-01-01T00:00:00+00:00&unknown=1&accessor=nobody",
        "usage?start=2026-01-01&end=2026-01-01&punctuate=true&diarize=False&tag=é",
        "billing/breakdown?grouping=accessor&grouping=deployment&grouping=line_item&grouping=tags&line_item=x",
    ],
)
def test_what_the_service_understands_is_understood(ask: httpx.Client, query: str) -> None:
    assert ask.get(f"{PROJECT}/{query}").status_code == 200


# --- Bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "content", "why"),
    [
        ("POST", "keys", "{", "Expecting"),
        ("POST", "keys", "[]", "expected an object"),
        ("POST", "keys", "[" * 100_000, "recursion"),
        ("POST", "keys", b"\xff{}", "utf-8"),
        ("POST", "keys", '{"comment": "\\ud800"}', "surrogate"),
        ("POST", "keys", '{"comment": "x", "time_to_live_in_seconds": NaN}', "JSON"),
        ("POST", "keys", "{}", "missing field `comment`"),
        ("POST", "keys", '{"comment": " "}', "`comment` is empty"),
        ("POST", "keys", '{"comment": 5}', "`comment` must be text"),
        ("POST", "keys", json.dumps({"comment": "x" * 1001}), "longer than"),
        ("POST", "keys", '{"comment": "x", "scopes": "member"}', "`scopes` must be a list"),
        ("POST", "keys", '{"comment": "x", "scopes": ["fly"]}', "unknown scope `fly`"),
        ("POST", "keys", '{"comment": "x", "scopes": [1]}', "`scopes` must be a list"),
        ("POST", "keys", json.dumps({"comment": "x", "tags": [str(n) for n in range(101)]}), "more than 100"),
        ("POST", "keys", '{"comment": "x", "expiration_date": "soon"}', "`expiration_date` must be a time"),
        ("POST", "keys", '{"comment": "x", "expiration_date": "2001-01-01"}', "in the future"),
        ("POST", "keys", '{"comment": "x", "time_to_live_in_seconds": 0}', "from 1 to"),
        ("POST", "keys", '{"comment": "x", "time_to_live_in_seconds": 1e400}', "JSON"),
        (
            *("POST", "keys"),
            '{"comment": "x", "time_to_live_in_seconds": 5, "expiration_date": "2999-01-01"}',
            "only one of",
        ),
        ("PATCH", "", "{}", "missing field `name`"),
        ("PATCH", "", '{"name": ""}', "`name` is empty"),
        ("POST", "invites", '{"email": "somebody", "scope": "member"}', "`email` must be an address"),
        ("POST", "invites", '{"email": "a@b.example", "scope": "king"}', "unknown scope `king`"),
        ("POST", "invites", '{"email": "a@b.example"}', "missing field `scope`"),
        ("PUT", f"members/{OWNER_ID}/scopes", '{"scope": "nothing"}', "unknown scope"),
        ("POST", "agents", '{"config": {"a": 1}}', "`config` must be text"),
        ("POST", "agents", '{"config": "[]"}', "no JSON object"),
        ("POST", "agents", '{"config": "{\\"a\\": OTHER}"}', "config is no JSON"),
        ("POST", "agents", '{"config": "{}", "metadata": {"a": 1}}', "`metadata` must be an object"),
        ("POST", "agents", '{"config": "{}", "api_version": 2}', "`api_version`"),
        ("POST", "agent-variables", '{"key": "NAME", "value": 1}', "`key` must be DG_"),
        ("POST", "agent-variables", '{"key": "DG_lower", "value": 1}', "`key` must be DG_"),
        ("POST", "agent-variables", '{"key": "DG_X"}', "missing field `value`"),
        ("POST", "self-hosted/distribution/credentials", '{"comment": []}', "`comment` must be text"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(
    ask: httpx.Client, method: str, path: str, content: str | bytes, why: str
) -> None:
    assert why in details(ask.request(method, f"{PROJECT}/{path}".rstrip("/"), content=content))


def test_a_body_that_is_too_long_is_refused(ask: httpx.Client) -> None:
    response = ask.post(f"{PROJECT}/keys", content=b" " * 1_100_000)
    assert (response.status_code, response.json()["err_code"]) == (400, "Bad Request")


def test_scopes_and_providers_of_distribution_are_checked(ask: httpx.Client) -> None:
    path = f"{PROJECT}/self-hosted/distribution/credentials"
    for query in ("scopes=everything", "scopes=self-hosted:products&scopes=x", "provider=docker"):
        response = ask.post(f"{path}?{query}", json={})
        assert (response.status_code, response.json()["err_code"]) == (400, "INVALID_QUERY_PARAMETER")
    made = ask.post(f"{path}?scopes=self-hosted:product:api&scopes=self-hosted:product:engine").json()
    assert made["distribution_credentials"]["scopes"] == ["self-hosted:product:api", "self-hosted:product:engine"]


# --- What is kept -----------------------------------------------------------------------------------------------------


def test_an_address_with_a_slash_is_an_address(ask: httpx.Client) -> None:
    email = "a/b+c@example.com"
    assert ask.post(f"{PROJECT}/invites", json={"email": email, "scope": "member"}).status_code == 200
    assert ask.get(f"{PROJECT}/invites").json()["invites"] == [{"email": email, "scope": "member"}]
    assert ask.delete(f"{PROJECT}/invites/{quote(email, safe='')}").status_code == 200
    assert ask.get(f"{PROJECT}/invites").json() == {"invites": []}


def test_two_writers_at_once_get_one_variable(ask: httpx.Client) -> None:
    def create(value: int) -> int:
        return ask.post(f"{PROJECT}/agent-variables", json={"key": "DG_RACE", "value": value}).status_code

    with ThreadPoolExecutor(8) as threads:
        outcomes = [*threads.map(create, range(8))]
    assert sorted(outcomes) == [200] + [400] * 7
    (made,) = ask.get(f"{PROJECT}/agent-variables").json()["variables"]
    assert outcomes[made["value"]] == 200
    assert ask.delete(f"{PROJECT}/agent-variables/{made['variable_id']}").json() == {}


async def test_one_of_two_who_delete_the_same_finds_nothing() -> None:
    state = await State.open()
    key, _ = await state.keys.create(PROJECT_ID, OWNER_ID, comment="c", scopes=["member"])
    results = await asyncio.gather(
        *(state.keys.delete(PROJECT_ID, key.key_id) for _ in range(5)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["Absent"] * 4 + ["NoneType"]
    await state.close()


async def test_a_project_keeps_an_owner_and_may_be_left_by_its_last_member(tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    state = await State.open(path)
    accounts = state.accounts
    await accounts.invite(PROJECT_ID, "b@example.com", "admin")
    await accounts.invite(PROJECT_ID, "B@example.com", "member")  # the same person
    other = await accounts.accept(PROJECT_ID, "b@EXAMPLE.com")
    assert (await accounts.member(PROJECT_ID, other)).scopes == ("member",)
    with pytest.raises(Conflict, match="already"):
        await accounts.invite(PROJECT_ID, "b@example.com", "member")
    for deed in (
        accounts.remove_member(PROJECT_ID, OWNER_ID),
        accounts.change_scopes(PROJECT_ID, OWNER_ID, "admin"),
    ):
        with pytest.raises(Conflict, match="needs an owner"):
            await deed
    assert (await accounts.member(PROJECT_ID, OWNER_ID)).scopes == ("owner",)
    await accounts.change_scopes(PROJECT_ID, other, "owner")
    key, secret = await state.keys.create(PROJECT_ID, other, comment="c", scopes=["owner"])
    assert await accounts.remove_member(PROJECT_ID, other) == [key.key_id]
    with pytest.raises(Absent):
        await state.keys.get(PROJECT_ID, key.key_id)
    assert accounts.allowed(PROJECT_ID, other) is None
    assert await accounts.remove_member(PROJECT_ID, OWNER_ID) == []
    assert await accounts.projects(OWNER_ID) == []
    await state.close()
    state = await State.open(path)  # whoever starts the server owns it
    assert [project.project_id for project in await state.accounts.projects(OWNER_ID)] == [PROJECT_ID]
    assert state.keys.find(secret) is None
    await state.close()


def test_deleting_and_leaving_have_effect() -> None:
    with deepgram.local.running(engine="scripted") as server, httpx.Client(base_url=server.url) as ask:
        assert ask.patch(PROJECT, json={"name": "Nom \N{SNOWMAN}"}).json()["message"]
        assert ask.get(PROJECT).json()["name"] == "Nom \N{SNOWMAN}"
        assert ask.post("/v1/read?language=en&sentiment=true", json={"text": "Fine."}).status_code == 200
        assert ask.get(f"{PROJECT}/requests").json()["requests"]
        assert ask.delete(f"{PROJECT}/leave").json()["message"]
        assert ask.get("/v1/projects").json() == {"projects": []}
        assert ask.get(PROJECT).status_code == 404
    with deepgram.local.running(engine="scripted") as server, httpx.Client(base_url=server.url) as ask:
        assert ask.delete(PROJECT).json()["message"]
        assert ask.get("/v1/projects").json() == {"projects": []}
        assert ask.delete(PROJECT).status_code == 404
        assert ask.post("/v1/read?language=en&sentiment=true", json={"text": "Fine."}).status_code == 200


async def test_a_configuration_is_resolved_with_the_variables_of_its_project() -> None:
    state = await State.open()
    agents, other = state.agents, await state.accounts.create_project("other")
    made = await agents.create(
        PROJECT_ID,
        '{"language": DG_LANG, "speak": DG_SPEAK-1, "prompt": "DG_LANG is \\"DG_SPEAK-1\\"", "greeting": "DG_LANG"}',
        {},
    )
    assert made.config["language"] == made.config["greeting"] == "DG_LANG"
    assert made.config["speak"] == "DG_SPEAK-1"
    with pytest.raises(UnknownVariable, match="DG_LANG"):
        await agents.resolve(PROJECT_ID, made.agent_id)
    await agents.create_variable(PROJECT_ID, "DG_LANG", 'e"n')
    speak = await agents.create_variable(PROJECT_ID, "DG_SPEAK-1", {"model": ["DG_LANG", 1.5, None]})
    assert await agents.resolve(PROJECT_ID, made.agent_id) == {
        "language": 'e"n',
        "speak": {"model": ["DG_LANG", 1.5, None]},
        "prompt": 'DG_LANG is "DG_SPEAK-1"',
        "greeting": 'e"n',
    }
    await agents.change_variable(PROJECT_ID, speak.variable_id, False)
    assert (await agents.resolve(PROJECT_ID, made.agent_id))["speak"] is False
    for project_id, agent_id in ((other, made.agent_id), (PROJECT_ID, "nobody")):
        with pytest.raises(Absent, match="Agent configuration not found"):
            await agents.resolve(project_id, agent_id)
    await state.close()


# --- What is recorded -------------------------------------------------------------------------------------------------


def test_everything_that_was_answered_is_recorded_refusals_too(ask: httpx.Client, clip: bytes) -> None:
    answered = [
        (ask.get("/v1/projects"), 200, "GET"),
        (ask.get("/v1/nowhere"), 404, "GET"),
        (ask.post(f"{PROJECT}/keys", content=b"{"), 400, "POST"),
        (ask.post("/v1/listen?model=nova-3&multichannel=true&tag=one", content=clip), 200, "sync"),
        (ask.post("/v1/listen?punctuate=true", content=b"no audio"), 400, "sync"),
        (ask.post("/v1/speak?encoding=linear16&sample_rate=8000", json={"text": "Hello."}), 200, "sync"),
    ]
    for response, status, method in answered:
        assert response.status_code == status, response.text
        request_id = response.headers["dg-request-id"]
        found = ask.get(f"{PROJECT}/requests/{request_id}").json()["request"]
        assert (found["code"], found["response"]["code"]) == (status, status)
        assert found["response"]["details"]["method"] == method
        assert found["response"]["details"]["bytes_out"] == len(response.content)
        assert found["path"] == response.request.url.path
    heard, failed, spoken = (
        ask.get(f"{PROJECT}/requests?request_id={response.headers['dg-request-id']}").json()["requests"][0]
        for response, *_ in answered[3:]
    )
    told = heard["response"]["details"]
    assert (told["duration"], told["channels"], told["total_audio"]) == (pytest.approx(1.0), 2, pytest.approx(2.0))
    assert (told["tags"], told["features"], told["config"]["model"]) == (["one"], ["multichannel"], "nova-3")
    assert told["usd"] == pytest.approx(2 / 60 * 0.0043)
    assert told["bytes_in"] == len(clip)
    assert (failed["response"]["details"]["usd"], failed["code"]) == (0, 400)
    assert spoken["response"]["details"]["characters"] == 6
    listed = ask.get(f"{PROJECT}/requests?limit=100").json()["requests"]
    assert {one["path"] for one in listed} <= {"/v1/listen", "/v1/speak", "/v1/read"}


@pytest.fixture
def clip(wav: Any) -> bytes:
    made: bytes = wav(1.0, channels=2)
    return made


def test_a_server_with_a_file_that_cannot_be_used_does_not_start(tmp_path: Path) -> None:
    path = tmp_path / "data.db"
    path.write_bytes(b"no database" * 1000)
    before = path.read_bytes()
    with pytest.raises(RuntimeError) as failed:
        deepgram.local.running(engine="scripted", data=path).start()
    assert "is damaged or no database" in str(failed.value.__cause__)
    assert path.read_bytes() == before
    with deepgram.local.running(engine="scripted", data=tmp_path / "good.db"):
        with pytest.raises(RuntimeError) as failed:
            deepgram.local.running(engine="scripted", data=tmp_path / "good.db").start()
        assert "in use by another server" in str(failed.value.__cause__)
