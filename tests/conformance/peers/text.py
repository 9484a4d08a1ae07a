"""Run by the official package: what its text helpers make of the jobs on standard input, one JSON line each."""

import json
import sys

from deepgram.helpers import TextBuilder, add_pronunciation, ssml_to_deepgram, validate_ipa, validate_pause


def build(steps):
    builder = TextBuilder()
    for number, (step, *arguments) in enumerate(steps):
        try:
            getattr(builder, step)(*arguments)
        except ValueError:
            return f"refused at {number}"
    return builder.build()


JOBS = {
    "ipa": lambda ipa: validate_ipa(ipa)[0],
    "pause": lambda pause: validate_pause(pause)[0],
    "add": add_pronunciation,
    "ssml": ssml_to_deepgram,
    "build": build,
}


def answer(job, *arguments):
    try:
        return JOBS[job](*arguments)
    except ValueError:
        return {"refused": True}


print(json.dumps([answer(*json.loads(line)) for line in sys.stdin]))
