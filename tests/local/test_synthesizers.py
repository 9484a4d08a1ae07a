"""The engines that speak: that they honour what is asked of them, and say what they lack."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from deepgram.local.engines import flite as flite_module
from deepgram.local.engines.espeak import Espeak
from deepgram.local.engines.synthesizer import Manner, Phrase, Pronounced, Synthesizer, SynthesizerError
from deepgram.local.engines.synthesizers import chosen, create, missing, synthesizer_names

from .sounding import loudness, nothing, pitch, samples_of, spoken
from .tiny_voices import write_kokoro, write_piper

PLAIN = Manner(language="en-US", female=True, shade=0, pitch=1.0, pace=1.0)
TEXT: Phrase = ("Good morning, how are you doing today?",)


@pytest.fixture(scope="module", params=["espeak", "flite", "piper", "kokoro"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Synthesizer:
    """Each engine; those with weights with some that give every phoneme a tone."""
    name: str = request.param
    if reason := missing(name):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp(name)
    if name == "piper":
        return create(name, str(write_piper(folder)))
    if name == "kokoro":
        return create(name, str(write_kokoro(folder, "af_one", "af_two", "am_one", "bf_one", "ef_one")))
    return create(name)


def seconds(pcm: bytes, engine: Synthesizer) -> float:
    return len(pcm) / 2 / engine.info.sample_rate


def test_an_engine_says_what_it_is(engine: Synthesizer) -> None:
    assert engine.info.name in synthesizer_names()
    assert engine.info.version
    assert "en" in engine.info.languages


def test_speech_can_be_heard(engine: Synthesizer) -> None:
    pcm = spoken(engine, TEXT, PLAIN)
    assert 0.5 < seconds(pcm, engine) < 6
    assert loudness(samples_of(pcm)) > 0.02


@pytest.mark.parametrize(
    "text", ["", " ", "...", "\n\t", "☃", "日本語", "[[h@loU]] ]]", "x" * 220, "9" * 220, "<b>&amp;"]
)
def test_odd_text_harms_no_engine(engine: Synthesizer, text: str) -> None:
    spoken(engine, (text,), PLAIN)
    assert spoken(engine, TEXT, PLAIN), "and it can still speak"


def test_an_engine_stops_when_nobody_listens(engine: Synthesizer) -> None:
    pieces: list[bytes] = []

    def once(pcm: bytes) -> bool:
        pieces.append(pcm)
        return False

    engine.speak(("A long text. " * 15,), PLAIN, once)
    assert len(pieces) <= 2


def test_a_failing_listener_is_heard_of(engine: Synthesizer) -> None:
    def fail(pcm: bytes) -> bool:
        raise LookupError("no room")

    with pytest.raises(LookupError):
        engine.speak(TEXT, PLAIN, fail)
    assert spoken(engine, TEXT, PLAIN)


@pytest.fixture(scope="module")
def flite() -> Synthesizer:
    if reason := missing("flite"):
        pytest.skip(reason)
    return create("flite")


@pytest.fixture(scope="module")
def espeak() -> Synthesizer:
    return create("espeak")


@pytest.mark.parametrize("name", ["espeak", "flite"])
@pytest.mark.parametrize("female", [True, False])
def test_pace_and_pitch_are_honoured(name: str, female: bool, request: pytest.FixtureRequest) -> None:
    engine: Synthesizer = request.getfixturevalue(name)
    rate = engine.info.sample_rate

    def heard(pitch_: float, pace: float) -> tuple[float, float]:
        pcm = spoken(engine, TEXT, Manner("en-US", female, 0, pitch_, pace))
        return pitch(samples_of(pcm), rate), seconds(pcm, engine)

    height, length = heard(1.0, 1.0)
    assert heard(1.2, 1.0)[0] == pytest.approx(1.2 * height, rel=0.1)
    assert heard(0.85, 1.0)[0] == pytest.approx(0.85 * height, rel=0.1)
    assert heard(1.0, 1.5)[1] == pytest.approx(length / 1.5, rel=0.12)
    assert heard(1.0, 0.7)[1] == pytest.approx(length / 0.7, rel=0.12)


def test_espeak_says_what_ipa_says(espeak: Synthesizer) -> None:
    assert isinstance(espeak, Espeak)
    machine = espeak._machine

    def sounds(ipa: str) -> str:
        with machine.lock:
            espeak._choose(PLAIN)
            return machine.phonemes(espeak._written(Pronounced("x", ipa), PLAIN))

    # The examples of the service's page, as the library says them: stress marks go to the vowel, the rest stays.
    assert sounds("duːˈpɪljuːmæb") == "duːpˈɪljuːmæb"
    assert sounds("æzəˈθaɪəpɹiːn") == "æzəθˈaɪəpɹiːn"
    assert sounds("ˈsiːkwəl") == "sˈiːkwəl"
    assert sounds("ˈwɪn") == "wˈɪn"
    assert sounds("t͡ʃɪp") == "tʃɪp"
    assert sounds("kˈɑpiɹˌaɪt") == "kˈɑːpiɹˌaɪt"


@pytest.mark.parametrize(("language", "word", "ipa"), [("de-DE", "Buch", "buːx"), ("es-ES", "perro", "ˈpero")])
def test_espeak_says_ipa_in_other_languages(espeak: Synthesizer, language: str, word: str, ipa: str) -> None:
    manner = Manner(language, True, 0, 1.0, 1.0)
    said = spoken(espeak, (Pronounced(word, ipa),), manner)
    assert 0.1 < seconds(said, espeak) < 1.5
    assert loudness(samples_of(said)) > 0.01


@pytest.mark.parametrize("name", ["espeak", "flite"])
def test_a_pronunciation_changes_what_is_heard(name: str, request: pytest.FixtureRequest) -> None:
    engine: Synthesizer = request.getfixturevalue(name)
    usual = spoken(engine, ("I use ", "SQL", " here"), PLAIN)
    told = spoken(engine, ("I use ", Pronounced("SQL", "ˈsiːkwəl"), " here"), PLAIN)
    assert abs(len(usual) - len(told)) > 1000
    assert seconds(told, engine) > 0.5


def test_ipa_that_nobody_can_say_leaves_the_word(espeak: Synthesizer) -> None:
    # Breath is made of chance: no two sounds are the same, but they are as long.
    assert len(spoken(espeak, (Pronounced("word", "☃"),), PLAIN)) == len(spoken(espeak, ("word",), PLAIN))


def test_espeak_gives_the_first_audio_before_the_phrase_is_made(espeak: Synthesizer) -> None:
    pieces: list[int] = []

    def take(pcm: bytes) -> bool:
        pieces.append(len(pcm))
        return True

    espeak.speak(("A long text. " * 15,), PLAIN, take)
    assert len(pieces) > 50
    assert max(pieces) <= 2 * 22050 * 0.1


def test_espeak_is_one_machine_for_all_threads() -> None:
    engines = [Espeak() for _ in range(4)]
    manners = [Manner(language, True, 0, 1.0, 1.0) for language in ("en-US", "de-DE", "es-ES", "ja-JP")]
    alone = [spoken(engine, ("1 2 3",), manner) for engine, manner in zip(engines, manners, strict=True)]
    failed: list[int] = []

    def repeat(place: int) -> None:
        for _ in range(5):
            if abs(len(spoken(engines[place], ("1 2 3",), manners[place])) - len(alone[place])) > 2000:
                failed.append(place)

    threads = [threading.Thread(target=repeat, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert not failed


# --- Which there are --------------------------------------------------------------------------------------------------


def test_an_unknown_engine_is_told_with_those_there_are() -> None:
    with pytest.raises(SynthesizerError, match="there is no engine 'parrot' that speaks; there are espeak, flite"):
        create("parrot")


def test_what_is_not_installed_is_told_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", nothing)
    monkeypatch.setattr(flite_module, "library_paths", dict)
    assert "pip install 'deepgram-sdk[espeak]'" in (missing("espeak") or "")
    assert "libflite1" in (missing("flite") or "")
    assert "deepgram-sdk[piper]" in (missing("piper") or "")
    assert chosen("auto") is None
    assert chosen("espeak") == "espeak"


def test_auto_takes_what_needs_no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen("auto") == "espeak"
    monkeypatch.setattr("importlib.util.find_spec", nothing)
    monkeypatch.setattr(flite_module, "library_paths", lambda: {"flite": "there"})
    assert chosen("auto") == "flite"


# --- Weights ----------------------------------------------------------------------------------------------------------


def needs(name: str) -> None:
    if reason := missing(name):
        pytest.skip(reason)


@pytest.mark.parametrize("name", ["piper", "kokoro"])
def test_weights_that_are_not_there_are_told(name: str, tmp_path: Path) -> None:
    needs(name)
    with pytest.raises(SynthesizerError, match="--voice-model"):
        create(name)
    with pytest.raises(SynthesizerError):
        create(name, str(tmp_path))
    with pytest.raises(SynthesizerError):
        create(name, str(tmp_path / "nothing.onnx"))


def test_weights_that_are_none_are_told(tmp_path: Path) -> None:
    needs("piper")
    file = write_piper(tmp_path)
    file.write_bytes(b"no model")
    engine = create("piper", str(file))
    with pytest.raises(Exception, match=r"(?i)protobuf|model"):
        spoken(engine, TEXT, PLAIN)
    Path(f"{file}.json").write_text("{")
    with pytest.raises(SynthesizerError, match="needs its"):
        create("piper", str(file))


def test_piper_chooses_among_the_voices_of_a_folder(tmp_path: Path) -> None:
    needs("piper")
    write_piper(tmp_path, "en_US-one")
    write_piper(tmp_path, "en_US-two", speakers=3)
    write_piper(tmp_path, "de_DE-one", "de")
    engine = create("piper", str(tmp_path))
    assert set(engine.info.languages) == {"en", "de"}
    for language in ("en-US", "de-DE"):
        for shade in (0, 1, 2):
            assert spoken(engine, TEXT, Manner(language, True, shade, 1.0, 1.0))
    with pytest.raises(SynthesizerError, match="fr-FR"):
        spoken(engine, TEXT, Manner("fr-FR", True, 0, 1.0, 1.0))


def test_kokoro_chooses_by_language_and_sex(tmp_path: Path) -> None:
    needs("kokoro")
    from deepgram.local.engines.kokoro import Kokoro

    engine = create("kokoro", str(write_kokoro(tmp_path, "af_one", "am_one", "bf_one", "ff_one", "xx_odd")))
    assert isinstance(engine, Kokoro)
    assert set(engine.info.languages) == {"en", "fr"}

    def chosen_for(language: str, female: bool) -> tuple[str, str]:
        return engine._voice(Manner(language, female, 0, 1.0, 1.0))

    assert chosen_for("en-US", True) == ("en-us", "af_one")
    assert chosen_for("en-US", False) == ("en-us", "am_one")
    assert chosen_for("en-GB", True) == ("en-gb", "bf_one")
    assert chosen_for("fr-FR", False) == ("fr-fr", "ff_one"), "nobody else speaks French"
    with pytest.raises(SynthesizerError):
        chosen_for("de-DE", True)


@pytest.mark.parametrize("name", ["piper", "kokoro"])
def test_a_voice_without_a_control_for_pitch_is_taken_faster(name: str, tmp_path: Path) -> None:
    needs(name)
    place = write_piper(tmp_path) if name == "piper" else write_kokoro(tmp_path, "af_one")
    engine = create(name, str(place))
    usual = spoken(engine, TEXT, PLAIN)
    higher = spoken(engine, TEXT, Manner("en-US", True, 0, 1.25, 1.0))
    assert len(higher) == pytest.approx(len(usual) / 1.25, rel=0.05), "these graphs know no pace, or it would be kept"


@pytest.mark.parametrize("name", ["piper", "kokoro"])
def test_weights_take_ipa(name: str, tmp_path: Path) -> None:
    needs(name)
    place = write_piper(tmp_path) if name == "piper" else write_kokoro(tmp_path, "af_one")
    engine = create(name, str(place))
    short = spoken(engine, (Pronounced("dupilumab", "duː"),), PLAIN)
    long = spoken(engine, (Pronounced("dupilumab", "duːpˈɪljuːmæb"),), PLAIN)
    assert 0 < len(short) < len(long)
