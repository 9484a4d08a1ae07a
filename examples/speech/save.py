"""Save a text as speech: ``python examples/speech/save.py "Hello there." hello.mp3``; the ending says the format."""

from __future__ import annotations

import sys

from deepgram import DeepgramClient
from deepgram.errors import ApiError

ENCODINGS = {"mp3": "mp3", "flac": "flac", "aac": "aac", "ogg": "opus", "wav": "linear16"}


def main(text: str, path: str) -> None:
    """Speak ``text`` into the file ``path``."""
    encoding = ENCODINGS[path.rpartition(".")[2]]
    with DeepgramClient() as client:
        audio = client.speak.v1.audio.generate(text=text, model="aura-2-thalia-en", encoding=encoding)
        try:
            size = audio.save(path)
        except ApiError as error:
            sys.exit(f"no speech: {error} (request {error.request_id})")
        print(f"{path}: {size} bytes of {audio.content_type}, request {audio.request_id}")


if __name__ == "__main__":
    main(*sys.argv[1:])
