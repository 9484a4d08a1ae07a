"""The command `deepgram speak` against a service on the loopback interface, and against the embedded server."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import tracemalloc
import wave
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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

from ..audio.conftest import Library, library
from ..local.sounding import decoded, loudness
from .conftest import REQUEST_ID, Answer, Run, Service

__all__ = ["library"]

SENTENCES = [f"This is sentence number {number}, and it says nothing at all. " for number in range(2000)]
BOOK = "".join(SENTENCES)[:100_000]
LONG = "".join(SENTENCES[:90])
"""5 kB: three requests."""
AUDIO = {"content-type": "audio/l16;rate=24000;channels=1", "dg-model-name": "aura-asteria-en"}
PCM = b"\1\2" * 24000
"""A second."""
GAP = round(24000 * spoken_audio.PAUSE) * 2


def wav(path: Path) -> bytes:
    """Return the samples of a WAV file; its header must say how many there are."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24000)
        samples: bytes = file.readframes(file.getnframes())
    return samples


def asked(service: Service) -> list[dict[str, str]]:
    return [{name: values[0] for name, values in came.query.items()} for came in service.came]


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


RAW = {"raw": ("s16le", 24000), "mulaw": ("mulaw", 8000), "alaw": ("alaw", 8000)}


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


def told_length(path: Path) -> float:
    import av

    with av.open(str(path)) as file:
        assert file.duration is not None
        seconds: float = file.duration / 1_000_000
    return seconds


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


# --- Ends before the end ----------------------------------------------------------------------------------------------


def test_a_failure_in_the_middle_says_how_far_it_got(run: Run, service: Service, tmp_path: Path) -> None:
    service.answers = [Answer(PCM, headers=AUDIO), Answer({"err_code": "NO", "err_msg": "No credit."}, 402)]
    ended = run("speak", "-", "-o", tmp_path / "a.wav", stdin=LONG.encode())
    assert ended.code == 1
    failed, note = ended.err.splitlines()
    assert failed.startswith("error: The service answered 402: No credit (NO). Request id: ")
    (first, *_) = pieces([LONG])
    second = json.loads(service.came[1].body)["text"]
    assert note == (
        f"note: {tmp_path / 'a.wav'} holds 0:01.2 of speech: the first {first.characters} characters of the text, and "
        f'the beginning of what follows, which is "{second[:60]} ...".'
    )
    assert wav(tmp_path / "a.wav") == PCM + bytes(GAP)


def test_a_refusal_at_the_start_leaves_an_older_file_alone(run: Run, service: Service, tmp_path: Path) -> None:
    service.answers = [Answer({"err_code": "NO", "err_msg": "Bad key."}, 401)]
    (tmp_path / "a.wav").write_bytes(b"older")
    ended = run("speak", "Hello.", "-o", tmp_path / "a.wav")
    assert ended.code == 1 and "Bad key" in ended.err and "note" not in ended.err
    assert (tmp_path / "a.wav").read_bytes() == b"older"


@pytest.fixture
def halting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Callable[[BaseHTTPRequestHandler], None]]]:
    """A service that sends half of its second answer, then does what the test says."""
    then: list[Callable[[BaseHTTPRequestHandler], None]] = []
    count = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_POST(self) -> None:
            nonlocal count
            count += 1
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "audio/l16")
            self.send_header("content-length", str(2 * len(PCM)))
            self.end_headers()
            self.wfile.write(PCM)
            if count == 2:
                self.close_connection = True
                then[0](self)
            else:
                self.wfile.write(PCM)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setenv("DEEPGRAM_API_KEY", "any")
        monkeypatch.setenv("DEEPGRAM_BASE_URL", f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield then
        finally:
            server.shutdown()
            thread.join(10)


Halting = list[Callable[[BaseHTTPRequestHandler], None]]


def test_an_answer_that_breaks_off_is_a_failure_and_leaves_what_came(
    bare: Run, halting: Halting, clean_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    halting.append(lambda handler: None)
    ended = bare("speak", "-", "-o", tmp_path / "a.wav", stdin=LONG.encode())
    assert ended.code == 1
    failed, note = ended.err.splitlines()
    assert "broke off" in failed
    assert "holds 0:03.2 of speech" in note
    assert wav(tmp_path / "a.wav") == PCM * 2 + bytes(GAP) + PCM


@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_ctrl_c_leaves_a_valid_file(bare: Run, halting: Halting, tmp_path: Path, ending: str) -> None:
    left = threading.Event()

    def interrupt(handler: BaseHTTPRequestHandler) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        left.wait(10)  # the rest does not come

    halting.append(interrupt)
    path = tmp_path / f"a.{ending}"
    try:
        ended = bare("speak", "-", "-o", path, stdin=LONG.encode())
    finally:
        left.set()
    assert ended.code == 130
    assert ended.err.startswith(f"note: {path} holds 0:0")
    samples, rate = decoded(path.read_bytes())
    assert 2.2 < len(samples) / rate < 3.3
    assert told_length(path) == pytest.approx(len(samples) / rate, abs=0.01)


def test_an_answer_that_is_no_audio_is_not_written(run: Run, service: Service, tmp_path: Path) -> None:
    service.answers = [Answer({"request_id": "r"})]
    ended = run("speak", "Hello.", "-o", tmp_path / "a.mp3", "--param", "callback=https://example.com")
    assert ended.code == 1
    assert "The answer is no audio (application/json)" in ended.err
    assert not (tmp_path / "a.mp3").exists()


def test_an_answer_in_another_format_does_not_look_like_success(run: Run, service: Service, tmp_path: Path) -> None:
    service.answers = [Answer(PCM, headers={"content-type": "audio/mpeg"})]
    ended = run("speak", "Hello.", "-o", tmp_path / "a.mp3")
    assert ended.code == 1
    assert "What the service sent is not mp3" in ended.err


def test_a_disk_that_is_full_is_told(run: Run, service: Service) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    service.answers = [Answer(PCM, headers=AUDIO)]
    ended = run("speak", "Hello.", "-o", "/dev/full", "--encoding", "linear16")
    assert ended.code == 1
    assert "/dev/full cannot be written: No space left on device." in ended.err


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


# --- Frames -----------------------------------------------------------------------------------------------------------

MP3 = bytes.fromhex("fff360c4") + bytes(152)  # MPEG 2, 48 kbit/s, 22050 Hz: 156 bytes
ADTS = bytes.fromhex("fff15c40057ffc") + bytes(36)  # 22050 Hz, 43 bytes


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
