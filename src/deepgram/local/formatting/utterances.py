"""Utterances: speech between pauses (documentation: "Utterances", "Utterance Split")."""

from __future__ import annotations

from collections.abc import Sequence

from .token import Token


def utterances_of(tokens: Sequence[Token], pause: float) -> list[list[Token]]:
    """Split tokens where the silence between two words is at least ``pause`` seconds; none is lost."""
    utterances: list[list[Token]] = []
    for token in tokens:
        if utterances and token.start - utterances[-1][-1].end < pause:
            utterances[-1].append(token)
        else:
            utterances.append([token])
    return utterances
