"""Who may do what: roles, scopes, and the scope that an address asks for.

Source: developers.deepgram.com/docs/working-with-roles ("Working With Roles & API Scopes").
"""

from __future__ import annotations

from collections.abc import Iterable

SPEAKING = "usage:write"
"""What transcribing, speaking, analysing and conversing take; all that an access token has."""
_MEMBER = ("project:read", "project:write", "keys:read", "keys:write", "usage:read", SPEAKING)
_PEOPLE = ("{0}:read", "{0}:read:invites", "{0}:read:scopes")
_POWER = ("{0}:write", "{0}:write:invites", "{0}:write:scopes", "{0}:write:kick")


def _over(role: str, *powers: str) -> tuple[str, ...]:
    return tuple(power.format(role) for power in powers)


_ADMIN = (
    *_MEMBER,
    *_over("members", *_PEOPLE, *_POWER),
    *_over("admins", *_PEOPLE, *_POWER),
    *_over("owners", *_PEOPLE),
    "billing:read",
)
_OWNER = (*_ADMIN, *_over("owners", *_POWER), "project:write:settings", "project:write:destroy", "billing:write")
ROLES = {"member": frozenset(_MEMBER), "admin": frozenset(_ADMIN), "owner": frozenset(_OWNER)}
"""The scopes that a role brings along."""

PRODUCTS = frozenset(
    f"self-hosted:product:{name}"
    for name in ("api", "engine", "license-proxy", "dgtools", "billing", "hotpepper", "metrics-server")
)
"""Products of self-hosting. ``self-hosted:products`` stands for all of them."""
KNOWN = frozenset({*ROLES, *_OWNER, *PRODUCTS, "self-hosted:products"})

OTHERS_KEYS = "owners:write"
"""Who has it sees and deletes the keys of others, too; admins and members only their own."""


def expanded(scopes: Iterable[str]) -> frozenset[str]:
    """Return all that ``scopes`` allow: what a role brings, and reading for who may write."""
    allowed: set[str] = set()
    for scope in scopes:
        allowed |= ROLES.get(scope, {scope})
        if scope == "self-hosted:products":
            allowed |= PRODUCTS
    return frozenset(allowed | {scope.replace(":write", ":read") for scope in allowed})


def rank(scopes: frozenset[str]) -> str:
    """Return the role that ``scopes`` (expanded) amount to: the people that others need power over."""
    return next((role for role in ("owner", "admin") if ROLES[role] <= scopes), "member")


_OF_PROJECT = {
    "": {"GET": "project:read", "PATCH": "project:write", "DELETE": "project:write:destroy"},
    "leave": {"DELETE": "project:read"},
    "models": {"GET": "project:read"},
    "keys": {"GET": "keys:read", "POST": "keys:write", "DELETE": "keys:write"},
    "members": {"GET": "members:read", "DELETE": "members:write:kick"},
    "members/scopes": {"GET": "members:read:scopes", "PUT": "members:write:scopes"},
    "invites": {"GET": "members:read:invites", "POST": "members:write:invites", "DELETE": "members:write:invites"},
    "requests": {"GET": "usage:read"},
    "usage": {"GET": "usage:read"},
    "balances": {"GET": "billing:read"},
    "billing": {"GET": "billing:read"},
    "purchases": {"GET": "billing:read"},
    "agents": {"GET": "project:read", "POST": "project:write", "PUT": "project:write", "DELETE": "project:write"},
    "agent-variables": {
        "GET": "project:read",
        "POST": "project:write",
        "PATCH": "project:write",
        "DELETE": "project:write",
    },
    "self-hosted": {"GET": "project:read", "POST": "project:write", "DELETE": "project:write"},
}
_SPOKEN = {"listen": "listen", "speak": "speak", "read": "read", "agent": "agent"}


def endpoint_of(path: str) -> str | None:
    """Return the product that a path belongs to, as usage counts it: listen, speak, read, agent; None for the rest."""
    parts = path.split("/")
    if len(parts) < 3 or path.startswith("/v1/agent/settings/"):
        return None
    return _SPOKEN.get(parts[2])


def needed(method: str, path: str) -> str | None:
    """Return the scope that a request takes, or None if any valid key will do.

    ``path`` has its ids undecoded as far as slashes go, so that an id cannot lead to another line of the table.
    """
    if endpoint_of(path):
        return SPEAKING
    parts = path.strip("/").split("/")
    if parts[:2] == ["v1", "auth"]:
        return "keys:write"
    if parts[:2] != ["v1", "projects"]:
        return None
    if len(parts) < 4:
        return _OF_PROJECT[""].get(method) if len(parts) == 3 else "project:read"
    what = "members/scopes" if parts[3] == "members" and parts[5:6] == ["scopes"] else parts[3]
    return _OF_PROJECT.get(what, {}).get(method)
