"""What an analysis says: summary, sentiment, topics and intents, read from the service's JSON, as text to be read.

Reading is tolerant: whatever is missing or of another type than documented is passed over, never raised.
Source of the forms: developers.deepgram.com/docs/text-intelligence
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from .tolerance import Json, nested, number_of, objects, readable, text_of

WIDTH = 100
QUOTED = 60
"""Characters of a passage that are shown."""


def text(answer: Json) -> str:
    """Return everything that was found."""
    results = nested(answer, "results")
    parts = [*_summary(results), *_sentiments(results), *_listed(results, "topics", "topic")]
    parts += _listed(results, "intents", "intent")
    return "\n\n".join(parts) or "Nothing was found."


def _summary(results: Json) -> Iterator[str]:
    summary = nested(results, "summary")
    found = text_of(summary.get("text")) or text_of(summary.get("short"))
    if found:
        yield "Summary\n" + textwrap.fill(readable(found), WIDTH, initial_indent="  ", subsequent_indent="  ")


def _sentiments(results: Json) -> Iterator[str]:
    sentiments = nested(results, "sentiments")
    if not sentiments:
        return
    average = nested(sentiments, "average")
    lines = [f"Sentiment: {_felt(average)}"]
    lines += [f"  {_felt(segment):17} {_quoted(segment)}" for segment in objects(sentiments, "segments")]
    yield "\n".join(lines)


def _felt(owner: Json) -> str:
    score = owner.get("sentiment_score")
    shown = f"{score:+.2f}" if isinstance(score, (int, float)) else ""
    return readable(f"{text_of(owner.get('sentiment')):8} {shown}").rstrip()


def _listed(results: Json, several: str, one: str) -> Iterator[str]:
    segments = objects(nested(results, several), "segments")
    found: dict[str, tuple[float, str]] = {}
    for segment in segments:
        for finding in objects(segment, several):
            name, confidence = readable(text_of(finding.get(one))), number_of(finding.get("confidence_score"), 0.0)
            if name and confidence > found.get(name, (-1.0, ""))[0]:
                found[name] = confidence, _quoted(segment)
    if several not in results:
        return
    width = min(40, max(map(len, found), default=0))
    lines = [f"  {name:{width}}  {found[name][0]:.2f}  {found[name][1]}" for name in found] or ["  none"]
    yield f"{several.capitalize()}\n" + "\n".join(lines)


def _quoted(segment: Json) -> str:
    return textwrap.shorten(readable(text_of(segment.get("text"))), QUOTED, placeholder=" ...")
