"""CPU time of reading the answer for an hour of speech, without the call that brings it: this package alone.

``python -m bench.decode`` prints a line per task: the median in milliseconds for the clean and the drifted answer.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))  # a checkout need not be installed

from deepgram.protocol.model import decode_json
from deepgram.protocol.models.listen import (
    ListenV1Response,
    ListenV1ResponseResultsChannelsItemAlternativesItemWordsItem,
    MediaTranscribeResponse,
)

from .documents import drifted_document, hour_document

RUNS = 15
Word = ListenV1ResponseResultsChannelsItemAlternativesItemWordsItem


def transcript(raw: bytes) -> ListenV1Response:
    """Read the transcript, as most programs do."""
    response: ListenV1Response = decode_json(MediaTranscribeResponse, raw)
    assert (response.results.channels[0].alternatives or [])[0].transcript
    return response


def every_word(raw: bytes) -> ListenV1Response:
    """Read the transcript and every field of every word, in channels and in utterances."""
    response = transcript(raw)
    read(word for alternative in response.results.channels[0].alternatives or [] for word in alternative.words or [])
    read(word for utterance in response.results.utterances or [] for word in utterance.words or [])
    return response


def whole(raw: bytes) -> str:
    """Dump the whole as JSON again."""
    response: ListenV1Response = decode_json(MediaTranscribeResponse, raw)
    return response.json()


def read(words: Iterable[Word]) -> None:
    """Read the fields that are sent."""
    for word in words:
        _ = word.word, word.start, word.end, word.confidence, word.speaker, word.punctuated_word


def milliseconds(task: Callable[[bytes], object], raw: bytes) -> float:
    """Return the CPU time of one run of ``task``, the median of several."""
    took: list[float] = []
    for _ in range(RUNS + 1):  # the first one builds what the others use
        gc.collect()
        before = process_time()
        kept = task(raw)
        took.append(process_time() - before)
        del kept
    return statistics.median(took[1:]) * 1000


def main() -> None:
    """Print the figures."""
    clean, drifted = (json.dumps(document()).encode() for document in (hour_document, drifted_document))
    print(f"{len(clean) / 1e6:.1f} MB")
    for task in (transcript, every_word, whole):
        figures = milliseconds(task, clean), milliseconds(task, drifted)
        print(f"{task.__name__:>12}: clean {figures[0]:.1f} ms, drifted {figures[1]:.1f} ms")


if __name__ == "__main__":
    main()
