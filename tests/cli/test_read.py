"""The command `deepgram read` against a service on the loopback interface, and with the embedded server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deepgram.cli import findings

from .conftest import REQUEST_ID, Answer, Run, Service

ANSWER = {
    "metadata": {"request_id": REQUEST_ID, "created": "2026-01-02T03:04:05.678Z", "language": "en"},
    "results": {
        "summary": {"text": "Somebody cancels an order."},
        "sentiments": {
            "segments": [
                {
                    "text": "I hate it.",
                    "start_word": 0,
                    "end_word": 2,
                    "sentiment": "negative",
                    "sentiment_score": -0.57,
                }
            ],
            "average": {"sentiment": "negative", "sentiment_score": -0.57},
        },
        "topics": {
            "segments": [
                {
                    "text": "Cancel my order.",
                    "start_word": 3,
                    "end_word": 5,
                    "topics": [{"topic": "Order", "confidence_score": 0.5}],
                }
            ]
        },
        "intents": {"segments": []},
    },
}


@pytest.fixture
def letter(tmp_path: Path, service: Service) -> Path:
    service.answers = [Answer(ANSWER)]
    path = tmp_path / "letter.txt"
    path.write_text("I hate it. Cancel my order — now.", encoding="utf-8")
    return path


def test_a_text_is_analysed_in_every_way_unless_told_otherwise(run: Run, service: Service, letter: Path) -> None:
    ended = run("read", letter)
    assert (ended.code, ended.err) == (0, "")
    (came,) = service.came
    assert (came.method, came.path) == ("POST", "/v1/read")
    assert json.loads(came.body) == {"text": "I hate it. Cancel my order — now."}
    everything = {name: ["true"] for name in ("sentiment", "summarize", "topics", "intents")}
    assert came.query == {**everything, "language": ["en"]}
    assert ended.out.splitlines() == [
        "Summary",
        "  Somebody cancels an order.",
        "",
        "Sentiment: negative -0.57",
        "  negative -0.57    I hate it.",
        "",
        "Topics",
        "  Order  0.50  Cancel my order.",
        "",
        "Intents",
        "  none",
    ]


def test_only_what_was_asked_for_is_asked_for(run: Run, service: Service, letter: Path) -> None:
    ended = run(
        *("read", letter, "--topics", "--custom-topic", "a", "--custom-topic", "b", "--custom-topic-mode", "strict"),
        *("--summarize", "v2", "--language", "en-GB", "--param", "new=1"),
    )
    assert ended.code == 0, ended.err
    assert service.came[0].query == {
        "topics": ["true"],
        "custom_topic": ["a", "b"],
        "custom_topic_mode": ["strict"],
        "summarize": ["v2"],
        "language": ["en-GB"],
        "new": ["1"],
    }


def test_standard_input_and_addresses_are_read(run: Run, service: Service, letter: Path) -> None:
    assert run("read", "-", stdin=b"Hello.").code == 0
    assert run("read", "https://example.com/a.txt").code == 0
    assert [json.loads(came.body) for came in service.came] == [
        {"text": "Hello."},
        {"url": "https://example.com/a.txt"},
    ]


def test_json_is_written_as_the_service_sent_it(run: Run, service: Service, letter: Path, tmp_path: Path) -> None:
    sent = json.dumps(ANSWER, indent=3)
    service.answers = [Answer(sent.encode())]
    assert run("read", letter, "--json").out == sent + "\n"
    assert run("read", letter, "--json", "-o", tmp_path / "out.json").out == ""
    assert (tmp_path / "out.json").read_text() == sent + "\n"


def test_a_receipt_is_said_to_be_one(run: Run, service: Service, letter: Path) -> None:
    service.answers = [Answer({"request_id": REQUEST_ID})]
    ended = run("read", letter, "--callback", "https://example.com/here")
    assert (ended.code, ended.out) == (0, f"accepted: request id {REQUEST_ID}\n")


@pytest.mark.parametrize("content", [b"", b"  \n", b"\xff\xfe", bytes(range(256)), b"x" * (4 * 1024 * 1024 + 1)])
def test_what_is_no_text_is_not_sent(run: Run, service: Service, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    ended = run("read", path)
    assert ended.code == 2
    assert str(path) in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not service.came


def test_files_that_are_not_there_and_folders_are_refused(run: Run, service: Service, tmp_path: Path) -> None:
    assert "no such file" in run("read", tmp_path / "none.txt").err
    assert "is a folder" in run("read", tmp_path).err
    assert not service.came


def test_the_embedded_server_reads_too(bare: Run, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("I'd like to cancel my order.")
    ended = bare("read", path, "--local", "--intents")
    assert (ended.code, ended.err) == (0, "")
    assert "Cancel order  0.90  I'd like to cancel my order." in ended.out


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"results": None},
        {"results": {"summary": {"text": 5}, "topics": [], "intents": {"segments": "x"}, "sentiments": {"average": 3}}},
        {"results": {"topics": {"segments": [None, {"topics": [{"topic": "\x1b[2J"}]}]}}},
    ],
)
def test_answers_of_unknown_form_are_shown_as_far_as_they_are_understood(answer: dict[str, object]) -> None:
    assert "\x1b" not in findings.text(answer)
