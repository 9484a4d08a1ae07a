"""Redaction: sensitive numbers become placeholders such as ``[SSN_1]``.

The placeholder names the kind and counts its occurrences in the transcript (documentation: "Redaction", "Supported
Entity Types"). Kinds are told apart by how many digits are read out and by the words before them; no model of names,
places or illnesses is at hand, so ``pii``, ``phi`` and their kinds are not among what can be redacted (`capabilities`
says so). Where in doubt a number is redacted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from .dates import date_edits
from .spoken_numbers import DigitRun, Number, digit_runs, find
from .token import Edit, Token, edited, merged

CARD = "CREDIT_CARD"
EXPIRATION = "CREDIT_CARD_EXPIRATION"
CVV = "CVV"
SSN = "SSN"
PHONE = "PHONE_NUMBER"
DATE = "DATE"
OTHER = "NUMERICAL_PII"

_PCI = frozenset({CARD, EXPIRATION, CVV})
_KINDS: dict[str, frozenset[str]] = {
    "pci": _PCI,
    "ssn": frozenset({SSN}),
    "numbers": _PCI | {SSN, PHONE, DATE, OTHER},
    "aggressive_numbers": _PCI | {SSN, PHONE, DATE, OTHER},
    **{kind.lower(): frozenset({kind}) for kind in (CARD, EXPIRATION, CVV, SSN, PHONE)},
}
REDACTABLE = frozenset(_KINDS)
"""Values of ``redact`` that can be honoured."""

# Words before a number that tell what it is; how far back they are looked for.
_REACH = 8
_EXPIRATION_CUES = frozenset({"expiration", "expires", "expire", "expiry", "expiring", "exp"})
_CVV_CUES = frozenset({"cvv", "cvc", "cv", "cvv2", "csc"})
_SPELT_CVV = ({"c", "v"}, {"security", "code"}, {"verification", "code"})
_SSN_CUES = frozenset({"social", "ssn"})
_PHONE_CUES = frozenset({"phone", "telephone", "cell", "mobile", "call", "fax", "dial"})


def redacted(
    tokens: Sequence[Token], kinds: Collection[str], language: str = "en", *, open_ended: bool = False
) -> list[Token]:
    """Replace what belongs to ``kinds`` (values of ``redact``); unknown kinds are left to `capabilities`.

    ``open_ended``: the words are a stretch of live audio. A number at either end may be part of a longer one, said
    before or yet to be said, so it is replaced whatever its length.
    """
    wanted = frozenset[str]().union(*(_KINDS.get(kind, frozenset()) for kind in kinds))
    if not wanted:
        return list(tokens)
    numbers = find(tokens, language)
    spans = sorted(_spans(tokens, numbers, wanted, open_ended, aggressive="aggressive_numbers" in kinds))
    counts: Counter[str] = Counter()
    edits: list[Edit] = []
    for start, end, kind in spans:
        if edits and start < edits[-1].end:
            continue
        counts[kind] += 1
        edits.append(Edit(start, end, [merged(tokens[start:end], f"[{kind}_{counts[kind]}]")]))
    return edited(tokens, edits)


def _spans(
    tokens: Sequence[Token], numbers: Sequence[Number], wanted: frozenset[str], open_ended: bool, *, aggressive: bool
) -> Iterator[tuple[int, int, str]]:
    if DATE in wanted:
        for edit in date_edits(tokens, numbers):
            yield edit.start, edit.end, DATE
    cues = _Cues(tokens)
    for run in digit_runs(tokens, numbers):
        kind = _kind(run, cues)
        at_an_end = run.start == 0 or run.end == len(tokens)
        if open_ended and at_an_end and (kind == OTHER or kind not in wanted) and _counts(tokens, run):
            yield run.start, run.end, OTHER
            continue
        if kind == OTHER and not (len(run.digits) >= 3 or (aggressive and _counts(tokens, run))):
            continue
        if kind in wanted:
            yield run.start, run.end, kind


def _counts(tokens: Sequence[Token], run: DigitRun) -> bool:
    """Tell a number from the words "one" ("no one") and "second" ("wait a second"), which mostly mean none."""
    return len(run.numbers) > 1 or tokens[run.start].text not in ("one", "first", "second")


class _Cues:
    """Words before a place."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._texts = [token.text for token in tokens]

    def before(self, place: int, reach: int = _REACH) -> frozenset[str]:
        return frozenset(self._texts[max(0, place - reach) : place])


def _kind(run: DigitRun, cues: _Cues) -> str:
    length = len(run.digits)
    near, wide = cues.before(run.start, 6), cues.before(run.start, 2 * _REACH)
    if length >= 13 and run.dictated:  # more than the 19 digits of the longest cards: two things read out in one go
        return CARD
    if length == 12 and run.dictated and "card" in wide:  # a digit of a card was not heard
        return CARD
    if near & _EXPIRATION_CUES and 3 <= length <= 8:
        return EXPIRATION
    if 3 <= length <= 4 and (near & _CVV_CUES or any(cue <= near for cue in _SPELT_CVV)):
        return CVV
    if length == 9 and (run.dictated or wide & _SSN_CUES):
        return SSN
    if (length == 10 or (length == 11 and run.digits[0] == "1")) and run.dictated:
        return PHONE
    if length == 7 and run.dictated and near & _PHONE_CUES:
        return PHONE
    return OTHER
