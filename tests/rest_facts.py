"""What each REST endpoint is, as the official clients ask it: facts, transcribed, for the tests of both ends."""

from __future__ import annotations

from typing import Any, NamedTuple

USAGE = (
    "accessor alternatives callback_method callback channels custom_intent_mode custom_intent "
    "custom_topic_mode custom_topic deployment detect_entities detect_language diarize dictation encoding "
    "endpoint extra filler_words intents keyterm keywords language measurements method model multichannel "
    "numerals paragraphs profanity_filter punctuate redact replace sample_rate search sentiment "
    "smart_format summarize tag topics utt_split utterances version"
)
"""What both usage reports can be filtered by."""


class Fact(NamedTuple):
    """An endpoint: the attribute path of its method, what is sent, and since which official release."""

    name: str
    method: str
    path: str
    query: str = ""
    body: str = ""
    since: str = "6"
    host: str = "base"

    @property
    def arguments(self) -> dict[str, Any]:
        """An argument for every parameter, by name."""
        in_path = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        names = [*in_path, *self.query.split(), *self.body.split()]
        given = {name: SAMPLES.get(name, True) for name in names}
        if self.name == "manage.v1.projects.requests.list":
            given |= {"start": "2025-01-02T03:04:05Z", "end": "2025-01-03T03:04:05Z"}
        return given | WHOLE_BODIES.get(self.name, {})


SAMPLES: dict[str, Any] = {
    "accessor": "k-1",
    "agent_id": "a-1",
    "api_version": 1,
    "balance_id": "b-1",
    "callback": "https://example.org/there",
    "callback_method": "PUT",
    "comment": "for a test",
    "config": "{}",
    "custom_intent": ["buy", "sell it"],
    "custom_intent_mode": "strict",
    "custom_topic": ["ships & trains"],
    "custom_topic_mode": "extended",
    "deployment": "hosted",
    "distribution_credentials_id": "d-1",
    "email": "someone@example.org",
    "end": "2025-01-03",
    "endpoint": "listen",
    "grouping": "accessor",
    "key": "DG_NAME",
    "key_id": "k-1",
    "language": "en",
    "limit": 10.0,
    "line_item": "streaming::nova-3",
    "member_id": "m-1",
    "metadata": {"stage": "test"},
    "method": "sync",
    "model": "mo-1",
    "model_id": "mo-1",
    "name": "Another name",
    "page": 2.0,
    "project_id": "p-1",
    "provider": "quay",
    "request_id": "r-1",
    "scope": "member",
    "scopes": ["self-hosted:product:api", "self-hosted:product:engine"],
    "start": "2025-01-02",
    "status": "succeeded",
    "tag": "a tag",
    "ttl_seconds": 60.0,
    "value": {"deep": [1, None, "ü"]},
    "variable_id": "v-1",
}
"""What tests send for a parameter; flags are true."""

WHOLE_BODIES: dict[str, dict[str, Any]] = {
    "manage.v1.projects.keys.create": {"request": {"comment": "for a test", "scopes": ["member"], "tags": ["t"]}},
    "read.v1.text.analyze": {"request": {"text": "Life moves pretty fast."}},
}
"""Endpoints whose body is one argument."""

