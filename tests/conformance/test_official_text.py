"""The text helpers beside those of the official releases: the same random texts, the same results."""

from __future__ import annotations

import json
import random
import subprocess
from typing import Any

import pytest

from deepgram.protocol.text_builder import (
    Form,
    TextBuilder,
    add_pronunciation,
    ssml_to_deepgram,
    validate_ipa,
    validate_pause,
)

from .test_official_clients import SCRIPTS, interpreter

WORDS = ["w", "word", "a.b", "", 'w"q', "日本", "don't", "x y", "C++", "pause", "{", "<i>w</i>", "é"]
IPAS = ["x", "ə.ˈbaʊt", "", 'a"b', "q" * 100, "q" * 101, "it's", "é", "a b"]
PIECES = [
    "Hello",
    " ",
    "world. ",
    "\n",
    "<p>",
    "</p>",
    "<speak>",
    "</speak>",
    '<speak version="1">',
    "</SPEAK>",
    "<s/>",
    "&amp;",
    '"',
    "\\",
    "{",
    r"\{",
    r"\}",
    r"\{pause:500ms\}",
    r"\{pause:123ms\}",
    "{pause:500}",
    "word",
    "w ",
    r'\{"word": "x", "pronounce": "z"\}',
    '{"word": "x", "pronounce": "z"}',
    "<!-- c -->",
    "日本 語",
    "a.b ",
]
TIMES = [
    "500ms",
    "1s",
    "0.5s",
    "1.5s",
    "0.55s",
    "2.25s",
    "3s",
    "5s",
    "10s",
    "50ms",
    "550ms",
    "500.5ms",
    "500",
    "abc",
    ".5s",
]
BREAKS = [
    '<break time="*"/>',
    '<break time="*" />',
    "<break time='*'/>",
    '<break\ntime="*"/>',
    '<break time="*"></break>',
    '<break time="*" strength="x"/>',
    '<Break time="*"/>',
]
PHONEMES = [
    'alphabet="ipa" ph="*"',
    'ph="*" alphabet="ipa"',
    'alphabet="x" ph="*"',
    'ph="*"',
    'alphabet="ipa"',
    'alphabet="ipa" foo="1" ph="*"',
    ' alphabet = "ipa"  ph = "*" ',
    'x-alphabet="ipa" ph="*"',
]


class Jobs:
    """Random work for the helpers."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, choices: list[Any]) -> Any:
        return self.random.choice(choices)

    def phoneme(self) -> str:
        ipa = str(self.pick(IPAS)).replace('"', "&quot;")
        inside = self.pick([self.pick(WORDS), " w ", "<b>w</b>", "w\nv", ""])
        return f"<phoneme {str(self.pick(PHONEMES)).replace('*', ipa)}>{inside}</phoneme>"

    def ssml(self) -> str:
        def part() -> str:
            kind = self.random.random()
            if kind < 0.4:
                return str(self.pick(PIECES))
            return str(self.pick(BREAKS)).replace("*", self.pick(TIMES)) if kind < 0.7 else self.phoneme()

        return "".join(part() for _ in range(self.random.randint(0, 6)))

    def text(self) -> str:
        return "".join(self.pick(PIECES) for _ in range(self.random.randint(0, 5)))

    def step(self) -> list[Any]:
        kind = self.random.random()
        if kind < 0.35:
            return ["text", self.pick([self.text(), self.text(), "x" * self.pick([1, 1990, 1999, 2000, 2001]), ""])]
        if kind < 0.55:
            return ["pronunciation", self.pick(WORDS), self.pick(["x", self.pick(IPAS)])]
        if kind < 0.8:
            return ["pause", self.pick([500, 500, 500, 3000, 3100, 5000, 5100, 550, 0])]
        return ["from_ssml", self.ssml()]

    def job(self) -> list[Any]:
        kind = self.random.random()
        if kind < 0.05:
            return ["ipa", self.pick([*IPAS, None, 5, self.text()])]
        if kind < 0.1:
            return ["pause", self.pick([self.random.randint(-100, 6000), self.random.randint(0, 60) * 100, 500.0, "1"])]
        if kind < 0.3:
            return ["add", self.text() + self.pick(WORDS) + self.text(), self.pick(WORDS), self.pick(["x", *IPAS])]
        if kind < 0.6:
            return ["ssml", self.ssml()]
        return ["build", [self.step() for _ in range(self.pick([0, 1, 2, 3, 5, 12, 60]))]]


def ours(form: Form, job: str, *arguments: Any) -> Any:
    try:
        match job:
            case "ipa":
                return validate_ipa(*arguments)[0]
            case "pause":
                return validate_pause(*arguments, form=form)[0]
            case "add":
                return add_pronunciation(*arguments, form=form)
            case "ssml":
                return ssml_to_deepgram(*arguments, form=form)
            case _:
                builder = TextBuilder(form=form)
                for number, (step, *values) in enumerate(arguments[0]):
                    try:
                        getattr(builder, step)(*values)
                    except ValueError:
                        return f"refused at {number}"
                return builder.build()
    except ValueError:
        return {"refused": True}


@pytest.mark.parametrize(("release", "form"), [("7.17.0", "7"), ("6.1.1", "6.1")])
def test_texts_come_out_as_the_official_release_writes_them(release: str, form: Form) -> None:
    maker = Jobs(seed=7)
    jobs = [maker.job() for _ in range(3000)]
    done = subprocess.run(
        [interpreter(release), SCRIPTS / "text.py"],
        input="\n".join(map(json.dumps, jobs)),
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
        env={"PATH": ""},
    )
    for job, theirs in zip(jobs, json.loads(done.stdout), strict=True):
        assert ours(form, *job) == theirs, job
