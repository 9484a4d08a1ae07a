"""Speak what a language model writes, while it writes: ``python examples/speech/tokens.py answer.wav``.

The model is made up here: it writes a word every 30 ms. Its first sentence is spoken before it has finished the second.
"""

from __future__ import annotations

import sys
import time
import wave
from collections.abc import Iterator

from deepgram import DeepgramClient
from deepgram.speech import Speech

RATE = 24_000
ANSWER = (
    "Sure, I can help you with that. Dr. Miller has time at 3.30 tomorrow! "
    "Shall I book it for you? If not, the next free appointment is on Friday."
)


def model() -> Iterator[str]:
    """Write the answer, word by word."""
    for word in ANSWER.split(" "):
        yield f"{word} "
        time.sleep(0.03)


def main(path: str) -> None:
    """Speak the answer into the file ``path``."""
    with DeepgramClient() as client, wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        with client.speak.v1.connect(model="aura-2-thalia-en", encoding="linear16", sample_rate=RATE) as connection:
            began = time.monotonic()
            first: float | None = None
            with Speech(connection, model()) as speech:
                for audio in speech:
                    first = first or time.monotonic() - began
                    file.writeframes(audio)
        print(f"first audio after {first or 0:.2f} s, {file.getnframes() / RATE:.1f} s of speech in {path}")


if __name__ == "__main__":
    main(*sys.argv[1:])
