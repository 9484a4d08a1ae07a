"""Messages about agents that the service remembers: configurations, and variables inside of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict  # noqa: UP035

from ..model import Model

# --- Configurations ---------------------------------------------------------------------------------------------------


class AgentConfigurationV1(Model):
    """A configuration; its variables stand in it by name."""

    agent_id: str
    """What the settings of a conversation may have as ``agent``."""
    config: dict[str, Any]
    """The block ``agent`` of the settings of a conversation."""
    metadata: dict[str, str] | None = None
    """Labels of the caller's."""
    created_at: datetime | None = None
    updated_at: datetime | None = None


class ListAgentConfigurationsV1Response(Model):
    """The configurations of a project."""

    agents: list[AgentConfigurationV1] | None = None


class CreateAgentConfigurationV1Response(Model):
    """A new configuration."""

    agent_id: str
    config: dict[str, Any]
    metadata: dict[str, str] | None = None


DeleteAgentConfigurationV1Response = Dict[str, Any]  # noqa: UP006 - a class in 3.10 otherwise

# --- Variables --------------------------------------------------------------------------------------------------------


class AgentVariableV1(Model):
    """A value that stands in configurations as its ``key``."""

    variable_id: str
    key: str
    """``DG_`` and a name."""
    value: Any
    """Anything that JSON can hold."""
    created_at: datetime | None = None
    updated_at: datetime | None = None


class ListAgentVariablesV1Response(Model):
    """The variables of a project."""

    variables: list[AgentVariableV1] | None = None


DeleteAgentVariableV1Response = Dict[str, Any]  # noqa: UP006 - a class in 3.10 otherwise
