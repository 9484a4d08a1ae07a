"""`deepgram speak` that ends before the end: refusals, answers that break off, Ctrl+C, full disks."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deepgram.cli.spoken_text import pieces

from ..local.sounding import decoded
from .conftest import Answer, Run, Service
from .spoken import AUDIO, GAP, LONG, PCM, told_length, wav


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
