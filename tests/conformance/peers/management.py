"""Run by the official package, in an environment of its own, and by ours: every request of management, in every mode.

Usage: ``python management.py BASE_URL KEY``. The server has, besides its own project, two for each mode: ``leave MODE``
and ``delete MODE``; and in its own a member for each, ``MODE@example.com``. Prints the names of the calls; what is
wrong with an answer ends it.
"""

import asyncio
import inspect
import json
import sys

from recorded import environment

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.api_error import ApiError


def story(mode, has):
    """Yield calls (name, arguments, keywords) and take their answers; ``has`` tells whether a client is there."""
    projects = (yield "manage.v1.projects.list", [], {}).projects
    by_name = {project.name: project.project_id for project in projects}
    p = by_name.pop("deepgram.local")
    call = "manage.v1.projects"
    assert (yield f"{call}.get", [p], {"limit": 10, "page": 0}).project_id == p
    assert (yield f"{call}.update", [p], {"name": f"by {mode}"}).message
    assert (yield f"{call}.get", [p], {}).name == f"by {mode}"
    assert (yield f"{call}.update", [p], {"name": "deepgram.local"}).message
    assert (yield f"{call}.leave", [by_name[f"leave {mode}"]], {}).message
    assert (yield f"{call}.delete", [by_name[f"delete {mode}"]], {}).message
    left = {project.name for project in (yield "manage.v1.projects.list", [], {}).projects}
    assert f"leave {mode}" not in left
    assert f"delete {mode}" not in left

    models = yield "manage.v1.models.list", [], {"include_outdated": True}
    assert models.tts[0].canonical_name
    model = yield "manage.v1.models.get", [models.stt[0].uuid_], {}
    assert model.batch is True, model
    models = yield f"{call}.models.list", [p], {"include_outdated": False}
    voice = yield f"{call}.models.get", [p, models.tts[0].uuid_], {}
    assert voice.metadata is not None, voice

    wish = {"comment": "peer", "scopes": ["member"], "tags": ["t"], "time_to_live_in_seconds": 600}
    key = yield f"{call}.keys.create", [p], {"request": wish}
    assert key.key, key
    listed = (yield f"{call}.keys.list", [p], {"status": "active"}).api_keys
    assert key.api_key_id in [one.api_key.api_key_id for one in listed]
    found = (yield f"{call}.keys.get", [p, key.api_key_id], {}).item.member
    assert (found.api_key.comment, found.api_key.tags) == ("peer", ["t"])
    assert found.api_key.expiration_date > found.api_key.created
    assert (yield f"{call}.keys.delete", [p, key.api_key_id], {}).message
    error = yield f"{call}.keys.get", [p, key.api_key_id], {"expect": 404}
    assert error["err_code"] == "KEY_NOT_FOUND"

    members = (yield f"{call}.members.list", [p], {}).members
    owner = members[0].member_id
    assert members[0].scopes == ["owner"]
    assert (yield f"{call}.members.scopes.list", [p, owner], {}).scopes == ["owner"]
    error = yield f"{call}.members.delete", [p, owner], {"expect": 400}
    assert "owner" in error["err_msg"]
    guest = next(member.member_id for member in members if member.email == f"{mode}@example.com")
    assert (yield f"{call}.members.scopes.update", [p, guest], {"scope": "admin"}).message
    assert (yield f"{call}.members.scopes.list", [p, guest], {}).scopes == ["admin"]
    assert (yield f"{call}.members.delete", [p, guest], {}).message
    email = f"{mode}/x+y@example.com"
    assert (yield f"{call}.members.invites.create", [p], {"email": email, "scope": "member"}).message
    assert email in [one.email for one in (yield f"{call}.members.invites.list", [p], {}).invites]
    if has("close"):  # ours: an official release sends the slash of the address as it is
        assert (yield f"{call}.members.invites.delete", [p, email], {}).message
    plain = email.replace("/", ".")
    assert (yield f"{call}.members.invites.create", [p], {"email": plain, "scope": "member"}).message
    assert (yield f"{call}.members.invites.delete", [p, plain], {}).message

    token = yield "auth.v1.tokens.grant", [], {"ttl_seconds": 60}
    assert (token.expires_in, token.access_token.count(".")) == (60, 2)
    assert (yield "auth.v1.tokens.grant", [], {}).expires_in == 30

    page = yield f"{call}.requests.list", [p], {"limit": 2, "page": 0, "status": "succeeded", "endpoint": "read"}
    assert (page.page, page.limit, len(page.requests)) == (0, 2, 2)
    one = (yield f"{call}.requests.get", [p, page.requests[0].request_id], {}).request
    assert one.request_id == page.requests[0].request_id
    assert one.path == "/v1/read"
    day = one.created.strftime("%Y-%m-%d")
    usage = yield f"{call}.usage.get", [p], {"start": day, "end": day, "sentiment": True}
    assert (usage.start, usage.resolution.units) == (day, "day")
    split = yield f"{call}.usage.breakdown.get", [p], {"grouping": "endpoint", "endpoint": "read"}
    assert split.results[0].grouping.endpoint == "read"
    assert split.results[0].requests >= 3
    assert split.results[0].tokens_in > 0
    assert "sentiment" in (yield f"{call}.usage.fields.list", [p], {}).features
    balance = (yield f"{call}.billing.balances.list", [p], {}).balances[0]
    assert 0 < balance.amount <= 200
    assert (yield f"{call}.billing.balances.get", [p, balance.balance_id], {}).units == "USD"
    bill = yield f"{call}.billing.breakdown.list", [p], {"grouping": ["line_item", "deployment"]}
    assert bill.results[0].dollars > 0
    assert bill.results[0].grouping.line_item == "read::default"
    assert (yield f"{call}.billing.fields.list", [p], {}).line_items["read::default"]
    assert (yield f"{call}.billing.purchases.list", [p], {"limit": 1}).orders[0].amount == 200

    hosting = "self_hosted.v1.distribution_credentials"
    made = yield f"{hosting}.create", [p], {"comment": "c", "provider": "quay", "scopes": ["self-hosted:product:api"]}
    credentials = made.distribution_credentials.distribution_credentials_id
    assert (yield f"{hosting}.list", [p], {}).distribution_credentials
    assert (yield f"{hosting}.get", [p, credentials], {}).distribution_credentials.comment == "c"
    assert (yield f"{hosting}.delete", [p, credentials], {}).member.email

    think = (yield "agent.v1.settings.think.models.list", [], {}).models
    assert {"gpt-4o-mini", "claude-sonnet-4-20250514"} <= {model.id for model in think}

    error = yield f"{call}.get", ["no-uuid"], {"expect": 404}
    assert error["request_id"]
    error = yield f"{call}.requests.list", [p], {"limit": "many", "expect": 400}
    assert error["err_code"] == "INVALID_QUERY_PARAMETER"

    if has("voice_agent"):
        kept = "voice_agent.configurations"
        agent = yield f"{kept}.create", [p], {"config": '{"greeting": DG_HI}', "metadata": {"name": mode}}
        assert agent.config == {"greeting": "DG_HI"}
        assert agent.agent_id in [one.agent_id for one in (yield f"{kept}.list", [p], {}).agents]
        changed = yield f"{kept}.update", [p, agent.agent_id], {"metadata": {"name": "new"}}
        assert changed.metadata == {"name": "new"}
        assert (yield f"{kept}.get", [p, agent.agent_id], {}).created_at
        assert (yield f"{kept}.delete", [p, agent.agent_id], {}) == {}
        kept = "voice_agent.variables"
        variable = yield f"{kept}.create", [p], {"key": f"DG_{mode.upper()}", "value": {"a": [1, None]}}
        assert variable.value == {"a": [1, None]}
        assert (yield f"{kept}.list", [p], {}).variables[0].key == variable.key
        assert (yield f"{kept}.update", [p, variable.variable_id], {"value": "b"}).value == "b"
        assert (yield f"{kept}.get", [p, variable.variable_id], {}).value == "b"
        assert (yield f"{kept}.delete", [p, variable.variable_id], {}) == {}


