"""The files that `deepgram speak` writes: long texts in one file, in every format, by the embedded server."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import deepgram.local
from deepgram.cli import main, spoken_audio
from deepgram.cli.audio_frames import Frames
from deepgram.cli.spoken_text import pieces
from deepgram.local import Server, speech
from deepgram.local.engines.synthesizer import Manner, Phrase, Sink, Synthesizer, SynthesizerInfo

from ..local.sounding import decoded, loudness
from .conftest import Answer, Run, Service
from .spoken import ADTS, AUDIO, BOOK, GAP, LONG, MP3, PCM, RAW, SENTENCES, told_length, wav

# --- Long texts -------------------------------------------------------------------------------------------------------


def test_pieces_are_whole_sentences_and_together_the_text() -> None:
    cut = [*pieces([BOOK])]
    assert all(1800 < len(piece.text) <= 2000 for piece in cut[:-1])
    assert all(piece.text.endswith(".") for piece in cut[:-1])
    assert " ".join(piece.text for piece in cut) == BOOK.strip()
    assert cut[-1].characters == len(BOOK) and cut[-1].size == len(BOOK.encode())


def test_the_same_pieces_come_of_a_text_in_any_parts() -> None:
    text = BOOK[:20_000]
    assert [*pieces(text[at : at + 7] for at in range(0, len(text), 7))] == [*pieces([text])]


def test_lines_that_end_within_a_sentence_are_not_where_pieces_end() -> None:
    lines = "A sentence that goes on\nover the end of the line and is long. " * 100
    assert all(piece.text.endswith("long.") for piece in pieces([lines]))


@pytest.mark.parametrize("text", ["x" * 5000, "a, b " * 1000, "é" * 4001, "\n".join("word" for _ in range(2000))])
def test_a_text_without_an_end_is_cut_all_the_same(text: str) -> None:
    cut = [*pieces([text])]
    assert all(0 < len(piece.text) <= 2000 for piece in cut)
    assert "".join("".join(piece.text for piece in cut).split()) == "".join(text.split())


def test_what_nobody_could_say_is_left_out() -> None:
    text = f"{'Said. ' * 330}\n\n{'*' * 1990}\n\n{'Said again. ' * 160}"
    assert [piece.text[:4] for piece in pieces([text])] == ["Said", "Said"]


def test_answers_follow_each_other_with_a_pause_between_them(run: Run, service: Service, tmp_path: Path) -> None:
    service.answers = [Answer(PCM, headers=AUDIO), Answer(PCM * 2, headers=AUDIO), Answer(PCM + b"odd", headers=AUDIO)]
    assert run("speak", "-", "-o", tmp_path / "a.wav", stdin=b"\xef\xbb\xbf" + LONG.encode()).code == 0
    said = [json.loads(came.body)["text"] for came in service.came]
    assert " ".join(said) == LONG.strip()
    assert wav(tmp_path / "a.wav") == PCM + bytes(GAP) + PCM * 2 + bytes(GAP) + PCM + b"od"


class Book:
    """Standard input that remembers how much of it was taken, and looks each time at how much has been spoken."""

    def __init__(self, text: str, spoken: Callable[[], int]) -> None:
        self._text = io.BytesIO(text.encode())
        self._spoken = spoken
        self.furthest = 0
        """Bytes that were taken and not spoken yet, at the most."""

    def read1(self, size: int) -> bytes:
        taken = self._text.read(size)
        self.furthest = max(self.furthest, self._text.tell() - self._spoken())
        return taken


def test_a_book_is_spoken_without_being_held(
    run: Run, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100 kB become 10 MB: neither is in memory at once."""
    service.answers = [Answer(bytes(200_000), headers=AUDIO)]
    assert run("speak", "-", "-o", tmp_path / "a.wav", stdin=LONG.encode()).code == 0  # everything is imported
    service.came.clear()
    book = Book(BOOK, lambda: 2000 * len(service.came))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False, buffer=book))
    tracemalloc.start()
    try:
        with pytest.raises(SystemExit) as leaving:
            main(["speak", "-", "-o", str(tmp_path / "a.wav")])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert leaving.value.code == 0
    assert len(service.came) == len([*pieces([BOOK])]) > 50
    assert len(wav(tmp_path / "a.wav")) == len(service.came) * 200_000 + (len(service.came) - 1) * GAP
    assert book.furthest < 3 * 2000 + 4096
    assert peak < 3_000_000


# --- Against the embedded server --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def speaking() -> Iterator[Server]:
    with deepgram.local.running(engine="scripted") as server:
        yield server


