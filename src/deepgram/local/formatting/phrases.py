"""Finding many phrases in a text at once, as literal words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(text.split())


class _Node(Generic[T]):
    __slots__ = ("following", "value")

    def __init__(self) -> None:
        self.following: dict[str, _Node[T]] = {}
        self.value: T | None = None


class Phrases(Generic[T]):
    """A set of phrases, each with a value. Finding takes as many steps as the longest of them has words."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def __bool__(self) -> bool:
        return bool(self._root.following)

    def add(self, words: Sequence[str], value: T) -> None:
        """Add a phrase of one or more words."""
        node = self._root
        for word in words:
            node = node.following.setdefault(word, _Node())
        node.value = value

    def longest(self, texts: Sequence[str], start: int) -> tuple[int, T] | None:
        """Return where the longest phrase that begins at ``start`` ends, and its value."""
        node, found = self._root, None
        for index in range(start, len(texts)):
            following = node.following.get(texts[index])
            if following is None:
                break
            node = following
            if node.value is not None:
                found = index + 1, node.value
        return found
