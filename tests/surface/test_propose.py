"""Proposals for the surface: what a recorded surface has, and ours has not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from compat.propose import propose
from hatch_build import Surface

Miniature = Callable[[Mapping[str, str], str], Path]


def test_missing_lines_are_proposed_when_their_names_have_a_home(miniature: Miniature, tmp_path: Path) -> None:
    modules = {
        "protocol/speak.py": "from .model import Model\nclass Voice(Model): ...\nclass Pace(Model): ...\nSpeed = float",
        "clients/listen.py": "class V1Client: ...",
        "clients/speak.py": "class V1Client: ...",
    }
    recorded = {
        "modules": {
            "deepgram": {"Voice": "deepgram.types.voice:Voice"},
            "deepgram.types": {"Voice": "deepgram.types.voice:Voice", "Speed": None},
            "deepgram.types.voice": {"Voice": "deepgram.types.voice:Voice"},
            "deepgram.types.pace": {"Pace": "deepgram.types.pace:Pace"},
            "deepgram.types.old_pace": {"OldPace": "deepgram.types.pace:Pace"},
            "deepgram.types.speed": {},
            "deepgram.types.lost": {"Lost": "deepgram.types.lost:Lost"},
            "deepgram.requests.voice": {"VoiceParams": "deepgram.requests.voice:VoiceParams"},
            "deepgram.speak.v1.client": {"V1Client": "deepgram.speak.v1.client:V1Client", "OMIT": None},
            "deepgram.listen.v1.client": {"V1Client": "deepgram.listen.v1.client:V1Client"},
        },
        "also": {},
    }
    file = tmp_path / "recorded.json"
    file.write_text(json.dumps(recorded), encoding="utf-8")
    surface = Surface(miniature(modules, "types.pace: Pace\n"))
    assert propose(surface, [file]) == [
        "listen.v1.client: V1Client <- clients.listen",
        "requests.voice: VoiceParams",
        "speak.v1.client: V1Client <- clients.speak",
        "types.old_pace: OldPace=Pace",
        "types.speed: Speed",
        "types.voice: Voice",
    ]
    assert propose(surface, [file], homeless=True) == ["types.lost: Lost"]
