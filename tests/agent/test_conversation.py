"""The conversation helper over real sockets, with the microphone and the speaker of a machine that has none."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from deepgram import AsyncDeepgramClient
from deepgram.audio import DeviceError, Microphone, Speaker
from deepgram.conversation import AgentError, Conversation
from deepgram.conversation.playback import MOST, Playback
from deepgram.runtime.errors import ApiError

from ..audio.conftest import Library
from .service import PATIENCE, SETTINGS, Desk, Script, Service

AGENT = {name: value for name, value in SETTINGS.items() if name != "audio"}
SPEECH = array("h", [3000, -3000] * 400).tobytes()
"""50 ms at 16 kHz."""
WORDS = array("h", [1000] * 24_000).tobytes()
"""1 s of the agent at 24 kHz."""


def run(script: Script, talk: Callable[[Any], Awaitable[None]], settings: Any = AGENT, **options: Any) -> Service:
    """Let ``talk`` use a conversation; raise what the script raises."""
    service = Service(script)

    async def converse(url: str) -> None:
        async with AsyncDeepgramClient(api_key="k", base_url=url, drain_timeout=2) as client:
            async with Conversation(client.agent.v1.connect(), settings, **options) as conversation:
                await talk(conversation)

    with service.running() as url:
        asyncio.run(asyncio.wait_for(converse(url), 3 * PATIENCE))
        service.finish()
    return service


async def eventually(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.002)


def answer(desk: Desk, *said: str, audio: bytes = WORDS) -> None:
    for text in said:
        desk.say(type="ConversationText", role="assistant", content=text)
    desk.say(audio)
    desk.say(type="AgentAudioDone")


def test_a_spoken_turn_from_microphone_to_speaker(library: Library) -> None:
    def script(desk: Desk) -> None:
        settings = desk.welcome()
        assert settings["audio"] == {
            "input": {"encoding": "linear16", "sample_rate": 16000},
            "output": {"encoding": "linear16", "sample_rate": 24000, "container": "none"},
        }
        assert settings["agent"] == AGENT["agent"]
        assert desk.hear_audio(len(SPEECH)) == SPEECH
        desk.say(type="UserStartedSpeaking")
        desk.say(type="ConversationText", role="user", content="Hello.")
        answer(desk, "Good morning.")
        desk.stay()

    async def talk(conversation: Conversation) -> None:
        speaker, microphone = library.opened
        assert conversation.request_id == "r"
        microphone.hear(SPEECH)
        await eventually(lambda: len(conversation.transcript) == 2)
        played = b""
        while len(played) < len(WORDS):
            played += speaker.take(4800).rstrip(b"\0")
            await asyncio.sleep(0)
        assert played == WORDS
        assert await conversation.silence(PATIENCE)
        assert [(said.role, said.text) for said in conversation.transcript] == [
            ("user", "Hello."),
            ("assistant", "Good morning."),
        ]
        (turn,) = conversation.turns
        assert turn.latency is not None
        assert 0 <= turn.latency < PATIENCE

    run(script, talk, microphone=Microphone(), speaker=Speaker())
    assert [stream.calls for stream in library.opened] == [["start", "abort", "close"]] * 2


def test_the_speaker_falls_silent_with_the_next_buffer_when_the_user_speaks(library: Library) -> None:
    told = asyncio.Event()

    def script(desk: Desk) -> None:
        desk.welcome()
        desk.say(type="ConversationText", role="assistant", content="Once upon a time.")
        desk.say(*[WORDS] * 40)
        desk.hear("InjectUserMessage")
        desk.say(type="UserStartedSpeaking")
        desk.stay()

    async def talk(conversation: Conversation) -> None:
        def interrupted(event: object) -> None:
            if getattr(event, "type", "") == "UserStartedSpeaking":
                # Handlers are called in the same breath: by now nothing is left to be heard.
                assert library.stream.take(960) == bytes(960)
                told.set()

        conversation.agent.on("message", interrupted)
        await eventually(lambda: library.stream.take(960) == WORDS[:960])
        assert conversation.is_speaking
        await conversation.agent.send_inject_user_message({"type": "InjectUserMessage", "content": "x"})
        await asyncio.wait_for(told.wait(), PATIENCE)
        assert not conversation.is_speaking
        assert conversation.transcript[0].interrupted

    run(script, talk, speaker=Speaker(buffer_seconds=1))


def test_leaving_lets_the_agent_finish_and_plays_it_to_its_end(library: Library) -> None:
    heard = bytearray()

    def script(desk: Desk) -> None:
        desk.welcome()
        assert desk.hear("InjectUserMessage")["content"] == "Hello?"
        time.sleep(0.1)
        desk.say(type="ConversationText", role="user", content="Hello?")
        answer(desk, "Yes.")
        desk.stay()

    async def device() -> None:
        while True:
            await asyncio.sleep(0.001)
            if library.opened:
                heard.extend(library.stream.take(4800).rstrip(b"\0"))

    async def talk(conversation: Conversation) -> None:
        await conversation.say("Hello?")
        tasks.append(asyncio.get_running_loop().create_task(device()))

    tasks: list[asyncio.Task[None]] = []
    run(script, talk, speaker=Speaker())
    assert bytes(heard) == WORDS


def test_an_exception_stops_everything_at_once(library: Library) -> None:
    class Stop(Exception):
        pass

    def script(desk: Desk) -> None:
        desk.welcome()
        desk.say(WORDS * 20)
        desk.stay()

    async def talk(conversation: Conversation) -> None:
        await eventually(lambda: conversation.is_speaking)
        raise Stop

    began = time.monotonic()
    with pytest.raises(Stop):
        run(script, talk, microphone=Microphone(), speaker=Speaker())
    assert time.monotonic() - began < PATIENCE / 2
    assert [stream.calls for stream in library.opened] == [["start", "abort", "close"]] * 2


def test_a_greeting_that_follows_at_once_is_heard_whole(library: Library) -> None:
    def script(desk: Desk) -> None:
        desk.welcome()
        answer(desk, "Welcome!")
        desk.stay()

    async def talk(conversation: Conversation) -> None:
        played = b""
        while len(played) < len(WORDS):
            played += library.opened[0].take(4800).rstrip(b"\0")
            await asyncio.sleep(0)
        assert played == WORDS

    run(script, talk, microphone=Microphone(), speaker=Speaker())


def test_a_stored_configuration_and_any_source_of_audio_will_do() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield SPEECH

    def script(desk: Desk) -> None:
        settings = desk.welcome()
        assert settings["agent"] == "stored-id"
        assert settings["audio"] == {"input": {"encoding": "linear16", "sample_rate": 16000}}
        assert desk.hear_audio(3 * len(SPEECH)) == 3 * SPEECH
        answer(desk, "Heard.")

    async def talk(conversation: Conversation) -> None:
        await asyncio.wait_for(conversation.audio_ended.wait(), PATIENCE)
        await asyncio.wait_for(conversation.finished(), PATIENCE)
        assert [said.text for said in conversation.transcript] == ["Heard."]

    run(script, talk, "stored-id", microphone=pieces())


def test_settings_that_the_speaker_cannot_play_are_refused() -> None:
    for output in ({"encoding": "mp3"}, {"container": "wav"}, {"sample_rate": 8000}):
        settings = {**AGENT, "audio": {"output": output}}
        with pytest.raises(ValueError, match="speaker plays"):
            Conversation(None, settings, speaker=Speaker())  # type: ignore[arg-type]


# --- What goes wrong --------------------------------------------------------------------------------------------------


async def nothing(_: Conversation) -> None:
    raise AssertionError("the block must not be entered")


def welcomes_only(desk: Desk) -> None:
    desk.say(type="Welcome", request_id="r-1")
    desk.stay()


def refuses(desk: Desk) -> None:
    desk.say(type="Welcome", request_id="r-1")
    desk.hear("Settings")
    desk.say(type="Error", description="Unknown think provider", code="INVALID_SETTINGS")
    desk.stay()


def closes(desk: Desk) -> None:
    desk.hear("Settings")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (Desk.stay, r"did not apply the settings within 0.3 s: nothing came"),
        (welcomes_only, r"Welcome, but no SettingsApplied came.*\(request r-1\)"),
        (refuses, r"Unknown think provider \(request r-1\)"),
        (closes, r"closed the conversation before"),
    ],
)
def test_settings_that_are_never_applied_are_an_error_within_the_bound(
    library: Library, script: Script, message: str
) -> None:
    began = time.monotonic()
    with pytest.raises(AgentError, match=message):
        run(script, nothing, microphone=Microphone(), speaker=Speaker(), patience=0.3)
    assert time.monotonic() - began < PATIENCE
    assert all(stream.calls[-1] == "close" for stream in library.opened)
    assert len(library.opened) == 1, "the microphone stays closed"


def test_the_code_of_a_refusal_can_be_read() -> None:
    with pytest.raises(AgentError) as raised:
        run(refuses, nothing)
    assert (raised.value.code, raised.value.request_id) == ("INVALID_SETTINGS", "r-1")


def test_a_connection_that_breaks_is_told_to_who_waits() -> None:
    def script(desk: Desk) -> None:
        desk.welcome()
        desk.connection.close(1011, "out of order")

    async def talk(conversation: Conversation) -> None:
        with pytest.raises(ApiError, match="out of order"):
            await asyncio.wait_for(conversation.finished(), PATIENCE)

    run(script, talk)


def test_a_device_that_stops_ends_the_conversation(library: Library) -> None:
    def script(desk: Desk) -> None:
        desk.welcome()
        desk.stay()

    async def lose_microphone(conversation: Conversation) -> None:
        library.opened[1].vanish()
        with pytest.raises(DeviceError, match="microphone"):
            await asyncio.wait_for(conversation.finished(), PATIENCE)

    run(script, lose_microphone, microphone=Microphone(), speaker=Speaker())

    def speaks(desk: Desk) -> None:
        desk.welcome()
        desk.hear("InjectUserMessage")
        desk.say(WORDS)
        desk.stay()

    async def lose_speaker(conversation: Conversation) -> None:
        library.stream.vanish()
        await conversation.say("Hello?")
        with pytest.raises(DeviceError, match="speaker"):
            await asyncio.wait_for(conversation.finished(), PATIENCE)

    run(speaks, lose_speaker, speaker=Speaker())


def test_a_missing_device_closes_what_was_opened(library: Library) -> None:
    def script(desk: Desk) -> None:
        desk.welcome()
        desk.stay()

    library.devices.clear()
    library.refusal = library.PortAudioError("no such device")
    with pytest.raises(DeviceError, match="no input device"):
        run(script, nothing, microphone=Microphone())


def test_silence_is_waited_for_within_a_bound() -> None:
    def script(desk: Desk) -> None:
        desk.welcome()
        desk.hear("InjectUserMessage")
        desk.stay()

    async def talk(conversation: Conversation) -> None:
        assert await conversation.silence(PATIENCE)
        await conversation.say("Hello?")
        assert not await conversation.silence(0.1)

    run(script, talk)


class Deaf:
    """A player that never has room."""

    waiting = 0.0

    def __init__(self) -> None:
        self.cleared = 0

    async def play_async(self, audio: bytes) -> None:
        await asyncio.sleep(PATIENCE)

    async def wait_async(self) -> None:
        await asyncio.sleep(0)

    def clear(self) -> None:
        self.cleared += 1


def test_audio_that_nobody_plays_is_bounded() -> None:
    async def play() -> None:
        player = Deaf()
        playback = Playback(player, print)
        piece = bytes(MOST // 8)
        for _ in range(12):
            playback.put(piece)
        assert playback.dropped == 4 * len(piece)
        assert playback.is_playing
        playback.clear()
        playback.put(piece)
        await playback.end()
        assert player.cleared == 2
        playback.put(piece)
        assert playback.dropped > 4 * len(piece), "after the end nothing is kept"

    asyncio.run(play())
