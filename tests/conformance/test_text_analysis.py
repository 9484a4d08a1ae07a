"""Text analysis, from our client to the embedded server: texts, addresses, callbacks, recordings, bad input."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

import deepgram.local
from deepgram.errors import BadRequestError
from deepgram.local import Server
from deepgram.local.state import State
from deepgram.protocol.models.listen import ListenV1Response
from deepgram.protocol.models.read import ReadV1Response
from deepgram.runtime.errors import ApiError

from .conftest import Neighbour
from .test_official_clients import RELEASES, run

TEXT = (
    "Hi, thank you for calling Premier Phone Services. I'd like to cancel my insurance plan and get a refund. "
    "The last bill was wrong and I am very angry about it. Could you send the refund to my bank account?"
)
ALL: dict[str, Any] = {"sentiment": True, "summarize": True, "topics": True, "intents": True, "language": "en"}
SPOKEN = "thank you for calling | i would like to cancel my order | this is awful | can you send me a refund"


def intents(response: ReadV1Response | ListenV1Response) -> list[str | None]:
    assert response.results.intents is not None
    return [one.intent for segment in response.results.intents.segments or () for one in segment.intents or ()]


def topics(response: ReadV1Response) -> list[str | None]:
    assert response.results.topics is not None
    return [one.topic for segment in response.results.topics.segments or () for one in segment.topics or ()]


# --- Texts ------------------------------------------------------------------------------------------------------------


def test_a_text_is_analysed_in_every_mode(server: Server) -> None:
    with server.client() as client:
        response = client.read.v1.text.analyze(request={"text": TEXT}, **ALL)
        raw = client.read.v1.text.with_raw_response.analyze(request={"text": TEXT}, **ALL)
    assert response.results.summary is not None
    assert response.results.summary.text == TEXT
    assert "Refund" in topics(response)
    assert {"Cancel insurance plan", "Get refund", "Send refund to bank account"} <= set(intents(response))
    sentiments = response.results.sentiments
    assert sentiments is not None
    assert sentiments.average is not None
    assert [segment.sentiment for segment in sentiments.segments or ()].count("negative") == 1
    assert raw.data.results == response.results
    assert raw.headers["dg-request-id"] == raw.data.metadata.request_id

    async def asynchronously() -> ReadV1Response:
        async with server.async_client() as client:
            return await client.read.v1.text.analyze(request={"text": TEXT}, **ALL)

    assert asyncio.run(asynchronously()).results == response.results


def test_the_answer_has_the_form_that_the_service_sends(server: Server) -> None:
    query = {"sentiment": "true", "topics": "true", "summarize": "v2", "language": "en-US"}
    answer = httpx.post(f"{server.url}/v1/read", params=query, json={"text": TEXT}).json()
    assert set(answer["metadata"]) == {
        "request_id",
        "created",
        "language",
        "sentiment_info",
        "topics_info",
        "summary_info",
    }
    assert answer["metadata"]["language"] == "en-US"
    info = answer["metadata"]["topics_info"]
    assert set(info) == {"model_uuid", "input_tokens", "output_tokens"}
    assert info["input_tokens"] > info["output_tokens"] > 0
    assert set(answer["results"]) == {"sentiments", "topics", "summary"}
    assert set(answer["results"]["summary"]) == {"text"}
    segment = answer["results"]["topics"]["segments"][0]
    assert set(segment) == {"text", "start_word", "end_word", "topics"}
    assert isinstance(segment["start_word"], int), "other clients insist on whole numbers"
    assert segment["text"] == " ".join(TEXT.split()[segment["start_word"] : segment["end_word"] + 1])


def test_only_what_was_asked_for_comes_back(server: Server) -> None:
    with server.client() as client:
        response = client.read.v1.text.analyze(request={"text": TEXT}, intents=True)
        nothing = client.read.v1.text.analyze(request={"text": TEXT})
    assert (response.results.topics, response.results.sentiments, response.results.summary) == (None, None, None)
    assert nothing.results.model_dump(exclude_none=True) == {}


def test_custom_lists_add_or_replace(server: Server) -> None:
    with server.client() as client:
        strict = client.read.v1.text.analyze(
            request={"text": TEXT},
            topics=True,
            custom_topic=["refund", "weather"],
            custom_topic_mode="strict",
            intents=True,
            custom_intent="Cancel Insurance",
            custom_intent_mode="strict",
        )
        extended = client.read.v1.text.analyze(request={"text": TEXT}, topics=True, custom_topic=["wrong bill"])
    assert set(topics(strict)) == {"refund"}
    assert intents(strict) == ["Cancel Insurance"]
    assert "wrong bill" in topics(extended)
    assert len(set(topics(extended))) > 1


def test_a_summary_is_shorter_than_the_text(server: Server) -> None:
    with server.client() as client:
        response = client.read.v1.text.analyze(
            request={"text": f"{TEXT} {'The weather was fine. ' * 30}"}, summarize="v2"
        )
    assert response.results.summary is not None
    assert response.results.summary.text
    assert 0 < len(response.results.summary.text.split()) < 120


def test_texts_are_read_side_by_side(server: Server) -> None:
    def call(number: int) -> ReadV1Response:
        return client.read.v1.text.analyze(request={"text": f"Call number {number}."}, summarize=True)

    with server.client() as client, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(call, range(16)))
    assert [one.results.summary and one.results.summary.text for one in found] == [
        f"Call number {n}." for n in range(16)
    ]


def test_the_request_is_recorded_with_its_tokens(server: Server) -> None:
    with server.client() as client:
        project = (client.manage.v1.projects.list().projects or [])[0]
        assert project.project_id is not None
        response = client.read.v1.text.analyze(request={"text": TEXT}, topics=True, tag=["here"])
        assert response.metadata.request_id is not None
        kept = client.manage.v1.projects.requests.get(project.project_id, response.metadata.request_id)
    assert kept.request is not None
    assert kept.request.path == "/v1/read"


# --- Addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body", [TEXT.encode(), b"\xef\xbb\xbf" + TEXT.encode(), TEXT.encode("utf-16"), TEXT.replace("Hi", "Hé").encode()]
)
def test_a_text_is_fetched(server: Server, neighbour: Neighbour, body: bytes) -> None:
    neighbour.files["/text.txt"] = body
    neighbour.redirects["/moved"] = "/text.txt"
    with server.client() as client:
        response = client.read.v1.text.analyze(request={"url": f"{neighbour.url}/moved"}, intents=True)
    assert "Cancel insurance plan" in intents(response)


@pytest.mark.parametrize("body", [b"\x89PNG\r\n\x1a\n\0\0", bytes(range(256)), b"text\0text", b"\xff\xfe\xfd", b"  \n"])
def test_what_is_no_text_is_refused(server: Server, neighbour: Neighbour, body: bytes) -> None:
    neighbour.files["/file"] = body
    with server.client() as client, pytest.raises(BadRequestError) as refused:
        client.read.v1.text.analyze(request={"url": f"{neighbour.url}/file"}, topics=True)
    assert refused.value.body["err_code"] in ("REMOTE_CONTENT_ERROR", "Bad Request")


@pytest.mark.parametrize("url", ["", "x", "ftp://example.com/a", "http://", "http://[", "file:///etc/hostname"])
def test_an_address_that_is_none_is_refused(server: Server, url: str) -> None:
    with server.client() as client, pytest.raises(BadRequestError):
        client.read.v1.text.analyze(request={"url": url}, topics=True)


def test_a_missing_file_is_said_to_be_missing(server: Server, neighbour: Neighbour) -> None:
    with server.client() as client, pytest.raises(BadRequestError) as refused:
        client.read.v1.text.analyze(request={"url": f"{neighbour.url}/nothing"}, topics=True)
    assert refused.value.body["err_code"] == "REMOTE_CONTENT_ERROR"
    assert "404" in refused.value.body["err_msg"]


def test_an_endless_file_is_not_read_to_its_end(server: Server, neighbour: Neighbour) -> None:
    with server.client() as client, pytest.raises(BadRequestError) as refused:
        client.read.v1.text.analyze(request={"url": f"{neighbour.url}/endless"}, topics=True)
    assert "larger than" in refused.value.body["err_msg"]


@pytest.fixture(scope="module")
def careful() -> Iterator[Server]:
    """A server that fetches nothing private, and refuses what it cannot do."""
    with deepgram.local.running(engine="scripted", strict=True) as running:
        yield running


def test_private_addresses_are_neither_fetched_nor_called_back(careful: Server, neighbour: Neighbour) -> None:
    neighbour.files["/text.txt"] = TEXT.encode()
    with careful.client() as client:
        with pytest.raises(BadRequestError) as refused:
            client.read.v1.text.analyze(request={"url": f"{neighbour.url}/text.txt"}, topics=True)
        assert refused.value.body["err_code"] == "REMOTE_CONTENT_ERROR"
        with pytest.raises(BadRequestError, match="callback"):
            client.read.v1.text.analyze(request={"text": TEXT}, topics=True, callback=f"{neighbour.url}/here")
    assert neighbour.received.empty()


def receipted(receipt: ReadV1Response) -> str:
    """Return the id of a receipt: with a callback, the answer is nothing but that."""
    found: str = receipt.model_dump()["request_id"]
    return found


# --- Callbacks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_callback_gets_what_would_have_been_the_answer(server: Server, neighbour: Neighbour, method: str) -> None:
    with server.client() as client:
        receipt = client.read.v1.text.analyze(
            request={"text": TEXT}, callback=f"{neighbour.url}/here", callback_method=method, **ALL
        )
        answer = client.read.v1.text.analyze(request={"text": TEXT}, **ALL)
    assert set(receipt.model_dump(exclude_none=True)) == {"request_id"}
    came, path, body = neighbour.received.get(timeout=20)
    assert (came, path) == (method, "/here")
    delivered = json.loads(body)
    assert delivered["metadata"]["request_id"] == receipted(receipt)
    assert delivered["results"]["summary"] == {"text": answer.results.summary and answer.results.summary.text}


def test_a_callback_hears_of_a_failure_too(server: Server, neighbour: Neighbour) -> None:
    with server.client() as client:
        receipt = client.read.v1.text.analyze(
            request={"text": "a " * 200_000}, topics=True, callback=f"{neighbour.url}/here"
        )
    delivered = json.loads(neighbour.received.get(timeout=20)[2])
    assert delivered["err_code"] == "TOKEN_LIMIT_EXCEEDED"
    assert delivered["request_id"] == receipted(receipt)


def test_an_accepted_text_survives_a_restart(tmp_path: Path, neighbour: Neighbour) -> None:
    settings: dict[str, Any] = {"engine": "scripted", "data": tmp_path / "data.db", "allow_private_urls": True}
    neighbour.refuses = True
    with deepgram.local.running(**settings) as server, server.client() as client:
        receipt = client.read.v1.text.analyze(request={"text": TEXT}, summarize=True, callback=f"{neighbour.url}/here")
    neighbour.refuses = False
    while not neighbour.received.empty():
        neighbour.received.get()
    with deepgram.local.running(**settings):
        delivered = json.loads(neighbour.received.get(timeout=20)[2])
    assert delivered["metadata"]["request_id"] == receipted(receipt)
    assert delivered["results"]["summary"] == {"text": TEXT}
    assert not list((tmp_path / "data.db.audio").iterdir())


def test_a_text_that_was_accepted_but_not_read_is_read_after_the_restart(tmp_path: Path, neighbour: Neighbour) -> None:
    data = tmp_path / "data.db"
    kept = tmp_path / "data.db.audio" / "the-id"
    kept.parent.mkdir()
    kept.write_text(TEXT)

    async def accept() -> None:
        state = await State.open(data)
        query = {"summarize": ["true"], "callback": [f"{neighbour.url}/here"]}
        await state.add_job("the-id", "read", json.dumps({"query": query}), kept)
        await state.close()

    asyncio.run(accept())
    with deepgram.local.running(engine="scripted", data=data, allow_private_urls=True):
        delivered = json.loads(neighbour.received.get(timeout=20)[2])
    assert delivered["metadata"]["request_id"] == "the-id"
    assert delivered["results"]["summary"] == {"text": TEXT}
    assert not kept.exists()


# --- Bad input --------------------------------------------------------------------------------------------------------

BODIES: list[tuple[str, bytes]] = [
    ("PAYLOAD_ERROR", b"{}"),
    ("PAYLOAD_ERROR", b"[]"),
    ("PAYLOAD_ERROR", b'"text"'),
    ("PAYLOAD_ERROR", b'{"text": 5}'),
    ("PAYLOAD_ERROR", b'{"text": null}'),
    ("PAYLOAD_ERROR", b'{"text": ["a"]}'),
    ("PAYLOAD_ERROR", b'{"url": {}}'),
    ("PAYLOAD_ERROR", b'{"text": "a", "url": "https://example.com"}'),
    ("Bad Request", b""),
    ("Bad Request", b"{"),
    ("Bad Request", b"\xff\xfe\0"),
    ("Bad Request", b"[" * 100_000),
    ("Bad Request", b'{"text": ""}'),
    ("Bad Request", b'{"text": " \\n\\t "}'),
    ("Bad Request", b'{"text": "\\u0000\\u001b"}'),
]


@pytest.mark.parametrize(("code", "body"), BODIES)
def test_bodies_without_a_text_are_refused(server: Server, code: str, body: bytes) -> None:
    answer = httpx.post(f"{server.url}/v1/read?topics=true", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["err_code"] == code
    assert answer.json()["err_msg"]
    assert answer.json()["request_id"] == answer.headers["dg-request-id"]


QUERIES: list[tuple[str, str]] = [
    ("INVALID_QUERY_PARAMETER", "sentiment=maybe"),
    ("INVALID_QUERY_PARAMETER", "topics=5"),
    ("INVALID_QUERY_PARAMETER", "summarize=v9"),
    ("INVALID_QUERY_PARAMETER", "custom_topic_mode=loose"),
    ("INVALID_QUERY_PARAMETER", "custom_intent_mode=%00"),
    ("INVALID_QUERY_PARAMETER", "callback=nowhere"),
    ("INVALID_QUERY_PARAMETER", "callback=http://127.0.0.1/&callback_method=GET"),
    ("INVALID_QUERY_PARAMETER", "&".join(f"custom_topic={n}" for n in range(101))),
    ("INVALID_QUERY_PARAMETER", "&".join(f"custom_intent={n}" for n in range(101))),
    ("INVALID_QUERY_PARAMETER", f"custom_topic={'x' * 201}"),
    ("UNSUPPORTED_LANGUAGE", "language=de"),
    ("UNSUPPORTED_LANGUAGE", "language=multi"),
    ("UNSUPPORTED_LANGUAGE", "language=%FF"),
]


@pytest.mark.parametrize(("code", "query"), QUERIES)
def test_queries_that_make_no_sense_are_refused(server: Server, code: str, query: str) -> None:
    answer = httpx.post(f"{server.url}/v1/read?{query}", json={"text": "Hello."})
    assert (answer.status_code, answer.json()["err_code"]) == (400, code)


@pytest.mark.parametrize("language", ["en", "en-US", "EN", "en_GB"])
def test_every_english_is_english(server: Server, language: str) -> None:
    with server.client() as client:
        assert client.read.v1.text.analyze(request={"text": TEXT}, topics=True, language=language).results.topics


def test_halves_of_characters_and_control_characters_do_no_harm(server: Server) -> None:
    body = b'{"text": "I love\\ud83d it.\\u0000 Really\\udc00!"}'
    answer = httpx.post(f"{server.url}/v1/read?sentiment=true&summarize=true", content=body)
    assert answer.status_code == 200
    assert answer.json()["results"]["summary"]["text"] == "I love\ufffd it. Really\ufffd!"


def test_a_text_of_too_many_tokens_is_refused_in_the_words_of_the_service(server: Server) -> None:
    with server.client() as client, pytest.raises(BadRequestError) as refused:
        client.read.v1.text.analyze(request={"text": "word " * 150_001}, topics=True)
    assert refused.value.body["err_code"] == "TOKEN_LIMIT_EXCEEDED"
    assert "150K tokens" in refused.value.body["err_msg"]


def test_a_body_without_end_is_cut_off(server: Server) -> None:
    with server.client() as client, pytest.raises(ApiError) as refused:
        client.read.v1.text.analyze(request={"text": "x" * 5_000_000}, topics=True)
    assert refused.value.status_code == 413


def test_a_compressed_body_is_refused(server: Server) -> None:
    answer = httpx.post(f"{server.url}/v1/read", content=b"x", headers={"content-encoding": "gzip"})
    assert answer.status_code == 415


# --- Recordings -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def speaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that hears a telephone call, whatever the audio."""
    script = tmp_path_factory.mktemp("script") / "call.txt"
    script.write_text(SPOKEN.replace(" | ", "\n"))
    with deepgram.local.running(engine="scripted", script=script) as running:
        yield running


