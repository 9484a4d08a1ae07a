"""Sentiment, topics, intents and summaries of real texts."""

from __future__ import annotations

from typing import Any

import pytest

from deepgram.local.analysis.document import cleaned, sentences_of
from deepgram.local.analysis.matching import CustomList, stems_of
from deepgram.local.analysis.results import analyzed
from deepgram.local.analysis.tagging import MOST_UNKNOWN, Tagger, base
from deepgram.local.analysis.wanted import Wanted
from deepgram.local.options import BadParameter

CALL = """Hi, thank you for calling Premier Phone Services. This call may be recorded for quality and training purposes.
My name is Beth, how can I help you today?
Hi Beth, I'm calling because my phone is broken and I need a replacement. I bought it only two months ago and the screen
went black yesterday. I'm really annoyed about this.
I'm so sorry to hear that. Can I have your account number, please?
Sure. I'd also like to cancel my insurance plan and get a refund for last month. And can I upgrade my phone instead?
Yes, absolutely. You are eligible for an upgrade to the new Galaxy model. What is your shipping address?
12 Main Street, Springfield. How long does the delivery take?
It usually takes three business days. Thanks so much, you've been wonderful. Goodbye."""
NEWS = """The city council voted 7-2 on Tuesday to approve a new bus lane along Harbor Road, ending months of debate.
Supporters say the lane will cut travel times for the 14,000 commuters who use the route each day. Opponents, mostly
shop owners, fear that losing street parking will drive customers away. "We already struggle to survive," said Maria
Lopez, who runs a bakery on the road. The transport department plans to begin construction in March and finish by
autumn. Dr. Alan Reed, who leads the department, promised that deliveries would still be possible before 10 a.m. The
council also agreed to review the effect of the bus lane on local businesses after one year."""


def found(text: str, **wanted: Any) -> dict[str, Any]:
    return analyzed(sentences_of(cleaned(text)), Wanted(**wanted))


def topics(text: str, **wanted: Any) -> list[str]:
    segments = found(text, topics=True, **wanted)["topics"]["segments"]
    return [topic["topic"] for segment in segments for topic in segment["topics"]]


def intents(text: str, **wanted: Any) -> list[str]:
    segments = found(text, intents=True, **wanted)["intents"]["segments"]
    return [intent["intent"] for segment in segments for intent in segment["intents"]]


# --- Sentiment --------------------------------------------------------------------------------------------------------


def test_sentences_of_the_same_sentiment_are_one_segment() -> None:
    answer = found("I love it. It is wonderful! The box is blue. I hate the noise.", sentiment=True)
    segments = answer["sentiments"]["segments"]
    assert [segment["sentiment"] for segment in segments] == ["positive", "neutral", "negative"]
    assert [(segment["start_word"], segment["end_word"]) for segment in segments] == [(0, 5), (6, 9), (10, 13)]
    assert segments[0]["text"] == "I love it. It is wonderful!"
    assert answer["lengths"] == [3, 3, 4, 4]
    assert len(answer["scores"]) == 4


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("This is the best day of my life!", "positive"),
        ("I am very disappointed and angry.", "negative"),
        ("The train leaves at nine.", "neutral"),
        ("It is not good at all.", "negative"),
        ("Not bad!", "positive"),
    ],
)
def test_the_average_has_the_words_and_bounds_of_the_service(text: str, sentiment: str) -> None:
    average = found(text, sentiment=True)["sentiments"]["average"]
    assert average["sentiment"] == sentiment
    assert -1 <= average["sentiment_score"] <= 1
    assert (abs(average["sentiment_score"]) < 1 / 3) == (sentiment == "neutral")


def test_long_sentences_count_for_more() -> None:
    long = "I love this wonderful, great, brilliant and perfect little machine more than anything else I own."
    assert found(f"{long} Awful.", sentiment=True)["sentiments"]["average"]["sentiment"] == "positive"


# --- Topics -----------------------------------------------------------------------------------------------------------


def test_topics_are_the_salient_phrases_of_a_text() -> None:
    of_news, of_call = topics(NEWS), topics(CALL)
    assert {"Bus lane", "City council", "Harbor Road", "Transport department"} <= set(of_news)
    assert {"Premier Phone Services", "Phone", "Insurance plan", "Account number", "Galaxy model"} <= set(of_call)
    assert not {"Thing", "Time", "Days", "Business days", "Today", "Way", "Name"} & {*of_news, *of_call}


def test_a_word_stands_for_the_phrase_that_it_ends() -> None:
    assert topics("The council opened a bus lane. Cyclists use the lane too.").count("Bus lane") == 2


