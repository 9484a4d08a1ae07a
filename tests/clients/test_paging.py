"""Going through the pages of a listing: which pages are asked for, and where it ends."""

from __future__ import annotations

import inspect
from typing import Any

import httpx
import pytest

from deepgram.errors import NotFoundError

from .conftest import Wire


def page(number: int, ids: list[str], limit: int | None = 2) -> dict[str, Any]:
    return {"page": number, "limit": limit, "requests": [{"request_id": one} for one in ids]}


def asked(wire: Wire) -> list[str]:
    return [request.url.query.decode() for request in wire.requests]


THREE = [page(0, ["a", "b"]), page(1, ["c", "d"]), page(2, ["e"])]


def test_items_come_one_by_one_from_all_pages(wire: Wire) -> None:
    wire.answers = [*THREE]
    found = wire.sync.manage.v1.projects.requests.iterate("p", limit=2, status="failed")
    assert [request.request_id for request in found] == ["a", "b", "c", "d", "e"]
    assert asked(wire) == ["limit=2&status=failed", "limit=2&page=1&status=failed", "limit=2&page=2&status=failed"]


def test_pages_can_be_had_whole(wire: Wire) -> None:
    wire.answers = [*THREE]
    pages = list(wire.sync.manage.v1.projects.requests.iterate("p").pages())
    assert [(page.page, len(page.requests or ())) for page in pages] == [(0, 2), (1, 2), (2, 1)]


async def test_async_clients_go_through_pages_too(wire: Wire) -> None:
    wire.answers = [*THREE]
    requests = wire.asynchronous.manage.v1.projects.requests
    assert [request.request_id async for request in requests.iterate("p", limit=2)] == ["a", "b", "c", "d", "e"]
    wire.answers = [*THREE]
    assert [page.page async for page in requests.iterate("p").pages()] == [0, 1, 2]


async def test_raw_clients_yield_the_responses_page_by_page(wire: Wire) -> None:
    wire.answers = [*THREE]
    raw = wire.sync.manage.v1.projects.requests.with_raw_response
    assert [(response.status_code, response.data.page) for response in raw.iterate("p")] == [
        (200, 0),
        (200, 1),
        (200, 2),
    ]
    wire.answers = [*THREE]
    asynchronous = wire.asynchronous.manage.v1.projects.requests.with_raw_response
    assert [response.headers["x-place"] async for response in asynchronous.iterate("p")] == ["loopback"] * 3


def test_a_page_is_asked_for_only_when_the_loop_gets_there(wire: Wire) -> None:
    wire.answers = [*THREE]
    items = iter(wire.sync.manage.v1.projects.requests.iterate("p"))
    assert wire.requests == []
    assert next(items) != next(items)
    assert len(wire.requests) == 1


def test_each_loop_starts_anew(wire: Wire) -> None:
    wire.answers = [*THREE, *THREE]
    found = wire.sync.manage.v1.projects.requests.iterate("p")
    assert len(list(found)) == len(list(found)) == 5


def test_it_starts_at_the_page_that_is_asked_for(wire: Wire) -> None:
    wire.answers = [page(1, ["c", "d"]), page(2, ["e"])]
    assert len(list(wire.sync.manage.v1.projects.requests.iterate("p", page=1))) == 3
    assert asked(wire) == ["page=1", "page=2"]


def test_a_service_that_counts_from_one_is_followed(wire: Wire) -> None:
    wire.answers = [page(1, ["a", "b"]), page(2, ["c"])]
    assert len(list(wire.sync.manage.v1.projects.requests.iterate("p"))) == 3
    assert asked(wire) == ["", "page=2"]


def test_a_full_last_page_is_followed_by_an_empty_one(wire: Wire) -> None:
    wire.answers = [page(0, ["a", "b"]), page(1, [])]
    assert len(list(wire.sync.manage.v1.projects.requests.iterate("p"))) == 2


@pytest.mark.parametrize("endless", [page(0, ["a", "b"]), page(7, ["a", "b"]), {"requests": [{"request_id": "a"}]}])
def test_a_service_that_does_not_turn_the_page_cannot_keep_the_loop_going(wire: Wire, endless: object) -> None:
    wire.answers = [endless]
    ids = [request.request_id for request in wire.sync.manage.v1.projects.requests.iterate("p")]
    assert ids == sorted(set(ids), key=str), "nothing twice"
    assert len(wire.requests) == 2


@pytest.mark.parametrize("empty", [{"limit": 2}, {}, page(3, [])])
def test_a_page_without_items_is_the_last(wire: Wire, empty: object) -> None:
    wire.answers = [empty]
    assert len(list(wire.sync.manage.v1.projects.requests.iterate("p").pages())) == 1
    assert len(wire.requests) == 1


def test_a_service_that_answers_with_another_page_than_was_asked_for_has_no_more(wire: Wire) -> None:
    wire.answers = [page(0, ["a", "b"]), page(0, ["c", "d"])]
    assert len(list(wire.sync.manage.v1.projects.requests.iterate("p"))) == 4


def test_a_service_that_numbers_no_pages_is_asked_until_one_is_empty(wire: Wire) -> None:
    unnumbered: list[object] = [{"requests": [{"request_id": one}]} for one in "abc"]
    wire.answers = [*unnumbered, {"requests": []}]
    assert len(list(wire.sync.manage.v1.projects.requests.iterate("p"))) == 3
    assert asked(wire) == ["", "page=1", "page=2", "page=3"]


def test_a_refused_page_raises_where_the_loop_is(wire: Wire) -> None:
    wire.answers = [page(0, ["a", "b"]), httpx.Response(404, json={"err_msg": "gone"})]
    items = iter(wire.sync.manage.v1.projects.requests.iterate("p"))
    assert [next(items).request_id, next(items).request_id] == ["a", "b"]
    with pytest.raises(NotFoundError):
        next(items)


def test_arguments_that_do_not_exist_are_refused_at_the_call(wire: Wire) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'stat'"):
        wire.sync.manage.v1.projects.requests.iterate("p", stat="failed")  # type: ignore[call-arg]  # pyright: ignore
    assert wire.requests == []


def test_it_looks_like_the_listing_whose_pages_it_goes_through(wire: Wire) -> None:
    requests = wire.sync.manage.v1.projects.requests
    assert requests.iterate.__name__ == "iterate"
    assert requests.iterate.__qualname__ == "Requests.iterate"
    listed, gone_through = (inspect.signature(method).parameters for method in (requests.list, requests.iterate))
    assert list(listed) == list(gone_through)
    assert "pages" in (inspect.getdoc(requests.iterate) or "")
