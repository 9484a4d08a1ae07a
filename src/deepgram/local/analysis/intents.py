"""Intents: what a speaker or writer wants, told by the form of the sentence, as a verb with what it is done to.

"I'd like to cancel my subscription" and "How do I cancel my subscription?" are both *Cancel subscription*. Requests,
wishes and commands are trusted more than what somebody merely says to be doing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .document import Sentence
from .findings import Finding, Passage, joined
from .matching import CustomList, stems_of
from .phrases import Phrase, object_of
from .tagging import Tagged, base
from .vocabulary import BROKEN, LIGHT_VERBS, LINKS, PARTICLES, QUESTION_WORDS, TROUBLE, WISHES

MOST_IN_SENTENCE = 3

# How sure a form makes us.
_REQUEST = 0.9
_COMMAND = 0.75
_PROBLEM = 0.7
_COURTESY = 0.6
_PROMISE = 0.55
_QUESTION = 0.5
_STATEMENT = 0.25
_PURPOSE = 0.15


def intents_of(
    sentences: Sequence[Sentence], tagged: Sequence[Sequence[Tagged]], custom: Sequence[str], *, strict: bool
) -> list[Passage]:
    """Return the passages with an intent. ``strict``: only intents of ``custom``."""
    wanted = CustomList(custom)
    passages: list[Passage] = []
    for sentence, words in zip(sentences, tagged, strict=True):
        found = [Finding(name, score) for name, score in wanted.found_in(stems_of(sentence.text))] if custom else []
        if not strict:
            named = {finding.name.lower() for finding in found}
            found += [intent for intent in recognized(words) if intent.name.lower() not in named]
        if found:
            passages.append(Passage((sentence,), tuple(found)))
    return joined(passages)


def recognized(words: Sequence[Tagged]) -> list[Finding]:
    """Return the intents of a sentence, the surest first."""
    surest: dict[str, float] = {}
    for finding in _found(words):
        surest[finding.name] = max(finding.confidence, surest.get(finding.name, 0.0))
    # What somebody says to be doing is of interest only where nothing stronger was said, and so are mere purposes.
    strongest = max(surest.values(), default=0.0)
    for weak in (_STATEMENT, _PURPOSE):
        if strongest > weak:
            surest = {name: score for name, score in surest.items() if score > weak}
    ranked = sorted(surest, key=lambda name: -surest[name])[:MOST_IN_SENTENCE]
    return [Finding(name, surest[name]) for name in ranked]


def _found(words: Sequence[Tagged]) -> Iterator[Finding]:
    asked = any(word.text == "?" for word in words)
    yield from _courtesies(words)
    for place in range(len(words)):
        confidence = _wanted(words, place)
        if confidence:
            yield from _deeds(words, place, confidence)
        yield from _possessions(words, place)
        yield from _problems(words, place)
    if asked:
        yield from _questions(words)


def _wanted(words: Sequence[Tagged], place: int) -> float:
    """Return how sure it is that the verb at ``place`` is what somebody wants done; 0 if it is no such verb."""
    word = words[place]
    if word.tag not in ("VVI", "VVB", "VDI") and not (word.is_noun and place == 0):
        return _said(words, place)
    before = [other for other in words[max(0, place - 4) : place] if other.tag != "AV0" and other.tag != "XX0"]
    if any(other.tag == "XX0" for other in words[max(0, place - 3) : place]):
        return 0.0
    last = before[-1].lower if before else ""
    if last == "to" and len(before) > 1 and base(before[-2]) in WISHES and _own(words[:place]):
        return _REQUEST
    if last in ("i", "you", "we", "someone", "somebody") and len(before) > 1:
        if before[-2].tag == "VM0":
            return _REQUEST  # "can you book", "could I speak"
        if before[-2].lower in ("do", "did") and any(other.lower in ("how", "where") for other in words[:place]):
            return _REQUEST  # "how do I reset"
    if last == "to" and before[:1] and before[0].lower == "how":
        return _REQUEST
    if last in ("'s", "us") and any(other.lower == "let" for other in before):
        return _REQUEST
    if before and before[-1].tag == "VM0" and last in ("'ll", "will", "shall") and _first_person(before[:-1]):
        return _PROMISE
    opening = [
        other for other in words[:place] if other.tag not in ("AV0", "ITJ", "PUN", "CJC") and other.lower != "please"
    ]
    if not opening and word.tag in ("VVI", "VVB"):
        return _COMMAND
    return _said(words, place)


def _own(before: Sequence[Tagged]) -> bool:
    """Tell whether the wish is that of who speaks: the nearest possible subject is no third person."""
    subjects = [word.lower for word in before if word.tag in ("PNP", "PNI") or word.is_noun]
    return not subjects or subjects[-1] in ("i", "we", "you")


def _said(words: Sequence[Tagged], place: int) -> float:
    """Return how sure it is that the verb says what the speaker does, or what something is for: not very."""
    if not words[place].tag.startswith("VV"):
        return 0.0
    if place and words[place - 1].tag == "TO0":
        return _PURPOSE
    before = [other for other in words[max(0, place - 3) : place] if other.tag not in ("AV0", "XX0")]
    while before and before[-1].tag[:2] in ("VB", "VH", "VD", "VM"):
        before.pop()
    return _STATEMENT if _first_person(before) else 0.0


def _first_person(before: Sequence[Tagged]) -> bool:
    return bool(before) and before[-1].lower in ("i", "we")


def _deeds(words: Sequence[Tagged], place: int, confidence: float) -> Iterator[Finding]:
    """Yield the verb at ``place`` with its object, and the verbs that are coordinated with it."""
    while True:
        verb = base(words[place])
        after = place + 1
        if after < len(words) and (words[after].tag == "AVP" or words[after].lower in PARTICLES):
            verb = f"{verb} {words[after].lower}"
            after += 1
        whom = ""
        if after < len(words) and words[after].tag == "PNP":
            whom = words[after].lower
            after += 1
        target, after = _target(words, after)
        if verb == "help":
            verb = "offer help" if whom == "you" else "get help"
        if base(words[place]) not in LIGHT_VERBS and (target or confidence > _STATEMENT):
            name = f"{verb} {target}".strip()
            yield Finding(name[:1].upper() + name[1:], confidence)
        if not (
            after + 1 < len(words) and words[after].tag == "CJC" and words[after + 1].tag in ("VVI", "VVB") and target
        ):
            return
        place = after + 1


def _target(words: Sequence[Tagged], place: int) -> tuple[str, int]:
    """Return what something is done to or about, and where the words for it end."""
    parts: list[str] = []
    phrase = object_of(words, place)
    if phrase is not None:
        parts.append(phrase.text)
        place = _end_of(words, place, phrase)
    if place < len(words) and words[place].lower in LINKS and words[place].tag in ("PRP", "PRF", "TO0"):
        linked = object_of(words, place + 1)
        if linked is not None and len(linked.words) <= 3:
            parts += [words[place].lower, linked.text]
            place = _end_of(words, place + 1, linked)
    return " ".join(parts), place


def _end_of(words: Sequence[Tagged], start: int, phrase: Phrase) -> int:
    """Return the place after the last word of a phrase that begins at or after ``start``."""
    last = phrase.words[-1]
    for place in range(start, len(words)):
        if words[place] is last:
            return place + 1
    return start


def _possessions(words: Sequence[Tagged], place: int) -> Iterator[Finding]:
    """Yield "I need a replacement" as *Get replacement*, "I have a problem with ..." as *Report problem with ...*."""
    verb = base(words[place]) if words[place].is_verb else ""
    if verb not in ("need", "want", "have", "like", "request") or not _speaks(words, place):
        return
    if verb == "like" and not any(word.lower in ("'d", "would") for word in words[:place]):
        return
    target, _ = _target(words, place + 1)
    if not target:
        return
    head = target.split()[0]
    if verb != "have":
        yield Finding(f"Get {target}", _REQUEST)
    elif head in TROUBLE:
        yield Finding(f"Report {target}", _PROBLEM)
    elif head in ("question", "questions"):
        yield Finding(f"Ask {target}", _REQUEST)


def _speaks(words: Sequence[Tagged], place: int) -> bool:
    before = [word for word in words[:place] if word.tag not in ("AV0", "XX0", "VM0", "VDB")]
    return bool(before) and before[-1].lower in ("i", "we")


def _problems(words: Sequence[Tagged], place: int) -> Iterator[Finding]:
    """Yield "my phone is broken" and "the app doesn't work" as *Report problem with phone*, *... app*."""
    word = words[place]
    negated = any(other.tag == "XX0" for other in words[max(0, place - 2) : place])
    if not (
        word.lower in BROKEN or (word.is_verb and base(word) in ("work", "turn", "load", "open", "start") and negated)
    ):
        return
    subject = place - 1
    while subject >= 0 and (words[subject].is_verb or words[subject].tag in ("XX0", "AV0", "VM0")):
        subject -= 1
    if subject < 0 or subject == place - 1 or not words[subject].is_noun:
        return
    start = subject
    while start > 0 and (words[start - 1].is_noun or words[start - 1].is_adjective):
        start -= 1
    phrase = object_of(words, start)
    if phrase is not None:
        yield Finding(f"Report problem with {phrase.text}", _PROBLEM)


def _questions(words: Sequence[Tagged]) -> Iterator[Finding]:
    """Yield "What is the balance of my account?" as *Ask about balance of account*."""
    place = next((place for place, word in enumerate(words[:6]) if word.lower in QUESTION_WORDS), None)
    if place is None:
        return
    for after in range(place + 1, min(place + 4, len(words))):
        target, _ = _target(words, after)
        if target:
            yield Finding(f"Ask about {target}", _QUESTION)
            return


def _courtesies(words: Sequence[Tagged]) -> Iterator[Finding]:
    spoken = {word.lower for word in words[:6]}
    if "thank" in spoken or "thanks" in spoken:
        yield Finding("Say thanks", _COURTESY)
    if spoken & {"sorry", "apologize", "apologise", "apologies"} and spoken & {"i", "we", "my", "our", "sorry"}:
        yield Finding("Apologize", _COURTESY)
