"""The registry of engines and each engine by itself."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from deepgram.local import audio, engines
from deepgram.local.engines import EngineError, EngineInfo, Hints, Recognizer, Word

from .conftest import needs

RATE = 16000


@pytest.fixture(scope="module")
def speech(two_cities: Path) -> bytes:
    """The first 4 s: it was the best of times, it was the worst of times."""
    with two_cities.open("rb") as file:
        return b"".join(piece.pcm[0] for piece in audio.decode(file))[: int(4.8 * RATE) * 2]


def texts(words: Sequence[Word]) -> list[str]:
    return [word.text for word in words]


def in_order(words: Sequence[Word], length: float) -> bool:
    times = [time for word in words for time in (word.start, word.end)]
    return times == sorted(times) and all(0 <= time <= length for time in times)


# The registry


class Parrot(Recognizer):
    def __init__(self, model: str | None, script: Path | None) -> None:
        self.info = EngineInfo(name="parrot", version="0", model=model or "grey", languages=("*",))

    def recognize(self, pcm: bytes, hints: Hints) -> Sequence[Word]:
        return [Word("hello", 0.0, 0.5, 1.0)]


def installed(monkeypatch: pytest.MonkeyPatch, point: EntryPoint) -> None:
    def entry_points(*, group: str) -> tuple[EntryPoint, ...]:
        return (point,) if group == engines.GROUP else ()

    monkeypatch.setattr(engines, "entry_points", entry_points)


def test_the_built_in_engines_are_known() -> None:
    assert engines.engine_names()[:4] == ("pocketsphinx", "moonshine", "whisper", "scripted")


def test_an_unknown_engine_is_refused_with_the_known_ones() -> None:
    with pytest.raises(EngineError, match="there is no engine 'kaldi'; there are pocketsphinx, moonshine"):
        engines.create("kaldi")


def test_an_engine_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(EngineError, match=r"not installed.*Python 3.10 to 3.13.*Installed are:.* scripted"):
        engines.create("pocketsphinx")
    assert "pocketsphinx" in engines.engine_names()


def test_several_engines_that_are_not_installed_are_each_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("pocketsphinx", "moonshine_voice", "faster_whisper"):
        monkeypatch.setitem(sys.modules, library, None)
    installed(monkeypatch, EntryPoint("parrot", "no.such.module:Parrot", engines.GROUP))
    for name in ("pocketsphinx", "moonshine", "whisper"):
        with pytest.raises(EngineError, match=f"the engine {name} is not installed: .*Installed are: scripted, parrot"):
            engines.create(name)


def test_engines_of_others_arrive_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("parrot", f"{Parrot.__module__}:Parrot", engines.GROUP)
    monkeypatch.setitem(sys.modules, Parrot.__module__, sys.modules[Parrot.__module__])
    installed(monkeypatch, point)
    assert engines.engine_names()[-1] == "parrot"
    assert engines.missing("parrot") is None
    assert engines.create("parrot", "red").info.model == "red"


def test_an_engine_that_breaks_while_it_starts_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("parrot", "no.such.module:Parrot", engines.GROUP)
    installed(monkeypatch, point)
    with pytest.raises(EngineError, match="the engine parrot could not be started: No module named 'no'"):
        engines.create("parrot")


def test_the_names_of_engines_load_no_engine() -> None:
    code = (
        "import sys; from deepgram.local import engines; engines.missing('whisper'); "
        "print([name for name in ('pocketsphinx', 'faster_whisper', 'moonshine_voice') if name in sys.modules])"
    )
    source = str(Path(engines.__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": source}, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


# scripted


def noise(seconds: float, seed: int = 1) -> bytes:
    return (
        np.random.default_rng(seed).integers(-5000, 5000, int(seconds * RATE), dtype=np.int16).astype("<i2").tobytes()
    )


def test_scripted_words_are_a_function_of_the_audio() -> None:
    engine = engines.create("scripted")
    words = engine.recognize(noise(4.0), Hints())
    assert len(words) == 10
    assert words == engines.create("scripted").recognize(noise(4.0), Hints())
    assert texts(words) != texts(engine.recognize(noise(4.0, seed=2), Hints()))
    assert in_order(words, 4.0)
    assert engine.recognize(bytes(RATE * 4), Hints()) == []


def test_scripted_text_is_spread_over_what_is_loud(tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("Hello there, general Kenobi.", "utf-8")
    engine = engines.create("scripted", script=script)
    words = engine.recognize(bytes(2 * RATE * 2) + noise(2.0) + bytes(RATE * 2), Hints())
    assert texts(words) == ["Hello", "there,", "general", "Kenobi."]
    assert words[0].start == pytest.approx(2.0)
    assert words[-1].end == pytest.approx(4.0, abs=0.2)
    assert in_order(words, 5.0)
    assert engine.info.punctuates
    assert texts(engine.find(noise(2.0), ["general kenobi", "vader"])) == ["general kenobi"]


def test_scripted_json_is_told_as_far_as_the_audio_lasts(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    spoken = [{"word": "one", "start": 0.1, "end": 0.4}, {"word": "two", "start": 0.9, "end": 1.4, "confidence": 0.7}]
    script.write_text(json.dumps({"words": [*spoken, {"word": "three", "start": 5, "end": 6}]}), "utf-8")
    engine = engines.create("scripted", script=script)
    assert engine.recognize(noise(1.0), Hints()) == [Word("one", 0.1, 0.4, 1.0), Word("two", 0.9, 1.0, 0.7)]
    assert not engine.info.punctuates


@pytest.mark.parametrize("content", [None, b"\xff\xfe\xfa", b'{"words": 3}', b"{"])
def test_a_script_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    script = tmp_path / "script"
    if content is not None:
        script.write_bytes(content)
    with pytest.raises(EngineError, match=r"the script .* cannot be read"):
        engines.create("scripted", script=script)


def test_scripted_streams_come_to_what_the_whole_gives() -> None:
    engine = engines.create("scripted")
    stream = engine.stream(Hints())
    data = noise(2.4)
    for at in range(0, len(data), 6400):
        stream.feed(data[at : at + 6400])
    assert texts(stream.interim()) == texts(engine.recognize(data, Hints()))
    assert len(stream.finish()) == 6


# pocketsphinx


@pytest.fixture(scope="module")
def sphinx() -> Recognizer:
    needs("pocketsphinx")
    return engines.create("pocketsphinx")


def test_pocketsphinx_reads_a_real_recording(sphinx: Recognizer, speech: bytes) -> None:
    words = sphinx.recognize(speech, Hints())
    assert " ".join(texts(words)) == "it was the best of times it was the worst of times"
    assert in_order(words, len(speech) / 2 / RATE)
    assert all(0 <= word.confidence <= 1 for word in words)
    assert sphinx.info == EngineInfo("pocketsphinx", sphinx.info.version, "en-us", ("en",))


def test_pocketsphinx_does_not_let_one_recording_steer_the_next(sphinx: Recognizer, speech: bytes) -> None:
    first = sphinx.recognize(speech, Hints())
    sphinx.recognize(noise(2.0), Hints())
    assert sphinx.recognize(speech, Hints()) == first


def test_pocketsphinx_hears_no_words_in_silence_and_nothing(sphinx: Recognizer) -> None:
    assert sphinx.recognize(bytes(RATE), Hints()) == []
    assert sphinx.recognize(b"", Hints()) == []
    assert sphinx.find(b"", ["times"]) == []


def test_pocketsphinx_spots_phrases(sphinx: Recognizer, speech: bytes) -> None:
    found = sphinx.find(speech, ["Worst of Times", "purple elephant", "xqzzy", "", "a/b", "times\n/1e-50/"])
    assert texts(found) == ["Worst of Times"]
    assert 2.0 < found[0].start < found[0].end < 4.8


def test_pocketsphinx_puts_spotted_key_terms_in_their_place(sphinx: Recognizer, speech: bytes) -> None:
    words = sphinx.recognize(speech, Hints(keyterms=("worst of times",)))
    assert " ".join(texts(words)) == "it was the best of times it was the worst of times"
    from deepgram.local.engines.pocketsphinx import favoured

    misheard = [
        Word("the", 0.0, 0.2, 1),
        Word("first", 0.2, 0.5, 1),
        Word("off", 0.5, 0.6, 1),
        Word("end", 1.0, 1.2, 1),
    ]
    better = favoured(misheard, [Word("worst of", 0.2, 0.6, 0.9)])
    assert texts(better) == ["the", "worst", "of", "end"]
    assert in_order(better, 1.2)


def test_pocketsphinx_streams_interim_and_final_words(sphinx: Recognizer, speech: bytes) -> None:
    for _ in range(2):  # the decoder is used again
        stream = sphinx.stream(Hints())
        interim: list[str] = []
        for at in range(0, len(speech), 3200):
            stream.feed(speech[at : at + 3200])
            interim.append(" ".join(texts(stream.interim())))
        assert any("best of times" in text for text in interim)
        final = stream.finish()
        assert "best of times" in " ".join(texts(final))
        assert in_order(final, len(speech) / 2 / RATE)


def test_pocketsphinx_keeps_what_it_understood_when_audio_is_cut_within_a_word(
    sphinx: Recognizer, speech: bytes
) -> None:
    start = 2 * int(RATE * 0.9)  # where a sentence begins
    for length in (0.80, 1.16, 1.2):  # s; the decoder's best path ends in nothing for the first two
        stream = sphinx.stream(Hints())
        stream.feed(speech[start : start + 2 * int(RATE * length)])
        interim = stream.interim()
        assert len(interim) > 1
        assert stream.finish(), f"nothing is left of {texts(interim)}"


def test_pocketsphinx_names_what_a_model_folder_lacks(sphinx: Recognizer, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="hmm, dict, lm not found"):
        engines.create("pocketsphinx", str(tmp_path))


def test_pocketsphinx_takes_a_model_from_a_folder(sphinx: Recognizer, speech: bytes) -> None:
    import pocketsphinx

    engine = engines.create("pocketsphinx", pocketsphinx.get_model_path("en-us"))
    assert "best of times" in " ".join(texts(engine.recognize(speech, Hints())))


# moonshine: its weights are not at hand, so its own objects are


@pytest.fixture(scope="module")
def moonshine() -> None:
    needs("moonshine")


@pytest.mark.usefixtures("moonshine")
def test_moonshine_lines_become_words() -> None:
    from moonshine_voice.moonshine_api import TranscriptLine, WordTiming

    from deepgram.local.engines.moonshine import words

    timed = TranscriptLine("Hello there.", 0.5, 1.0, 1, True)
    timed.words = [WordTiming(" Hello", 0.5, 0.9, 1.2), WordTiming("there.", 1.0, 0.95, 0.5), WordTiming(" ", 1, 1, 1)]
    untimed = TranscriptLine("General Kenobi", 2.0, 1.0, 2, True)
    assert words([timed, untimed]) == [
        Word("Hello", 0.5, 0.9, 1.0),
        Word("there.", 1.0, 1.0, 0.5),
        Word("General", 2.0, 2.5, 0.5),
        Word("Kenobi", 2.5, 3.0, 0.5),
    ]


@pytest.mark.usefixtures("moonshine")
def test_moonshine_loads_a_folder_with_the_library_and_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "tiny-en"
    folder.mkdir()
    for name in ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"):
        (folder / name).write_bytes(b"no weights")
    with pytest.raises(EngineError, match=r"could not be loaded.*moonshine_voice.download.*--model"):
        engines.create("moonshine", str(folder))


@pytest.mark.usefixtures("moonshine")
def test_moonshine_models_that_do_not_exist_are_refused_without_a_network(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no folder and no Moonshine model 'huge-en'"):
        engines.create("moonshine", "huge-en")
    with pytest.raises(EngineError, match="must be named as the model is"):
        engines.create("moonshine", str(tmp_path))


@pytest.mark.usefixtures("moonshine")
def test_moonshine_says_how_to_fetch_weights_that_cannot_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    import moonshine_voice

    def offline(*_: object, **__: object) -> None:
        raise ConnectionError("no network")

    monkeypatch.setattr(moonshine_voice, "get_model_for_language", offline)
    for model in (None, "tiny-en"):
        with pytest.raises(EngineError, match=r"could not be fetched: no network.*moonshine_voice.download"):
            engines.create("moonshine", model)


# whisper: a model of random weights, made in a moment, goes the whole way


@pytest.fixture(scope="module")
def whisper_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs("whisper")
    from .tiny_whisper import write_model

    return write_model(tmp_path_factory.mktemp("whisper"))


def test_whisper_runs_a_model_from_a_folder_and_keeps_times_within_the_clip(whisper_folder: Path) -> None:
    engine = engines.create("whisper", str(whisper_folder))
    assert engine.info.name == "whisper"
    assert engine.info.languages == ("en",)
    assert engine.info.punctuates
    assert not engine.info.streams
    words = engine.recognize(noise(1.0), Hints(keyterms=("best times",), language="en-GB"))
    assert words
    assert in_order(words, 1.0)
    assert all(type(value) is float for word in words for value in (word.start, word.end, word.confidence))
    json.dumps([word.__dict__ for word in words])
    with pytest.raises(TypeError, match="does not recognise live audio"):
        engine.stream(Hints())


def test_whisper_clamps_words_to_the_clip() -> None:
    needs("whisper")
    from deepgram.local.engines.whisper import clamped

    assert clamped(" end", np.float64(0.8), np.float64(29.98), 1.5, 1.0) == Word("end", 0.8, 1.0, 1.0)
    assert clamped("after", 3.0, 2.0, -1.0, 1.0) == Word("after", 1.0, 1.0, 0.0)


def test_whisper_names_what_a_folder_lacks(whisper_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"model.bin and tokenizer.json not found"):
        engines.create("whisper", str(tmp_path))
    with pytest.raises(EngineError, match="there is no Whisper model 'enormous'"):
        engines.create("whisper", "enormous")
    for name in ("model.bin", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"broken")
    with pytest.raises(EngineError, match="could not be loaded"):
        engines.create("whisper", str(tmp_path))
