"""What was said and called in a conversation, and how much of it a language model is told."""

from __future__ import annotations

from collections.abc import Sequence

from ..thinking.thinker import Called, Entry, Said

MOST_CHARACTERS = 100_000
"""Characters of a conversation that are kept at all: hours of talk."""


class History:
    """The entries of a conversation, oldest first."""

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self._entries: list[Entry] = list(entries)
        self._forget(MOST_CHARACTERS)

    @property
    def entries(self) -> Sequence[Entry]:
        """Everything that is remembered."""
        return tuple(self._entries)

    def add(self, entry: Entry) -> None:
        """Remember something."""
        self._entries.append(entry)
        self._forget(MOST_CHARACTERS)

    def retract(self, entry: Entry) -> None:
        """Forget an entry that turned out not to be one; nothing if it is not there."""
        for at in range(len(self._entries) - 1, -1, -1):
            if self._entries[at] is entry:
                del self._entries[at]
                return

    def recent(self, characters: float | None) -> Sequence[Entry]:
        """Return the latest entries of together at most so many characters, at least the last one."""
        if characters is None:
            return self.entries
        left = characters
        taken: list[Entry] = []
        for entry in reversed(self._entries):
            left -= _length(entry)
            if left < 0 and taken:
                break
            taken.append(entry)
        return tuple(reversed(taken))

    def _forget(self, most: int) -> None:
        size = sum(map(_length, self._entries))
        while size > most and len(self._entries) > 1:
            size -= _length(self._entries.pop(0))


def _length(entry: Entry) -> int:
    match entry:
        case Said(text=text):
            return len(text)
        case Called(arguments=arguments, result=result):
            return len(arguments) + len(result)
