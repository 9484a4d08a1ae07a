"""What `deepgram speak` asks a service on the loopback interface for, what it plays, and wrong use of it."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from deepgram.cli import spoken_audio
from deepgram.cli.spoken_text import pieces

from ..audio.conftest import Library, library
from ..local.sounding import decoded
from .conftest import REQUEST_ID, Answer, Run, Service
from .spoken import ADTS, AUDIO, LONG, MP3, PCM, RAW, asked, wav

__all__ = ["library"]

# --- What is asked, and where it goes ---------------------------------------------------------------------------------


def test_a_text_becomes_a_wav_file(run: Run, service: Service, tmp_path: Path) -> None:
    service.answers = [Answer(PCM, headers=AUDIO)]
    ended = run("speak", "Hello there.", "-o", tmp_path / "a.wav", "--speed", "1.2", "--model", "aura-2-zeus-en")
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    (came,) = service.came
    assert (came.method, came.path, json.loads(came.body)) == ("POST", "/v1/speak", {"text": "Hello there."})
    assert asked(service) == [
        {"encoding": "linear16", "container": "none", "sample_rate": "24000", "speed": "1.2", "model": "aura-2-zeus-en"}
    ]
    assert wav(tmp_path / "a.wav") == PCM


@pytest.mark.parametrize(
    ("name", "options", "query"),
    [
        ("a.mp3", [], {"encoding": "mp3"}),
        ("a.MP3", ["--bit-rate", "32000"], {"encoding": "mp3", "bit_rate": "32000"}),
        ("a.aac", [], {"encoding": "aac"}),
        ("a.mulaw", [], {"encoding": "mulaw", "container": "none", "sample_rate": "8000"}),
        ("a.wav", ["--encoding", "alaw"], {"encoding": "alaw", "container": "none", "sample_rate": "8000"}),
        ("a.raw", ["--sample-rate", "48000"], {"encoding": "linear16", "container": "none", "sample_rate": "48000"}),
        ("a.flac", [], {"encoding": "linear16", "container": "none", "sample_rate": "24000"}),
        ("a.ogg", ["--bit-rate", "20000"], {"encoding": "linear16", "container": "none", "sample_rate": "48000"}),
        ("a.dat", ["--encoding", "novel", "--param", "x=1"], {"encoding": "novel", "x": "1"}),
    ],
)
def test_the_ending_of_the_file_is_the_format(
    run: Run, service: Service, tmp_path: Path, name: str, options: list[str], query: dict[str, str]
) -> None:
    frames = {"a.mp3": MP3, "a.MP3": MP3, "a.aac": ADTS}
    service.answers = [Answer(frames.get(name, PCM), headers=AUDIO)]
    ended = run("speak", "Hello.", "-o", tmp_path / name, *options)
    assert ended.code == 0, ended.err
    assert asked(service) == [query]
    assert (tmp_path / name).exists()


def test_flux_voices_are_asked_for_where_they_are(run: Run, service: Service, tmp_path: Path) -> None:
    service.answers = [Answer(PCM, headers=AUDIO)]
    model = ["--model", "flux-alexis-en", "--expressivity", "1"]
    assert run("speak", "Hello.", "-o", tmp_path / "a.wav", *model).code == 0
    assert service.came[0].path == "/v2/speak"
    assert asked(service)[0]["expressivity"] == "1"


def test_a_line_of_json_tells_of_each_request(run: Run, service: Service, tmp_path: Path) -> None:
    service.answers = [Answer(PCM, headers=AUDIO)]
    ended = run("speak", "-", "-o", tmp_path / "a.wav", "--json", stdin=LONG.encode())
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert [(line["request_id"], line["model_name"], line["bytes"]) for line in lines] == [
        (REQUEST_ID, "aura-asteria-en", len(PCM))
    ] * 3
    assert sum(line["characters"] for line in lines) == len(LONG.strip()) - 2


# --- Playing ----------------------------------------------------------------------------------------------------------


class Played:
    """Plays the part of the sound device."""

    def __init__(self, library: Library) -> None:
        self.audio = b""
        self._library = library
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._take)

    def __enter__(self) -> Played:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)

    def _take(self) -> None:
        while not self._over.wait(0.001):
            if self._library.opened:
                self.audio += self._library.stream.take(9600)


def test_speech_is_played(run: Run, service: Service, library: Library) -> None:
    service.answers = [Answer(PCM, headers=AUDIO)]
    with Played(library) as played:
        ended = run("speak", "Hello.", "--play", "--device", "3")
    assert (ended.code, ended.err) == (0, "")
    assert asked(service) == [{"encoding": "linear16", "container": "none", "sample_rate": "24000"}]
    assert PCM in played.audio
    assert (library.stream.options["samplerate"], library.stream.options["device"]) == (24000, 3)
    assert library.stream.calls == ["start", "abort", "close"]


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.mulaw"])
def test_what_is_played_can_be_written_as_well(
    run: Run, service: Service, library: Library, tmp_path: Path, name: str
) -> None:
    service.answers = [Answer(PCM, headers=AUDIO)]
    with Played(library) as played:
        assert run("speak", "Hello.", "--play", "-o", tmp_path / name).code == 0
    assert asked(service)[0]["encoding"] == "linear16"
    assert len(played.audio) >= len(PCM)
    kind, rate = RAW.get(name[2:], (None, 24000))
    samples, rate = decoded((tmp_path / name).read_bytes(), raw=kind, rate=24000 if name == "a.mulaw" else rate)
    assert len(samples) / rate == pytest.approx(1, abs=0.1)


def test_without_a_speaker_it_is_said_what_to_do(run: Run, library: Library) -> None:
    library.devices, library.refusal = [], library.PortAudioError("none")
    ended = run("speak", "Hello.", "--play")
    assert (ended.code, ended.err) == (
        1,
        "error: There is no output device on this machine: connect a speaker or headphones.\n",
    )


# --- Wrong use --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Hello."], "Say where the speech goes"),
        (["Hello.", "-o", "a.xyz"], "does not tell a format: use one of .wav, .mp3"),
        (["Hello.", "-o", "a"], "does not tell a format"),
        (["Hello.", "-o", "a.mp3", "--encoding", "flac"], "means mp3, and --encoding flac"),
        (["Hello.", "-o", "nowhere/a.mp3"], "does not exist"),
        (["Hello.", "-o", "-", "--json"], "both want standard output"),
        (["Hello.", "-o", "a.wav", "--device", "1"], "--device belongs to --play"),
        (["Hello.", "-o", "a.wav", "--timeout", "0"], "greater than 0"),
        (["Hello.", "-o", "a.wav", "--sample-rate", "0"], "--sample-rate must be a whole number"),
        (["Hello.", "-o", "a.wav", "--sample-rate", "nan"], "--sample-rate must be a whole number"),
        (["Hello.", "--play", "--encoding", "mp3"], "What is only played has no encoding"),
        (["Hello.", "--play", "-o", "a.mp3", "--bit-rate", "5"], "`bit_rate` must be 32000 or 48000"),
        (["", "-o", "a.wav"], "There is no text"),
        (["  ", "-o", "a.wav"], "There is no text"),
        (["* * *", "-o", "a.wav"], "nothing in the text that could be spoken"),
        (["a\udcff", "-o", "a.wav"], "not UTF-8"),
        (["-", "-o", "a.wav"], "nothing in the text"),
        (["Hello.", "-o", "a.wav", "--engine", "espeak"], "--engine belongs to --local"),
        (["Hello.", "-o", "a.wav", "--local", "--engine", "parrot"], "parrot"),
    ],
)
def test_wrong_use_is_explained(
    run: Run, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if "--local" in arguments:
        monkeypatch.delenv("DEEPGRAM_BASE_URL")
    ended = run("speak", *arguments)
    assert ended.code == 2, ended.err
    assert message in ended.err
    assert not service.came
    assert not [*tmp_path.iterdir()]


def test_bytes_that_are_no_text_are_refused_with_their_place(run: Run, service: Service, tmp_path: Path) -> None:
    service.answers = [Answer(PCM, headers=AUDIO)]
    ended = run("speak", "-", "-o", tmp_path / "a.wav", stdin=LONG.encode() + b"\xff")
    assert ended.code == 2
    assert f"not text in UTF-8 (byte {len(LONG)})" in ended.err
    assert f"the first {[*pieces([LONG])][1].characters} characters of the text.\n" in ended.err


def test_the_name_of_a_file_is_spoken_and_that_is_said(
    run: Run, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "book.txt").write_text("Once.")
    service.answers = [Answer(PCM, headers=AUDIO)]
    ended = run("speak", "book.txt", "-o", tmp_path / "a.wav")
    assert ended.code == 0
    assert "deepgram speak - < book.txt" in ended.err


def test_without_pyav_some_formats_take_short_texts_only(
    run: Run, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_spec(name: str) -> Any:
        return None

    monkeypatch.setattr(spoken_audio, "find_spec", find_spec)
    service.answers = [Answer(b"fLaC, as the service made it", headers={"content-type": "audio/flac"})]
    assert run("speak", "Hello.", "-o", tmp_path / "a.flac").code == 0
    assert asked(service) == [{"encoding": "flac"}]
    assert (tmp_path / "a.flac").read_bytes() == b"fLaC, as the service made it"
    ended = run("speak", "-", "-o", tmp_path / "b.flac", stdin=LONG.encode())
    assert ended.code == 2 and "deepgram-sdk[local]" in ended.err
    ended = run("speak", "Hello.", "--play", "-o", tmp_path / "b.mp3")
    assert ended.code == 2 and "deepgram-sdk[local]" in ended.err
    assert len(service.came) == 1
