"""``make demo``: a recording transcribed as a file and live, a text spoken and understood again, an agent asked.

All of it with the engines of the embedded server: no key and no network are needed. Without an argument it takes the
recording that the wheel of ``moonshine-voice`` carries: the opening of "A Tale of Two Cities", read aloud.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import textwrap
import time
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory

import deepgram.local
from deepgram import DeepgramClient
from deepgram.agent.v1.types import (
    AgentV1AgentAudioDone,
    AgentV1ConversationText,
    AgentV1InjectUserMessage,
    AgentV1SettingsApplied,
)
from deepgram.core.events import EventType
from deepgram.functions import Functions
from deepgram.listen import ListenV1Results
from deepgram.local.engines.synthesizers import missing

LIVE_SECONDS = 12
"""How much of the recording the live part takes."""
PIECE = 0.1
"""Seconds of audio in one message of the live part."""
TEXT = "The old man went down to the river. He looked at the water for a long time, and thought of his friends."
VOICE = "aura-asteria-en"
RULES = Path(__file__).with_name("rules.yaml")
"""What the agent says: no language model is needed."""
QUESTION = "What is the weather in Paris?"
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


def speak(client: DeepgramClient, engine: str) -> None:
    """Have a text spoken, and transcribe what that sounds like."""
    print(f"Text to speech ({engine} speaks), and back:", flush=True)
    print()
    with TemporaryDirectory() as folder:
        spoken = Path(folder) / "spoken.mp3"
        began = time.perf_counter()
        size = client.speak.v1.audio.generate(text=TEXT, model=VOICE).save(spoken)
        seconds = time.perf_counter() - began
        response = client.listen.v1.media.transcribe_file(request=spoken, model="nova-3")
    duration = response.metadata.duration
    alternatives = response.results.channels[0].alternatives or []
    heard = (alternatives[0].transcript if alternatives else None) or ""
    said, understood = (text.lower().replace(".", "").replace(",", "").split() for text in (TEXT, heard))
    same = sum(block.size for block in SequenceMatcher(None, said, understood).get_matching_blocks())
    print(textwrap.fill(f"said        {TEXT}", WIDTH, subsequent_indent=" " * 12))
    print(textwrap.fill(f"understood  {heard}", WIDTH, subsequent_indent=" " * 12))
    print(f"words       {same} of {len(said)} right")
    print(f"speech      {duration:.1f} s as mp3 ({size // 1000} kB), made in {seconds:.2f} s")
    print()


def ask(client: DeepgramClient) -> None:
    """Ask a voice agent something that it has to call a function of this program for."""
    print("A voice agent, asked in writing; it answers in speech:", flush=True)
    print()
    functions = Functions()

    @functions.function
    def weather(city: str) -> dict[str, object]:
        """Tell the weather of a city."""
        print(f"function    weather({city!r}) was called, in this program")
        return {"sky": "sunny", "degrees": 21}

    settings = {
        "type": "Settings",
        "audio": {},
        "agent": {
            "listen": {"provider": {"type": "deepgram", "model": "nova-3"}},
            "think": {"provider": {"type": "scripted", "model": "rules"}},  # only the embedded server knows this one
            "speak": {"provider": {"type": "deepgram", "model": VOICE}},
        },
    }
    audio = 0
    with client.agent.v1.connect(functions=functions) as agent:
        agent.send_settings(settings)
        for message in agent:
            if isinstance(message, bytes):
                audio += len(message)
            elif isinstance(message, AgentV1SettingsApplied):
                agent.send_inject_user_message(AgentV1InjectUserMessage(content=QUESTION))
            elif isinstance(message, AgentV1ConversationText):
                print(f"{message.role:<11} {message.content}")
            elif isinstance(message, AgentV1AgentAudioDone):
                break
    print(f"its voice   {audio / 2 / 24000:.1f} s of audio")
    print()


def main() -> None:
    """Transcribe, listen, speak, ask, and say how far to trust it."""
    audio = recording()
    if not audio.is_file():
        raise SystemExit(f"{audio} is not a file.")
    clear = missing("flite") is None
    voices = "flite" if clear else "espeak"
    with deepgram.local.running(voice_engine=voices, think_script=RULES) as server, server.client() as client:
        duration = transcribe(client, audio)
        listen(client, audio, duration)
        speak(client, voices)
        ask(client)
    print("The embedded engines are for wiring, tests and demos. For accuracy use the service, or better engines:")
    print("`deepgram serve --engine moonshine | whisper --voice-engine piper | kokoro`.")
    if not clear:
        print("espeak, which spoke here, is hard to understand for a recogniser; flite is easier (Debian: libflite1).")


if __name__ == "__main__":
    main()
