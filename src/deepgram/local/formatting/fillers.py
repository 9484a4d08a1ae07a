"""Filler words: "uh" and "um" are left out unless they are asked for (documentation: "Filler Words")."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .token import Token, capitalized

# The others that the service writes ("mhmm", "uh-huh" ...) mean something, and always stay.
FILLERS = frozenset({"uh", "um"})


def without_fillers(tokens: Iterable[Token]) -> list[Token]:
    """Leave out the two fillers that carry no meaning. A sentence that began or ended with one still does so."""
    result: list[Token] = []
    begins = False
    for token in tokens:
        if token.text in FILLERS:
            begins = begins or token.written[:1].isupper()
            if result and token.after.startswith((".", "?", "!")):
                result[-1] = replace(result[-1], after=token.after)
        else:
            result.append(capitalized(token) if begins else token)
            begins = False
    return result
