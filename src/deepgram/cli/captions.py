"""Captions: words with times become cues, and cues become SubRip (SRT) or WebVTT text. Nothing here reads or writes.

A cue has at most two lines of 42 characters and stays at most seven seconds: what broadcasters and streaming
services ask of subtitles. Formats: www.w3.org/TR/webvtt1 for WebVTT; SubRip has no standard, so its text holds
nothing that players are known to take for markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal
from unicodedata import category

LINE = 42
"""Characters in a line."""
LINES = 2
LONGEST = 7.0
"""Seconds that a cue may stay."""
SHORTEST = 1.0
"""Seconds that a cue should stay, if the next one leaves the time."""
PAUSE = 1.0
"""Seconds of silence after which a new cue begins."""

VTT_HEAD = "WEBVTT\n"
CLOSING = r"""['")\]\u2019\u201d]*$"""
SENTENCE_END = re.compile(r"[.?!\u2026\u3002\uff01\uff1f]" + CLOSING)
CLAUSE_END = re.compile(r"[,;:\u2013\u2014\u3001\uff0c\uff1a\uff1b]" + CLOSING)


@dataclass(frozen=True)
class Spoken:
    """A word as it is to be read."""

    text: str
    start: float
    """Seconds."""
    end: float
    """Seconds."""


@dataclass(frozen=True)
class Phrase:
    """Consecutive words of one voice; a cue never reaches over its end."""

    words: tuple[Spoken, ...]
    voice: str = ""
    """Name of the voice, empty if there is only one."""


@dataclass(frozen=True)
class Cue:
    """What is on the screen for a while."""

    start: int
    """Milliseconds."""
    end: int
    """Milliseconds, after ``start``."""
    lines: tuple[str, ...]
    voice: str = ""


def cues(phrases: Iterable[Phrase]) -> list[Cue]:
    """Return the cues of ``phrases``, ordered by their start.

    Cues of one voice do not overlap, unless the given words do; those of different voices may.
    """
    made = [cue for phrase in phrases for cue in _cues_of(phrase)]
    made.sort(key=lambda cue: (cue.start, cue.end))
    return [_held(cue, following.start if following else None) for cue, following in zip_longest(made, made[1:])]


def srt(made: Sequence[Cue]) -> str:
    """Return ``made`` as SubRip. A voice is named where it begins to speak."""
    before = ["", *(cue.voice for cue in made)]
    return "\n".join(_srt_block(number, cue, before[number - 1]) for number, cue in enumerate(made, start=1))


def vtt(made: Sequence[Cue]) -> str:
    """Return ``made`` as WebVTT. Voices are marked with ``<v Name>``."""
    return "\n".join([VTT_HEAD, *map(_vtt_block, made)])


class Growing:
    """Captions of speech that goes on: text is handed out as soon as nothing that follows can change it."""

    def __init__(self, form: Literal["srt", "vtt"]) -> None:
        self._form = form
        self._left: dict[str, list[Spoken]] = {}
        """The words of each voice that are in no cue yet: less than a cue holds."""
        self._written = 0
        self._voice = ""

    def head(self) -> str:
        """Return what the file begins with."""
        return VTT_HEAD if self._form == "vtt" else ""

    def add(self, phrases: Iterable[Phrase], reached: float, *, ended: bool = False) -> str:
        """Return the text of the cues that ``phrases`` complete.

        All that was said before ``reached`` (s) is known now; after ``ended`` words go into a new cue.
        """
        for phrase in phrases:
            self._left.setdefault(phrase.voice, []).extend(_in_pieces(phrase.words, phrase.voice))
        made: list[Cue] = []
        for voice in list(self._left):
            runs = list(_runs(self._left.pop(voice)))
            for run in runs:
                over = run is not runs[-1] or ended or reached - run[-1].end > PAUSE
                cut, left = _cut(run, voice, whole=over)
                made += cut
                if left:
                    self._left[voice] = left
        return self._text(made, reached)

    def _text(self, made: list[Cue], reached: float) -> str:
        made.sort(key=lambda cue: (cue.start, cue.end))
        texts: list[str] = []
        for cue, following in zip_longest(made, made[1:]):
            held = _held(cue, following.start if following else round(reached * 1000))
            if self._form == "vtt":
                texts.append("\n" + _vtt_block(held))
            else:
                texts.append(("\n" if self._written else "") + _srt_block(self._written + 1, held, self._voice))
            self._written += 1
            self._voice = held.voice
        return "".join(texts)


# ----------------------------------------------------------------------------------------------------- words to cues


def _cues_of(phrase: Phrase) -> Iterator[Cue]:
    for run in _runs(sorted(phrase.words, key=lambda word: word.start)):
        yield from _cut(_in_pieces(run, phrase.voice), phrase.voice, whole=True)[0]


def _cut(words: list[Spoken], voice: str, *, whole: bool) -> tuple[list[Cue], list[Spoken]]:
    """Return cues, and the words that are left for the next one; none are left if ``words`` are the whole."""
    indent = _indent(voice)
    made: list[Cue] = []
    while words:
        taken = _taken(words, indent)
        if taken == len(words) and not whole:
            break
        shown, words = words[:taken], words[taken:]
        start = max(0, round(shown[0].start * 1000))
        end = min(max(word.end for word in shown), shown[0].start + LONGEST)
        made.append(Cue(start, max(start + 1, round(end * 1000)), _lines(shown, indent), voice))
    return made, words


def _indent(voice: str) -> int:
    """Return the room for "Speaker 0: " before the first line (characters)."""
    return len(voice) + 2 if voice else 0


def _runs(words: Sequence[Spoken]) -> Iterator[list[Spoken]]:
    """Split where nobody speaks for a while."""
    run: list[Spoken] = []
    for word in words:
        if run and word.start - run[-1].end > PAUSE:
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def _in_pieces(words: Iterable[Spoken], voice: str) -> list[Spoken]:
    return [piece for word in words for piece in _pieces(word, LINE - _indent(voice))]


def _pieces(word: Spoken, limit: int) -> list[Spoken]:
    """Return ``word`` in pieces that fit a line: addresses, and scripts that write without spaces."""
    text = " ".join(_shown(word.text).split())
    if len(text) <= limit:
        return [replace(word, text=text)] if text else []
    count = -(-len(text) // limit)
    share = (word.end - word.start) / count
    return [
        Spoken(text[n * limit : (n + 1) * limit].strip(), word.start + n * share, word.start + (n + 1) * share)
        for n in range(count)
    ]


def _taken(words: Sequence[Spoken], indent: int) -> int:
    """Return how many of ``words`` the next cue takes."""
    fitting = 1
    while fitting < len(words) and _fits(words[: fitting + 1], indent):
        fitting += 1
    if fitting == len(words):
        return fitting
    ends = range(fitting, 0, -1)
    # The end of a sentence is the best place, then the end of a clause; but not for a cue that would only flash.
    for pattern, least in ((SENTENCE_END, SHORTEST), (CLAUSE_END, 2 * SHORTEST)):
        for end in ends:
            if pattern.search(words[end - 1].text) and words[end - 1].end - words[0].start >= least:
                return end
    if len(words) - fitting < fitting:  # the rest is short: two even cues instead of a full one and an orphan
        return min(fitting, -(-len(words) // 2))
    # Otherwise where the voice rests longest, in the later half; where it never rests, as late as possible.
    return max(ends[: -(-fitting // 2)], key=lambda end: (round(words[end].start - words[end - 1].end, 1), end))


def _fits(words: Sequence[Spoken], indent: int) -> bool:
    return words[-1].end - words[0].start <= LONGEST and bool(_breaks(words, indent))


def _breaks(words: Sequence[Spoken], indent: int) -> list[int]:
    """Return after how many words the first line may end; all of them if one line is enough."""
    whole = indent + sum(len(word.text) + 1 for word in words) - 1
    if whole <= LINE:
        return [len(words)]
    found: list[int] = []
    first = indent - 1
    for count, word in enumerate(words[:-1], start=1):
        first += len(word.text) + 1
        if first <= LINE and whole - first - 1 <= LINE:
            found.append(count)
    return found


def _lines(words: Sequence[Spoken], indent: int) -> tuple[str, ...]:
    """Break ``words`` into lines: after punctuation if there is any, otherwise into halves."""

    def cost(count: int) -> tuple[bool, int]:
        first = indent + sum(len(word.text) + 1 for word in words[:count])
        second = sum(len(word.text) + 1 for word in words[count:])
        text = words[count - 1].text
        return not (SENTENCE_END.search(text) or CLAUSE_END.search(text)), abs(first - second)

    count = min(_breaks(words, indent) or [len(words)], key=cost)
    lines = (words[:count], words[count:])
    return tuple(" ".join(word.text for word in line) for line in lines if line)


def _held(cue: Cue, next_start: int | None) -> Cue:
    """Keep a short cue on the screen long enough to be read, as far as the next one allows."""
    end = cue.start + round(SHORTEST * 1000)
    if next_start is not None:
        end = min(end, next_start)
    return replace(cue, end=max(cue.end, end))


# ------------------------------------------------------------------------------------------------------ cues to text


def _srt_block(number: int, cue: Cue, voice_before: str) -> str:
    name = f"{cue.voice}: " if cue.voice != voice_before and cue.voice else ""
    text = _plain(name + "\n".join(cue.lines))
    return f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{text}\n"


def _vtt_block(cue: Cue) -> str:
    voice = f"<v {_escaped(cue.voice)}>" if cue.voice else ""
    text = _escaped("\n".join(cue.lines))
    return f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{voice}{text}\n"


def _clock(milliseconds: int, separator: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{separator}{rest:03}"


def _shown(text: str) -> str:
    """Leave out control characters other than white space: they move a cursor instead of being read."""
    return "".join(character for character in text if category(character) != "Cc" or character.isspace())


def _escaped(text: str) -> str:
    """Return ``text`` with WebVTT's character references; so it holds neither a tag nor an arrow."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str) -> str:
    """Return ``text`` without what SubRip players take for a time line or a tag; the format has no escapes."""
    text = re.sub(r"--+>", "→", text)
    return re.sub(r"(<)(?=[A-Za-z/!])|(\{)(?=[\\A-Za-z])", lambda match: f"{match[0]} ", text)
