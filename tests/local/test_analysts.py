"""The processes that analyse: bounded in time, ended when given up, replaced when they die."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress

import psutil
import pytest
import pytest_asyncio

from deepgram.local.analysis.document import MOST_TOKENS
from deepgram.local.analysis.wanted import Wanted
from deepgram.local.analysis.worker_main import answer
from deepgram.local.analysis.workers import AnalysisError, Analysts, EmptyText, TextTooLong

ALL = Wanted(sentiment=True, topics=True, intents=True, summary=True)
LONG = "We would like to cancel the order of the broken machine, which is awful. " * 5000


@pytest_asyncio.fixture
async def analysts() -> AsyncIterator[Analysts]:
    made = Analysts()
    yield made
    await made.stop()


def processes() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if child.is_running() and "deepgram.local.analysis.worker_main" in " ".join(child.cmdline())
    ]


async def test_a_text_is_analysed_in_a_process_of_its_own(analysts: Analysts) -> None:
    before = len(processes())
    found = await analysts.text("I want to cancel my order. It is awful.", ALL)
    assert found["intents"]["segments"][0]["intents"][0]["intent"] == "Cancel order"
    assert len(processes()) == before + 1
    await analysts.text("Again.", ALL)
    assert len(processes()) == before + 1, "the process stays"


async def test_the_server_itself_loads_no_models(analysts: Analysts) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c"),
        "import sys, deepgram.local.analysis.workers as w; "
        "sys.exit(any(name.split('.')[0] in ('vaderSentiment', 'HanTa', 'snowballstemmer') for name in sys.modules))",
    )
    assert await process.wait() == 0


async def test_a_transcript_is_analysed_by_its_own_sentences(analysts: Analysts) -> None:
    found = await analysts.sentences([["i", "love", "it"], ["it", "is", "awful"]], Wanted(sentiment=True))
    assert [segment["text"] for segment in found["sentiments"]["segments"]] == ["i love it", "it is awful"]
    assert found["lengths"] == [3, 3]


@pytest.mark.parametrize("text", ["", " \n", "\0\x1b"])
async def test_nothing_is_no_text(analysts: Analysts, text: str) -> None:
    with pytest.raises(EmptyText):
        await analysts.text(text, ALL)


async def test_there_is_a_longest_text(analysts: Analysts) -> None:
    await analysts.text("a " * MOST_TOKENS, Wanted(sentiment=True))
    with pytest.raises(TextTooLong, match="150000 tokens"):
        await analysts.text("a " * (MOST_TOKENS + 1), Wanted(sentiment=True))


async def test_a_text_that_takes_too_long_costs_its_process() -> None:
    analysts = Analysts(timeout=0.05)
    try:
        with pytest.raises(AnalysisError, match=r"more than 0\.05 seconds"):
            await analysts.text(LONG, ALL)
        analysts._timeout = 60
        assert (await analysts.text("I love it.", ALL))["scores"] == [0.6369]
    finally:
        await analysts.stop()


async def test_a_text_that_is_given_up_does_not_keep_others_waiting(analysts: Analysts) -> None:
    await analysts.text("Start.", ALL)
    given_up = asyncio.create_task(analysts.text(LONG, ALL))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(analysts.text("I love it.", ALL))
    await asyncio.sleep(0)
    given_up.cancel()
    assert (await asyncio.wait_for(waiting, 30))["scores"] == [0.6369]
    with pytest.raises(asyncio.CancelledError):
        await given_up


async def test_a_text_may_be_given_up_before_during_and_after_its_analysis(analysts: Analysts) -> None:
    for turn in range(40):
        given_up = asyncio.create_task(analysts.text("I love it. " * (1 + 20 * turn), ALL))
        await asyncio.sleep(0.0005 * turn)
        given_up.cancel()
        with suppress(asyncio.CancelledError):  # it may have been quicker
            await given_up
        if turn % 8 == 0:
            assert (await analysts.text("I love it.", ALL))["scores"] == [0.6369]


async def test_a_process_that_dies_is_replaced(analysts: Analysts) -> None:
    await analysts.text("Start.", ALL)
    for process in processes():
        process.kill()
        process.wait(10)
    with pytest.raises(AnalysisError, match="died"):
        await analysts.text("Hello.", ALL)
    assert await analysts.text("Hello.", ALL)


async def test_stopping_ends_what_runs_and_refuses_what_comes() -> None:
    analysts = Analysts()
    await analysts.text("Start.", ALL)
    before = {process.pid for process in processes()}
    running = asyncio.create_task(analysts.text(LONG, ALL))
    await asyncio.sleep(0.01)
    await asyncio.wait_for(analysts.stop(), 10)
    with pytest.raises(AnalysisError):
        await running
    with pytest.raises(AnalysisError, match="stopping"):
        await analysts.text("More.", ALL)
    assert len({process.pid for process in processes()} & before) < len(before)


async def test_analysts_that_never_worked_stop_too() -> None:
    await Analysts().stop()


def test_a_fault_is_an_answer() -> None:
    assert answer({"sentences": [["a"]], "wanted": {"sentimental": True}})["error"] == "failed"
