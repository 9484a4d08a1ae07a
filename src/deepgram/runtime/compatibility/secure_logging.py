"""Keys kept out of logs, under the names of ``deepgram._secure_logging``."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from ..logging import NoSecrets, redact_websocket_logs
from ..redaction import redact

RedactCredentialsFilter = NoSecrets


def install_websocket_log_redaction() -> None:
    """Keep keys out of the log of the websockets library, in the whole process; clients do so by themselves."""
    redact_websocket_logs()


def uninstall_websocket_log_redaction() -> None:
    """Undo :func:`install_websocket_log_redaction`, until the next conversation of a client that redacts."""
    for name in ("websockets.client", "websockets.server"):
        logger = logging.getLogger(name)
        for known in [known for known in logger.filters if isinstance(known, NoSecrets)]:
            logger.removeFilter(known)


def redact_sensitive_headers(headers: Mapping[str, str] | None) -> dict[str, str] | None:
    """Return a copy of ``headers`` that may be shown."""
    return None if headers is None else redact(headers)
