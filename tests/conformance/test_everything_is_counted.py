"""One program that hears, speaks, reads and converses with an agent by an access token, and what the server has of it.

Records, usage, bills and balances are compared with what was really sent and received.
"""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import deepgram.local
from deepgram import DeepgramClient
from deepgram.agent.v1.types import AgentV1InjectUserMessage
from deepgram.core.api_error import ApiError
from deepgram.local.state import State
from deepgram.speak.v1.types import SpeakV1Text
from deepgram.speak.v2.types import SpeakV2Speak

SPOKEN = "Good day."
READ = "I love it. It is very good."
SETTINGS: dict[str, Any] = {
    "type": "Settings",
    "tags": ["agents"],
    "audio": {
        "input": {"encoding": "linear16", "sample_rate": 16000},
        "output": {"encoding": "linear16", "sample_rate": 16000, "container": "none"},
    },
    "agent": {
        "listen": {"provider": {"type": "deepgram", "model": "nova-3"}},
        "think": {"provider": {"type": "deepgram", "model": "gpt-4o-mini"}, "prompt": "Be kind."},
        "speak": {"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}},
    },
}
USED = {
    ("/v1/listen", "sync"): "nova-3",
    ("/v1/listen", "streaming"): "nova-2",
    ("/v2/listen", "streaming"): "flux-general-en",
    ("/v1/speak", "sync"): "aura-2-thalia-en",
    ("/v1/speak", "streaming"): "aura-asteria-en",
    ("/v2/speak", "streaming"): "flux-alexis-en",
    ("/v1/read", "sync"): None,
    ("/v1/agent/converse", "streaming"): "nova-3",
}
"""What is asked, and the model it is asked of."""


class Day(NamedTuple):
    """What happened, as a server says that was started with the data file afterwards."""

    projects: Any
    project_id: str
    other_id: str
    """A project in which nothing happened."""
    key_id: str
    details: dict[tuple[str, str], dict[str, Any]]
    """What requests are said to have used, by path and method."""


def traffic(client: DeepgramClient, clip: Path) -> None:
    """Use everything that is counted, once."""
    with wave.open(str(clip)) as file:
        rate, two_seconds = file.getframerate(), file.readframes(2 * file.getframerate())
    assert client.listen.v1.media.transcribe_file(request=clip, model="nova-3", tag=["files"]).results
    with client.listen.v1.connect(model="nova-2", encoding="linear16", sample_rate=rate, tag="calls") as hearing:
        hearing.send_media(two_seconds)
        hearing.send_close_stream()
        assert [message for message in hearing]
    with client.listen.v2.connect(model="flux-general-en", encoding="linear16", sample_rate=rate) as turns:
        turns.send_media(two_seconds)
        turns.send_close_stream()
        assert [message for message in turns]
    assert b"".join(client.speak.v1.audio.generate(text=SPOKEN, model="aura-2-thalia-en"))
    with client.speak.v1.connect(model="aura-asteria-en", encoding="linear16", sample_rate=24000) as speaking:
        speaking.send_text(SpeakV1Text(text=SPOKEN))
        speaking.send_flush()
        speaking.send_close()
        assert any(isinstance(message, bytes) for message in speaking)
    with client.speak.v2.connect(model="flux-alexis-en", encoding="linear16", sample_rate=24000) as flux:
        flux.send_speak(SpeakV2Speak(text=SPOKEN))
        flux.send_flush()
        flux.send_close()
        assert any(isinstance(message, bytes) for message in flux)
    assert client.read.v1.text.analyze(request={"text": READ}, language="en", sentiment=True).results.sentiments
    with client.agent.v1.connect() as agent:
        agent.send_settings(SETTINGS)
        for message in agent:
            kind = "" if isinstance(message, bytes) else getattr(message, "type", "")
            assert kind != "Error", message
            if kind == "SettingsApplied":
                agent.send_inject_user_message(AgentV1InjectUserMessage(content="Hello."))
            elif kind == "AgentAudioDone":
                break


@pytest.fixture(scope="module")
def day(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    data = tmp_path_factory.mktemp("counted") / "data.db"

    async def another_project() -> None:
        state = await State.open(data)
        await state.accounts.create_project("another")
        await state.close()

    asyncio.run(another_project())
    with deepgram.local.running(engine="scripted", data=data, auth=True) as server, server.client() as owner:
        projects = owner.manage.v1.projects
        project_id = (projects.list().projects or [])[0].project_id
        assert project_id is not None
        key = projects.keys.create(project_id, request={"comment": "app", "scopes": ["member"], "tags": ["app"]})
        assert key.api_key_id is not None
        with server.client(api_key=key.key) as app:
            token = app.auth.v1.tokens.grant(ttl_seconds=120).access_token
        with DeepgramClient(access_token=token, base_url=server.url) as holder:
            traffic(holder, clip)
            with pytest.raises(ApiError):
                holder.listen.v1.media.transcribe_file(request=b"no audio", model="nova-3")
    with deepgram.local.running(engine="scripted", data=data) as again, again.client() as anybody:
        projects = anybody.manage.v1.projects
        (other,) = [one.project_id for one in projects.list().projects or () if one.name == "another"]
        assert other is not None
        found = [*projects.requests.iterate(project_id, accessor=key.api_key_id, status="succeeded")]
        used = [(one.path or "", (one.response or {})["details"]) for one in found]
        details = {(path, detail["method"]): detail for path, detail in used}
        assert len(found) == len(details), "each once"
        yield Day(projects, project_id, other, key.api_key_id, details)


def test_every_request_is_recorded_with_its_model_key_and_tags(day: Day) -> None:
    assert {asked: found["config"].get("model") for asked, found in day.details.items()} == USED
    assert all(found["tags"][0] == "app" for found in day.details.values())
    assert all(found["models"] for (path, _), found in day.details.items() if path != "/v1/read")
    assert day.details["/v1/listen", "streaming"]["tags"] == ["app", "calls"]


def test_what_was_used_is_what_was_sent_and_received(day: Day) -> None:
    assert day.details["/v1/listen", "sync"]["duration"] == pytest.approx(6, abs=0.01)
    assert day.details["/v1/listen", "streaming"]["duration"] == pytest.approx(2)
    assert day.details["/v2/listen", "streaming"]["duration"] == pytest.approx(2)
    for asked in [("/v1/speak", "sync"), ("/v1/speak", "streaming"), ("/v2/speak", "streaming")]:
        assert day.details[asked]["characters"] == len(SPOKEN)
    assert day.details["/v1/read", "sync"]["tokens_in"] > 0


def test_an_agent_is_recorded_with_its_three_models_and_its_time(day: Day) -> None:
    agent = day.details["/v1/agent/converse", "streaming"]
    models = {"listen": "nova-3", "think": "gpt-4o-mini", "speak": "aura-2-thalia-en"}
    assert agent["config"] == {"model": "nova-3", **models}
    assert agent["engine"] == "scripted"
    assert agent["models"] == day.details["/v1/listen", "sync"]["models"]
    assert agent["duration"] > 0
    assert agent["characters"] > 0
    assert agent["tags"] == ["app", "agents"]


def test_usage_adds_up_by_every_grouping(day: Day) -> None:
    usage = day.projects.usage.breakdown
    seconds_of_agent = day.details["/v1/agent/converse", "streaming"]["duration"]
    for grouping in ("accessor", "endpoint", "feature_set", "models", "method", "tags", "deployment"):
        parts = usage.get(day.project_id, grouping=grouping).results
        assert sum(part.requests for part in parts) == len(USED), grouping
        assert sum(part.hours for part in parts) * 3600 == pytest.approx(10, abs=0.01), grouping
        assert sum(part.agent_hours for part in parts) * 3600 == pytest.approx(seconds_of_agent), grouping
        assert sum(part.tts_characters for part in parts) == 3 * len(SPOKEN), grouping
    by_endpoint = {part.grouping.endpoint: part for part in usage.get(day.project_id, grouping="endpoint").results}
    assert {name: part.requests for name, part in by_endpoint.items()} == {
        "agent": 1,
        "listen": 3,
        "read": 1,
        "speak": 3,
    }
    (only,) = usage.get(day.project_id, grouping="accessor", tag="calls").results
    assert (only.grouping.accessor, only.requests) == (day.key_id, 1)


def test_there_is_to_filter_by_what_was_used(day: Day) -> None:
    fields = day.projects.usage.fields.list(day.project_id)
    assert {"app", "agents", "calls", "files"} == set(fields.tags)
    assert set(fields.processing_methods) == {"sync", "streaming"}
    assert "sentiment" in fields.features
    assert {"aura-2-thalia-en", "flux-alexis-en"} <= {model.name for model in fields.models}
    for model in fields.models:
        (found, *_) = day.projects.usage.breakdown.get(day.project_id, model=model.model_id).results
        assert found.requests > 0


def test_bills_and_balances_follow_from_it(day: Day) -> None:
    spent = sum(found["usd"] for found in day.details.values())
    assert all(found["usd"] > 0 for found in day.details.values())
    lines = day.projects.billing.breakdown.list(day.project_id, grouping=["line_item"]).results
    assert sum(line.dollars for line in lines) == pytest.approx(spent)
    items = {line.grouping.line_item for line in lines}
    assert {"batch::nova-3", "streaming::nova-2", "speak::aura-asteria-en", "agent::nova-3", "read::default"} <= items
    assert set(day.projects.billing.fields.list(day.project_id).line_items) == items
    (balance,) = day.projects.billing.balances.list(day.project_id).balances
    (purchase,) = day.projects.billing.purchases.list(day.project_id).orders
    assert purchase.amount - balance.amount == pytest.approx(spent)


def test_another_project_has_nothing_of_it(day: Day) -> None:
    assert day.projects.requests.list(day.other_id).requests == []
    assert day.projects.usage.breakdown.get(day.other_id).results == []
    fields = day.projects.usage.fields.list(day.other_id)
    assert (fields.tags, fields.models, fields.features) == ([], [], [])
    assert day.projects.billing.breakdown.list(day.other_id).results == []
