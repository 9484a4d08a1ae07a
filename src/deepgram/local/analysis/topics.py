"""Topics: what the passages of a text are about, as the salient phrases in them and as the caller has named them."""

from __future__ import annotations

from collections.abc import Sequence

from .document import Sentence
from .findings import Finding, Passage, joined
from .matching import CustomList, stems_of
from .phrases import Phrase, Salience

FLOOR = 0.4
"""Least salience of a topic."""
MOST_IN_SENTENCE = 2


def topics_of(
    sentences: Sequence[Sentence], phrases: Sequence[Sequence[Phrase]], custom: Sequence[str], *, strict: bool
) -> list[Passage]:
    """Return the passages with a topic. ``strict``: only topics of ``custom``."""
    wanted = CustomList(custom)
    passages: list[Passage] = []
    salience = Salience(phrases) if not strict else None
    # In a long text, what comes up once in passing is no topic.
    best = salience.best(6 + len(sentences) // 2) if salience else set[tuple[str, ...]]()
    for sentence, spoken in zip(sentences, phrases, strict=True):
        found = [Finding(name, score) for name, score in wanted.found_in(stems_of(sentence.text))] if custom else []
        if salience:
            named = {finding.name.lower() for finding in found}
            found += [topic for topic in _salient(spoken, salience, best) if topic.name.lower() not in named]
        if found:
            passages.append(Passage((sentence,), tuple(found)))
    return joined(passages)


def _salient(spoken: Sequence[Phrase], salience: Salience, best: set[tuple[str, ...]]) -> list[Finding]:
    fuller = dict.fromkeys(salience.fuller(phrase.key) for phrase in spoken)
    keys = [key for key in fuller if key in best and salience[key] >= FLOOR]
    keys.sort(key=lambda key: -salience[key])
    taken: list[tuple[str, ...]] = []
    for key in keys:
        if len(taken) < MOST_IN_SENTENCE and not any(set(key) & set(other) for other in taken):
            taken.append(key)
    return [Finding(salience.label(key), round(salience[key], 6)) for key in taken]