def test_topics_have_segments_and_confidence() -> None:
    segments = found(NEWS, topics=True)["topics"]["segments"]
    words = NEWS.split()
    for segment in segments:
        assert segment["text"] == " ".join(words[segment["start_word"] : segment["end_word"] + 1])
        assert segment["topics"]
        assert all(0 < topic["confidence_score"] < 1 for topic in segment["topics"])


def test_neighbours_with_the_same_topic_are_one_segment() -> None:
    segments = found("The bus lane is new. The bus lane is red. I like tea.", topics=True)["topics"]["segments"]
    assert segments[0]["text"] == "The bus lane is new. The bus lane is red."


def test_custom_topics_are_found_by_their_stems_and_returned_as_they_were_given() -> None:
    text = "My orders were cancelled twice. I want a refund. The weather is nice."
    asked = {"custom_topic": ("order cancellation", "REFUNDS", "shipping"), "custom_topic_mode": "strict"}
    assert topics(text, **asked) == ["order cancellation", "REFUNDS"]


def test_extended_lists_add_to_what_is_found_and_strict_ones_replace_it() -> None:
    asked = {"custom_topic": ("construction work",)}
    assert topics(NEWS, **asked, custom_topic_mode="strict") == []
    assert set(topics(NEWS, **asked)) == set(topics(NEWS))
    assert topics(NEWS, custom_topic_mode="strict") == []


# --- Intents ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Can I upgrade my phone?", ["Upgrade phone"]),
        ("I also need to update my address.", ["Update address"]),
        ("I'd like to cancel my subscription and get a refund.", ["Cancel subscription", "Get refund"]),
        (
            "hi i'm calling because my phone is broken and i need a replacement",
            ["Get replacement", "Report problem with phone"],
        ),
        ("please check my account balance", ["Check account balance"]),
        ("How do I reset my password?", ["Reset password"]),
        ("Book a flight to Paris.", ["Book flight to Paris"]),
        ("Let's schedule a meeting.", ["Schedule meeting"]),
        ("I have a question about my bill.", ["Ask question about bill"]),
        ("The app doesn't work.", ["Report problem with app"]),
        ("What is the balance of my account?", ["Ask about balance of account"]),
        ("Could you help me with my order?", ["Get help with order"]),
        ("I don't want to cancel my order.", []),
        ("The cat sat on the mat.", []),
        ("...", []),
    ],
)
def test_intents_are_verbs_with_their_objects(text: str, expected: list[str]) -> None:
    assert intents(text) == expected


def test_what_is_asked_for_is_surer_than_what_is_told() -> None:
    def confidence(text: str) -> float:
        (segment,) = found(text, intents=True)["intents"]["segments"]
        score: float = segment["intents"][0]["confidence_score"]
        return score

    assert confidence("I want to cancel my order.") > confidence("I cancelled my order.") > 0


def test_custom_intents_are_found_beside_others_or_alone() -> None:
    asked = {"custom_intent": ("Upgrade Phone", "Close account")}
    assert intents(CALL, **asked, custom_intent_mode="strict") == ["Upgrade Phone"]
    extended = intents(CALL, **asked)
    assert "Upgrade Phone" in extended
    assert "Upgrade phone" not in extended, "the caller's own name for it is enough"
    assert "Cancel insurance plan" in extended


# --- Summary ----------------------------------------------------------------------------------------------------------


def test_a_summary_is_the_most_telling_sentences_in_their_order() -> None:
    answer = found(NEWS, summary=True)
    summary = answer["summary"]
    assert summary.startswith("The city council voted 7-2 on Tuesday to approve a new bus lane along Harbor Road")
    assert len(summary.split()) < 0.6 * len(NEWS.split())
    (given, made) = answer["infos"]["summary_info"]
    assert 0 < made < given


def test_a_text_of_up_to_50_words_is_its_own_summary_and_costs_nothing() -> None:
    answer = found("Jake calls the dealership.  He schedules a\ntest drive.", summary=True)
    assert answer["summary"] == "Jake calls the dealership. He schedules a test drive."
    assert answer["infos"]["summary_info"] == (0, 0)


def test_a_summary_leaves_out_what_only_helps_to_speak() -> None:
    said = (
        "Yeah. As as much as it's worth celebrating the first spacewalk with an all female team, I think many of us "
        "are looking forward to it just being normal. And, um, I think if it signifies anything, it is to honor the "
        "the women who came before us who, uh, were skilled and qualified and didn't get the same opportunities today."
    )
    summary = found(said, summary=True)["summary"]
    assert summary
    assert not {"um", "uh", "the the", "Yeah"} & set(summary.replace(",", "").split(" "))
    assert summary[0].isupper()
    assert summary.endswith(".")


