"""What a worker process runs: it decodes audio and recognises speech, one job at a time, until its input ends.

Jobs come as lines of JSON on the standard input and answers go as lines of JSON to the standard output: a codec that
was taken over by a hostile file cannot make the server unpickle anything. Audio does not pass here, only paths and
offsets.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import queue
import shutil
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from . import audio, engines, speech_detectors
from .engines import EngineInfo, Hints, Recognizer, Word
from .speech_detectors import Detectors
from .voice_activity import VoiceActivity
from .worker_pipes import own_input, own_output

Message = dict[str, Any]


def decode(job: Message, info: EngineInfo, detectors: Detectors) -> Message:
    """Write the audio of ``job["source"]`` as PCM files, one for each channel, and find the speech in them."""
    folder = Path(job["folder"])
    files: list[IO[bytes]] = []
    listeners: list[VoiceActivity] = []
    segments: list[list[tuple[int, int]]] = []
    channels = samples = 0
    whole = not math.isfinite(info.longest_piece)
    try:
        with open(job["source"], "rb") as source:
            for piece in audio.decode(
                source,
                encoding=job["encoding"],
                sample_rate=job["sample_rate"],
                channels=job["channels"],
                multichannel=job["multichannel"],
                max_seconds=job["max_seconds"],
                max_bytes=job["max_bytes"],
            ):
                if not files:
                    files = [open(folder / f"{index}.pcm", "wb") for index in range(len(piece.pcm))]  # noqa: SIM115
                    listeners = [VoiceActivity(detectors(), longest=info.longest_piece) for _ in files]
                    segments = [[] for _ in files]
                channels = piece.channels
                samples += len(piece.pcm[0]) // 2
                for file, listener, found, pcm in zip(files, listeners, segments, piece.pcm, strict=True):
                    file.write(pcm)
                    if not whole:
                        found += [(segment.start, segment.end) for segment in listener.feed(pcm)]
    finally:
        for file in files:
            file.close()
    for listener, found in zip(listeners, segments, strict=True):
        found += [(0, samples)] if whole else [(segment.start, segment.end) for segment in listener.finish()]
    return {"channels": channels, "samples": samples, "segments": segments}


def recognize(job: Message, recognizer: Recognizer) -> Message:
    """Recognise the stretch of a PCM file that ``job`` names. Times are those of the whole file."""
    start, end = job["start"], job["end"]
    with open(job["file"], "rb") as file:
        file.seek(start * 2)
        pcm = file.read((end - start) * 2)
    hints = Hints(keyterms=tuple(job["keyterms"]), language=job["language"])
    words = recognizer.recognize(pcm, hints)
    found = recognizer.find(pcm, job["search"]) if job["search"] else ()
    return {"words": _placed(words, start, end), "found": _placed(found, start, end)}


def _placed(words: Sequence[Word], start: int, end: int) -> list[tuple[str, float, float, float]]:
    """Shift the times of words and keep them within their segment, in order, rounded to 0.1 ms."""
    begin, finish = start / audio.SAMPLE_RATE, end / audio.SAMPLE_RATE
    placed: list[tuple[str, float, float, float]] = []
    for word in words:
        first = min(max(begin + float(word.start), begin), finish)
        last = min(max(begin + float(word.end), first), finish)
        confidence = float(word.confidence)
        placed.append((word.text, round(first, 4), round(last, 4), min(max(confidence, 0.0), 1.0)))
    return placed


def answer(job: Message, recognizer: Recognizer, detectors: Detectors) -> Message:
    """Do a job. What goes wrong is an answer too."""
    try:
        if job["do"] == "decode":
            return decode(job, recognizer.info, detectors)
        return recognize(job, recognizer)
    except audio.AudioError as error:
        return {"error": "audio", "message": str(error), "parameter": error.parameter}
    except Exception as error:
        return {"error": "engine", "message": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Serve jobs until the server closes the pipe, or is gone."""
    # Ctrl-C in a terminal reaches the workers too; it is the server that ends them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings: Message = json.loads(sys.argv[1])
    tell = own_output()
    jobs = _listen(Path(settings["scratch"]))
    try:
        script = settings["script"]
        recognizer = engines.create(settings["engine"], settings["model"], Path(script) if script else None)
        detectors = speech_detectors.load(settings["voice_activity"], light=recognizer.info.light)
    except engines.EngineError as error:
        tell({"error": "engine", "message": str(error)})
        return
    tell({"info": dataclasses.asdict(recognizer.info)})
    while True:
        tell(answer(json.loads(jobs.get()), recognizer, detectors))


def _listen(scratch: Path) -> queue.SimpleQueue[bytes]:
    """Read jobs on a thread of its own, which ends the process when the server has closed the pipe or died."""
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    pipe = own_input()

    def listen() -> None:
        for line in pipe:
            jobs.put(line)
        # Nobody waits for an answer any more, and a decoder cannot be interrupted in any other way.
        shutil.rmtree(scratch, ignore_errors=True)
        os._exit(0)

    threading.Thread(target=listen, name="jobs", daemon=True).start()
    return jobs


if __name__ == "__main__":
    main()
