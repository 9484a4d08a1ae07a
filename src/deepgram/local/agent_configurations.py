"""Configurations of voice agents that are kept for reuse, and the variables in them.

A configuration is the ``agent`` of a Settings message as JSON text, in which a variable ``DG_NAME`` may stand, without
quotes, wherever JSON has a value. What is shown has the names of variables; :meth:`AgentConfigurations.resolve` gives
what an agent is to be told. Source: developers.deepgram.com/docs/reusable-agent-configurations.
"""

from __future__ import annotations

import json
import re
import sqlite3
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .database import Absent, Conflict, Database

LIMIT = 1000
"""Configurations of a project, and variables, at most."""
VARIABLE = re.compile(r"DG_[A-Z0-9_-]+")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|DG_[A-Z0-9_-]+', re.DOTALL)


class NotJson(ValueError):
    """The configuration is no JSON object, its variables aside. The message says what is wrong."""


class UnknownVariable(LookupError):
    """A configuration has a variable that the project does not have."""


@dataclass(frozen=True)
class Configuration:
    """A configuration, its variables not replaced."""

    agent_id: str
    config: Mapping[str, Any]
    metadata: Mapping[str, str]
    created: float
    updated: float
    """Seconds since 1970."""


@dataclass(frozen=True)
class Variable:
    """A variable of configurations."""

    variable_id: str
    key: str
    value: Any
    created: float
    updated: float
    """Seconds since 1970."""