@pytest.fixture
def say(bare: Run, speaking: Server, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command against an embedded server that runs already."""
    monkeypatch.setenv("DEEPGRAM_API_KEY", "any")
    monkeypatch.setenv("DEEPGRAM_BASE_URL", speaking.url)
    return bare


TWO = "".join(SENTENCES[:36])
"""Two requests."""


@pytest.fixture(scope="module")
def seconds(speaking: Server) -> float:
    """How long both answers are, with the pause between them."""
    form: dict[str, Any] = {"encoding": "linear16", "container": "none", "sample_rate": 24000, "speed": 1.5}
    with speaking.client() as client:
        sizes = [len(client.speak.v1.audio.generate(text=piece.text, **form).read()) for piece in pieces([TWO])]
    assert len(sizes) == 2
    return sum(sizes) / 48000 + spoken_audio.PAUSE


@pytest.mark.parametrize("ending", ["wav", "mp3", "ogg", "opus", "flac", "aac", "raw", "mulaw", "alaw"])
def test_every_format_becomes_one_file_of_several_answers(
    say: Run, seconds: float, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"a.{ending}"
    ended = say("speak", "-", "-o", path, "--speed", "1.5", "--json", stdin=TWO.encode())
    assert ended.code == 0, ended.err
    assert len(ended.out.splitlines()) == 2
    kind, rate = RAW.get(ending, (None, 24000))
    samples, rate = decoded(path.read_bytes(), raw=kind, rate=rate)
    assert len(samples) / rate == pytest.approx(seconds, abs=0.3)
    # Both answers, and no noise between them.
    assert all(0.02 < loudness(part) < 0.3 for part in (samples[: len(samples) // 4], samples[-len(samples) // 4 :]))
    if ending in ("wav", "flac", "ogg"):  # and players are told how long it is
        assert told_length(path) == pytest.approx(len(samples) / rate, abs=0.1)


class Brief(Synthesizer):
    """Makes a tenth of a second of each phrase: what the engine costs is not what is tested."""

    info = SynthesizerInfo("brief", "1", ("en",), 24000)

    def speak(self, phrase: Phrase, manner: Manner, sink: Sink, *, last: bool = True) -> None:
        sink(bytes(4800))


def test_a_whole_book_is_spoken_by_the_embedded_server(
    bare: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100 kB, more than 50 requests."""

    def make(*_: object) -> Synthesizer:
        return Brief()

    monkeypatch.setattr(speech, "create", make)
    path = tmp_path / "book.mp3"
    ended = bare("speak", "-", "--local", "-o", path, "--json", stdin=BOOK.encode())
    assert ended.code == 0, ended.err
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert sum(line["characters"] for line in lines) == pytest.approx(100_000, abs=len(lines))
    assert len({line["request_id"] for line in lines}) == len(lines) > 50
    samples, rate = decoded(path.read_bytes())
    assert len(samples) / rate > 50


def test_standard_output_is_a_file_too(speaking: Server) -> None:
    command = [sys.executable, "-m", "deepgram.cli", "speak", "Hello there.", "-o", "-"]
    variables = {**os.environ, "DEEPGRAM_API_KEY": "any", "DEEPGRAM_BASE_URL": speaking.url}
    for options, form in (([], None), (["--container", "wav"], None), (["--encoding", "flac"], None)):
        done = subprocess.run([*command, *options], env=variables, capture_output=True, timeout=60, check=True)
        samples, rate = decoded(done.stdout, raw=form)
        assert 0.5 < len(samples) / rate < 2
        assert done.stderr == b""


def test_a_reader_that_goes_away_is_no_failure(speaking: Server) -> None:
    variables = {**os.environ, "DEEPGRAM_API_KEY": "any", "DEEPGRAM_BASE_URL": speaking.url}
    command = [sys.executable, "-m", "deepgram.cli", "speak", "-", "-o", "-", "--container", "wav"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=variables, stdin=pipe, stdout=pipe, stderr=pipe) as running:
        assert running.stdin and running.stdout and running.stderr
        running.stdin.write(LONG.encode())
        running.stdin.close()
        assert running.stdout.read(100).startswith(b"RIFF")
        running.stdout.close()
        assert running.wait(60) == 141
        assert running.stderr.read() == b""


def test_no_server_and_no_key_are_needed(bare: Run, tmp_path: Path) -> None:
    ended = bare("speak", "Hello there.", "--local", "-o", tmp_path / "a.mp3")
    assert (ended.code, ended.err) == (0, "")
    samples, rate = decoded((tmp_path / "a.mp3").read_bytes())
    assert 0.5 < len(samples) / rate < 2


# --- Frames -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("encoding", "frame", "samples"), [("mp3", MP3, 576), ("aac", ADTS, 1024)])
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_frames_are_whole_and_tags_are_left_out(encoding: Any, frame: bytes, samples: int, step: int) -> None:
    tag = b"ID3\4\0\0\0\0\2\1" + b"\xff" * 257
    stream = tag + frame * 3 + b"junk" + frame + tag + frame[:-1]
    frames = Frames(encoding)
    given = b"".join(frames.add(stream[at : at + step]) for at in range(0, len(stream), step))
    assert given + frames.end() == frame * 4
    assert frames.seconds == pytest.approx(4 * samples / 22050)


@pytest.mark.parametrize("encoding", ["mp3", "aac"])
def test_noise_has_no_frames_that_break_anything(encoding: Any) -> None:
    import random

    frames = Frames(encoding)
    for _ in range(50):
        frames.add(random.randbytes(1000))
        assert len(frames._rest) <= 10_000
    frames.end()
