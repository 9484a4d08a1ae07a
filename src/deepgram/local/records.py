"""What was served: one record per request or conversation, from which usage and bills are counted.

The record is written before the last byte of the answer leaves (or the close frame of a conversation): whoever has an
answer can rely on its being counted. Paths are kept without their query, which may hold what nobody should read;
its known options are kept by name, or with their value where that is harmless.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from typing import Any, Literal
from urllib.parse import urlsplit

from .database import Absent, Database
from .prices import cost, line_item
from .scopes import endpoint_of

DEPLOYMENT = "self-hosted"
"""Where everything here is served."""
FEATURES = (
    *("alternatives", "callback_method", "callback", "channels", "custom_intent_mode", "custom_intent"),
    *("custom_topic_mode", "custom_topic", "detect_entities", "detect_language", "diarize", "dictation", "encoding"),
    *("extra", "filler_words", "intents", "keyterm", "keywords", "language", "measurements", "multichannel"),
    *("numerals", "paragraphs", "profanity_filter", "punctuate", "redact", "replace", "sample_rate", "search"),
    *("sentiment", "smart_format", "summarize", "topics", "utt_split", "utterances", "version"),
)
"""Parameters by whose use usage can be filtered. Source: developers.deepgram.com/reference/manage/usage/get"""
_HARMLESS = frozenset({*FEATURES, "model", "interim_results", "endpointing", "vad_events", "utterance_end_ms"}) - {
    *("callback", "extra", "keyterm", "keywords", "replace", "search", "custom_intent", "custom_topic"),
}
"""Parameters whose values are kept."""
_OFF = ("false", "False", "0", "")
_KNOWN = frozenset(FEATURES)


@dataclass
class Record:
    """What is known of one request. Handlers fill in what only they know; the application writes it down."""

    request_id: str
    method: str
    path: str
    """Without the query."""
    created: float
    """Seconds since 1970."""
    status: int = 0
    """HTTP status; 101 for a conversation."""
    project_id: str | None = None
    key_id: str | None = None
    endpoint: str | None = None
    """listen, speak, read, agent; None for everything else."""
    processing: Literal["sync", "async", "streaming"] = "sync"
    completed: float = 0.0
    """Seconds since 1970."""
    tags: Sequence[str] = ()
    features: str = ","
    """Parameters that were used, each between commas."""
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Parameters with their values, where these are harmless."""
    callback: str | None = None
    """Where the result goes, without what may be secret of the address."""
    asked_model: str | None = None
    """The model that was asked for."""
    engine: str | None = None
    model: str | None = None
    """The model that answered, by its name at the engine."""
    model_id: str | None = None
    version: str | None = None
    language: str | None = None
    duration: float | None = None
    """Seconds of audio; of a conversation with an agent, its seconds."""
    channels: int | None = None
    """Channels that were heard apart."""
    characters: int | None = None
    """Characters of text that were spoken."""
    tokens_in: int | None = None
    tokens_out: int | None = None
    bytes_in: int | None = None
    bytes_out: int = 0
    """Bytes of the answer, or of all messages to the client."""
    usd: float | None = None

    @property
    def served(self) -> bool:
        """Whether it succeeded: only then it is counted and costs something."""
        return self.status == 101 or 200 <= self.status < 300

    def read_query(self, query: Sequence[tuple[str, str]], tags: Sequence[str]) -> None:
        """Take from the query what is worth keeping. ``tags``: those of the key."""
        used: list[str] = []
        config: dict[str, Any] = {}
        labels = [*tags]
        for name, value in query:
            if name == "tag":
                labels.append(value)
            elif name == "model":
                self.asked_model = value[:100]
            elif name == "callback":
                self.callback = _plain(value)
                self.processing = "streaming" if self.processing == "streaming" else "async"
            if name in _KNOWN and value not in _OFF and name not in used:
                used.append(name)
            if name in _HARMLESS:
                config[name] = [*config[name], value[:100]] if name in config else [value[:100]]
        self.tags = labels[:100]
        self.features = f",{','.join(sorted(used))}," if used else ","
        self.config = {name: values[0] if len(values) == 1 else values for name, values in config.items()}

    def price(self) -> None:
        """Work out what it costs."""
        if self.endpoint is None:
            return
        self.usd = 0.0
        if self.served:
            self.usd = cost(
                line_item(self.endpoint, self.processing, self.asked_model),
                seconds=self.duration or 0.0,
                channels=self.channels or 1,
                characters=self.characters or 0,
                tokens_in=self.tokens_in or 0,
                tokens_out=self.tokens_out or 0,
            )


