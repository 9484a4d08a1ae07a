"""``POST /v1/speak`` and ``/v2/speak`` of a running server: real audio, and the refusals of the service."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import httpx
import psutil
import pytest

import deepgram.local
from deepgram.local import Server
from deepgram.local.engines.synthesizers import missing
from deepgram.local.handlers.speak import LARGEST_BODY
from deepgram.local.voices import catalogue

from .sounding import decoded, longest_silence, loudness, nothing, second_opinion

TEXT = "The quick brown fox jumps over the lazy dog."
LONG = (TEXT + " ") * 44
KEY = {"authorization": "token anything"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with deepgram.local.running(engine="scripted", allow_private_urls=True) as running:
        yield running


@pytest.fixture(scope="module")
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers=KEY, timeout=30) as client:
        yield client


def speak(http: httpx.Client, text: str = TEXT, path: str = "v1/speak", **query: str | float) -> httpx.Response:
    return http.post(path, params=query, json={"text": text})


def refused(answer: httpx.Response, status: int, code: str) -> str:
    """Check the form of a refusal; return its message."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"err_code", "err_msg", "request_id"}
    assert body["err_code"] == code
    assert body["request_id"] == answer.headers["dg-request-id"]
    message: str = body["err_msg"]
    return message


# --- Audio ------------------------------------------------------------------------------------------------------------


def test_a_text_becomes_an_mp3_with_the_headers_of_the_service(http: httpx.Client) -> None:
    answer = speak(http)
    assert answer.status_code == 200
    headers = answer.headers
    assert headers["content-type"] == "audio/mpeg"
    assert headers["transfer-encoding"] == "chunked"
    assert headers["dg-model-name"] == "aura-asteria-en"
    assert headers["dg-char-count"] == str(len(TEXT))
    assert len(headers["dg-model-uuid"]) == len(headers["dg-request-id"]) == 36
    samples, rate = decoded(answer.content)
    assert 1.5 < len(samples) / rate < 5
    assert loudness(samples) > 0.02


ENCODINGS = [
    ({"encoding": "linear16"}, "wav", "audio/wav"),
    ({"encoding": "linear16", "container": "none"}, "raw", "audio/l16;rate=24000;channels=1"),
    ({"encoding": "mulaw"}, "wav", "audio/wav"),
    ({"encoding": "mulaw", "container": "none"}, "raw", "audio/mulaw"),
    ({"encoding": "alaw"}, "wav", "audio/wav"),
    ({"encoding": "alaw", "container": "none"}, "raw", "audio/alaw"),
    ({"encoding": "mp3"}, "mp3", "audio/mpeg"),
    ({"encoding": "opus"}, "ogg", "audio/ogg;codecs=opus"),
    ({"encoding": "flac"}, "flac", "audio/flac"),
    ({"encoding": "aac"}, "aac", "audio/aac"),
]
RAW = {
    "linear16": ("s16le", 24000, ("signed", "16")),
    "mulaw": ("mulaw", 8000, ("mu-law", "8")),
    "alaw": ("alaw", 8000, ("a-law", "8")),
}