def test_a_recording_is_analysed_in_all_four_ways(speaking: Server, two_cities: Path) -> None:
    with speaking.client() as client:
        response = client.listen.v1.media.transcribe_file(
            request=two_cities,
            punctuate=True,
            paragraphs=True,
            utterances=True,
            sentiment=True,
            topics=True,
            intents=True,
            summarize="v2",
            custom_topic=["refund"],
        )
    assert isinstance(response, ListenV1Response)
    assert not response.metadata.warnings
    metadata, results = response.metadata, response.results
    for info in (metadata.sentiment_info, metadata.topics_info, metadata.intents_info, metadata.summary_info):
        assert info is not None
        assert info.model_uuid
        assert info.input_tokens is not None
    assert results.summary is not None
    assert results.summary.result == "success"
    assert "Cancel order" in intents(response)
    alternative = (results.channels[0].alternatives or [])[0]
    words = alternative.words or []
    assert words
    assert {word.sentiment for word in words} <= {"positive", "neutral", "negative"}
    assert results.sentiments is not None
    segments = results.sentiments.segments or []
    assert segments[-1].end_word == len(words) - 1
    for segment in segments:
        spoken = words[int(segment.start_word or 0) : int(segment.end_word or 0) + 1]
        assert segment.text == " ".join(word.punctuated_word or "" for word in spoken)
    assert alternative.paragraphs is not None
    for paragraph in alternative.paragraphs.paragraphs or ():
        assert paragraph.sentiment
        assert all(sentence.sentiment_score is not None for sentence in paragraph.sentences or ())
    for utterance in results.utterances or ():
        assert utterance.sentiment
        assert utterance.words
        assert utterance.words[0].sentiment


