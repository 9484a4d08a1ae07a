"""``make demo``: transcribe a real recording with the engine of the embedded server, with no key and no network.

Without an argument it takes the recording that the wheel of ``moonshine-voice`` carries: the opening of
"A Tale of Two Cities", read aloud.
"""

from __future__ import annotations

import importlib.util
import sys
import textwrap
import time
from pathlib import Path

import deepgram.local


def recording() -> Path:
    """Return the recording to transcribe: the argument, or the one that was installed for the demo."""
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    package = importlib.util.find_spec("moonshine_voice")
    if package is None or package.origin is None:
        raise SystemExit("The demo's recording is not installed. Run `make demo`, or name an audio file.")
    return Path(package.origin).parent / "assets" / "two_cities.wav"


def main() -> None:
    """Transcribe and show."""
    audio = recording()
    if not audio.is_file():
        raise SystemExit(f"{audio} is not a file.")
    print(f"Transcribing {audio.name} with the embedded engine ...", flush=True)
    with deepgram.local.running() as server, server.client() as client:
        began = time.perf_counter()
        response = client.listen.v1.media.transcribe_file(request=audio, smart_format=True, model="nova-3")
        seconds = time.perf_counter() - began
    metadata = response.metadata
    alternatives = response.results.channels[0].alternatives or []
    transcript = (alternatives[0].transcript if alternatives else None) or ""
    print()
    print(textwrap.fill(transcript, 100))
    print()
    engine = next(iter(metadata.model_info.values()))
    print(f"duration    {metadata.duration:.1f} s of audio")
    print(f"speed       {seconds:.1f} s, {metadata.duration / seconds:.1f} x real time")
    print(f"engine      {engine['arch']} {engine['version']}, model {engine['name']}")
    print(f"request id  {metadata.request_id}")
    print()
    print("The embedded engine is for wiring, tests and demos. For accuracy use the service, or a better engine:")
    print("`deepgram serve --engine moonshine | whisper`.")


if __name__ == "__main__":
    main()
