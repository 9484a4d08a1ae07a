"""Reading what clients of agents write: JSON objects that can be written again wherever their parts go."""

from __future__ import annotations

import json
from typing import Any

DEEPEST = 64
"""Objects and lists inside each other; no settings come near, and what is deeper breaks whatever reads it."""


class Unparsable(ValueError):
    """A message that cannot be understood; the message says why."""


def read_message(frame: str, longest: int) -> dict[str, Any]:
    """Return the object of a message of at most ``longest`` characters. Raises :class:`Unparsable`.

    Numbers that JSON does not have (NaN, 1e999) are refused. Halves of surrogate pairs, which no text can hold, are
    replaced: programs that cut their texts leave them behind.
    """
    if len(frame) > longest:
        raise Unparsable(f"more than {longest} characters")
    try:
        message = json.loads(frame)
        text = json.dumps(message, allow_nan=False, ensure_ascii=False)
        if (clean := text.encode("utf-8", "replace").decode()) != text:
            message = json.loads(clean)
    except (ValueError, RecursionError) as error:
        raise Unparsable(str(error)) from None
    if not isinstance(message, dict):
        raise Unparsable("expected an object")
    if not _is_flat(message):
        raise Unparsable(f"more than {DEEPEST} objects and lists inside each other")
    return message


def _is_flat(message: object) -> bool:
    level: list[Any] = [message]
    for _ in range(DEEPEST):
        below = (item.values() if isinstance(item, dict) else item for item in level)
        level = [item for items in below for item in items if isinstance(item, dict | list)]
        if not level:
            return True
    return False
