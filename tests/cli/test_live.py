"""The command `deepgram live` against a live service on the loopback interface."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import deepgram

from .conftest import Ended, Run, word
from .live_service import METADATA, SPOKEN, LiveService, results, turn

SECRET = "a-secret-key"
ENVIRONMENT = {"PYTHONPATH": str(Path(deepgram.__file__).parent.parent), "PATH": os.environ["PATH"], "TERM": "xterm"}


@pytest.fixture
def service() -> Iterator[LiveService]:
    told = LiveService()
    with told.running():
        yield told


@pytest.fixture
def live(bare: Run, service: LiveService, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `deepgram live` in this process, configured for the loopback service."""
    monkeypatch.setenv("DEEPGRAM_API_KEY", SECRET)
    monkeypatch.setenv("DEEPGRAM_BASE_URL", service.url)

    def run(*arguments: object, stdin: bytes = b"") -> Ended:
        return bare("live", *arguments, stdin=stdin)

    return run


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """A second of silence in a WAV file."""
    path = tmp_path / "talk.wav"
    with wave.open(str(path), "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(8000)
        made.writeframes(bytes(16_000))
    return path


def test_a_file_is_sent_in_pieces_and_its_text_printed(live: Run, service: LiveService, speech: Path) -> None:
    ended = live(speech, "--speed", "20")
    assert (ended.code, ended.out, ended.err) == (0, "Hello world. Good bye.\n", "")
    assert b"".join(service.audio) == speech.read_bytes()
    assert [len(piece) for piece in service.audio[:2]] == [1280, 1280]  # 80 ms of 8 kHz linear16
    assert service.commands == [{"type": "CloseStream"}]
    assert (service.path, service.query) == ("/v1/listen", {"model": ["nova-3"]})
    assert service.headers["authorization"] == f"Token {SECRET}"


def test_everything_is_sent_at_once_at_speed_0(live: Run, service: LiveService, speech: Path) -> None:
    assert live(speech, "--speed", 0).code == 0
    assert b"".join(service.audio) == speech.read_bytes()


def test_standard_input_is_sent_as_it_comes(live: Run, service: LiveService) -> None:
    ended = live("-", "--encoding", "linear16", "--sample-rate", 8000, "--channels", "2", stdin=b"some raw audio")
    assert (ended.code, ended.out) == (0, "Hello world. Good bye.\n")
    assert b"".join(service.audio) == b"some raw audio"
    wanted = {"encoding": ["linear16"], "sample_rate": ["8000"], "channels": ["2"], "model": ["nova-3"]}
    assert service.query == wanted


def test_options_become_parameters_of_the_query(live: Run, service: LiveService, speech: Path) -> None:
    ended = live(
        *(speech, "--speed", "0", "--model", "nova-2", "--punctuate", "--no-diarize", "--endpointing", "false"),
        *("--keyterm", "tide pool", "--keyterm", "kelp", "--utterance-end-ms", "1000", "--param", "novel=1"),
    )
    assert ended.code == 0, ended.err
    assert service.query == {
        "model": ["nova-2"],
        "punctuate": ["true"],
        "diarize": ["false"],
        "endpointing": ["false"],
        "keyterm": ["tide pool", "kelp"],
        "utterance_end_ms": ["1000"],
        "novel": ["1"],
    }


@pytest.mark.parametrize("chosen", [["--v2"], ["--model", "flux-general-en"]])
def test_turns_are_listened_to_with_v2(live: Run, service: LiveService, speech: Path, chosen: list[str]) -> None:
    service.says = [
        {"type": "Connected", "request_id": "r", "sequence_id": 0},
        turn("StartOfTurn", "how", 0.5),
        turn("EagerEndOfTurn", "how are", 0.8),
        turn("TurnResumed", "how are", 0.9),
        turn("EndOfTurn", "How are you?", 1.2),
        turn("EndOfTurn", "Fine.", 2.0),
    ]
    service.last = []
    ended = live(speech, "--speed", "0", "--eot-threshold", "0.8", *chosen)
    assert (ended.code, ended.out, ended.err) == (0, "How are you?\nFine.\n", "")
    assert service.path == "/v2/listen"
    assert service.query == {"model": ["flux-general-en"], "eot_threshold": ["0.8"]}


def test_json_has_every_message_on_a_line_of_its_own(live: Run, service: LiveService, speech: Path) -> None:
    novel = {"type": "Novel", "of": {"whatever": [1, 2.5, None, "ü"]}}
    service.says.append(json.dumps(novel, indent=3))
    ended = live(speech, "--speed", "0", "--json")
    assert ended.code == 0
    assert [json.loads(line) for line in ended.out.splitlines()] == [*SPOKEN, novel, METADATA]


def test_captions_are_written_to_the_file_that_was_named(live: Run, speech: Path, tmp_path: Path) -> None:
    target = tmp_path / "talk.srt"
    ended = live(speech, "--speed", "0", "--srt", "-o", target)
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert target.read_text() == "1\n00:00:00,000 --> 00:00:02,000\nHello world. Good bye.\n"
    assert live(speech, "--speed", "0", "--vtt").out.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nHello")


def test_captions_of_turns_have_times_even_if_their_words_have_none(
    live: Run, service: LiveService, speech: Path
) -> None:
    service.says, service.last = [turn("EndOfTurn", "How are you?", 1.2)], []
    ended = live(speech, "--speed", "0", "--v2", "--srt")
    assert ended.out == "1\n00:00:00,000 --> 00:00:01,200\nHow are you?\n"


def test_captions_are_written_while_speech_goes_on(
    live: Run, service: LiveService, speech: Path, tmp_path: Path
) -> None:
    target = tmp_path / "talk.vtt"
    service.when_heard = lambda: _until(lambda: "Good bye." in target.read_text())  # then the end may come
    ended = live(speech, "--speed", "0", "--vtt", "-o", target)
    assert (ended.code, ended.err) == (0, "")
    assert target.read_text() == "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nHello world. Good bye.\n"


def _until(true: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(500):
        if true():
            return
        waiting.wait(0.02)
    raise AssertionError("it did not happen within 10 s")


def test_voices_and_channels_are_told_apart(live: Run, service: LiveService, speech: Path) -> None:
    asked = results(
        word("Hi.", 0, 1, speaker=0), word("Who?", 1, 2, speaker=1), start=0, duration=2, channel_index=[0, 2]
    )
    answered = results(word("Me.", 0.5, 1.0), start=0, duration=2, speech_final=True, channel_index=[1, 2])
    service.says = [asked, answered]
    ended = live(speech, "--speed", "0", "--multichannel", "--diarize")
    assert sorted(ended.out.splitlines()) == ["Channel 0 Speaker 0: Hi.", "Channel 0 Speaker 1: Who?", "Channel 1: Me."]


def test_a_line_ends_even_if_the_speaker_does_not(live: Run, service: LiveService, speech: Path) -> None:
    service.says = [results(word("on", i, i + 1), start=i, duration=1) for i in range(300)]
    lines = live(speech, "--speed", "0").out.splitlines()
    assert " ".join(lines) == " ".join(["on"] * 300)
    assert 1 < len(lines) < 10


# --------------------------------------------------------------------------------------------------------- ending it


def test_ctrl_c_ends_the_audio_and_the_last_results_still_come(live: Run, service: LiveService, speech: Path) -> None:
    service.when_heard = lambda: os.kill(os.getpid(), signal.SIGINT)
    service.last = [results(word("Done.", 2.0, 2.5), start=2.0, duration=1.0, speech_final=True), METADATA]
    ended = live(speech, "--speed", "0.01")
    assert (ended.code, ended.out, ended.err) == (0, "Hello world. Good bye.\nDone.\n", "")
    assert service.commands == [{"type": "CloseStream"}]
    assert len(service.audio) < 3


def test_a_second_ctrl_c_gives_up(live: Run, service: LiveService, speech: Path) -> None:
    service.hangs = True

    def press() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        threading.Thread(target=press_again).start()

    def press_again() -> None:
        _until(lambda: bool(service.commands))
        os.kill(os.getpid(), signal.SIGINT)

    service.when_heard = press
    ended = live(speech, "--speed", "0.01")
    assert ended.code == 130


def test_standard_input_that_waits_does_not_hold_up_ctrl_c(service: LiveService) -> None:
    environment = {**ENVIRONMENT, "DEEPGRAM_API_KEY": SECRET, "DEEPGRAM_BASE_URL": service.url}
    command = [sys.executable, "-m", "deepgram.cli", "live", "-"]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        service.when_heard = lambda: process.send_signal(signal.SIGINT)
        assert process.stdin is not None
        process.stdin.write(b"audio")
        process.stdin.flush()  # and it stays open
        code = process.wait(30)
        assert process.stdout is not None
        assert process.stderr is not None
        assert (code, process.stdout.read(), process.stderr.read()) == (0, b"Hello world. Good bye.\n", b"")


def test_nothing_is_left_running(live: Run, speech: Path) -> None:
    before = set(threading.enumerate())
    assert live(speech, "--speed", "0").code == 0
    assert {thread for thread in set(threading.enumerate()) - before if "deepgram" in thread.name} == set()


# ------------------------------------------------------------------------------------------------- when things fail


def test_a_refused_conversation_is_one_paragraph_with_request_id_and_advice(
    live: Run, service: LiveService, speech: Path
) -> None:
    service.refusal = (401, {"err_code": "INVALID_AUTH", "err_msg": "Invalid credentials."})
    ended = live(speech)
    assert ended.code == 1
    assert "The service answered 401: Invalid credentials (INVALID_AUTH). Request id: " in ended.err
    assert "deepgram doctor" in ended.err
    assert SECRET not in ended.err


@pytest.mark.parametrize(
    ("closes", "says"),
    [
        ((1008, "DATA-0000"), "The conversation ended: 1008 DATA-0000. Check the options: raw audio needs"),
        ((1011, "NET-0001"), "The conversation ended: 1011 NET-0001. No audio arrived in time"),
        ((1000, ""), "The service ended the conversation before the audio came to its end."),
    ],
)
def test_a_conversation_that_ends_early_is_an_error_after_the_text(
    live: Run, service: LiveService, speech: Path, closes: tuple[int, str], says: str
) -> None:
    service.closes = closes
    ended = live(speech)
    assert (ended.code, ended.out) == (1, "Hello world. Good bye.\n")
    assert says in ended.err


def test_an_error_that_the_service_tells_is_an_error(live: Run, service: LiveService, speech: Path) -> None:
    service.says = [{"type": "Error", "description": "No such thing.", "code": "BAD", "variant": "x"}]
    ended = live(speech, "--speed", "0")
    assert (ended.code, ended.err) == (1, "error: The service says: No such thing (BAD).\n")


def test_what_the_service_did_not_do_is_told_at_the_end(live: Run, service: LiveService, speech: Path) -> None:
    service.last = [{**METADATA, "warnings": [{"parameter": "diarize", "message": "not available"}]}]
    ended = live(speech, "--speed", "0")
    assert (ended.code, ended.err) == (0, "note: diarize: not available\n")


def test_a_service_that_never_ends_is_given_up_after_the_timeout(live: Run, service: LiveService, speech: Path) -> None:
    service.hangs = True
    ended = live(speech, "--speed", "0", "--timeout", "0.2")
    assert (ended.code, ended.out) == (1, "Hello world. Good bye.\n")
    assert "it was given 0.2 s" in ended.err


def test_odd_messages_are_passed_over(live: Run, service: LiveService, speech: Path) -> None:
    service.says = [
        *("no json", "[]", '"text"', "{}", '{"type": 7}', '{"type": "Results"}', '{"type": "TurnInfo", "words": 3}'),
        '{"type": "Results", "channel_index": [], "channel": {"alternatives": [7]}, "is_final": true, "start": "x"}',
        '{"type": "Results", "channel_index": "a", "channel": [], "is_final": true}',
        '{"type": "UtteranceEnd", "channel": {}, "last_word_end": -1}',
        *SPOKEN,
    ]
    ended = live(speech, "--speed", "0")
    assert (ended.code, ended.out) == (0, "Hello world. Good bye.\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Say what to listen to"),
        (["-", "--mic"], "Say what to listen to"),
        (["missing.wav"], "there is no such file"),
        (["https://example.com/a.wav"], "`deepgram transcribe` has addresses fetched"),
        (["-", "--device", "1"], "--device belongs to --mic"),
        (["--mic", "--speed", "2"], "--speed is for files"),
        (["--mic", "--encoding", "opus"], "leave --encoding out"),
        (["--mic", "--sample-rate", "fast"], "--sample-rate must be a whole number"),
        (["-", "--speed", "-1"], "--speed must be 0 or greater"),
        (["-", "--speed", "1"], "needs --encoding and --sample-rate"),
        (["-", "--timeout", "0"], "--timeout must be greater"),
        (["-", "--json", "--srt"], "Choose one of --json and --srt"),
        (["-", "--eot-threshold", "0.7"], "--eot-threshold belongs to --v2"),
        (["-", "--v2", "--diarize"], "--diarize is not for turns"),
        (["-", "--engine", "scripted"], "--engine belongs to --local"),
        (["-", "--local", "--api-key", "k"], "leave out --base-url and --api-key"),
        (["-", "--param", "x"], "--param needs NAME=VALUE"),
    ],
)
def test_wrong_use_is_told_and_nothing_is_sent(
    live: Run, service: LiveService, arguments: list[str], says: str
) -> None:
    ended = live(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert says in " ".join(ended.err.split())
    assert service.path == ""


def test_the_input_is_never_overwritten(live: Run, speech: Path) -> None:
    before = speech.read_bytes()
    assert live(speech, "-o", speech).code == 2
    assert speech.read_bytes() == before


def test_without_a_credential_the_embedded_server_is_offered(bare: Run, speech: Path) -> None:
    ended = bare("live", speech)
    assert ended.code == 2
    assert "deepgram live --local" in " ".join(ended.err.split())


# ------------------------------------------------------------------------------------------------------- microphone


class RecordingStream:
    """A stream of `sounddevice` that delivers a second of audio at once, in a thread."""

    latency = 0.0
    opened: dict[str, Any]

    def __init__(self, **options: Any) -> None:
        type(self).opened = options
        self._options = options
        self._thread = threading.Thread(target=self._deliver)

    def start(self) -> None:
        self._thread.start()

    def _deliver(self) -> None:
        size = self._options["blocksize"]
        for number in range(12):
            self._options["callback"](bytes([number]) * size * 2, size, None, SimpleNamespace(input_overflow=False))

    def abort(self) -> None:
        self._thread.join(10)
        self._options["finished_callback"]()

    def close(self) -> None:
        pass


def test_the_microphone_is_listened_to_until_ctrl_c(
    live: Run, service: LiveService, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = SimpleNamespace(RawInputStream=RecordingStream, PortAudioError=OSError)
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    service.when_heard = lambda: threading.Thread(target=stop).start()

    def stop() -> None:
        _until(lambda: len(service.audio) == 12)
        os.kill(os.getpid(), signal.SIGINT)

    ended = live("--mic", "--device", "3")
    assert (ended.code, ended.out, ended.err) == (0, "Hello world. Good bye.\n", "")
    assert [piece[:1] + piece[-1:] for piece in service.audio] == [bytes([n, n]) for n in range(12)]
    assert {"device": 3, "samplerate": 16_000, "blocksize": 1280}.items() <= RecordingStream.opened.items()
    assert service.query == {
        "model": ["nova-3"],
        "encoding": ["linear16"],
        "sample_rate": ["16000"],
        "channels": ["1"],
    }


def test_a_missing_sounddevice_is_named_with_the_extra(live: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    ended = live("--mic")
    assert ended.code == 1
    assert 'pip install "deepgram-sdk[audio]"' in " ".join(ended.err.split())


# --------------------------------------------------------------------------------------------- the embedded server


@pytest.mark.parametrize("version", [[], ["--v2"]])
def test_local_uses_the_embedded_server_and_needs_no_credential(bare: Run, tmp_path: Path, version: list[str]) -> None:
    recording = tmp_path / "buzz.wav"
    with wave.open(str(recording), "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(16_000)
        # A saw tooth of 150 Hz passes for a voice; the engine `scripted` hears words wherever there is sound.
        tooth = b"".join((number * 150 - 8000).to_bytes(2, "little", signed=True) for number in range(107))
        made.writeframes(bytes(16_000) + tooth * 180 + bytes(32_000))
    ended = bare("live", recording, "--local", "--engine", "scripted", "--speed", "0", "--json", *version)
    assert (ended.code, ended.err) == (0, "")
    messages = [json.loads(line) for line in ended.out.splitlines()]
    if version:
        assert messages[0]["type"] == "Connected"
        assert messages[-1]["event"] == "EndOfTurn"
        assert messages[-1]["transcript"]
    else:
        assert messages[-1]["type"] == "Metadata"
        final = [message for message in messages if message.get("is_final")]
        assert any(message["channel"]["alternatives"][0]["transcript"] for message in final)


# --------------------------------------------------------------------------------------------------------- terminal


def on_a_terminal(service: LiveService, *arguments: object) -> str:
    """Run the command on a terminal of 80 columns and return what it wrote there."""
    environment = {**ENVIRONMENT, "DEEPGRAM_API_KEY": SECRET, "DEEPGRAM_BASE_URL": service.url, "COLUMNS": "80"}
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "deepgram.cli", "live", *map(str, arguments)]
    with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        written = b""
        try:
            while piece := os.read(ours, 65536):
                written += piece
        except OSError:  # Linux ends a terminal so
            pass
        os.close(ours)
        assert process.wait(30) == 0, written
    return written.decode()


def test_a_terminal_shows_what_may_change_in_place_and_final_text_above(service: LiveService, speech: Path) -> None:
    shown = on_a_terminal(service, speech, "--speed", "5")
    assert service.query == {"model": ["nova-3"], "interim_results": ["true"]}
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    positions = [plain.index(text) for text in ("...", "hello", "Hello world.", "Hello world. Good bye.\r\n")]
    assert positions == sorted(positions)
    erased = shown.index("\x1b[2K")
    assert erased < shown.rindex("Hello world. Good bye.")
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1  # the cursor is back


def test_a_terminal_shows_speech_while_captions_go_to_a_file(
    service: LiveService, speech: Path, tmp_path: Path
) -> None:
    target = tmp_path / "talk.srt"
    assert "Hello world. Good bye.\r\n" in on_a_terminal(service, speech, "--speed", "5", "--srt", "-o", target)
    assert target.read_text() == "1\n00:00:00,000 --> 00:00:02,000\nHello world. Good bye.\n"
