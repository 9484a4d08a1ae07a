"""The command `deepgram transcribe` against a service on the loopback interface."""

from __future__ import annotations

import json
import socket
import sys
import wave
from pathlib import Path

import pytest

import deepgram.local

from .conftest import HELLO, REQUEST_ID, Answer, Run, Service, transcription, word

SECRET = "a-secret-key"


def at_once(seconds: float) -> None:
    """Stand in for ``time.sleep`` between retries."""


def test_a_file_is_uploaded_and_its_text_printed(run: Run, service: Service, audio: Path) -> None:
    ended = run("transcribe", audio)
    assert (ended.code, ended.out, ended.err) == (0, "Hello world.\n", "")
    (came,) = service.came
    assert (came.method, came.path, came.body) == ("POST", "/v1/listen", audio.read_bytes())
    assert came.headers["authorization"] == f"Token {SECRET}"
    assert came.query == {}


def test_an_address_is_left_to_the_service_to_fetch(run: Run, service: Service) -> None:
    ended = run("transcribe", "https://example.com/talk.mp3")
    assert (ended.code, ended.out) == (0, "Hello world.\n")
    assert json.loads(service.came[0].body) == {"url": "https://example.com/talk.mp3"}


def test_standard_input_is_uploaded(run: Run, service: Service) -> None:
    assert run("transcribe", "-", stdin=b"some audio").code == 0
    assert service.came[0].body == b"some audio"


def test_options_become_parameters_of_the_query(run: Run, service: Service, audio: Path) -> None:
    ended = run(
        *("transcribe", audio, "--model", "nova-3", "--punctuate", "--no-diarize", "--utt-split", "0.6"),
        *("--keyterm", "tide pool", "--keyterm", "kelp", "--callback-method", "PUT", "--encoding", "brand-new"),
    )
    assert ended.code == 0, ended.err
    assert service.came[0].query == {
        "model": ["nova-3"],
        "punctuate": ["true"],
        "diarize": ["false"],
        "utt_split": ["0.6"],
        "keyterm": ["tide pool", "kelp"],
        "callback_method": ["PUT"],
        "encoding": ["brand-new"],
    }


def test_parameters_newer_than_the_sdk_are_passed_through(run: Run, service: Service, audio: Path) -> None:
    ended = run("transcribe", audio, "--param", "novel=1", "--param", "many=a", "--param", "many=b=c")
    assert ended.code == 0
    assert service.came[0].query == {"novel": ["1"], "many": ["a", "b=c"]}


def test_json_is_written_as_the_service_sent_it(run: Run, service: Service, audio: Path) -> None:
    sent = json.dumps({**HELLO, "future": {"half": 0.50, "text": "ü"}}, indent=3, ensure_ascii=False)
    service.answers = [Answer(sent.encode())]
    assert run("transcribe", audio, "--json").out == sent + "\n"


def test_captions_are_written_to_the_file_that_was_named(run: Run, audio: Path, tmp_path: Path) -> None:
    target = tmp_path / "talk.srt"
    ended = run("transcribe", audio, "--srt", "-o", target)
    assert (ended.code, ended.out) == (0, "")
    assert target.read_text() == "1\n00:00:00,000 --> 00:00:01,200\nHello world.\n"
    assert run("transcribe", audio, "--vtt").out == "WEBVTT\n\n00:00:00.000 --> 00:00:01.200\nHello world.\n"


def test_several_inputs_are_transcribed_one_after_the_other_under_headers(
    run: Run, service: Service, audio: Path
) -> None:
    service.answers = [Answer(HELLO), Answer(transcription([word("Bye.", 0, 1)]))]
    ended = run("transcribe", audio, "https://example.com/b.mp3")
    assert ended.out == f"==> {audio} <==\nHello world.\n\n==> https://example.com/b.mp3 <==\nBye.\n"


