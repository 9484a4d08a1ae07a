"""Endpoints: how arguments become the path and the query of a request."""

from __future__ import annotations

import httpx
import pytest

from deepgram.protocol.endpoint import endpoint
from deepgram.protocol.request import Call, RequestOptions


class Keys:
    @endpoint("GET", "v1/projects/{project_id}/keys/{key_id}")
    def get(
        self,
        project_id: str,
        key_id: str,
        *,
        status: str | None = None,
        request_options: RequestOptions | None = None,
    ) -> Call[object]:
        return Call(query={"status": status})


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("1a-b_c.d~e", "1a-b_c.d~e"),
        ("a/b", "a%2Fb"),
        ("a b+c", "a%20b%2Bc"),
        ("?x#y", "%3Fx%23y"),
        ("%2F", "%252F"),
        ("\ud800", "%3F"),
        ("ü", "%C3%BC"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("...x", "...x"),
    ],
)
def test_d27_whatever_an_id_holds_stays_one_segment_of_the_path(given: str, sent: str) -> None:
    request = Keys.get.request(given, key_id="k")
    assert request.path == f"v1/projects/{sent}/keys/k"
    assert httpx.URL(f"https://api.example/{request.path}").raw_path.decode() == f"/{request.path}"


def test_path_parameters_are_taken_by_name_too() -> None:
    assert Keys.get.request(key_id="k", project_id="p").path == "v1/projects/p/keys/k"


def test_arguments_that_do_not_exist_are_refused_with_the_way_around() -> None:
    with pytest.raises(TypeError, match="additional_query_parameters"):
        Keys.get.request("p", "k", stat="x")  # type: ignore[call-arg]
