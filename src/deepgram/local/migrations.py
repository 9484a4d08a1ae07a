"""The schema of the data file, version by version."""

from __future__ import annotations

from collections.abc import Sequence

from .accounts import PROJECT_ID

# One entry per version: the statements that lead to it from the version before. Entries are never changed once
# released. Times are seconds since 1970; lists and objects are JSON; a list of features is ",punctuate,diarize,", so
# that one of them is found with instr().
MIGRATIONS: Sequence[Sequence[str]] = (
    (
        """CREATE TABLE requests (
            number INTEGER PRIMARY KEY, request_id TEXT NOT NULL UNIQUE, created REAL NOT NULL, method TEXT NOT NULL,
            path TEXT NOT NULL, status INTEGER NOT NULL, duration REAL, model TEXT, engine TEXT, tags TEXT NOT NULL
        )""",
        "CREATE INDEX requests_created ON requests (created)",
        """CREATE TABLE jobs (
            request_id TEXT PRIMARY KEY, kind TEXT NOT NULL, payload TEXT NOT NULL, audio TEXT, size INTEGER NOT NULL,
            created REAL NOT NULL
        )""",
        """CREATE TABLE deliveries (
            number INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL, url TEXT NOT NULL,
            method TEXT NOT NULL, content_type TEXT NOT NULL, body BLOB NOT NULL, size INTEGER NOT NULL,
            created REAL NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0
        )""",
        "CREATE INDEX deliveries_due ON deliveries (due, number, size)",
    ),
    (
        "CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL)",
        """CREATE TABLE projects (
            project_id TEXT PRIMARY KEY, name TEXT NOT NULL, mip_opt_out INTEGER NOT NULL, created REAL NOT NULL
        )""",
        """CREATE TABLE members (
            project_id TEXT NOT NULL REFERENCES projects ON DELETE CASCADE, member_id TEXT NOT NULL,
            email TEXT NOT NULL, first_name TEXT, last_name TEXT, scopes TEXT NOT NULL, created REAL NOT NULL,
            PRIMARY KEY (project_id, member_id)
        )""",
        """CREATE TABLE invites (
            project_id TEXT NOT NULL REFERENCES projects ON DELETE CASCADE, email TEXT NOT NULL COLLATE NOCASE,
            scope TEXT NOT NULL, created REAL NOT NULL, PRIMARY KEY (project_id, email)
        )""",
        """CREATE TABLE keys (
            key_id TEXT PRIMARY KEY, project_id TEXT NOT NULL, member_id TEXT NOT NULL, digest BLOB NOT NULL UNIQUE,
            comment TEXT NOT NULL, scopes TEXT NOT NULL, tags TEXT NOT NULL, created REAL NOT NULL, expires REAL,
            origin TEXT NOT NULL,
            FOREIGN KEY (project_id, member_id) REFERENCES members ON DELETE CASCADE
        )""",
        "CREATE INDEX keys_of_member ON keys (project_id, member_id)",
        """CREATE TABLE purchases (
            order_id TEXT PRIMARY KEY, balance_id TEXT NOT NULL UNIQUE,
            project_id TEXT NOT NULL REFERENCES projects ON DELETE CASCADE, amount REAL NOT NULL, units TEXT NOT NULL,
            order_type TEXT NOT NULL, created REAL NOT NULL, expiration REAL NOT NULL
        )""",
        """CREATE TABLE agents (
            number INTEGER PRIMARY KEY AUTOINCREMENT, agent_id TEXT NOT NULL UNIQUE,
            project_id TEXT NOT NULL REFERENCES projects ON DELETE CASCADE, config TEXT NOT NULL,
            metadata TEXT NOT NULL, api_version INTEGER NOT NULL, created REAL NOT NULL, updated REAL NOT NULL
        )""",
        """CREATE TABLE agent_variables (
            number INTEGER PRIMARY KEY AUTOINCREMENT, variable_id TEXT NOT NULL UNIQUE,
            project_id TEXT NOT NULL REFERENCES projects ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
            api_version INTEGER NOT NULL, created REAL NOT NULL, updated REAL NOT NULL, UNIQUE (project_id, key)
        )""",
        """CREATE TABLE distribution_credentials (
            number INTEGER PRIMARY KEY AUTOINCREMENT, credentials_id TEXT NOT NULL UNIQUE, project_id TEXT NOT NULL,
            member_id TEXT NOT NULL, provider TEXT NOT NULL, comment TEXT, scopes TEXT NOT NULL, created REAL NOT NULL,
            FOREIGN KEY (project_id, member_id) REFERENCES members ON DELETE CASCADE
        )""",
        # What is served for the sake of sound and text; usage and bills are counted from it.
        "ALTER TABLE requests ADD COLUMN completed REAL",
        "ALTER TABLE requests ADD COLUMN project_id TEXT",
        "ALTER TABLE requests ADD COLUMN key_id TEXT",
        "ALTER TABLE requests ADD COLUMN endpoint TEXT NOT NULL DEFAULT 'listen'",
        "ALTER TABLE requests ADD COLUMN processing TEXT NOT NULL DEFAULT 'sync'",
        "ALTER TABLE requests ADD COLUMN deployment TEXT NOT NULL DEFAULT 'self-hosted'",
        "ALTER TABLE requests ADD COLUMN features TEXT NOT NULL DEFAULT ','",
        "ALTER TABLE requests ADD COLUMN config TEXT NOT NULL DEFAULT '{}'",
        "ALTER TABLE requests ADD COLUMN callback TEXT",
        "ALTER TABLE requests ADD COLUMN asked_model TEXT",
        "ALTER TABLE requests ADD COLUMN model_id TEXT",
        "ALTER TABLE requests ADD COLUMN version TEXT",
        "ALTER TABLE requests ADD COLUMN language TEXT",
        "ALTER TABLE requests ADD COLUMN channels INTEGER",
        "ALTER TABLE requests ADD COLUMN characters INTEGER",
        "ALTER TABLE requests ADD COLUMN tokens_in INTEGER",
        "ALTER TABLE requests ADD COLUMN tokens_out INTEGER",
        "ALTER TABLE requests ADD COLUMN bytes_in INTEGER",
        "ALTER TABLE requests ADD COLUMN bytes_out INTEGER",
        "ALTER TABLE requests ADD COLUMN usd REAL",
        f"UPDATE requests SET project_id = '{PROJECT_ID}', completed = created",
        "UPDATE requests SET processing = 'streaming' WHERE method = 'GET'",
        "CREATE INDEX requests_of_project ON requests (project_id, created)",
        # Everything else that is served: many, small, and seldom looked at.
        """CREATE TABLE management_requests (
            number INTEGER PRIMARY KEY, request_id TEXT NOT NULL UNIQUE, created REAL NOT NULL, completed REAL NOT NULL,
            method TEXT NOT NULL, path TEXT NOT NULL, status INTEGER NOT NULL, project_id TEXT, key_id TEXT,
            bytes_out INTEGER
        )""",
    ),
)
