"""Configurations and variables of voice agents."""

from __future__ import annotations

from typing import Any

from ...protocol.models.voice_agent import (
    AgentConfigurationV1,
    AgentVariableV1,
    CreateAgentConfigurationV1Response,
    ListAgentConfigurationsV1Response,
    ListAgentVariablesV1Response,
)
from ...protocol.voice_agent import Configurations, Variables
from ..agent_configurations import VARIABLE, Configuration, NotJson, Variable
from ..arguments import Body, body_of
from ..records import moment
from ..refusals import InvalidJson
from ..router import LARGEST_JSON, Asked, Router

LONGEST_NAME = 100
"""Characters of the name of a variable."""


def register(router: Router) -> None:
    """Add the handlers of this file."""
    router.answers(Configurations.list)(list_configurations)
    router.answers(Configurations.create)(create_configuration)
    router.answers(Configurations.get)(get_configuration)
    router.answers(Configurations.update)(update_configuration)
    router.answers(Configurations.delete)(delete_configuration)
    router.answers(Variables.list)(list_variables)
    router.answers(Variables.create)(create_variable)
    router.answers(Variables.get)(get_variable)
    router.answers(Variables.update)(update_variable)
    router.answers(Variables.delete)(delete_variable)


async def list_configurations(asked: Asked) -> ListAgentConfigurationsV1Response:
    """Answer with the configurations of a project, the variables in them not replaced."""
    found = await asked.services.state.agents.list(asked.arguments["project_id"])
    return ListAgentConfigurationsV1Response(agents=[_configuration(one) for one in found])


async def create_configuration(asked: Asked) -> CreateAgentConfigurationV1Response:
    """Keep a configuration: the ``agent`` of a Settings message as JSON text."""
    body = await body_of(asked)
    config, metadata = body.text("config", longest=LARGEST_JSON), body.labels("metadata") or {}
    try:
        made = await asked.services.state.agents.create(
            asked.arguments["project_id"], config, metadata, _api_version(body)
        )
    except NotJson as error:
        raise InvalidJson(str(error)) from None
    return CreateAgentConfigurationV1Response(
        agent_id=made.agent_id, config=dict(made.config), metadata=dict(made.metadata)
    )


async def get_configuration(asked: Asked) -> AgentConfigurationV1:
    """Answer with a configuration."""
    return _configuration(
        await asked.services.state.agents.get(asked.arguments["project_id"], asked.arguments["agent_id"])
    )


async def update_configuration(asked: Asked) -> AgentConfigurationV1:
    """Replace the metadata of a configuration."""
    metadata = (await body_of(asked)).labels("metadata")
    if metadata is None:
        raise InvalidJson("missing field `metadata`")
    agents = asked.services.state.agents
    return _configuration(await agents.relabel(asked.arguments["project_id"], asked.arguments["agent_id"], metadata))


async def delete_configuration(asked: Asked) -> dict[str, Any]:
    """Delete a configuration."""
    await asked.services.state.agents.delete(asked.arguments["project_id"], asked.arguments["agent_id"])
    return {}


async def list_variables(asked: Asked) -> ListAgentVariablesV1Response:
    """Answer with the variables of a project."""
    found = await asked.services.state.agents.variables(asked.arguments["project_id"])
    return ListAgentVariablesV1Response(variables=[_variable(one) for one in found])


async def create_variable(asked: Asked) -> AgentVariableV1:
    """Add a variable."""
    body = await body_of(asked)
    key, value = body.text("key", longest=LONGEST_NAME), body.value("value")
    if not VARIABLE.fullmatch(key):
        raise InvalidJson("`key` must be DG_ and a name of capital letters, digits, underscores and hyphens")
    made = await asked.services.state.agents.create_variable(
        asked.arguments["project_id"], key, value, _api_version(body)
    )
    return _variable(made)


async def get_variable(asked: Asked) -> AgentVariableV1:
    """Answer with a variable."""
    agents = asked.services.state.agents
    return _variable(await agents.variable(asked.arguments["project_id"], asked.arguments["variable_id"]))


async def update_variable(asked: Asked) -> AgentVariableV1:
    """Give a variable another value."""
    value = (await body_of(asked)).value("value")
    agents = asked.services.state.agents
    return _variable(await agents.change_variable(asked.arguments["project_id"], asked.arguments["variable_id"], value))


async def delete_variable(asked: Asked) -> dict[str, Any]:
    """Delete a variable."""
    await asked.services.state.agents.delete_variable(asked.arguments["project_id"], asked.arguments["variable_id"])
    return {}


def _api_version(body: Body) -> int:
    return int(body.number("api_version", 1, 1) or 1)


def _configuration(one: Configuration) -> AgentConfigurationV1:
    return AgentConfigurationV1(
        agent_id=one.agent_id,
        config=dict(one.config),
        metadata=dict(one.metadata),
        created_at=moment(one.created),
        updated_at=moment(one.updated),
    )


def _variable(one: Variable) -> AgentVariableV1:
    return AgentVariableV1(
        variable_id=one.variable_id,
        key=one.key,
        value=one.value,
        created_at=moment(one.created),
        updated_at=moment(one.updated),
    )