@pytest.mark.parametrize(("asked", "ending", "content_type"), ENCODINGS, ids=lambda value: str(value))
@pytest.mark.parametrize(("path", "model"), [("v1/speak", "aura-2-thalia-en"), ("v2/speak", "flux-haley-en")])
def test_every_encoding_and_container_can_be_read_twice(
    http: httpx.Client, asked: dict[str, str], ending: str, content_type: str, path: str, model: str, tmp_path: Path
) -> None:
    answer = speak(http, path=path, model=model, **asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == content_type
    raw, rate, (encoding, bits) = RAW.get(asked["encoding"], RAW["linear16"])
    headerless = ending == "raw"
    samples, found = decoded(answer.content, raw=raw if headerless else None, rate=rate)
    length = len(samples) / found
    told = ("-t", "raw", "-e", encoding, "-b", bits, "-r", str(rate), "-c", "1") if headerless else ()
    try:
        _, again = second_opinion(answer.content, ending, tmp_path, *told)
    except FileNotFoundError:
        pytest.skip("neither sox nor ffmpeg is installed, for a second opinion")
    assert 1.5 < length < 5
    assert len(again) / 16000 == pytest.approx(length, abs=0.1)
    assert loudness(again) == pytest.approx(loudness(samples), rel=0.2)
    assert loudness(samples) > 0.02


def test_the_first_byte_leaves_before_the_last_word_is_made(http: httpx.Client) -> None:
    # The server makes audio only a little ahead of who reads it: so the end cannot have been made yet.
    began = time.monotonic()
    with http.stream(
        "POST", "v1/speak", params={"encoding": "linear16", "sample_rate": 48000}, json={"text": LONG}
    ) as a:
        assert a.status_code == 200
        chunks = a.iter_raw()
        first = next(chunks)
        assert first[:4] == b"RIFF"
        assert len(first) < 200_000
        whole = len(first) + sum(map(len, chunks))
    assert whole / 96000 > 60
    assert time.monotonic() - began < 60


def test_speed_pauses_and_pronunciations_are_honoured(http: httpx.Client) -> None:
    raw = {"encoding": "linear16", "container": "none"}
    usual = len(speak(http, **raw).content)
    assert len(speak(http, speed=1.5, **raw).content) == pytest.approx(usual / 1.5, rel=0.1)
    answer = speak(http, r"One. \{pause:1500ms\} Two.", **raw)
    assert answer.headers["dg-breaks-applied"] == "1"
    assert answer.headers["dg-char-count"] == str(len("One.  Two."))
    samples, rate = decoded(answer.content, raw="s16le")
    assert longest_silence(samples, rate) == pytest.approx(1.5, abs=0.15)
    answer = speak(http, r'I use \{"word": "SQL", "pronounce": "siːkwəl1"\} here.', **raw)
    assert answer.headers["dg-pronunciations-applied"] == "1"
    assert answer.headers["dg-warnings"] == "PRON-001"
    assert answer.headers["dg-char-count"] == str(len("I use SQL here."))
    assert answer.content


def test_every_voice_of_the_catalogue_speaks(http: httpx.Client) -> None:
    for model, voice in catalogue().items():
        path = "v2/speak" if voice.family == "flux" else "v1/speak"
        answer = speak(http, "1 2", path=path, model=model, encoding="linear16", container="none")
        assert answer.status_code == 200, (model, answer.text)
        assert len(answer.content) > 10_000, model
        assert answer.headers["dg-model-name"] == model


def test_plain_text_and_text_at_a_url_are_spoken_too(http: httpx.Client) -> None:
    plain = http.post("v1/speak", content="Grüße an alle.", headers={"content-type": "text/plain; charset=utf-8"})
    assert plain.status_code == 200
    assert plain.headers["dg-char-count"] == "14"

    class Texts(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = {"/a.txt": b"Hello there.", "/b.json": b'{"text": "Hi"}', "/c": b"\x00\x01"}[self.path]
            self.send_response(200)
            self.send_header("content-type", "application/json" if self.path == "/b.json" else "text/plain")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Texts) as other:
        thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            url = f"http://127.0.0.1:{other.server_address[1]}"
            assert http.post("v1/speak", json={"url": f"{url}/a.txt"}).headers["dg-char-count"] == "12"
            assert http.post("v1/speak", json={"url": f"{url}/b.json"}).headers["dg-char-count"] == "2"
            refused(http.post("v1/speak", json={"url": f"{url}/c"}), 400, "REMOTE_CONTENT_ERROR")
        finally:
            other.shutdown()
            thread.join(5)


# --- Bad input --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", "\n\t \u2003"])
def test_no_text_is_refused(http: httpx.Client, text: str) -> None:
    assert refused(speak(http, text), 400, "Bad Request") == "Input text contains no characters."


@pytest.mark.parametrize(("path", "model"), [("v1/speak", "aura-2-thalia-en"), ("v2/speak", "flux-haley-en")])
def test_2001_characters_are_too_many_and_2000_are_not(http: httpx.Client, path: str, model: str) -> None:
    message = refused(speak(http, "a" * 2001, path=path, model=model), 413, "Payload Too Large")
    assert message == "Input text exceeds maximum character limit of 2000."
    assert speak(http, ("ab " * 700)[:2000], path=path, model=model, encoding="flac").status_code == 200


def test_controls_do_not_count_as_characters(http: httpx.Client) -> None:
    text = "ab " * 660 + r'\{"word": "SQL", "pronounce": "siːkwəl"\}'
    assert len(text) > 2000
    assert speak(http, text).status_code == 200


def test_a_body_without_end_is_refused(http: httpx.Client) -> None:
    answer = http.post("v1/speak", content=b" " * (LARGEST_BODY + 1), headers={"content-type": "text/plain"})
    refused(answer, 413, "PAYLOAD_TOO_LARGE")


def test_signs_that_nobody_says_harm_nothing(http: httpx.Client) -> None:
    answer = speak(http, "Before\0after \x1b[31m \u202e \ufffe done.")
    assert answer.status_code == 200
    assert len(decoded(answer.content)[0]) > 10_000


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"text": "half \\ud800 of a pair"}', "application/json"),
        (b'{"text": "bad \xff byte"}', "application/json"),
        (b"bad \xff byte", "text/plain"),
        (b'{"text": 5}', "application/json"),
        (b'{"text": null}', "application/json"),
        (b'{"text": "a", "url": "http://127.0.0.1/"}', "application/json"),
        (b'{"url": 5}', "application/json"),
        (b"{}", "application/json"),
        (b'["text"]', "application/json"),
        (b"nonsense", "application/json"),
        (b"[" * 200_000, "application/json"),
        (b"", "application/json"),
    ],
)
def test_what_is_no_text_is_refused(http: httpx.Client, body: bytes, kind: str) -> None:
    answer = http.post("v1/speak", content=body, headers={"content-type": kind})
    refused(answer, 400, "PAYLOAD_ERROR")