FACTS = [
    Fact("agent.v1.settings.think.models.list", "GET", "/v1/agent/settings/think/models", host="agent_rest"),
    Fact("auth.v1.tokens.grant", "POST", "/v1/auth/grant", body="ttl_seconds"),
    Fact("manage.v1.models.get", "GET", "/v1/models/{model_id}"),
    Fact("manage.v1.models.list", "GET", "/v1/models", "include_outdated"),
    Fact("manage.v1.projects.billing.balances.get", "GET", "/v1/projects/{project_id}/balances/{balance_id}"),
    Fact("manage.v1.projects.billing.balances.list", "GET", "/v1/projects/{project_id}/balances"),
    Fact(
        "manage.v1.projects.billing.breakdown.list",
        "GET",
        "/v1/projects/{project_id}/billing/breakdown",
        "start end accessor deployment tag line_item grouping",
    ),
    Fact("manage.v1.projects.billing.fields.list", "GET", "/v1/projects/{project_id}/billing/fields", "start end"),
    Fact("manage.v1.projects.billing.purchases.list", "GET", "/v1/projects/{project_id}/purchases", "limit"),
    Fact("manage.v1.projects.delete", "DELETE", "/v1/projects/{project_id}"),
    Fact("manage.v1.projects.get", "GET", "/v1/projects/{project_id}", "limit page"),
    Fact("manage.v1.projects.keys.create", "POST", "/v1/projects/{project_id}/keys"),
    Fact("manage.v1.projects.keys.delete", "DELETE", "/v1/projects/{project_id}/keys/{key_id}"),
    Fact("manage.v1.projects.keys.get", "GET", "/v1/projects/{project_id}/keys/{key_id}"),
    Fact("manage.v1.projects.keys.list", "GET", "/v1/projects/{project_id}/keys", "status"),
    Fact("manage.v1.projects.leave", "DELETE", "/v1/projects/{project_id}/leave"),
    Fact("manage.v1.projects.list", "GET", "/v1/projects"),
    Fact("manage.v1.projects.members.delete", "DELETE", "/v1/projects/{project_id}/members/{member_id}"),
    Fact("manage.v1.projects.members.invites.create", "POST", "/v1/projects/{project_id}/invites", body="email scope"),
    Fact("manage.v1.projects.members.invites.delete", "DELETE", "/v1/projects/{project_id}/invites/{email}"),
    Fact("manage.v1.projects.members.invites.list", "GET", "/v1/projects/{project_id}/invites"),
    Fact("manage.v1.projects.members.list", "GET", "/v1/projects/{project_id}/members"),
    Fact("manage.v1.projects.members.scopes.list", "GET", "/v1/projects/{project_id}/members/{member_id}/scopes"),
    Fact(
        "manage.v1.projects.members.scopes.update",
        "PUT",
        "/v1/projects/{project_id}/members/{member_id}/scopes",
        body="scope",
    ),
    Fact("manage.v1.projects.models.get", "GET", "/v1/projects/{project_id}/models/{model_id}"),
    Fact("manage.v1.projects.models.list", "GET", "/v1/projects/{project_id}/models", "include_outdated"),
    Fact("manage.v1.projects.requests.get", "GET", "/v1/projects/{project_id}/requests/{request_id}"),
    Fact(
        "manage.v1.projects.requests.list",
        "GET",
        "/v1/projects/{project_id}/requests",
        "start end limit page accessor request_id deployment endpoint method status",
    ),
    Fact("manage.v1.projects.update", "PATCH", "/v1/projects/{project_id}", body="name"),
    Fact(
        "manage.v1.projects.usage.breakdown.get",
        "GET",
        "/v1/projects/{project_id}/usage/breakdown",
        f"start end grouping {USAGE}",
    ),
    Fact("manage.v1.projects.usage.fields.list", "GET", "/v1/projects/{project_id}/usage/fields", "start end"),
    Fact("manage.v1.projects.usage.get", "GET", "/v1/projects/{project_id}/usage", f"start end {USAGE}"),
    Fact(
        "read.v1.text.analyze",
        "POST",
        "/v1/read",
        "callback callback_method sentiment summarize tag topics custom_topic custom_topic_mode intents "
        "custom_intent custom_intent_mode language",
    ),
    Fact(
        "self_hosted.v1.distribution_credentials.create",
        "POST",
        "/v1/projects/{project_id}/self-hosted/distribution/credentials",
        "scopes provider",
        body="comment",
    ),
    Fact(
        "self_hosted.v1.distribution_credentials.delete",
        "DELETE",
        "/v1/projects/{project_id}/self-hosted/distribution/credentials/{distribution_credentials_id}",
    ),
    Fact(
        "self_hosted.v1.distribution_credentials.get",
        "GET",
        "/v1/projects/{project_id}/self-hosted/distribution/credentials/{distribution_credentials_id}",
    ),
    Fact(
        "self_hosted.v1.distribution_credentials.list",
        "GET",
        "/v1/projects/{project_id}/self-hosted/distribution/credentials",
    ),
    Fact(
        "voice_agent.configurations.create",
        "POST",
        "/v1/projects/{project_id}/agents",
        body="config metadata api_version",
        since="7",
    ),
    Fact("voice_agent.configurations.delete", "DELETE", "/v1/projects/{project_id}/agents/{agent_id}", since="7"),
    Fact("voice_agent.configurations.get", "GET", "/v1/projects/{project_id}/agents/{agent_id}", since="7"),
    Fact("voice_agent.configurations.list", "GET", "/v1/projects/{project_id}/agents", since="7"),
    Fact(
        "voice_agent.configurations.update",
        "PUT",
        "/v1/projects/{project_id}/agents/{agent_id}",
        body="metadata",
        since="7",
    ),
    Fact(
        "voice_agent.variables.create",
        "POST",
        "/v1/projects/{project_id}/agent-variables",
        body="key value api_version",
        since="7",
    ),
    Fact(
        "voice_agent.variables.delete", "DELETE", "/v1/projects/{project_id}/agent-variables/{variable_id}", since="7"
    ),
    Fact("voice_agent.variables.get", "GET", "/v1/projects/{project_id}/agent-variables/{variable_id}", since="7"),
    Fact("voice_agent.variables.list", "GET", "/v1/projects/{project_id}/agent-variables", since="7"),
    Fact(
        "voice_agent.variables.update",
        "PATCH",
        "/v1/projects/{project_id}/agent-variables/{variable_id}",
        body="value",
        since="7",
    ),
]
