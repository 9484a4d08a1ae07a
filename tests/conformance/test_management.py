"""Every request of management, by our client and by the official ones, in every mode, against the embedded server."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from starlette.routing import compile_path

import deepgram
import deepgram.local
from deepgram import DeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.local.accounts import PROJECT_ID
from deepgram.local.app import MANAGEMENT
from deepgram.local.router import Router
from deepgram.local.state import State

from .test_official_clients import SCRIPTS, interpreter

MODES = ["sync", "raw", "async", "raw async"]


async def prepare(data: Path) -> None:
    """Make a data file with projects to leave and to delete, and with members to remove."""
    state = await State.open(data)
    for mode in (mode.replace(" ", "_") for mode in MODES):
        for deed in ("leave", "delete"):
            await state.accounts.create_project(f"{deed} {mode}")
        await state.accounts.invite(PROJECT_ID, f"{mode}@example.com", "member")
        await state.accounts.accept(PROJECT_ID, f"{mode}@example.com")
    await state.close()


@pytest.mark.parametrize("release", ["ours", "6.1.1", "7.17.0"])
def test_every_request_of_management_is_answered(release: str, tmp_path: Path) -> None:
    data = tmp_path / "data.db"
    asyncio.run(prepare(data))
    python = sys.executable if release == "ours" else interpreter(release)
    environment = {"PATH": "", "PYTHONWARNINGS": "error" if release == "ours" else "ignore"}
    if release == "ours":
        environment |= {"PYTHONPATH": str(Path(deepgram.__file__).parent.parent), "HOME": os.environ.get("HOME", "")}
    with deepgram.local.running(engine="scripted", data=data) as server:
        with server.client() as client:
            for text in ("I love it.", "It is fine.", "No."):
                client.read.v1.text.analyze(request={"text": text}, language="en", sentiment=True)
        done = subprocess.run(
            [python, SCRIPTS / "management.py", server.url, "any"],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
            env=environment,
        )
    assert done.returncode == 0, done.stderr
    calls = json.loads(done.stdout)
    assert set(calls) == set(MODES)
    assert all(calls[mode] == calls["sync"] for mode in MODES)
    assert unasked(data, without="/agent" if release == "6.1.1" else None) == []


def unasked(data: Path, without: str | None) -> list[tuple[str, str]]:
    """Return what the server answers and nobody has asked for, as its records tell."""
    router = Router()
    for handlers in MANAGEMENT:
        handlers.register(router)
    with closing(sqlite3.connect(data)) as connection:
        asked = connection.execute(
            "SELECT DISTINCT method, path FROM management_requests WHERE status < 500"
        ).fetchall()
    return [
        (method, path)
        for method, path in router._handlers
        if not any(method == one and compile_path(path)[0].fullmatch(where) for one, where in asked)
        and not (without and path.removeprefix("/v1/projects/{project_id}").startswith(without))
    ]


def test_tokens_and_keys_work_for_every_kind_of_request(clip: Path) -> None:
    with deepgram.local.running(engine="scripted", auth=True) as server, server.client() as owner:
        projects = owner.manage.v1.projects
        project_id = (projects.list().projects or [])[0].project_id
        assert project_id is not None
        key = projects.keys.create(project_id, request={"comment": "app", "scopes": ["member"], "tags": ["app"]})
        with server.client(api_key=key.key) as app:
            token = app.auth.v1.tokens.grant().access_token
        holder = DeepgramClient(access_token=token, base_url=server.url)
        with holder:
            assert holder.listen.v1.media.transcribe_file(request=clip).results
            with holder.listen.v1.connect(model="nova-3") as connection:
                connection.send_media(clip.read_bytes())
                connection.send_close_stream()
                assert [message for message in connection]
            with pytest.raises(ApiError) as refused:
                holder.manage.v1.projects.list()
            assert refused.value.status_code == 403
        assert key.api_key_id is not None
        used = projects.requests.list(project_id, accessor=key.api_key_id).requests or []
        assert sorted((one.response or {})["details"]["method"] for one in used) == ["streaming", "sync"]
        assert all((one.response or {})["details"]["tags"] == ["app"] for one in used)
        projects.keys.delete(project_id, key.api_key_id)
        with pytest.raises(ApiError) as gone:
            with DeepgramClient(access_token=token, base_url=server.url) as late:
                late.listen.v1.media.transcribe_file(request=clip)
        assert gone.value.status_code == 401


def test_pages_of_requests_are_gone_through_without_hiding_them() -> None:
    with deepgram.local.running(engine="scripted") as server, server.client() as client:
        project_id = (client.manage.v1.projects.list().projects or [])[0].project_id
        assert project_id is not None
        asked = [
            client.read.v1.text.with_raw_response.analyze(
                request={"text": f"Number {number}."}, language="en", sentiment=True
            ).headers["dg-request-id"]
            for number in range(7)
        ]
        pages = client.manage.v1.projects.requests.iterate(project_id, limit=3)
        assert [one.request_id for one in pages] == asked[::-1]
        assert [len(page.requests or []) for page in pages.pages()] == [3, 3, 1]
