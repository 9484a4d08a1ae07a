"""What must never be shown: which headers and URLs hold secrets, and what stands in their place."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping

REDACTED = "[REDACTED]"

SECRET_HEADERS = frozenset(
    {
        "api-key",
        "apikey",
        "authorization",
        "cookie",
        "dg-token",
        "proxy-authorization",
        "sec-websocket-protocol",
        "set-cookie",
        "x-access-token",
        "x-amz-security-token",
        "x-api-key",
        "x-auth-token",
        "x-csrf-token",
    }
)


def is_secret(name: str) -> bool:
    """Tell whether the header ``name`` holds a secret."""
    return name.lower() in SECRET_HEADERS


def redacted(name: str, value: str) -> str:
    """Return ``value`` without its secret; an authorization keeps its scheme: ``Token [REDACTED]``."""
    if not is_secret(name):
        return value
    scheme, space, _ = value.strip().partition(" ")
    return f"{scheme} {REDACTED}" if space and scheme.isalpha() and name.lower().endswith("authorization") else REDACTED


def redact(headers: Mapping[str, str]) -> dict[str, str]:
    """Return a copy of ``headers`` that may be shown."""
    return {name: redacted(name, value) for name, value in headers.items()}


def without_password(url: str) -> str:
    """Return ``url``, which may be wrong, without a name and a password in it."""
    before, at, host = url.rpartition("@")
    return f"{before.partition('//')[0]}//{REDACTED}@{host}" if at else url
