"""How much was used, counted from the records of requests: in all, by day, by key, model, tag ..."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

from .database import Database
from .prices import described, line_item
from .records import FEATURES

SERVED = "(status = 101 OR status BETWEEN 200 AND 299)"
"""What succeeded: only that is counted."""
GROUPINGS: Mapping[str, str] = {
    "accessor": "key_id",
    "endpoint": "endpoint",
    "feature_set": "features",
    "models": "model_id",
    "method": "processing",
    "tags": "tags",
    "deployment": "deployment",
}
"""What usage can be grouped by, and its column. Source: developers.deepgram.com/reference/manage/usage/breakdown"""
_LINE_ITEM = "line_item"
BILL_GROUPINGS = ("accessor", "deployment", _LINE_ITEM, "tags")


@dataclass
class Filter:
    """Which requests of a project are meant."""

    project_id: str
    start: datetime | None = None
    end: datetime | None = None
    """The first moment that is not meant any more."""
    equal: dict[str, object] = field(default_factory=dict[str, object])
    """Columns and their values."""
    tag: str | None = None
    model: str | None = None
    """Id or name of a model."""
    features: Mapping[str, bool] = field(default_factory=dict[str, bool])
    """Parameters: of those with True at least one was used, of those with False none."""
    succeeded: bool | None = None

    def sql(self) -> tuple[str, list[object]]:
        """Return the condition and its values."""
        clauses, values = ["project_id = ?"], list[object]([self.project_id])

        def add(clause: str, *given: object) -> None:
            clauses.append(clause)
            values.extend(given)

        if self.start is not None:
            add("created >= ?", self.start.timestamp())
        if self.end is not None:
            add("created < ?", self.end.timestamp())
        for column, value in self.equal.items():
            add(f"{column} = ?", value)
        if self.tag is not None:
            add("EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)", self.tag)
        if self.model is not None:
            add("? IN (model_id, model, asked_model)", self.model)
        wanted = [name for name, used in self.features.items() if used]
        if wanted:
            add(f"({' OR '.join(['instr(features, ?)'] * len(wanted))})", *(f",{name}," for name in wanted))
        for name, used in self.features.items():
            if not used:
                add("NOT instr(features, ?)", f",{name},")
        if self.succeeded is not None:
            add(SERVED if self.succeeded else f"NOT {SERVED}")
        return " AND ".join(clauses), values


@dataclass(frozen=True)
class Period:
    """Days, the last one included (UTC)."""

    first: date
    last: date

    def moments(self) -> tuple[datetime, datetime]:
        """Return the first moment, and the first one after it."""
        return _midnight(self.first), _midnight(self.last + timedelta(days=1))


@dataclass(frozen=True)
class Part:
    """What was used on one day, by one group."""

    day: str
    group: Mapping[str, Any]
    hours: float
    total_hours: float
    agent_hours: float
    tokens_in: int
    tokens_out: int
    tts_characters: int
    requests: int


@dataclass(frozen=True)
class Cost:
    """What one day of one group costs, in US dollars."""

    day: str
    dollars: float
    group: Mapping[str, Any]


@dataclass(frozen=True)
class ModelUsed:
    """A model that has answered."""

    name: str
    language: str | None
    version: str | None
    model_id: str


@dataclass(frozen=True)
class Fields:
    """What requests of a period have in common, to filter by."""

    tags: list[str]
    models: list[ModelUsed]
    processing_methods: list[str]
    features: list[str]


@dataclass(frozen=True)
class BillFields:
    """What bills of a period can be filtered by."""

    accessors: list[str]
    deployments: list[str]
    tags: list[str]
    line_items: dict[str, str]


class Usage:
    """What the records amount to. Methods raise ``StateError``."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def period(self, project_id: str, first: date | None, last: date | None) -> Period:
        """Return the days that are meant: if it is not said, from the first request on, and up to today."""
        last = last or datetime.fromtimestamp(self._clock(), timezone.utc).date()
        if first is None:
            query = "SELECT min(created) FROM requests WHERE project_id = ?"
            found = await self._database.do(lambda connection: connection.execute(query, (project_id,)).fetchone()[0])
            first = last if found is None else min(datetime.fromtimestamp(found, timezone.utc).date(), last)
        return Period(first, last)

    async def breakdown(self, wanted: Filter, by: str | None = None) -> list[Part]:
        """Return what was used, by day and, if wanted, by one of :data:`GROUPINGS`."""
        where, values = wanted.sql()
        column = "NULL" if by is None else GROUPINGS[by]

        def work(connection: sqlite3.Connection) -> list[Part]:
            rows = connection.execute(
                "SELECT date(created, 'unixepoch') AS day, "
                f"{column} AS grouped,"
                " total(CASE endpoint WHEN 'listen' THEN duration END) / 3600,"
                " total(CASE endpoint WHEN 'listen' THEN duration * coalesce(channels, 1) END) / 3600,"
                " total(CASE endpoint WHEN 'agent' THEN duration END) / 3600,"
                " coalesce(sum(tokens_in), 0), coalesce(sum(tokens_out), 0),"
                " coalesce(sum(CASE endpoint WHEN 'speak' THEN characters END), 0), count(*)"
                f" FROM requests WHERE {where} AND {SERVED} GROUP BY day, grouped ORDER BY day, grouped",
                values,
            )
            return [Part(row[0], {} if by is None else _group(by, row[1]), *row[2:]) for row in rows]

        return await self._database.do(work)

    async def fields(self, wanted: Filter) -> Fields:
        """Return the tags, models, methods and features of requests."""
        where, values = wanted.sql()
        where = f"{where} AND {SERVED}"

        def work(connection: sqlite3.Connection) -> Fields:
            models = connection.execute(
                "SELECT DISTINCT model, language, version, model_id FROM requests"
                f" WHERE {where} AND model_id IS NOT NULL ORDER BY model, version, language",
                values,
            )
            used = connection.execute(f"SELECT DISTINCT features FROM requests WHERE {where}", values).fetchall()
            features = {name for (names,) in used for name in names.split(",")}
            methods = connection.execute(
                f"SELECT DISTINCT processing FROM requests WHERE {where} ORDER BY processing", values
            ).fetchall()
            return Fields(
                _tags(connection, where, values),
                [ModelUsed(*row) for row in models],
                [method for (method,) in methods],
                [name for name in FEATURES if name in features],
            )

        return await self._database.do(work)

    async def costs(self, wanted: Filter, by: Sequence[str] = (), item: str | None = None) -> list[Cost]:
        """Return what requests cost, by day and by some of :data:`BILL_GROUPINGS`; ``item``: only this line."""
        where, values = wanted.sql()

        def work(connection: sqlite3.Connection) -> list[Cost]:
            sums: dict[tuple[object, ...], float] = {}
            for day, key_id, deployment, endpoint, processing, model, tags, dollars in connection.execute(
                "SELECT date(created, 'unixepoch') AS day, key_id, deployment, endpoint, processing, asked_model, tags,"
                f" total(usd) FROM requests WHERE {where} AND {SERVED} GROUP BY 1, 2, 3, 4, 5, 6, 7",
                values,
            ):
                line = line_item(endpoint, processing, model)
                if item not in (None, line):
                    continue
                found = {"accessor": key_id, "deployment": deployment, _LINE_ITEM: line, "tags": tags}
                group = (day, *(found[name] for name in by))
                sums[group] = sums.get(group, 0.0) + dollars
            return [
                Cost(
                    str(day),
                    round(dollars, 10),
                    {name: value for pair in zip(by, group, strict=True) for name, value in _group(*pair).items()},
                )
                for (day, *group), dollars in sorted(sums.items(), key=lambda entry: [str(part) for part in entry[0]])
            ]

        return await self._database.do(work)

    async def bill_fields(self, wanted: Filter) -> BillFields:
        """Return the keys, deployments, tags and lines of bills."""
        where, values = wanted.sql()
        where = f"{where} AND {SERVED}"

        def work(connection: sqlite3.Connection) -> BillFields:
            def distinct(column: str) -> list[Any]:
                query = f"SELECT DISTINCT {column} FROM requests WHERE {where} AND {column} IS NOT NULL ORDER BY 1"
                return [value for (value,) in connection.execute(query, values)]

            rows = connection.execute(
                f"SELECT DISTINCT endpoint, processing, asked_model FROM requests WHERE {where}", values
            )
            items = sorted(line_item(*row) for row in rows)
            return BillFields(
                distinct("key_id"),
                distinct("deployment"),
                _tags(connection, where, values),
                {item: described(item) for item in items},
            )

        return await self._database.do(work)


def _group(by: str, value: Any) -> dict[str, Any]:
    if by == "tags":
        return {"tags": json.loads(value)}
    if by == "models":
        return {"models": [] if value is None else [value]}
    if by == "feature_set":
        return {"feature_set": str(value).strip(",")}
    return {by: value}


def _tags(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> list[str]:
    rows = connection.execute(
        f"SELECT DISTINCT json_each.value FROM requests, json_each(requests.tags) WHERE {where} ORDER BY 1",
        tuple(values),
    )
    return [tag for (tag,) in rows]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.utc)
