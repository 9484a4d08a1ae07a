"""The pool of worker processes: results, fairness, and what happens when workers die, hang or are no longer needed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import wave
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deepgram.local import workers
from deepgram.local.audio import AudioError
from deepgram.local.engines import EngineError, Hints
from deepgram.local.workers import WorkerLost, WorkerPool

from .conftest import needs

MakeWav = Callable[..., bytes]

TROUBLE = '''
"""An engine for tests that does what the audio of its name says: it looks at the first sample."""
import os, sys, time
import numpy as np
from deepgram.local.engines import EngineInfo, Recognizer, Word

class Trouble(Recognizer):
    def __init__(self, model, script):
        self.info = EngineInfo("trouble", "1", model or "-", ("*",), longest_piece=float("inf"))
        if model == "broken":
            os._exit(7)
        print("this library prints")

    def recognize(self, pcm, hints):
        kind = hints.keyterms[0] if hints.keyterms else ""
        if kind == "die":
            os._exit(9)
        if kind == "die once":
            flag = hints.keyterms[1]
            if not os.path.exists(flag):
                open(flag, "w").close()
                os._exit(9)
        if kind == "hang":
            time.sleep(600)
        if kind == "nap":
            time.sleep(0.2)
        if kind == "raise":
            raise ZeroDivisionError("no idea")
        loaded = [name for name in ("starlette", "uvicorn", "httpx") if name in sys.modules]
        return [Word(str(os.getpid()), -1.0, np.float32(99), np.float64(2)), Word(",".join(loaded) or "lean", 0, 0, 0)]
'''


@pytest.fixture(scope="session")
def trouble(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a distribution that brings the engine ``trouble`` by entry point."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "trouble_engine.py").write_text(TROUBLE, "utf-8")
    metadata = folder / "trouble_engine-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: trouble-engine\nVersion: 1\n", "utf-8")
    (metadata / "entry_points.txt").write_text("[deepgram.engines]\ntrouble = trouble_engine:Trouble\n", "utf-8")
    return folder


@pytest.fixture
def tone(tmp_path: Path, wav: MakeWav) -> Path:
    path = tmp_path / "tone.wav"
    path.write_bytes(wav(2.0, 44100))
    return path


def pool_of(engine: str, count: int = 1, **settings: object) -> WorkerPool:
    limits = {"max_audio_seconds": 600.0, "max_decoded_bytes": 1 << 30, **settings}
    return WorkerPool(engine, workers=count, **limits)  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def running(pool: WorkerPool) -> AsyncGenerator[WorkerPool, None]:
    await asyncio.wait_for(pool.start(), 60)
    try:
        yield pool
    finally:
        await asyncio.wait_for(pool.stop(), 20)


@pytest.fixture
def troubled(trouble: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(trouble))


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    # A server of other tests may be running beside these.
    threads, children = set(threading.enumerate()), set(psutil.Process().children())
    yield
    assert list(scratch.iterdir()) == []
    left = set(threading.enumerate()) - threads
    assert not [thread.name for thread in left if thread.name.startswith("deepgram-worker")]
    new = set(psutil.Process().children()) - children
    assert not [child for child in new if "worker_main" in " ".join(cmdline(child))]


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


async def test_audio_becomes_words_with_duration_and_channels(tone: Path) -> None:
    async with running(pool_of("scripted")) as pool:
        assert pool.info.name == "scripted"
        heard = await pool.transcribe(tone)
        assert heard.duration == pytest.approx(2.0, abs=0.001)
        assert heard.channels == 1
        assert len(heard.words) == len(heard.found) == 1
        assert len(heard.words[0]) == 5
        assert heard.found == ((),)
        assert await pool.transcribe(tone) == heard


async def test_each_channel_has_words_of_its_own(tmp_path: Path, wav: MakeWav) -> None:
    source = tmp_path / "stereo"
    source.write_bytes(wav(1.2, 16000, channels=2))
    async with running(pool_of("scripted", 2)) as pool:
        each = await pool.transcribe(source, multichannel=True, search=["nothing"])
        assert each.channels == 2
        assert len(each.words) == len(each.found) == 2
        assert each.words[0] != each.words[1]
        mixed = await pool.transcribe(source)
        assert mixed.channels == 2
        assert len(mixed.words) == 1


async def test_search_finds_terms_where_the_engine_can(tmp_path: Path, tone: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("it was the best of times", "utf-8")
    async with running(pool_of("scripted", script=script)) as pool:
        heard = await pool.transcribe(tone, search=["best of", "worst of"])
        assert [word.text for word in heard.found[0]] == ["best of"]


async def test_raw_audio_takes_its_description_from_the_parameters(tmp_path: Path, wav: MakeWav) -> None:
    source = tmp_path / "raw"
    source.write_bytes(wav(1.0, 8000)[44:])
    async with running(pool_of("scripted")) as pool:
        heard = await pool.transcribe(source, encoding="linear16", sample_rate=8000, channels=1)
        assert heard.duration == pytest.approx(1.0, abs=0.001)


async def test_audio_that_cannot_be_used_is_an_audio_error_and_the_next_is_served(tmp_path: Path, tone: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no audio at all", "utf-8")
    empty = tmp_path / "empty"
    empty.touch()
    async with running(pool_of("scripted", max_audio_seconds=3.0)) as pool:
        with pytest.raises(AudioError, match="not audio"):
            await pool.transcribe(text)
        with pytest.raises(AudioError, match="empty"):
            await pool.transcribe(empty)
        with pytest.raises(AudioError, match="sample_rate") as caught:
            await pool.transcribe(text, encoding="linear16")
        assert caught.value.parameter == "sample_rate"
        with pytest.raises(EngineError, match="FileNotFoundError"):
            await pool.transcribe(tmp_path / "missing")
        assert (await pool.transcribe(tone)).words


async def test_real_speech_is_the_same_on_one_worker_and_on_two(two_cities: Path, tmp_path: Path) -> None:
    needs("pocketsphinx")
    opening = tmp_path / "opening.wav"
    with wave.open(str(two_cities)) as source, wave.open(str(opening), "wb") as target:
        target.setparams(source.getparams())
        target.writeframes(source.readframes(13 * source.getframerate()))
    async with running(pool_of("pocketsphinx", 1)) as one, running(pool_of("pocketsphinx", 2)) as two:
        first, second = await asyncio.gather(one.transcribe(opening), two.transcribe(opening))
    assert first == second
    text = " ".join(word.text for word in first.words[0])
    assert "it was the best of times it was the worst of times it was the age of wisdom" in text
    times = [time for word in first.words[0] for time in (word.start, word.end)]
    assert times == sorted(times)
    assert 10 < times[-1] <= first.duration == pytest.approx(13.0, abs=0.001)


@pytest.mark.usefixtures("troubled")
async def test_words_of_careless_engines_are_put_within_the_audio_and_their_prints_aside(tone: Path) -> None:
    async with running(pool_of("trouble", model="any")) as pool:
        assert pool.info.model == "any"
        first, second = (await pool.transcribe(tone)).words[0]
        assert (first.start, first.end, first.confidence) == (0.0, 2.0, 1.0)
        assert second.text == "lean", "a worker must not load the server"


@pytest.mark.usefixtures("troubled")
async def test_a_worker_that_dies_costs_one_more_try_and_then_the_request_alone(tone: Path, tmp_path: Path) -> None:
    async with running(pool_of("trouble")) as pool:
        before = (await pool.transcribe(tone)).words[0][0].text
        with pytest.raises(WorkerLost, match="died"):
            await pool.transcribe(tone, hints=Hints(keyterms=("die",)))
        after = (await pool.transcribe(tone)).words[0][0].text
        assert before != after
        again = await pool.transcribe(tone, hints=Hints(keyterms=("die once", str(tmp_path / "flag"))))
        assert again.words[0]


@pytest.mark.usefixtures("troubled")
async def test_a_worker_that_is_killed_from_outside_is_replaced(tone: Path) -> None:
    async with running(pool_of("trouble")) as pool:
        pid = int((await pool.transcribe(tone)).words[0][0].text)
        os.kill(pid, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=5)
        assert int((await pool.transcribe(tone)).words[0][0].text) != pid


@pytest.mark.usefixtures("troubled")
async def test_an_engine_that_raises_says_so_and_keeps_its_worker(tone: Path) -> None:
    async with running(pool_of("trouble")) as pool:
        before = (await pool.transcribe(tone)).words[0][0].text
        with pytest.raises(EngineError, match="ZeroDivisionError: no idea"):
            await pool.transcribe(tone, hints=Hints(keyterms=("raise",)))
        assert (await pool.transcribe(tone)).words[0][0].text == before


@pytest.mark.usefixtures("troubled")
async def test_a_worker_that_takes_too_long_is_ended(tone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(pool_of("trouble", max_audio_seconds=1000.0)) as pool:
        await pool.transcribe(tone)
        # To this come 1/20 of the longest audio for decoding (50 s), and 20 times this audio (40 s) for recognition.
        with monkeypatch.context() as patched:
            patched.setattr(workers, "START_BOUND", -39.0)
            with pytest.raises(WorkerLost, match="took more than 1 seconds"):
                await pool.transcribe(tone, hints=Hints(keyterms=("hang",)))
        assert (await pool.transcribe(tone)).words


@pytest.mark.usefixtures("troubled")
async def test_a_cancelled_request_frees_its_worker(tone: Path) -> None:
    async with running(pool_of("trouble")) as pool:
        await pool.transcribe(tone)
        hanging = asyncio.create_task(pool.transcribe(tone, hints=Hints(keyterms=("hang",))))
        waiting = [asyncio.create_task(pool.transcribe(tone, hints=Hints(keyterms=("hang",)))) for _ in range(5)]
        await until(lambda: any(job.message["do"] == "recognize" for request in pool._requests for job in request.all))
        for task in (hanging, *waiting):
            task.cancel()
        results = await asyncio.gather(hanging, *waiting, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        assert (await asyncio.wait_for(pool.transcribe(tone), 30)).words


@pytest.mark.usefixtures("troubled")
async def test_a_short_request_does_not_wait_for_all_of_a_long_one(tmp_path: Path, wav: MakeWav) -> None:
    many = tmp_path / "many"
    many.write_bytes(wav(0.5, 8000, channels=20))
    one = tmp_path / "one"
    one.write_bytes(wav(0.5, 8000))
    nap = Hints(keyterms=("nap",))
    finished: list[str] = []

    async def timed(name: str, source: Path) -> None:
        await pool.transcribe(source, multichannel=True, hints=nap)
        finished.append(name)

    async with running(pool_of("trouble")) as pool:
        await asyncio.wait_for(asyncio.gather(timed("long", many), timed("short", one)), 60)
    assert finished == ["short", "long"]


@pytest.mark.usefixtures("troubled")
async def test_stopping_ends_what_runs_and_waits_in_time(tone: Path) -> None:
    pool = pool_of("trouble")
    await pool.start()
    tasks = [asyncio.create_task(pool.transcribe(tone, hints=Hints(keyterms=("hang",)))) for _ in range(3)]
    await until(lambda: len(pool._requests) == 3)
    await asyncio.wait_for(pool.stop(), 10)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, WorkerLost) for result in results)
    with pytest.raises(RuntimeError, match="not running"):
        await pool.transcribe(tone)
    await pool.stop()


@pytest.mark.usefixtures("troubled")
async def test_a_start_that_is_cancelled_leaves_nothing() -> None:
    for patience in (0.0, 0.01, 0.1, 0.3):
        pool = pool_of("trouble", 2)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(pool.start(), patience)
        await pool.stop()


async def test_a_pool_can_be_started_again(tone: Path) -> None:
    pool = pool_of("scripted")
    for _ in range(2):
        async with running(pool):
            assert (await pool.transcribe(tone)).words


async def test_an_engine_that_is_not_there_is_an_error_of_the_start() -> None:
    with pytest.raises(EngineError, match="there is no engine 'kaldi'"):
        await pool_of("kaldi").start()
    with pytest.raises(RuntimeError, match="not been started"):
        _ = pool_of("kaldi").info


@pytest.mark.usefixtures("troubled")
async def test_a_worker_that_dies_while_it_starts_is_an_error_of_the_start() -> None:
    with pytest.raises(EngineError, match="the worker of the engine trouble did not start"):
        await pool_of("trouble", 2, model="broken").start()


def test_workers_end_with_a_server_that_is_killed_even_in_a_script_without_a_guard(tmp_path: Path) -> None:
    # If workers imported the script again, as multiprocessing's do, each would print and start a pool of its own.
    script = tmp_path / "unguarded.py"
    script.write_text(
        "import asyncio, psutil\n"
        "from deepgram.local.workers import WorkerPool\n"
        "async def main():\n"
        "    pool = WorkerPool('scripted', workers=2, max_audio_seconds=60, max_decoded_bytes=10**9)\n"
        "    await pool.start()\n"
        "    print(*(child.pid for child in psutil.Process().children()), pool._scratch, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n",
        "utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        first, second, scratch = server.stdout.readline().split()
        children = [psutil.Process(int(pid)) for pid in (first, second)]
        server.kill()
        assert server.stdout.read() == ""
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    assert not Path(scratch).exists()


async def until(true: Callable[[], bool], within: float = 20.0) -> None:
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
