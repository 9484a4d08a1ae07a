"""What the process for analyses runs: one text at a time, as a line of JSON, until its input ends."""

from __future__ import annotations

import json
import os
import queue
import signal
import threading

from ..worker_pipes import Message, own_input, own_output
from .document import MOST_TOKENS, cleaned, numbered, sentences_of, tokens_in
from .results import analyzed
from .wanted import Wanted


def answer(job: Message) -> Message:
    """Analyse ``job["text"]``, or a transcript given as ``job["sentences"]``. What goes wrong is an answer too."""
    try:
        if "sentences" in job:
            sentences = numbered([cleaned(word) for word in sentence] for sentence in job["sentences"])
        else:
            text = cleaned(job["text"])
            if tokens_in(text) > MOST_TOKENS:
                return {"error": "length"}
            sentences = sentences_of(text)
            if not sentences:
                return {"error": "empty"}
        return analyzed(sentences, Wanted.of(job["wanted"]))
    except Exception as error:
        return {"error": "failed", "message": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Serve until the server closes the pipe, or is gone."""
    # Ctrl-C in a terminal reaches the workers too; it is the server that ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tell = own_output()
    jobs = _listen()
    while True:
        tell(answer(json.loads(jobs.get())))


def _listen() -> queue.SimpleQueue[bytes]:
    """Read jobs on a thread of its own, which ends the process when the server has closed the pipe or died."""
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    pipe = own_input()

    def listen() -> None:
        for line in pipe:
            jobs.put(line)
        os._exit(0)  # nobody waits for an answer any more

    threading.Thread(target=listen, name="jobs", daemon=True).start()
    return jobs


if __name__ == "__main__":
    main()
