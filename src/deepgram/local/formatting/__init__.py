"""From words as they were heard to words as the caller wants them written.

One subject per file; :func:`formatted` is the order in which they work.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..engines.recognizer import EngineInfo, Word
from ..options import ListenOptions
from .currency import with_amounts
from .dates import with_dates
from .dictation import dictated
from .fillers import without_fillers
from .identifiers import with_identifiers
from .measurements import with_measurements
from .numerals import with_numerals
from .profanity import masked
from .punctuation import punctuated_by_rules, spelt_as
from .redaction import redacted
from .replacement import replaced
from .spoken_numbers import primary
from .token import Token, tokens_of


def formatted(words: Sequence[Word], options: ListenOptions, info: EngineInfo, *, live: bool = False) -> list[Token]:
    """Apply everything that was asked for to the words of one channel; ``live``: they are a stretch of it.

    The order matters: what is redacted is gone before anything else looks at it; dates and amounts are written before
    bare numbers; the caller's replacements see the text as it would have been shown, and profanity is masked last.
    """
    tokens = tokens_of(words, punctuated=info.punctuates)
    english = primary(options.language) == "en"
    if not options.filler_words:
        tokens = without_fillers(tokens)
    if options.redact:
        tokens = redacted(tokens, options.redact, options.language, open_ended=live)
    if options.dictation and options.punctuated and english:
        tokens = dictated(tokens)
    if options.measurements and english:
        tokens = with_measurements(tokens)
    if options.smart_format and english:
        tokens = with_identifiers(with_amounts(with_dates(tokens)))
    if options.smart_format or options.numerals:
        tokens = with_numerals(tokens, options.language)
    if options.punctuated:
        if not info.punctuates:
            tokens = punctuated_by_rules(tokens)
        tokens = spelt_as(tokens, options.keyterms)
    if options.replace:
        tokens = replaced(tokens, options.replace)
    if options.profanity_filter and english:
        tokens = masked(tokens)
    return tokens
