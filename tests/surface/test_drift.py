"""Everything that the service's own specifications name can be reached; and a script says what a newer one adds."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from compat.drift import Specification, drift

SPECIFICATIONS = Path(__file__).parents[3] / "shared" / "specs"

OPENAPI: dict[str, Any] = {
    "paths": {
        "/v1/auth/grant": {
            "post": {
                "parameters": [{"name": "Authorization", "in": "header"}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Grant"}}}},
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Granted"}}}}
                },
            }
        },
        "/v1/projects/{project_id}/keys": {
            "post": {
                "parameters": [{"name": "project_id", "in": "path"}],
                "requestBody": {"content": {"application/json": {"schema": {}}}},
                "responses": {"200": {"content": {"application/json": {"schema": {"properties": {"key": {}}}}}}},
            }
        },
    },
    "components": {
        "schemas": {
            "Grant": {"properties": {"ttl_seconds": {"type": "number"}}},
            "Granted": {"properties": {"access_token": {}, "expires_in": {}}},
        }
    },
}
ASYNCAPI: dict[str, Any] = {
    "channels": {
        "/v1/listen": {
            "bindings": {"ws": {"query": {"properties": {"model": {}}}}},
            "publish": {"message": {"oneOf": [{"$ref": "#/components/messages/a/b-Results"}]}},
            "subscribe": {"message": {"oneOf": [{"$ref": "#/components/messages/a/b-Finalize"}]}},
        }
    },
    "components": {
        "messages": {
            "a/b-Results": {"name": "Results", "payload": {"$ref": "#/components/schemas/Results"}},
            "a/b-Finalize": {"name": "Finalize", "payload": {"properties": {"type": {"enum": ["Finalize"]}}}},
        },
        "schemas": {
            "Results": {
                "properties": {
                    "type": {"const": "Results"},
                    "channel": {
                        "properties": {"alternatives": {"type": "array", "items": {"properties": {"words": {}}}}}
                    },
                }
            }
        },
    },
}


@pytest.mark.skipif(not SPECIFICATIONS.exists(), reason="the specifications are not beside this checkout")
@pytest.mark.parametrize("name", ["openapi.yml", "asyncapi.yml"])
def test_all_that_a_specification_names_can_be_reached(name: str) -> None:
    assert drift(SPECIFICATIONS / name) == []


def test_a_specification_that_says_the_same_has_no_drift() -> None:
    assert [*Specification(OPENAPI).rest()] == []
    assert [*Specification(ASYNCAPI).sockets()] == []


def test_what_a_newer_specification_adds_to_requests_is_named() -> None:
    newer = deepcopy(OPENAPI)
    newer["paths"]["/v1/auth/revoke"] = {"post": {}}
    grant = newer["paths"]["/v1/auth/grant"]
    grant["get"] = {}
    grant["post"]["parameters"].append({"name": "audience", "in": "query"})
    newer["components"]["schemas"]["Grant"]["properties"]["scopes"] = {}
    newer["components"]["schemas"]["Granted"]["properties"]["refresh_token"] = {}
    assert [*Specification(newer).rest()] == [
        "POST /v1/auth/grant: parameter audience",
        "POST /v1/auth/grant: body.scopes",
        "POST /v1/auth/grant: answer.refresh_token",
        "GET /v1/auth/grant: no operation",
        "POST /v1/auth/revoke: no operation",
    ]


def test_what_a_newer_specification_adds_to_conversations_is_named(tmp_path: Path) -> None:
    newer = deepcopy(ASYNCAPI)
    listen = newer["channels"]["/v1/listen"]
    listen["bindings"]["ws"]["query"]["properties"]["mood"] = {}
    listen["publish"]["message"]["oneOf"].append(
        {"name": "Applause", "payload": {"properties": {"type": {"const": "Clap"}}}}
    )
    listen["subscribe"]["message"]["oneOf"].append({"name": "Audio", "payload": {"type": "string", "format": "binary"}})
    alternatives = newer["components"]["schemas"]["Results"]["properties"]["channel"]["properties"]["alternatives"]
    alternatives["items"]["properties"]["mood"] = {}
    newer["channels"]["/v3/listen"] = {}
    file = tmp_path / "newer.yml"
    file.write_text(yaml.safe_dump(newer, sort_keys=False))
    assert drift(file) == [
        "/v1/listen: parameter mood",
        "/v1/listen: event Results.channel.alternatives[].mood",
        "/v1/listen: event Applause: no message",
        "/v3/listen: no channel",
    ]