def found(client, name, raw):
    *path, method = name.split(".")
    for part in path:
        client = getattr(client, part)
    return getattr(client.with_raw_response if raw else client, method)


async def play(mode, client):
    """Play the story with one kind of client; return the names of its calls."""
    names = []
    raw = mode.startswith("raw")
    telling = story(mode.replace(" ", "_"), lambda name: hasattr(client, name))
    answer = None
    while True:
        try:
            name, arguments, keywords = telling.send(answer)
        except StopIteration:
            if hasattr(client, "close"):
                closing = client.close()
                if inspect.isawaitable(closing):
                    await closing
            return sorted(set(names))
        names.append(name)
        expected = keywords.pop("expect", None)
        try:
            answer = found(client, name, raw)(*arguments, **keywords)
            answer = await answer if inspect.isawaitable(answer) else answer
            assert expected is None, f"{name} was not refused"
            answer = answer.data if raw else answer
        except ApiError as error:
            assert error.status_code == expected, (name, error)
            answer = error.body


def main(base_url, key):
    options = {"api_key": key, "environment": environment(base_url)}
    result = {}
    for mode in ("sync", "raw"):
        result[mode] = asyncio.run(play(mode, DeepgramClient(**options)))
    for mode in ("async", "raw async"):
        result[mode] = asyncio.run(play(mode, AsyncDeepgramClient(**options)))
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
