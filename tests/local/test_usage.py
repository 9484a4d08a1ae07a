"""Usage, bills and balances: counted from records, to the second and to the cent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from deepgram.local import prices
from deepgram.local.accounts import CREDIT, PROJECT_ID
from deepgram.local.database import Absent
from deepgram.local.records import Record
from deepgram.local.state import State
from deepgram.local.usage import Filter, Part, Period

FIRST = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
MINUTE = 60.0


def record(request_id: str, day: int = 0, query: str = "", key_tags: tuple[str, ...] = (), **known: Any) -> Record:
    created = (FIRST + timedelta(days=day)).timestamp()
    fields: dict[str, Any] = {"method": "POST", "path": "/v1/listen", "status": 200, "created": created}
    fields |= {"endpoint": "listen", "project_id": PROJECT_ID}
    made = Record(request_id, **(fields | known))
    made.read_query([(name, value) for name, _, value in (part.partition("=") for part in query.split("&"))], key_tags)
    return made


@pytest.fixture
async def state() -> AsyncIterator[State]:
    """A project that was used for three days."""
    state = await State.open(clock=lambda: (FIRST + timedelta(days=2)).timestamp())
    for one in [
        record("a", 0, "model=nova-3&punctuate=true&tag=x", duration=MINUTE, channels=2, model_id="m1", key_id="k1"),
        record("b", 0, "model=nova-3&diarize=true", duration=MINUTE, model_id="m1", key_id="k2"),
        record("c", 1, "model=nova-3&tag=x&tag=y", duration=MINUTE, processing="streaming", status=101, model_id="m1"),
        record("d", 1, "model=aura-2-thalia-en", endpoint="speak", characters=2000, duration=90.0, model_id="m2"),
        record("e", 2, "punctuate=true&diarize=true", endpoint="read", tokens_in=1000, tokens_out=100),
        record("f", 2, "", endpoint="agent", processing="streaming", status=101, duration=MINUTE),
        record("failed", 2, "model=nova-3", status=400, duration=MINUTE),
        record("other", 0, "model=nova-3", duration=MINUTE, project_id="other"),
    ]:
        await state.records.add(one)
    yield state
    await state.close()


def everything(**more: Any) -> Filter:
    return Filter(PROJECT_ID, **more)


async def test_usage_is_counted_by_day_without_what_failed_or_belongs_to_others(state: State) -> None:
    assert await state.usage.breakdown(everything()) == [
        Part("2026-03-01", {}, 2 / 60, 3 / 60, 0, 0, 0, 0, 2),
        Part("2026-03-02", {}, 1 / 60, 1 / 60, 0, 0, 0, 2000, 2),
        Part("2026-03-03", {}, 0, 0, 1 / 60, 1000, 100, 0, 2),
    ]


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("accessor", [{"accessor": "k1"}, {"accessor": "k2"}, {"accessor": None}, {"accessor": None}]),
        ("endpoint", [{"endpoint": name} for name in ("listen", "listen", "speak", "agent", "read")]),
        ("method", [{"method": name} for name in ("sync", "streaming", "sync", "streaming", "sync")]),
        ("models", [{"models": models} for models in (["m1"], ["m1"], ["m2"], [])]),
        ("deployment", [{"deployment": "self-hosted"}] * 3),
        ("tags", [{"tags": tags} for tags in (["x"], [], ["x", "y"], [], [])]),
        (
            "feature_set",
            [{"feature_set": names} for names in ("diarize", "punctuate", "", "", "diarize,punctuate")],
        ),
    ],
)
async def test_usage_can_be_grouped(state: State, by: str, groups: list[dict[str, Any]]) -> None:
    parts = await state.usage.breakdown(everything(), by)
    by_day: dict[str, list[str]] = {}
    for part in parts:
        by_day.setdefault(part.day, []).append(str(part.group))
    assert sorted(name for names in by_day.values() for name in names) == sorted(str(group) for group in groups)
    assert sum(part.requests for part in parts) == 6


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"features": {"punctuate": True}}, "ae"),
        ({"features": {"punctuate": True, "diarize": True}}, "abe"),
        ({"features": {"punctuate": False}}, "bcdf"),
        ({"features": {"punctuate": True, "diarize": False}}, "a"),
        ({"tag": "x"}, "ac"),
        ({"tag": "nobody's"}, ""),
        ({"model": "m1"}, "abc"),
        ({"model": "aura-2-thalia-en"}, "d"),
        ({"equal": {"key_id": "k1"}}, "a"),
        ({"equal": {"endpoint": "agent"}}, "f"),
        ({"start": FIRST + timedelta(days=1)}, "cdef"),
        ({"end": FIRST + timedelta(days=1)}, "ab"),
    ],
)
async def test_usage_can_be_filtered(state: State, wanted: dict[str, Any], found: str) -> None:
    filtered = everything(**wanted)
    records = await state.records.list(*everything(**wanted, succeeded=True).sql(), limit=100)
    assert "".join(sorted(one.request_id for one in records)) == found
    assert sum(part.requests for part in await state.usage.breakdown(filtered)) == len(found)


async def test_requests_come_newest_first_and_page_by_page(state: State) -> None:
    pages = [await state.records.list(*everything().sql(), limit=3, page=page) for page in range(4)]
    assert [[one.request_id for one in page] for page in pages] == [
        ["failed", "f", "e"],
        ["d", "c", "b"],
        ["a"],
        [],
    ]
    (failed,) = await state.records.list(*everything(succeeded=False).sql(), limit=10)
    assert (failed.request_id, failed.usd) == ("failed", 0.0)
    with pytest.raises(Absent):
        await state.records.get(PROJECT_ID, "other")


async def test_the_days_that_are_meant_begin_with_the_first_request(state: State) -> None:
    assert await state.usage.period(PROJECT_ID, None, None) == Period(date(2026, 3, 1), date(2026, 3, 3))
    assert await state.usage.period("empty", None, None) == Period(date(2026, 3, 3), date(2026, 3, 3))
    assert await state.usage.period(PROJECT_ID, date(2020, 1, 1), None) == Period(date(2020, 1, 1), date(2026, 3, 3))


async def test_fields_are_what_requests_have(state: State) -> None:
    fields = await state.usage.fields(everything())
    assert fields.tags == ["x", "y"]
    assert fields.features == ["diarize", "punctuate"]
    assert fields.processing_methods == ["streaming", "sync"]
    assert [model.model_id for model in fields.models] == ["m1", "m2"]


async def test_bills_and_balances_follow_from_the_requests(state: State) -> None:
    batch, live = prices.PRICES[3][1].minute, prices.PRICES[0][1].minute
    expected = {
        "batch::nova-3": batch * 3,
        "streaming::nova-3": live,
        "speak::aura-2-thalia-en": 0.06,
        "read::default": 0.00036,
        "agent::default": 0.08,
    }
    costs = await state.usage.costs(everything(), ["line_item"])
    assert {cost.group["line_item"]: cost.dollars for cost in costs} == pytest.approx(expected)
    assert {cost.day for cost in costs} == {"2026-03-01", "2026-03-02", "2026-03-03"}
    (only,) = await state.usage.costs(everything(), (), "batch::nova-3")
    assert (only.day, only.group) == ("2026-03-01", {})
    assert only.dollars == pytest.approx(batch * 3)
    two = await state.usage.costs(everything(), ["accessor", "tags"])
    assert {"accessor": "k1", "tags": ["x"]} in [cost.group for cost in two]
    fields = await state.usage.bill_fields(everything())
    assert set(fields.line_items) == set(expected)
    assert (fields.accessors, fields.deployments, fields.tags) == (["k1", "k2"], ["self-hosted"], ["x", "y"])
    (purchase,) = await state.billing.purchases(PROJECT_ID, 10)
    (balance,) = await state.billing.balances(PROJECT_ID)
    assert (purchase.amount, purchase.order_type) == (CREDIT, "promotional")
    assert balance.amount == pytest.approx(CREDIT - sum(expected.values()))
    assert await state.billing.balance(PROJECT_ID, balance.balance_id) == balance
    with pytest.raises(Absent):
        await state.billing.balance(PROJECT_ID, purchase.order_id)


async def test_what_is_known_later_is_added_and_paid_for() -> None:
    state = await State.open()
    records = state.records
    early = records.begin("early", "POST", "/v1/listen", streaming=False)
    early.project_id, early.status = PROJECT_ID, 200
    await records.amend("early", duration=MINUTE)  # before the answer was sent
    await records.add(early)
    assert (await records.get(PROJECT_ID, "early")).usd == pytest.approx(0.0145)
    await records.amend("early", duration=2 * MINUTE, model="m")
    found = await records.get(PROJECT_ID, "early")
    assert (found.duration, found.model) == (2 * MINUTE, "m")
    assert found.usd == pytest.approx(0.029)
    await records.amend("unknown", duration=1.0)
    with pytest.raises(TypeError, match="status"):
        await records.amend("early", status=500)
    await state.close()


def test_a_record_keeps_no_secret_of_the_query() -> None:
    kept = record(
        "r",
        0,
        "callback=https://user:password@example.com:8443/path?token=secret%23f&extra=a:b&keyterm=confidential"
        "&punctuate=true&diarize=false&utt_split=0.8&redact=pci&redact=ssn&unknown=1&tag=t",
        key_tags=("of the key",),
    )
    assert kept.callback == "https://example.com:8443/path"
    assert (kept.processing, kept.tags) == ("async", ["of the key", "t"])
    assert kept.features == ",callback,extra,keyterm,punctuate,redact,utt_split,"
    assert kept.config == {"punctuate": "true", "diarize": "false", "utt_split": "0.8", "redact": ["pci", "ssn"]}
    assert record("r", 0, "callback=http://[broken").callback == ""


def test_the_price_list_is_the_documented_one() -> None:
    documented = (Path(__file__).parents[2] / "docs" / "local-server.md").read_text()
    for line, price in prices.PRICES:
        names = (f"`{line}...`", f"`{line}`")
        row = next(row for row in documented.splitlines() if any(name in row for name in names))
        given = [price.minute, price.thousand_characters, price.thousand_tokens_in, price.thousand_tokens_out]
        assert all(f"{dollars:.4f}".rstrip("0") in row for dollars in given if dollars), row
    assert f"credit of {CREDIT:g} USD" in documented


def test_every_line_of_the_price_list_can_be_reached() -> None:
    for index, (line, price) in enumerate(prices.PRICES):
        item = f"{line}x" if not line.endswith("::") else f"{line}other"
        assert next(at for at, (begin, _) in enumerate(prices.PRICES) if item.startswith(begin)) == index
        assert prices.cost(item, seconds=60, characters=1000, tokens_in=1000, tokens_out=1000) == pytest.approx(
            price.minute + price.thousand_characters + price.thousand_tokens_in + price.thousand_tokens_out
        )
    assert prices.cost("unknown::x", seconds=3600) == 0
    assert prices.line_item("listen", "async", None) == "batch::default"
    assert prices.described("speak::aura-2-thalia-en") == "Text to speech, model aura-2-thalia-en"
