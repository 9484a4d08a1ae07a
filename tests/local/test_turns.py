"""When speech begins and ends, and the order in which turns are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepgram.local.engines import Word
from deepgram.local.live import Turn, TurnRules
from deepgram.local.turns import Speech, TurnDetector, UtteranceEnd, end_of_turn_confidence

FRAME = 320
TICK = 0.02


def words(text: str, end: float = 1.0) -> tuple[Word, ...]:
    parts = text.split()
    return tuple(Word(part, end * at / len(parts), end * (at + 1) / len(parts), 0.9) for at, part in enumerate(parts))


def judged(pattern: str) -> tuple[Speech, list[int]]:
    """Judge a frame for each letter (``v`` has a voice) and return the positions at which speech began."""
    speech, begun = Speech(FRAME), list[int]()
    for letter in pattern:
        if speech.frame(letter == "v"):
            begun.append(speech.position)
    return speech, begun


def test_a_click_is_no_speech() -> None:
    assert judged("...vvv......v.v.v....")[1] == []


def test_speech_begins_with_its_first_voiced_frame_though_it_is_noticed_later() -> None:
    speech, begun = judged("....v.vvv")
    assert begun == [9 * FRAME]
    assert speech.began == 4 * FRAME
    assert speech.voice_end == 9 * FRAME


def test_silence_is_counted_from_the_last_voice() -> None:
    speech, _ = judged("vvvvvv" + "." * 10 + "v" + "." * 4)
    assert speech.silence == 4 * FRAME
    speech.rest()
    speech.frame(True)  # a click after the speech is none of it
    assert speech.silence == 5 * FRAME


def test_an_utterance_ends_once_for_each_gap_after_its_words() -> None:
    gap = UtteranceEnd(1.0)
    assert not gap.due(50)
    gap.heard(words("hello there", end=2.0))
    assert gap.ended(2.9) is None
    assert gap.ended(3.0) == 2.0
    assert gap.ended(9.0) is None
    gap.heard(())
    assert gap.ended(9.5) is None
    gap.heard(words("again", end=9.0))
    assert gap.ended(10.0) == 9.0


@given(st.floats(0, 60), st.floats(0, 60), st.sampled_from(["yes", "and", "um", "Yes."]))
def test_confidence_grows_with_silence_and_never_reaches_1(one: float, other: float, text: str) -> None:
    heard = words(text)
    low, high = (end_of_turn_confidence(silence, heard) for silence in sorted((one, other)))
    assert 0 <= low <= high < 1


def test_confidence_waits_longer_after_words_with_which_nobody_ends() -> None:
    ordinary, hanging, stopped = (
        end_of_turn_confidence(0.5, words(text)) for text in ("I want it", "I want the", "I want it.")
    )
    assert hanging < 0.3 < ordinary < stopped
    assert end_of_turn_confidence(0.5, ()) == 0


def told(detector: TurnDetector, steps: Sequence[tuple[float, str]]) -> Iterator[Turn]:
    """Advance in ticks of 20 ms: each step has words, and silence that grows to so many seconds; 0 is a voice."""
    now = silence = 0.0
    for target, text in steps:
        while True:
            silence = silence + TICK if target else 0.0
            now += TICK
            for event in detector.advance(now, silence, words(text)):
                yield event
                if event.event == "EndOfTurn":
                    text = ""
            if silence >= target:
                break


def names(events: Sequence[Turn]) -> list[str]:
    return [event.event for event in events if event.event != "Update"]


def test_a_turn_without_an_eager_threshold_begins_and_ends() -> None:
    events = list(told(TurnDetector(TurnRules()), [(0, ""), (0, "hello"), (1.0, "hello"), (0, ""), (0, "so")]))
    assert names(events) == ["StartOfTurn", "EndOfTurn", "StartOfTurn"]
    assert [event.index for event in events if event.event == "StartOfTurn"] == [0, 1]
    ended = next(event for event in events if event.event == "EndOfTurn")
    assert ended.trigger == "model"
    assert ended.end_of_turn_confidence >= 0.7
    assert ended.end - ended.start == pytest.approx(0.66, abs=0.05)
    assert events[-1].start == ended.end


def test_an_eager_end_is_taken_back_when_more_is_said() -> None:
    rules = TurnRules(eager_eot_threshold=0.4)
    events = list(told(TurnDetector(rules), [(0, "i want"), (0.3, "i want"), (0, "i want tea"), (1, "i want tea")]))
    assert names(events) == ["StartOfTurn", "EagerEndOfTurn", "TurnResumed", "EagerEndOfTurn", "EndOfTurn"]
    assert [len(event.words) for event in events if event.event != "Update"] == [2, 2, 3, 3, 3]


def test_an_eager_end_is_told_once_though_noise_interrupts_the_silence() -> None:
    rules = TurnRules(eager_eot_threshold=0.4)
    events = list(told(TurnDetector(rules), [(0, "yes"), (0.4, "yes"), (0, "yes"), (0.4, "yes"), (0.9, "yes")]))
    assert names(events) == ["StartOfTurn", "EagerEndOfTurn", "EndOfTurn"]


def test_silence_ends_a_turn_whatever_the_confidence() -> None:
    rules = TurnRules(eot_threshold=1.0, eot_timeout_ms=2000)
    events = list(told(TurnDetector(rules), [(0, "tea and"), (3.0, "tea and")]))
    assert names(events) == ["StartOfTurn", "EndOfTurn"]
    assert events[-1].trigger == "timeout"
    assert events[-1].end == pytest.approx(2.02, abs=0.03)


def test_a_threshold_of_1_leaves_the_end_to_the_caller() -> None:
    detector = TurnDetector(TurnRules(eot_threshold=1.0, eot_timeout_ms=60_000))
    assert names(list(told(detector, [(0, "tea"), (30, "tea")]))) == ["StartOfTurn"]
    (ended,) = detector.end(31, 30, words("tea"))
    assert (ended.event, ended.trigger, ended.index) == ("EndOfTurn", "manual", 0)
    assert detector.index == 1


def test_nothing_ends_where_no_turn_is() -> None:
    assert list(TurnDetector(TurnRules()).end(5, 5, ())) == []


def test_updates_come_every_quarter_of_a_second_of_a_turn() -> None:
    detector = TurnDetector(TurnRules(eot_threshold=0.9))
    events = list(told(detector, [(0, ""), (0, "go"), *[(0.0, "go on")] * 98]))
    assert [event.event for event in events] == ["StartOfTurn", *["Update"] * 7]
    ends = [event.end for event in events]
    assert all(0.25 <= later - earlier < 0.28 for earlier, later in pairwise(ends))


RULES = st.builds(
    TurnRules,
    eot_threshold=st.sampled_from([0.5, 0.7, 0.9, 1.0]),
    eager_eot_threshold=st.sampled_from([None, 0.3, 0.5]),
    eot_timeout_ms=st.sampled_from([500, 1000, 5000]),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["voice", "quiet", "quiet", "word", "word", "revise", "force", "configure"]), st.integers(1, 60)
    ),
    max_size=60,
)


@given(RULES, STEPS, RULES)
def test_events_keep_the_order_of_flux_whatever_is_heard(
    rules: TurnRules, steps: list[tuple[str, int]], other: TurnRules
) -> None:
    detector = TurnDetector(rules)
    events: list[Turn] = []
    heard: list[str] = []
    now = silence = 0.0
    for what, count in steps:
        if what == "word":
            heard.append(f"w{count % 5}")
        elif what == "revise" and heard:
            heard[-1] = f"r{count % 5}"
        elif what == "configure":
            detector.rules = other
        for _ in range(count if what in ("voice", "quiet") else 1):
            now += TICK
            silence = silence + TICK if what == "quiet" else 0.0
            spoken = words(" ".join(heard), end=now) if heard else ()
            new = list(
                detector.end(now, silence, spoken) if what == "force" else detector.advance(now, silence, spoken)
            )
            events += new
            if new and new[-1].event == "EndOfTurn":
                heard.clear()
    obeys_flux(events)


def obeys_flux(events: Sequence[Turn]) -> None:
    """Check the rules of the state machine over all events of a stream."""
    running = False
    index, eager, last_end = 0, None, 0.0
    for event in events:
        text = [word.text for word in event.words]
        assert event.index == index
        assert event.start <= event.end
        assert event.end >= last_end
        last_end = event.end
        assert 0 <= event.end_of_turn_confidence < 1
        assert (event.trigger is None) == (event.event != "EndOfTurn")
        if event.event == "StartOfTurn":
            assert not running
            assert text
            running = True
            continue
        assert running, "nothing of a turn is told before its start"
        if event.event == "EagerEndOfTurn":
            assert eager is None
            assert text
            eager = text
        elif event.event == "TurnResumed":
            assert eager is not None
            eager = None
        else:
            assert eager is None or text == eager, "what was said to end does not change without a word"
        if event.event == "EndOfTurn":
            running, index, eager = False, index + 1, None
