"""Punctuation and capitals by rules, for engines that write none (documentation: "Punctuation").

The service has a model for this; here a sentence ends where the speaker pauses, with "." or "?" by its first words, and
capitals go to sentences, "I", days and months. There are no commas: nothing in the words says reliably where they go.
Names are written as the caller's key terms spell them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .dates import DAYS, MONTHS
from .phrases import Phrases, word_set
from .token import Token, capitalized

# s. A pause this long ends a sentence, unless it is a short one, or its last word asks for another.
_PAUSE = 0.7
_LONG_PAUSE = 1.6
_SHORTEST = 3  # words

_DANGLING = word_set(
    "a an the and or but of to in on at for from with by as if than that because so which who whose my your his her"
    " its our their very i i'm he's she's we're they're you're it's into about between"
)
_QUESTION_WORDS = word_set("who what when where why how which whose")
_AUXILIARIES = word_set(
    "is are am was were do does did may can could will would should shall has have had isn't aren't wasn't weren't "
    "don't doesn't didn't can't couldn't won't wouldn't shouldn't hasn't haven't"
)
_HOW = word_set("much many long old far often big soon fast")
_SUBJECTS = word_set("i you he she it we they this that these those there anyone anybody someone")
# "do it", "have that": commands, not questions.
_OBJECTS = frozenset({"it", "this", "that", "these", "those"})
_CONTRACTED = word_set("who's what's when's where's why's how's who're what're")
_I = re.compile(r"i(?:'(?:m|ll|ve|d|s))?\Z")

_ENDS = (".", "?", "!")


def ends_sentence(token: Token) -> bool:
    """Tell whether a sentence ends with this token."""
    return token.after.rstrip("\"'\u201d\u2019)]}").endswith((*_ENDS, "…")) or token.line_break == "\n\n"


def punctuated_by_rules(tokens: Sequence[Token]) -> list[Token]:
    """Add full stops, question marks and capitals. Marks that were dictated are kept, and then the only ones."""
    dictated = any(ends_sentence(token) for token in tokens)
    result: list[Token] = []
    start = 0
    for place, token in enumerate(tokens):
        last = place + 1 == len(tokens)
        if not last and not ends_sentence(token):
            pause = tokens[place + 1].start - token.end
            if dictated or not _pause_ends(token, pause, place - start + 1):
                continue
        sentence = list(tokens[start : place + 1])
        if not ends_sentence(token) and not dictated:
            mark = "?" if _is_question(sentence) else "."
            sentence[-1] = replace(token, after=token.after + mark)
        result.extend(_with_capitals(sentence))
        start = place + 1
    return result


def _pause_ends(token: Token, pause: float, words: int) -> bool:
    if pause >= _LONG_PAUSE:
        return True
    return pause >= _PAUSE and words >= _SHORTEST and token.text not in _DANGLING


def _is_question(sentence: Sequence[Token]) -> bool:
    """Tell a question by its first words: "where is", "how many", "do you"."""
    words = [token.text for token in sentence[:4]]
    if words and words[0] in ("and", "so", "but", "or", "well", "now"):
        words = words[1:]
    if len(words) < 2:
        return bool(words) and words[0] in ("why", "what", "who", "where", "really")
    first, second = words[0], words[1]
    if first in _QUESTION_WORDS:
        return second in _AUXILIARIES or (first == "how" and second in _HOW)
    if first in _CONTRACTED:
        return True
    if first in _AUXILIARIES and first != "had":
        return second in _SUBJECTS and not (first in ("do", "don't", "have") and second in _OBJECTS)
    return False


def _with_capitals(sentence: Sequence[Token]) -> list[Token]:
    return [
        capitalized(token)
        if not token.fixed and (place == 0 or _I.match(token.text) or token.text in DAYS or _is_month(sentence, place))
        else token
        for place, token in enumerate(sentence)
    ]


def _is_month(sentence: Sequence[Token], place: int) -> bool:
    """Tell a month; "march" and "may" are months only where a preposition goes before them and no verb's subject."""
    text = sentence[place].text
    if text not in MONTHS:
        return False
    before = sentence[place - 1].text if place else ""
    return text not in ("march", "may") or before in (
        "in",
        "of",
        "since",
        "until",
        "last",
        "next",
        "this",
        "early",
        "late",
    )


def spelt_as(tokens: Sequence[Token], terms: Iterable[str]) -> list[Token]:
    """Write the caller's terms with the caller's capitals (documentation: "Keyterm Prompting", "Keywords")."""
    phrases: Phrases[list[str]] = Phrases()
    for term in terms:
        if term != term.lower():
            phrases.add(term.lower().split(), term.split())
    result = list(tokens)
    if not phrases:
        return result
    texts = ["" if token.fixed else token.text for token in tokens]
    place = 0
    while place < len(texts):
        found = phrases.longest(texts, place)
        if found is None:
            place += 1
            continue
        for written in found[1]:
            result[place] = replace(result[place], written=written)
            place += 1
    return result