class AgentConfigurations:
    """The configurations of all projects. Methods raise ``Absent``, ``Conflict`` and ``StateError``."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def create(
        self, project_id: str, config: str, metadata: Mapping[str, str], api_version: int = 1
    ) -> Configuration:
        """Keep a configuration. Raises :class:`NotJson`."""
        shown(config)
        agent_id = str(uuid.uuid4())
        now = self._clock()

        def work(connection: sqlite3.Connection) -> Configuration:
            _check_room(connection, "agents", project_id)
            connection.execute(
                "INSERT INTO agents (agent_id, project_id, config, metadata, api_version, created, updated)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (agent_id, project_id, config, json.dumps(dict(metadata)), api_version, now, now),
            )
            return _configuration(connection, project_id, agent_id)

        return await self._database.do(work)

    async def list(self, project_id: str) -> Sequence[Configuration]:
        """Return the configurations of a project, the oldest first."""

        def work(connection: sqlite3.Connection) -> Sequence[Configuration]:
            rows = connection.execute(f"{_AGENTS} ORDER BY number", (project_id,))
            return [_shown(row) for row in rows]

        return await self._database.do(work)

    async def get(self, project_id: str, agent_id: str) -> Configuration:
        """Return a configuration."""
        return await self._database.do(lambda connection: _configuration(connection, project_id, agent_id))

    async def relabel(self, project_id: str, agent_id: str, metadata: Mapping[str, str]) -> Configuration:
        """Put other metadata in the place of those there are. The configuration itself never changes."""

        def work(connection: sqlite3.Connection) -> Configuration:
            connection.execute(
                "UPDATE agents SET metadata = ?, updated = ? WHERE project_id = ? AND agent_id = ?",
                (json.dumps(dict(metadata)), self._clock(), project_id, agent_id),
            )
            return _configuration(connection, project_id, agent_id)

        return await self._database.do(work)

    async def delete(self, project_id: str, agent_id: str) -> None:
        """Delete a configuration."""

        def work(connection: sqlite3.Connection) -> None:
            _configuration(connection, project_id, agent_id)
            connection.execute("DELETE FROM agents WHERE agent_id = ?", (agent_id,))

        await self._database.do(work)

    async def resolve(self, project_id: str, agent_id: str) -> dict[str, Any]:
        """Return the ``agent`` that a Settings message means by this id, with the values of its variables.

        Raises ``Absent`` for an unknown id, :class:`UnknownVariable` for a variable that the project does not have.
        """

        def work(connection: sqlite3.Connection) -> tuple[str, dict[str, str]]:
            row = connection.execute(
                "SELECT config FROM agents WHERE project_id = ? AND agent_id = ?", (project_id, agent_id)
            ).fetchone()
            if row is None:
                raise Absent("agent configuration")
            variables = connection.execute("SELECT key, value FROM agent_variables WHERE project_id = ?", (project_id,))
            return row[0], dict(variables.fetchall())

        return resolved(*await self._database.do(work))

    # --- Variables ----------------------------------------------------------------------------------------------------

    async def create_variable(self, project_id: str, key: str, value: Any, api_version: int = 1) -> Variable:
        """Add a variable; raise ``Conflict`` if there is one of that name."""
        variable_id = str(uuid.uuid4())
        now = self._clock()

        def work(connection: sqlite3.Connection) -> Variable:
            _check_room(connection, "agent_variables", project_id)
            taken = connection.execute(
                "SELECT 1 FROM agent_variables WHERE project_id = ? AND key = ?", (project_id, key)
            )
            if taken.fetchone():
                raise Conflict(f"There is a variable {key} already. Change its value, or delete it first.")
            connection.execute(
                "INSERT INTO agent_variables (variable_id, project_id, key, value, api_version, created, updated)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (variable_id, project_id, key, json.dumps(value), api_version, now, now),
            )
            return _variable(connection, project_id, variable_id)

        return await self._database.do(work)

    async def variables(self, project_id: str) -> Sequence[Variable]:
        """Return the variables of a project, the oldest first."""

        def work(connection: sqlite3.Connection) -> Sequence[Variable]:
            return [_read(row) for row in connection.execute(f"{_VARIABLES} ORDER BY number", (project_id,))]

        return await self._database.do(work)

    async def variable(self, project_id: str, variable_id: str) -> Variable:
        """Return a variable."""
        return await self._database.do(lambda connection: _variable(connection, project_id, variable_id))

    async def change_variable(self, project_id: str, variable_id: str, value: Any) -> Variable:
        """Give a variable another value; conversations that begin from now on have it."""

        def work(connection: sqlite3.Connection) -> Variable:
            connection.execute(
                "UPDATE agent_variables SET value = ?, updated = ? WHERE project_id = ? AND variable_id = ?",
                (json.dumps(value), self._clock(), project_id, variable_id),
            )
            return _variable(connection, project_id, variable_id)

        return await self._database.do(work)

    async def delete_variable(self, project_id: str, variable_id: str) -> None:
        """Delete a variable."""

        def work(connection: sqlite3.Connection) -> None:
            _variable(connection, project_id, variable_id)
            connection.execute("DELETE FROM agent_variables WHERE variable_id = ?", (variable_id,))

        await self._database.do(work)


def shown(config: str) -> dict[str, Any]:
    """Return a configuration as it is shown, the names of variables as text; raise :class:`NotJson`."""
    return _loaded(_TOKEN.sub(lambda token: token[0] if token[0][0] == '"' else f'"{token[0]}"', config))


def resolved(config: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """Return a configuration with the values (JSON) of its variables; raise :class:`UnknownVariable`.

    Text that is nothing but the name of a variable means the variable, too: only so can it stand in strict JSON.
    """

    def value(token: re.Match[str]) -> str:
        bare = token[0][0] != '"'
        name = token[0].strip('"')
        if name in variables:
            return variables[name]
        if bare:
            raise UnknownVariable(f"The project has no variable {name}.")
        return token[0]

    return _loaded(_TOKEN.sub(value, config))


def _loaded(text: str) -> dict[str, Any]:
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotJson(f"config is no JSON: {error}") from None
    if not isinstance(config, dict):
        raise NotJson("config is no JSON object")
    return config


_AGENTS = "SELECT agent_id, config, metadata, created, updated FROM agents WHERE project_id = ?"
_VARIABLES = "SELECT variable_id, key, value, created, updated FROM agent_variables WHERE project_id = ?"


def _configuration(connection: sqlite3.Connection, project_id: str, agent_id: str) -> Configuration:
    row = connection.execute(f"{_AGENTS} AND agent_id = ?", (project_id, agent_id)).fetchone()
    if row is None:
        raise Absent("agent configuration")
    return _shown(row)


def _shown(row: tuple[str, str, str, float, float]) -> Configuration:
    agent_id, config, metadata, created, updated = row
    return Configuration(agent_id, shown(config), json.loads(metadata), created, updated)


def _variable(connection: sqlite3.Connection, project_id: str, variable_id: str) -> Variable:
    row = connection.execute(f"{_VARIABLES} AND variable_id = ?", (project_id, variable_id)).fetchone()
    if row is None:
        raise Absent("agent variable")
    return _read(row)


def _read(row: tuple[str, str, str, float, float]) -> Variable:
    variable_id, key, value, created, updated = row
    return Variable(variable_id, key, json.loads(value), created, updated)


def _check_room(connection: sqlite3.Connection, table: str, project_id: str) -> None:
    if not connection.execute("SELECT 1 FROM projects WHERE project_id = ?", (project_id,)).fetchone():
        raise Absent("project")
    count = connection.execute(f"SELECT count(*) FROM {table} WHERE project_id = ?", (project_id,))
    if count.fetchone()[0] >= LIMIT:
        raise Conflict(f"A project has at most {LIMIT} of these. Delete some first.")
