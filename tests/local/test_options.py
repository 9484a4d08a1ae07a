"""Reading the query of ``/v1/listen``."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deepgram.local.options import BadParameter, ListenOptions

# The machine may be busy: no example is refused for its time.
PROPERTIES = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(**query: str | list[str]) -> ListenOptions:
    return ListenOptions.read({name: value if isinstance(value, list) else [value] for name, value in query.items()})


def test_defaults_are_those_of_the_service() -> None:
    options = ListenOptions.read({})
    assert options == ListenOptions()
    assert options.language == "en"
    assert options.utt_split == 0.8
    assert options.callback_method == "POST"
    assert not options.punctuated


@pytest.mark.parametrize("value", ["true", "True", "TRUE", "1", "", " true "])
def test_switches_are_on_in_every_spelling_seen_in_the_field(value: str) -> None:
    assert read(punctuate=value).punctuate


@pytest.mark.parametrize("value", ["false", "False", "0", "no"])
def test_switches_are_off_in_every_spelling_seen_in_the_field(value: str) -> None:
    assert not read(punctuate=value).punctuate
    assert read(diarize=value, detect_language=value, summarize=value).analyses == ()


def test_the_last_of_repeated_switches_counts() -> None:
    assert not read(numerals=["true", "false"]).numerals


def test_unknown_parameters_and_those_of_live_audio_are_not_refused() -> None:
    options = read(
        no_delay="true",
        mip_opt_out="false",
        endpointing=["25"],
        interim_results="maybe",
        vad_events="true",
        something_new="42",
        channels="1",
    )
    assert options == ListenOptions(channels=1)


def test_smart_format_and_paragraphs_switch_punctuation_on() -> None:
    assert read(smart_format="true").punctuated
    assert read(smart_format="true").in_paragraphs
    assert read(paragraphs="true").punctuated
    assert not read(punctuate="true").in_paragraphs


@pytest.mark.parametrize("value", ["abc", "nan", "inf", "-1", "1e9", "0.8s"])
def test_nonsense_for_seconds_is_refused_with_the_parameter_named(value: str) -> None:
    with pytest.raises(BadParameter, match="utt_split") as refused:
        read(utt_split=value)
    assert refused.value.parameter == "utt_split"


@pytest.mark.parametrize("value", ["0", "-8000", "8000.5", "fast", "1e300", "nan"])
def test_nonsense_for_whole_numbers_is_refused(value: str) -> None:
    with pytest.raises(BadParameter, match="sample_rate"):
        read(sample_rate=value)


def test_a_switch_that_is_neither_true_nor_false_is_refused() -> None:
    with pytest.raises(BadParameter, match="punctuate is either true or false, not 'perhaps'"):
        read(punctuate="perhaps")


def test_a_refusal_quotes_only_the_beginning_of_what_was_sent() -> None:
    with pytest.raises(BadParameter) as refused:
        read(utt_split="x" * 10_000)
    assert len(str(refused.value)) < 200


def test_redaction_is_read_from_repeated_and_comma_separated_values() -> None:
    assert read(redact=["PCI,ssn", "true", "false", "ssn"]).redact == ("pci", "ssn", "numbers")
    assert read(redact="false").redact == ()


def test_replacements_are_split_at_the_first_colon_and_the_last_of_equals_counts() -> None:
    options = read(replace=["monika:Monica", "kpis:Key: Performance", "hailee", "monika:Mona", " new  york : NYC"])
    assert options.replace == (
        ("monika", "Mona"),
        ("kpis", "Key: Performance"),
        ("hailee", ""),
        ("new york", " NYC"),
    )


@pytest.mark.parametrize("value", [":Monica", " : "])
def test_a_replacement_of_nothing_is_refused(value: str) -> None:
    with pytest.raises(BadParameter, match="replace"):
        read(replace=value)


def test_keywords_have_an_intensifier_that_is_a_number() -> None:
    options = read(keywords=["snuffleupagus:5", "systrom", "kansas:-10", "krieger:"], keyterm=["nacho stack"])
    assert options.keywords == (("snuffleupagus", 5.0), ("systrom", 1.0), ("kansas", -10.0), ("krieger", 1.0))
    assert options.keyterms == ("nacho stack", "snuffleupagus", "systrom", "krieger")
    for nonsense in ("kansas:loud", "kansas:nan", ":5"):
        with pytest.raises(BadParameter, match="keywords"):
            read(keywords=nonsense)


def test_extra_is_pairs_of_which_the_last_with_a_key_counts() -> None:
    assert read(extra=["team:marketing", "purpose:a:b", "team:gtm"]).extra == {"team": "gtm", "purpose": "a:b"}
    with pytest.raises(BadParameter, match="extra"):
        read(extra="team")


def test_analyses_are_on_for_true_and_for_values_of_their_own() -> None:
    options = read(diarize="True", diarize_model="v2", summarize="v2", detect_language=["en", "de"], topics="false")
    assert options.analyses == ("diarize", "diarize_model", "detect_language", "summarize")


@pytest.mark.parametrize(
    ("name", "most"), [("replace", 200), ("search", 50), ("keyterm", 100), ("keywords", 100), ("tag", 100)]
)
def test_the_number_of_terms_is_limited(name: str, most: int) -> None:
    def values(count: int) -> dict[str, list[str]]:
        return {name: [f"term{number}" for number in range(count)]}

    ListenOptions.read(values(most))
    with pytest.raises(BadParameter, match=name):
        ListenOptions.read(values(most + 1))


def test_key_terms_have_at_most_five_hundred_tokens_together() -> None:
    with pytest.raises(BadParameter, match="maximum number of tokens across all keyterms is 500"):
        read(keyterm=[f"{number} " + "a " * 59 for number in range(10)])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("search", "x" * 201),
        ("keyterm", "x" * 201),
        ("replace", "x" * 201 + ":y"),
        ("replace", "x:" + "y" * 2001),
        ("tag", "x" * 129),
        ("extra", "k:" + "x" * 2048),
    ],
)
def test_the_length_of_terms_and_labels_is_limited(name: str, value: str) -> None:
    with pytest.raises(BadParameter, match="at most"):
        ListenOptions.read({name: [value]})


def test_the_callback_method_is_post_or_put() -> None:
    assert read(callback_method="put").callback_method == "PUT"
    with pytest.raises(BadParameter, match="POST or PUT"):
        read(callback_method="GET")


KNOWN = [
    *(
        [
            "punctuate",
            "utt_split",
            "redact",
            "replace",
            "search",
            "keyterm",
            "keywords",
            "extra",
            "tag",
            "callback_method",
            "sample_rate",
        ]
    ),
    *(["language", "alternatives", "diarize_model", "channels"]),
]


@settings(PROPERTIES)
@given(st.dictionaries(st.sampled_from(KNOWN), st.lists(st.text(max_size=30), max_size=4)))
def test_any_query_is_read_or_refused_with_a_known_parameter(query: dict[str, list[str]]) -> None:
    try:
        ListenOptions.read(query)
    except BadParameter as error:
        refused = [error.parameter]
    else:
        refused = []
    assert all(parameter in query for parameter in refused)