def test_a_summary_has_a_length_that_does_not_grow_with_the_text() -> None:
    assert len(found(NEWS * 50, summary=True)["summary"].split()) < 150


# --- Whatever is written ----------------------------------------------------------------------------------------------

EVERYTHING: dict[str, Any] = {"sentiment": True, "topics": True, "intents": True, "summary": True}


@pytest.mark.parametrize(
    "text",
    [
        "😀 😀 😀",
        "日本語のテキスト",
        "!!!",
        "' ' '",
        "- -",
        "\u202e abc",
        "a" * 5000,
        "I",
        "THE CAT IS HERE. HELP ME!",
        "42",
        "'s 'd n't",
    ],
)
def test_nothing_that_is_written_fails(text: str) -> None:
    answer = found(text, **EVERYTHING)
    assert set(answer["infos"]) == {"sentiment_info", "topics_info", "intents_info", "summary_info"}
    assert answer["sentiments"]["segments"]


def test_an_empty_transcript_has_nothing_in_it() -> None:
    answer = analyzed([], Wanted(**EVERYTHING))
    assert answer["sentiments"] == {"segments": [], "average": {"sentiment": "neutral", "sentiment_score": 0.0}}
    assert answer["topics"] == answer["intents"] == {"segments": []}
    assert answer["summary"] == ""


def test_only_what_was_asked_for_is_made() -> None:
    assert set(found("Hello.", topics=True)) == {"infos", "topics"}
    assert found("Hello.") == {"infos": {}}


def test_the_same_text_has_the_same_analysis_whatever_came_before() -> None:
    before = found(CALL, **EVERYTHING)
    found("Flumbrous snorkwagglers " * 30, **EVERYTHING)
    assert found(CALL, **EVERYTHING) == before


def test_unknown_words_are_analysed_up_to_a_limit() -> None:
    tagger = Tagger()
    words = [
        f"zq{'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10 % 10]}{'uvwxyzabcd'[n // 100 % 10]}{n // 1000 * 'x'}"
        for n in range(3000)
    ]
    for start in range(0, len(words), 50):
        tagger.tagged(words[start : start + 50])
    assert len(tagger._unknown) == MOST_UNKNOWN


def test_words_have_their_base_forms() -> None:
    tagged = Tagger().tagged(["We", "don't", "cancel", "older", "orders;", "Beth's", "phones", "rang"])
    assert " ".join(base(word) for word in tagged) == "we do not cancel old order ; beth 's phone ring"


# --- The caller's lists -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sentence", "confidence"),
    [
        ("refund", "Where is my refund?", 0.95),
        ("order number", "The number of the order, please", 0.95),
        ("order number", "I placed an order but I do not remember any number of it", 0.75),
        ("late delivery complaint", "The delivery was late.", 0.333333),
        ("Upgrade Phone", "can i upgrade my phone", 0.95),
        ("the the", "the end", 0.95),
    ],
)
def test_names_are_found_by_their_words(name: str, sentence: str, confidence: float) -> None:
    assert CustomList([name]).found_in(stems_of(sentence)) == [(name, confidence)]


@pytest.mark.parametrize("name", ["refund policy", "shipping", "???", "re"])
def test_names_of_which_words_are_missing_are_not_found(name: str) -> None:
    assert CustomList([name]).found_in(stems_of("Where is my refund?")) == []


# --- What may be asked ------------------------------------------------------------------------------------------------


def test_a_query_is_read() -> None:
    wanted = Wanted.read(
        {
            "sentiment": ["true"],
            "summarize": ["v2"],
            "topics": [""],
            "custom_topic": [" a ", "b", "a", ""],
            "intents": ["0"],
        }
    )
    assert wanted.names == ("sentiment", "topics", "summarize")
    assert wanted.custom_topic == ("a", "b")
    assert Wanted.of(wanted.message()) == wanted
    assert not Wanted.read({"custom_topic": ["a"]})


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"sentiment": ["maybe"]}, "sentiment"),
        ({"topics": ["v2"]}, "topics"),
        ({"summarize": ["v9"]}, "summarize"),
        ({"custom_topic_mode": ["loose"]}, "custom_topic_mode"),
        ({"custom_intent_mode": ["x"]}, "custom_intent_mode"),
        ({"custom_topic": [str(n) for n in range(101)]}, "custom_topic"),
        ({"custom_intent": ["x" * 201]}, "custom_intent"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(query: dict[str, list[str]], parameter: str) -> None:
    with pytest.raises(BadParameter) as refused:
        Wanted.read(query)
    assert refused.value.parameter == parameter
    assert parameter in refused.value.message
