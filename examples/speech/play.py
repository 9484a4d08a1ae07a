"""Play a text while it is being spoken: ``python examples/speech/play.py "Hello there."`` (extra ``audio``)."""

from __future__ import annotations

import sys

from deepgram import DeepgramClient
from deepgram.audio import Speaker

RATE = 24_000


def main(text: str) -> None:
    """Speak ``text`` by the speaker of this machine."""
    with DeepgramClient() as client, Speaker(sample_rate=RATE) as speaker:
        for audio in client.speak.v1.audio.generate(
            text=text,
            model="aura-2-thalia-en",
            encoding="linear16",
            container="none",
            sample_rate=RATE,
            request_options={"chunk_size": 4800},  # whole samples: 100 ms
        ):
            speaker.play(audio)


if __name__ == "__main__":
    main(*sys.argv[1:])