def test_several_results_go_into_a_folder_named_after_their_inputs(run: Run, audio: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "talk.mp3"
    other.parent.mkdir()
    other.write_bytes(b"audio")
    ended = run("transcribe", audio, other, "https://example.com/a/song.mp3?x=/y", "--vtt", "-o", tmp_path / "out")
    assert ended.code == 0, ended.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["song.vtt", "talk-2.vtt", "talk.vtt"]


def test_a_failure_does_not_keep_the_next_input_from_being_transcribed(
    run: Run, service: Service, audio: Path, tmp_path: Path
) -> None:
    refused = {"err_code": "Bad Request", "err_msg": "failed to process audio", "request_id": REQUEST_ID}
    service.answers = [Answer(refused, 400), Answer(HELLO)]
    ended = run("transcribe", audio, tmp_path / "missing.wav", audio)
    assert ended.out.endswith("Hello world.\n")
    first, second = ended.err.splitlines()
    assert first.startswith(f"error: {audio}: The service answered 400: failed to process audio")
    assert "there is no such file" in second
    assert ended.code == 2


def test_an_error_of_the_service_is_one_paragraph_with_request_id_and_advice(
    run: Run, service: Service, audio: Path
) -> None:
    service.answers = [
        Answer({"err_code": "INVALID_AUTH", "err_msg": "Invalid credentials.", "request_id": REQUEST_ID}, 401)
    ]
    ended = run("transcribe", audio)
    assert (ended.code, ended.out) == (1, "")
    assert len(ended.err.splitlines()) == 1
    assert "401: Invalid credentials (INVALID_AUTH). " in ended.err
    assert REQUEST_ID in ended.err
    assert "deepgram doctor" in ended.err
    assert SECRET not in ended.err


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(b"<html>\x1b[2Jlogin</html>", 200), "no answer of the API"),
        (Answer(b'{"results": ', 200), "no answer of the API"),
        (Answer(b"", 200), "no answer of the API"),
        (Answer(b"[1]", 200), "no "),
        (
            Answer({"category": "LIMIT", "message": "Slow down.", "details": "Later."}, 429, {"retry-after": "61"}),
            "429",
        ),
        (Answer({"err_msg": "x" * 100_000}, 413), "split it"),
        (Answer(b"nothing here", 404), "address"),
    ],
)
def test_odd_answers_are_one_clear_error(
    run: Run, service: Service, audio: Path, answer: Answer, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", at_once)  # between the retries of 429
    service.answers = [answer]
    ended = run("transcribe", audio)
    assert (ended.code, ended.out) == (1, "")
    assert says in ended.err
    assert len(ended.err.splitlines()) == 1
    assert len(ended.err) < 2000
    assert "\x1b" not in ended.err


def test_what_the_service_did_not_do_is_told_beside_the_text(run: Run, service: Service, audio: Path) -> None:
    warned = transcription([word("Hello.", 0, 1)])
    warned["metadata"]["warnings"] = [
        {"parameter": "diarize", "type": "unsupported_parameter", "message": "the engine cannot tell speakers apart"}
    ]
    service.answers = [Answer(warned)]
    ended = run("transcribe", audio, "--diarize")
    assert (ended.code, ended.out) == (0, "Hello.\n")
    assert ended.err == "note: diarize: the engine cannot tell speakers apart\n"


def test_the_receipt_of_a_callback_is_the_request_id(run: Run, service: Service, audio: Path) -> None:
    service.answers = [Answer({"request_id": REQUEST_ID})]
    ended = run("transcribe", audio, "--callback", "https://example.com/hook")
    assert (ended.code, ended.out) == (0, f"accepted: request id {REQUEST_ID}\n")


def test_nobody_listening_at_the_address_is_an_error_of_the_network(
    run: Run, audio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", at_once)
    ended = run("transcribe", audio, "--base-url", "http://127.0.0.1:1", "--timeout", "5")
    assert ended.code == 1
    assert "could not be reached" in ended.err


def test_a_proxy_that_refuses_is_an_error_of_the_network(
    run: Run, audio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", at_once)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    ended = run("transcribe", audio, "--base-url", "http://api.example.com")
    assert ended.code == 1
    assert "could not be reached" in ended.err
    monkeypatch.setenv("HTTP_PROXY", "nonsense://127.0.0.1:1")
    ended = run("transcribe", audio, "--base-url", "http://api.example.com")
    assert ended.code == 2
    assert "proxy" in ended.err


def test_a_service_that_never_answers_is_given_up_after_the_timeout(run: Run, audio: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ended = run("transcribe", audio, "--base-url", address, "--timeout", "0.3")
    assert ended.code == 1
    assert "did not answer in time" in ended.err
    assert "--timeout" in ended.err
    assert "request_options" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.wav"], "no such file"),
        (["."], "is a folder"),
        (["ftp://example.com/a.wav"], "only http and https"),
        (["-", "-"], "only once"),
        (["a.wav", "--json", "--srt"], "Choose one of --json and --srt"),
        (["a.wav", "b.wav", "--srt"], "name a folder with -o"),
        (["a.wav", "-o", "nowhere/out.txt"], "does not exist"),
        (["a.wav", "b.wav", "-o", "pyproject.toml"], "several inputs need a folder"),
        (["a.wav", "--param", "novel"], "NAME=VALUE"),
        (["a.wav", "--timeout", "0"], "greater than 0"),
        (["a.wav", "--engine", "scripted"], "belongs to --local"),
        (["a.wav", "--local", "--base-url", "http://127.0.0.1:1"], "leave out"),
        (["a.wav", "--srt", "--callback", "https://example.com"], "nothing to make --srt of"),
        (["a.wav", "--base-url", "nonsense"], "base_url"),
        (["a.wav", "--api-key", "two\nlines"], "key"),
        (["a.wav", "--punctuated"], "--punctuate"),
        (["a.wav", "--utt-split", "abc"], "--utt-split"),
        ([], "FILE|URL|-"),
    ],
)
def test_wrong_use_is_told_and_nothing_is_sent(run: Run, service: Service, arguments: list[str], says: str) -> None:
    ended = run("transcribe", *arguments)
    assert ended.code == 2, ended.err
    assert ended.out == ""
    assert says in " ".join(ended.err.replace("│", " ").split())
    assert service.came == []


def test_the_input_is_never_overwritten(run: Run, service: Service, audio: Path) -> None:
    before = audio.read_bytes()
    ended = run("transcribe", audio, "-o", audio.parent / "." / audio.name)
    assert (ended.code, audio.read_bytes(), service.came) == (2, before, [])


def test_an_unreadable_file_is_wrong_use(run: Run, audio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def access(path: object, mode: int) -> bool:
        return False

    monkeypatch.setattr("os.access", access)  # tests may run as root, who may read everything
    ended = run("transcribe", audio)
    assert ended.code == 2
    assert "permission denied" in ended.err


def test_without_a_credential_the_embedded_server_is_offered(bare: Run, audio: Path) -> None:
    ended = bare("transcribe", audio)
    assert (ended.code, ended.out) == (2, "")
    assert "no credential" in ended.err
    assert "DEEPGRAM_API_KEY" in ended.err
    assert "--local" in ended.err


def test_local_without_the_extra_says_what_to_install(bare: Run, audio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deepgram, "local", deepgram.local)  # what is imported anew in between must not stay
    for name in [name for name in sys.modules if name.startswith("deepgram.local")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    ended = bare("transcribe", audio, "--local")
    assert (ended.code, ended.out) == (2, "")
    assert 'pip install "deepgram-sdk[cli,local]"' in ended.err


def test_help_lists_every_parameter_of_the_operation_with_its_documentation(
    bare: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deepgram.protocol.listen import Media

    monkeypatch.setenv("COLUMNS", "200")
    ended = bare("transcribe", "--help")
    assert ended.code == 0
    for parameter in Media.transcribe_file.parameters:
        if parameter.name not in {"self", "request", "progress", "request_options"}:
            assert "--" + parameter.name.replace("_", "-") in ended.out
    assert "May be given several times." in ended.out
    assert "URL that receives the transcript later" in ended.out


def test_local_uses_the_embedded_server_and_needs_no_credential(bare: Run, tmp_path: Path) -> None:
    recording = tmp_path / "noise.wav"
    with wave.open(str(recording), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        # A second of a square wave at 500 Hz: the engine `scripted` hears words wherever there is sound.
        file.writeframes((b"\x00\x20" * 16 + b"\x00\xe0" * 16) * 500)
    ended = bare("transcribe", recording, tmp_path / "missing.wav", "--local", "--engine", "scripted", "--json")
    assert ended.code == 2, ended.err
    answer = json.loads(ended.out)
    assert answer["metadata"]["duration"] == 1.0
    assert answer["metadata"]["request_id"]
    assert "missing.wav: there is no such file" in ended.err


def test_an_engine_that_is_not_there_is_a_clear_error(bare: Run, audio: Path) -> None:
    ended = bare("transcribe", audio, "--local", "--engine", "clairvoyance")
    assert ended.code == 2
    assert "clairvoyance" in ended.err
    assert len(ended.err.splitlines()) == 1