def test_a_transcript_is_the_same_with_and_without_analysis(speaking: Server, clip: Path) -> None:
    with speaking.client() as client:
        plain = client.listen.v1.media.transcribe_file(request=clip)
        analysed = client.listen.v1.media.transcribe_file(request=clip, sentiment=True, topics=True)
    assert isinstance(plain, ListenV1Response)
    assert isinstance(analysed, ListenV1Response)
    before, after = (one.results.channels[0].alternatives or [] for one in (plain, analysed))
    assert before[0].transcript == after[0].transcript
    assert plain.results.sentiments is None
    assert plain.metadata.sentiment_info is None


def test_what_is_redacted_is_redacted_in_the_analysis_too(tmp_path: Path, clip: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("my social security number is one two three four five six seven eight nine please help me")
    with deepgram.local.running(engine="scripted", script=script) as server, server.client() as client:
        response = client.listen.v1.media.transcribe_file(
            request=clip, redact="ssn", summarize="v2", topics=True, intents=True, sentiment=True
        )
    assert "seven" not in response.model_dump_json()


def test_strict_servers_analyse_too(careful: Server, clip: Path) -> None:
    with careful.client() as client:
        assert client.listen.v1.media.transcribe_file(request=clip, sentiment=True).metadata
        with pytest.raises(BadRequestError, match="ask for topics"):
            client.listen.v1.media.transcribe_file(
                request=clip, request_options={"additional_query_parameters": {"detect_topics": "true"}}
            )


@pytest.mark.parametrize("query", [{"sentiment": "perhaps"}, {"summarize": "v9"}, {"custom_topic_mode": "x"}])
def test_bad_queries_are_refused_for_recordings_as_well(server: Server, clip: Path, query: dict[str, str]) -> None:
    with server.client() as client, pytest.raises(BadRequestError):
        client.listen.v1.media.transcribe_file(request=clip, request_options={"additional_query_parameters": query})


# --- Others -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
def test_the_official_client_analyses_text(server: Server, clip: Path, release: str, neighbour: Neighbour) -> None:
    neighbour.files["/text.txt"] = TEXT.encode()
    seen = run(release, "analysis.py", server.url, TEXT, neighbour.url, clip)
    with server.client() as client:
        ours = client.read.v1.text.analyze(request={"text": TEXT}, **ALL)
    assert ours.results.sentiments is not None
    average, info = ours.results.sentiments.average, ours.metadata.topics_info
    assert average is not None
    assert info is not None
    for mode in ("sync", "raw", "async", "url"):
        assert seen[mode]["kind"] == "ReadV1Response"
        assert seen[mode]["summary"] == TEXT
        assert seen[mode]["topics"] == topics(ours)
        assert seen[mode]["intents"] == intents(ours)
        assert seen[mode]["average"] == [average.sentiment, average.sentiment_score]
        assert seen[mode]["tokens"] == info.input_tokens
    assert seen["error"] == ["BadRequestError", 400, ["err_code", "err_msg", "request_id"]]
    assert seen["recording"] == ["success", "ListenV1Response"]


def test_the_described_program_runs(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPGRAM_API_KEY", "any")
    monkeypatch.setenv("DEEPGRAM_BASE_URL", server.url)
    names: dict[str, Any] = {}
    exec(DESCRIBED, names)
    with names["client"]:
        response = names["response"]
    assert isinstance(response, ReadV1Response)
    assert response.results.summary is not None
    assert response.results.summary.text == "Hello, world!"


# As written in the documentation of the described system, under "Text Analysis".
DESCRIBED = """
from deepgram import DeepgramClient

client = DeepgramClient()

response = client.read.v1.text.analyze(
    request={"text": "Hello, world!"},
    language="en",
    sentiment=True,
    summarize=True,
    topics=True,
    intents=True
)
"""
