"""``make demo``: a real recording, transcribed as a file and live, with the engine of the embedded server.

No key and no network are needed. Without an argument it takes the recording that the wheel of ``moonshine-voice``
carries: the opening of "A Tale of Two Cities", read aloud.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import textwrap
import time
from pathlib import Path

import deepgram.local
from deepgram import DeepgramClient
from deepgram.core.events import EventType
from deepgram.listen import ListenV1Results

LIVE_SECONDS = 12
"""How much of the recording the live part takes."""
PIECE = 0.1
"""Seconds of audio in one message of the live part."""
WIDTH = min(shutil.get_terminal_size().columns, 100)


def recording() -> Path:
    """Return the recording to transcribe: the argument, or the one that was installed for the demo."""
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    package = importlib.util.find_spec("moonshine_voice")
    if package is None or package.origin is None:
        raise SystemExit("The demo's recording is not installed. Run `make demo`, or name an audio file.")
    return Path(package.origin).parent / "assets" / "two_cities.wav"


def transcribe(client: DeepgramClient, audio: Path) -> float:
    """Transcribe the whole file and show what came back; return the seconds of audio."""
    print(f"Transcribing {audio.name} with the embedded engine ...", flush=True)
    began = time.perf_counter()
    response = client.listen.v1.media.transcribe_file(request=audio, smart_format=True, model="nova-3")
    seconds = time.perf_counter() - began
    metadata = response.metadata
    alternatives = response.results.channels[0].alternatives or []
    transcript = (alternatives[0].transcript if alternatives else None) or ""
    engine = next(iter(metadata.model_info.values()))
    print()
    print(textwrap.fill(transcript, WIDTH))
    print()
    print(f"duration    {metadata.duration:.1f} s of audio")
    print(f"speed       {seconds:.1f} s, {metadata.duration / seconds:.1f} x real time")
    print(f"engine      {engine['arch']} {engine['version']}, model {engine['name']}")
    print(f"request id  {metadata.request_id}")
    print()
    return metadata.duration


def listen(client: DeepgramClient, audio: Path, duration: float) -> None:
    """Send the beginning of the recording as if it were spoken now, and show the words as they are understood."""
    print(f"The first {LIVE_SECONDS} s of it live, as they are spoken:", flush=True)
    print()
    in_place = sys.stdout.isatty()

    def show(message: object) -> None:
        if not isinstance(message, ListenV1Results):
            return
        text = message.channel.alternatives[0].transcript
        if text and message.is_final:
            print(f"\r{text:<{WIDTH}}" if in_place else f"{message.start:5.1f} s  {text}", flush=True)
        elif text and in_place:
            print(f"\r{text[-WIDTH:]:<{WIDTH}}", end="", flush=True)

    content = audio.read_bytes()
    size = max(1, int(len(content) * PIECE / duration))
    end = int(len(content) * LIVE_SECONDS / duration)
    with client.listen.v1.connect(model="nova-3", smart_format=True, interim_results=True) as connection:
        connection.on(EventType.MESSAGE, show)
        connection.listen_in_background()
        for start in range(0, min(end, len(content)), size):
            connection.send_media(content[start : start + size])
            time.sleep(PIECE)
    report = connection.report()
    print()
    print(f"live        {report.words} words in {report.finalized:.1f} s of audio, {report.messages_received} messages")
    print()


def main() -> None:
    """Transcribe, listen, and say how far to trust it."""
    audio = recording()
    if not audio.is_file():
        raise SystemExit(f"{audio} is not a file.")
    with deepgram.local.running() as server, server.client() as client:
        duration = transcribe(client, audio)
        listen(client, audio, duration)
    print("The embedded engine is for wiring, tests and demos. For accuracy use the service, or a better engine:")
    print("`deepgram serve --engine moonshine | whisper`.")


if __name__ == "__main__":
    main()