_LATER = frozenset(
    {"duration", "channels", "characters", "tokens_in", "tokens_out", "engine", "model", "model_id", "version"}
    | {"language"}
)
"""What may become known only after the answer."""
_COLUMNS = [one.name for one in fields(Record) if one.name not in ("status", "endpoint")]
_INSERT = (
    f"INSERT INTO requests (status, endpoint, deployment, {', '.join(_COLUMNS)})"
    f" VALUES ({', '.join('?' * (len(_COLUMNS) + 3))})"
)
_INSERT_OTHER = (
    "INSERT INTO management_requests"
    " (request_id, created, completed, method, path, status, project_id, key_id, bytes_out)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Records:
    """The records of a server. Methods raise ``StateError``."""

    def __init__(self, database: Database, keep: int, clock: Callable[[], float] = time.time) -> None:
        """``keep``: records that are kept, the newest, of requests that count as usage, and as many of all others."""
        self._database = database
        self._keep = keep
        self._open: dict[str, Record] = {}
        self.clock = clock

    def begin(self, request_id: str, method: str, path: str, *, streaming: bool) -> Record:
        """Return the record of a request that begins now."""
        record = Record(request_id, method, path[:1000], self.clock(), endpoint=endpoint_of(path))
        if streaming:
            record.processing = "streaming"
        self._open[request_id] = record
        return record

    async def add(self, record: Record) -> None:
        """Write a record down. Returns when it is durable."""
        record.completed = self.clock()
        self._open.pop(record.request_id, None)
        await self._database.do(lambda connection: self._insert(connection, record))

    async def amend(self, request_id: str, **known: Any) -> None:
        """Add what became known after the answer, such as the ``duration`` of what goes to a callback.

        Does nothing if there is no such record any more.
        """
        if unknown := known.keys() - _LATER:
            raise TypeError(f"a record does not learn {', '.join(sorted(unknown))} later")
        if (record := self._open.get(request_id)) is not None:  # the answer is still on its way out
            for name, value in known.items():
                setattr(record, name, value)
            return

        def work(connection: sqlite3.Connection) -> None:
            row = connection.execute(f"{_SELECT} WHERE request_id = ?", (request_id,)).fetchone()
            if row is None:
                return
            record = _record(row)
            for name, value in known.items():
                setattr(record, name, value)
            record.price()
            names = [*known, "usd", "completed"]
            connection.execute(
                f"UPDATE requests SET {', '.join(f'{name} = ?' for name in names)} WHERE request_id = ?",
                (*known.values(), record.usd, self.clock(), request_id),
            )

        await self._database.do(work)

    async def get(self, project_id: str, request_id: str) -> Record:
        """Return what is known of a request; raise ``Absent`` if nothing is."""

        def work(connection: sqlite3.Connection) -> Record:
            row = connection.execute(
                f"{_SELECT} WHERE request_id = ? AND project_id = ?", (request_id, project_id)
            ).fetchone()
            if row is not None:
                return _record(row)
            other = connection.execute(
                "SELECT request_id, method, path, created, status, project_id, key_id, completed, bytes_out"
                " FROM management_requests WHERE request_id = ? AND project_id = ?",
                (request_id, project_id),
            ).fetchone()
            if other is None:
                raise Absent("request")
            names = ("request_id", "method", "path", "created", "status", "project_id", "key_id", "completed")
            return Record(**dict(zip(names, other[:8], strict=True)), bytes_out=other[8] or 0)

        return await self._database.do(work)

    async def list(self, where: str, values: Sequence[object], *, limit: int, page: int = 0) -> Sequence[Record]:
        """Return a page of the requests that count as usage, the newest first. ``where``: see ``usage.Filter``."""

        def work(connection: sqlite3.Connection) -> Sequence[Record]:
            rows = connection.execute(
                f"{_SELECT} WHERE {where} ORDER BY created DESC, number DESC LIMIT ? OFFSET ?",
                (*values, limit, page * limit),
            )
            return [_record(row) for row in rows]

        return await self._database.do(work)

    def _insert(self, connection: sqlite3.Connection, record: Record) -> None:
        record.price()
        if record.endpoint is None:
            number = connection.execute(
                _INSERT_OTHER,
                (
                    *(record.request_id, record.created, record.completed, record.method, record.path, record.status),
                    *(record.project_id, record.key_id, record.bytes_out),
                ),
            ).lastrowid
            table = "management_requests"
        else:
            values = [getattr(record, name) for name in _COLUMNS]
            values[_COLUMNS.index("tags")] = json.dumps([*record.tags])
            values[_COLUMNS.index("config")] = json.dumps(dict(record.config))
            number = connection.execute(_INSERT, (record.status, record.endpoint, DEPLOYMENT, *values)).lastrowid
            table = "requests"
        connection.execute(f"DELETE FROM {table} WHERE number <= ?", ((number or 0) - self._keep,))


_SELECT = f"SELECT {', '.join(['status', 'endpoint', *_COLUMNS])} FROM requests"


def _record(row: Sequence[Any]) -> Record:
    known = dict(zip(["status", "endpoint", *_COLUMNS], row, strict=True))
    known["tags"] = tuple(json.loads(known["tags"]))
    known["config"] = json.loads(known["config"])
    known["bytes_out"] = known["bytes_out"] or 0
    return Record(**known)


def moment(seconds: float) -> datetime:
    """Return seconds since 1970 as a time."""
    return datetime.fromtimestamp(seconds, timezone.utc)


def _plain(url: str) -> str:
    """Return an address without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"[:500]
    except ValueError:
        return ""