@pytest.mark.parametrize("kind", ["audio/wav", "application/xml", ""])
def test_another_content_type_is_refused(http: httpx.Client, kind: str) -> None:
    answer = http.post("v1/speak", content=b"hello", headers={"content-type": kind})
    refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


NO_VOICE = "Bad Request: No such model/language/tier combination found."


@pytest.mark.parametrize(
    ("path", "query", "code", "says"),
    [
        ("v1/speak", {"model": "aura-2-nobody-en"}, "Bad Request", NO_VOICE),
        ("v1/speak", {"model": "flux-haley-en"}, "Bad Request", NO_VOICE),
        ("v2/speak", {"model": "aura-2-thalia-en"}, "Bad Request", NO_VOICE),
        ("v2/speak", {}, "INVALID_QUERY_PARAMETER", "missing field `model`"),
        ("v1/speak", {"encoding": "vorbis"}, "INVALID_QUERY_PARAMETER", "unknown variant `vorbis`"),
        (
            "v1/speak",
            {"encoding": "opus", "container": "none"},
            "UNSUPPORTED_AUDIO_FORMAT",
            "Unsupported audio format: `container=none` is invalid when `encoding=opus`",
        ),
        (
            "v1/speak",
            {"encoding": "mp3", "sample_rate": "8000"},
            "UNSUPPORTED_AUDIO_FORMAT",
            "Unsupported audio format: `sample_rate` is not applicable when `encoding=mp3`",
        ),
        ("v1/speak", {"speed": "0.6"}, "speed_out_of_range", "Speed must be between 0.7 and 1.5"),
        ("v1/speak", {"speed": "fast"}, "INVALID_QUERY_PARAMETER", "speed"),
        ("v2/speak", {"model": "flux-kit-en", "speed": "0.45"}, "SPEED_OUT_OF_RANGE", "between 0.5 and 1.5"),
        ("v2/speak", {"model": "flux-kit-en", "speed": "1.07"}, "SPEED_INCREMENT_INVALID", "increments of 0.05"),
        ("v2/speak", {"model": "flux-kit-en", "expressivity": "3"}, "EXPRESSIVITY_OUT_OF_RANGE", "expressivity"),
        ("v2/speak", {"model": "flux-kit-en", "expressivity": "1.5"}, "EXPRESSIVITY_INCREMENT_INVALID", "whole"),
        ("v1/speak", {"callback": "ftp://somewhere"}, "INVALID_QUERY_PARAMETER", "Invalid callback url."),
        ("v1/speak", {"callback_method": "GET"}, "INVALID_QUERY_PARAMETER", "callback_method"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    http: httpx.Client, path: str, query: dict[str, str], code: str, says: str
) -> None:
    assert says in refused(speak(http, path=path, **query), 400, code)


@pytest.mark.parametrize(
    ("text", "speed", "code"),
    [
        (r"a \{pause:1s\} b", 1.2, "PAUSE_SPEED_CAP_EXCEEDED"),
        (r'\{"word": "a", "pronounce": "eɪ"\}', 1.1, "CONTROL_COMBINATION_INVALID"),
        (r'\{"word": "a", "pronounce": "eɪ"\} \{pause:1s\} b', 1.0, "CONTROL_COMBINATION_INVALID"),
        ("a {pause:800ms} b", 1.0, "BREAK_SYNTAX_INVALID"),
        (r"a \{pause:100ms\} b", 1.0, "BREAK_OUT_OF_RANGE"),
    ],
)
def test_controls_against_the_rules_of_flux_are_refused(http: httpx.Client, text: str, speed: float, code: str) -> None:
    refused(speak(http, text, path="v2/speak", model="flux-kit-en", speed=speed), 400, code)


def test_unknown_parameters_are_not_refused(http: httpx.Client) -> None:
    assert speak(http, mip_opt_out="True", priority="low", tag="a", no_such="thing").status_code == 200


# --- Callbacks --------------------------------------------------------------------------------------------------------


@pytest.fixture
def receiver() -> Iterator[tuple[str, Queue[tuple[str, str, bytes]]]]:
    came: Queue[tuple[str, str, bytes]] = Queue()

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            came.put((self.command, self.headers["content-type"], body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        do_PUT = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Taking) as other:
        thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{other.server_address[1]}/audio", came
        finally:
            other.shutdown()
            thread.join(5)


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_callback_gets_the_audio(
    http: httpx.Client, receiver: tuple[str, Queue[tuple[str, str, bytes]]], method: str
) -> None:
    url, came = receiver
    answer = speak(http, callback=url, callback_method=method, encoding="flac")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"request_id": answer.headers["dg-request-id"]}
    how, kind, body = came.get(timeout=20)
    assert (how, kind) == (method, "audio/flac")
    samples, rate = decoded(body)
    assert 1.5 < len(samples) / rate < 5


def test_an_accepted_text_is_spoken_after_a_restart(
    tmp_path: Path, receiver: tuple[str, Queue[tuple[str, str, bytes]]]
) -> None:
    url, came = receiver
    data = tmp_path / "state.db"
    request_id = "5a5f4f1c-7d3b-4d29-8f0a-111111111111"

    async def accept() -> None:
        from deepgram.local.state import State

        state = await State.open(data)
        payload = {"version": "v1", "query": {"callback": [url], "encoding": ["flac"]}, "text": "Still to be said."}
        await state.add_job(request_id, "speak", json.dumps(payload))
        await state.close()

    import asyncio

    asyncio.run(accept())
    with deepgram.local.running(engine="scripted", allow_private_urls=True, data=data):
        _, kind, body = came.get(timeout=20)
    assert kind == "audio/flac"
    assert len(decoded(body)[0]) > 10_000


# --- Clients that misbehave -------------------------------------------------------------------------------------------


def unread(server: Server, text: str, query: str) -> socket.socket:
    """Ask for speech and read nothing of the answer."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    body = json.dumps({"text": text}).encode()
    head = (
        f"POST /v1/speak?{query} HTTP/1.1\r\nHost: x\r\nAuthorization: token x\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


def test_audio_that_nobody_reads_costs_little_memory_and_no_place_for_ever() -> None:
    options: dict[str, Any] = {"engine": "scripted", "audio_timeout": 0.5, "max_requests": 8}
    with deepgram.local.running(**options) as server, httpx.Client(base_url=server.url, headers=KEY) as http:
        speak(http, LONG, encoding="linear16", sample_rate=48000)  # what is made once is there
        before = psutil.Process().memory_info().rss
        deaf = [unread(server, LONG, "encoding=linear16&sample_rate=48000") for _ in range(8)]
        try:
            for connection in deaf:
                assert connection.recv(12) == b"HTTP/1.1 200"
            # All places are taken: 8 texts of 12 MB of audio each, of which next to nothing may be made.
            grown = psutil.Process().memory_info().rss - before
            assert grown < 60e6
            deadline = time.monotonic() + 20
            while (answer := speak(http)).status_code == 429:
                assert time.monotonic() < deadline, "the places are never free again"
                time.sleep(0.05)
            assert answer.status_code == 200
        finally:
            for connection in deaf:
                connection.close()


def test_a_client_that_leaves_frees_its_place(server: Server, http: httpx.Client) -> None:
    for _ in range(40):  # more than there are places
        unread(server, LONG, "encoding=linear16&sample_rate=48000").close()
    deadline = time.monotonic() + 20
    while (answer := speak(http)).status_code == 429:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert answer.status_code == 200


def test_a_server_that_stops_does_not_end_the_audio_as_if_it_were_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepgram.local.server.STOPPING", 1)
    server = deepgram.local.running(engine="scripted")
    server.start()
    with unread(server, LONG, "encoding=linear16&sample_rate=48000") as connection:
        received = bytearray(connection.recv(12))
        server.stop()  # which gives requests a second, in which nobody reads this one
        with suppress(OSError):
            while piece := connection.recv(65536):
                received += piece
    assert received.startswith(b"HTTP/1.1 200")
    assert len(received) < 11e6
    assert not received.endswith(b"0\r\n\r\n"), "the body was ended, and is not complete"


# --- Engines ----------------------------------------------------------------------------------------------------------


def test_another_engine_speaks_if_it_is_asked_for() -> None:
    if reason := missing("flite"):
        pytest.skip(reason)
    with deepgram.local.running(engine="scripted", voice_engine="flite") as server:
        with httpx.Client(base_url=server.url, headers=KEY, timeout=30) as http:
            samples, rate = decoded(speak(http).content)
            assert 1.5 < len(samples) / rate < 5
            assert loudness(samples) > 0.02
            refused(speak(http, "Hola", model="aura-2-sirio-es"), 400, "UNSUPPORTED_LANGUAGE")


def test_an_engine_that_is_not_there_keeps_the_server_from_starting() -> None:
    with pytest.raises(RuntimeError) as failed:
        deepgram.local.running(engine="scripted", voice_engine="parrot").start()
    assert "parrot" in str(failed.value.__cause__)


def test_without_an_engine_the_answer_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepgram.local.speech.chosen", nothing)
    with deepgram.local.running(engine="scripted") as server, httpx.Client(base_url=server.url, headers=KEY) as http:
        assert "pip install" in refused(speak(http), 503, "SERVICE_UNAVAILABLE")


def test_flite_is_understood_word_for_word() -> None:
    if reason := missing("flite"):
        pytest.skip(reason)
    pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
    words = "the old man went down to the river and looked at the water for a long time"
    with deepgram.local.running(voice_engine="flite") as server:
        with httpx.Client(base_url=server.url, headers=KEY, timeout=60) as http:
            transcripts: list[str] = []
            # flite breathes by chance: no two utterances are the same, and the recogniser stumbles over one in many.
            for _ in range(3):
                spoken = speak(http, f"{words}.", model="aura-orion-en", encoding="linear16", sample_rate=16000)
                heard = http.post("v1/listen", content=spoken.content, headers={"content-type": "audio/wav"}).json()
                transcripts.append(heard["results"]["channels"][0]["alternatives"][0]["transcript"].lower())
    assert min(errors(words.split(), transcript.split()) for transcript in transcripts) <= 2, transcripts


def errors(wanted: Sequence[str], found: Sequence[str]) -> int:
    """Return how many words have to be changed, added or left out to come from one to the other."""
    row = list(range(len(found) + 1))
    for place, word in enumerate(wanted, 1):
        before, row[0] = row[0], place
        for other in range(1, len(found) + 1):
            before, row[other] = (
                row[other],
                min(row[other] + 1, row[other - 1] + 1, before + (word != found[other - 1])),
            )
    return row[-1]
