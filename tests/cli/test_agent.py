"""The command `deepgram agent` against a service on the loopback interface that follows a script."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import wave
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deepgram.cli import agent

from ..agent.service import SETTINGS, Desk, Script, Service
from ..audio.conftest import Library, library
from .conftest import Ended, Run

__all__ = ["library"]

SPEECH = array("h", [3000, -3000] * 4000)
"""A second at 8 kHz."""
VOICE = array("h", [1000] * 2400).tobytes()

Talk = Callable[..., Ended]


@pytest.fixture
def talk(bare: Run, monkeypatch: pytest.MonkeyPatch) -> Talk:
    """Run `deepgram agent` in this process with a service that follows a script."""
    monkeypatch.setenv("DEEPGRAM_API_KEY", "a-secret-key")
    monkeypatch.setattr(agent, "QUIET", 0.2)

    def run(script: Script, *arguments: object, stdin: bytes = b"", fails: bool = False) -> Ended:
        service = Service(script)
        with service.running() as url:
            monkeypatch.setenv("DEEPGRAM_BASE_URL", url)
            ended = bare("agent", *arguments, stdin=stdin)
            service.finish()
        assert (ended.code != 0) == fails, ended.err
        return ended

    return run


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    path = tmp_path / "question.wav"
    with wave.open(str(path), "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(8000)
        made.writeframes(SPEECH.tobytes())
    return path


def answer(desk: Desk, question: str, *said: str) -> None:
    desk.say(type="ConversationText", role="user", content=question)
    for text in said:
        desk.say(type="ConversationText", role="assistant", content=text)
    desk.say(VOICE)
    desk.say(type="AgentAudioDone")


def test_lines_are_said_one_after_the_other_and_answers_shown(talk: Talk) -> None:
    def script(desk: Desk) -> None:
        settings = desk.welcome()
        assert settings["audio"] == {}
        assert settings["agent"] == {
            "listen": {"provider": {"type": "deepgram", "version": "v1", "model": "nova-3"}},
            "think": {"provider": {"type": "open_ai", "model": "gpt-4o-mini"}},
            "speak": {"provider": {"type": "deepgram", "model": "aura-2-thalia-en"}},
        }
        desk.say(type="ConversationText", role="assistant", content="Welcome!")
        for question, said in (("Hello?", "Good\nmorning\x1b[31m."), ("Bye.", "See you.")):
            assert desk.hear("InjectUserMessage")["content"] == question
            answer(desk, question, said)
        desk.stay()

    ended = talk(script, "--text", stdin=b"Hello?\n\n  Bye.  \n")
    assert ended.out.splitlines() == [
        "Agent: Welcome!",
        "You: Hello?",
        "Agent: Good morning [31m.",
        "You: Bye.",
        "Agent: See you.",
    ]
    assert ended.err.startswith("note: from the end of speech to the first audio: ")
    assert "median" in ended.err


def test_options_say_what_the_agent_is(talk: Talk) -> None:
    def script(desk: Desk) -> None:
        assert desk.welcome()["agent"] == {
            "listen": {"provider": {"type": "deepgram", "version": "v2", "model": "flux-general-en"}},
            "think": {
                "provider": {"type": "open_ai", "model": "llama3"},
                "prompt": "Be brief.",
                "endpoint": {"url": "http://127.0.0.1:11434/v1/chat/completions"},
            },
            "speak": {"provider": {"type": "deepgram", "model": "aura-2-zeus-en"}},
            "greeting": "Hi.",
        }
        desk.stay()

    talk(
        script,
        *("--text", "--prompt", "Be brief.", "--greeting", "Hi.", "--listen-model", "flux-general-en"),
        *("--voice", "aura-2-zeus-en", "--think-model", "llama3"),
        *("--think-url", "http://127.0.0.1:11434/v1/chat/completions"),
    )


@pytest.mark.parametrize("whole", [True, False])
def test_settings_come_from_a_file_and_options_replace_parts_of_them(talk: Talk, tmp_path: Path, whole: bool) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({**SETTINGS, "tags": ["t"]} if whole else SETTINGS["agent"]))

    def script(desk: Desk) -> None:
        settings = desk.welcome()
        assert settings.get("tags") == (["t"] if whole else None)
        think = {"provider": {"type": "open_ai", "model": "gpt-4o-mini"}, "prompt": "New."}
        assert settings["agent"] == {**SETTINGS["agent"], "think": think}
        desk.stay()

    talk(script, "--text", "--settings", path, "--prompt", "New.")


def test_a_stored_configuration_is_named_by_its_id(talk: Talk) -> None:
    def script(desk: Desk) -> None:
        assert desk.welcome()["agent"] == "some-id"
        desk.stay()

    talk(script, "--text", "--agent-id", "some-id")


def test_a_recording_is_played_and_the_answer_waited_for(talk: Talk, speech: Path, tmp_path: Path) -> None:
    voice = tmp_path / "voice.wav"

    def script(desk: Desk) -> None:
        settings = desk.welcome()
        assert settings["audio"] == {
            "input": {"encoding": "linear16", "sample_rate": 8000},
            "output": {"encoding": "linear16", "sample_rate": 24000, "container": "none"},
        }
        desk.hear_audio(8000)
        desk.say(type="UserStartedSpeaking")
        heard = desk.hear_audio(len(SPEECH) * 2 + 3200)
        assert heard[: len(SPEECH) * 2] == SPEECH.tobytes()
        assert not heard[len(SPEECH) * 2 :].strip(b"\0"), "then the line is silent"
        answer(desk, "What time is it?", "Noon.")
        desk.stay()

    ended = talk(script, "--audio", speech, "-o", voice)
    assert ended.out.splitlines() == ["You: What time is it?", "Agent: Noon."]
    with wave.open(str(voice)) as written:
        assert (written.getframerate(), written.readframes(10_000)) == (24000, VOICE)


def test_functions_warnings_and_errors_are_shown(talk: Talk) -> None:
    def script(desk: Desk) -> None:
        desk.welcome()
        desk.hear("InjectUserMessage")
        desk.say(type="Warning", description="Slow model", code="SLOW")
        desk.ask(("1", "weather", '{"city": "Paris"}'), client_side=False)
        desk.say(type="FunctionCallResponse", id="1", name="weather", content="sunny")
        desk.say(type="Error", description="Think failed.", code="THINK")
        answer(desk, "Weather?", "Sunny.")
        desk.stay()

    ended = talk(script, "--text", stdin=b"Weather?\n")
    assert ended.out.splitlines() == [
        'Function: weather({"city": "Paris"})',
        "Function: weather -> sunny",
        "You: Weather?",
        "Agent: Sunny.",
    ]
    assert "note: Slow model" in ended.err
    assert "note: The service says: Think failed (THINK)." in ended.err


def test_json_has_every_message_on_a_line_of_its_own(talk: Talk) -> None:
    def script(desk: Desk) -> None:
        desk.welcome()
        desk.hear("InjectUserMessage")
        desk.say({"type": "Novel", "of": [1, None]})
        answer(desk, "Hello?", "Hi.")
        desk.stay()

    ended = talk(script, "--text", "--json", stdin=b"Hello?")
    messages = [json.loads(line) for line in ended.out.splitlines()]
    assert [message["type"] for message in messages] == [
        "Welcome",
        "SettingsApplied",
        "Novel",
        "ConversationText",
        "ConversationText",
        "AgentAudioDone",
    ]
    assert messages[2] == {"type": "Novel", "of": [1, None]}
    assert ended.err == ""


def test_the_microphone_and_the_speaker_are_used_until_ctrl_c(talk: Talk, library: Library) -> None:
    def script(desk: Desk) -> None:
        # The microphone opens once the settings are applied.
        settings = desk.welcome()
        assert settings["audio"]["input"]["sample_rate"] == 16000
        deadline = time.monotonic() + 10
        while len(library.opened) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        library.opened[1].hear(bytes(2560))
        desk.hear_audio(2560)
        answer(desk, "Hello?", "Hi.")
        while not any(library.opened[0].take(960)):  # the audio comes after the words
            assert time.monotonic() < deadline
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
        desk.stay()

    ended = talk(script, "--mic")
    assert ended.out.splitlines() == ["You: Hello?", "Agent: Hi."]
    assert [stream.calls for stream in library.opened] == [["start", "abort", "close"]] * 2


# --- What goes wrong --------------------------------------------------------------------------------------------------


def silent(desk: Desk) -> None:
    desk.stay()


def refuses(desk: Desk) -> None:
    desk.say(type="Welcome", request_id="r-1")
    desk.hear("Settings")
    desk.say(type="Error", description="Unknown voice.", code="INVALID_SETTINGS")
    desk.stay()


def hangs_up(desk: Desk) -> None:
    desk.welcome()
    desk.hear("InjectUserMessage")


def never_answers(desk: Desk) -> None:
    desk.welcome()
    desk.stay()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (silent, "error: The service did not apply the settings within 0.5 s: nothing came."),
        (refuses, "Unknown voice. (request r-1)"),
        (hangs_up, "error: The service ended the conversation."),
        (never_answers, "error: The agent did not answer within 0.5 s."),
    ],
)
def test_a_service_that_does_not_converse_is_a_failure(talk: Talk, script: Script, message: str) -> None:
    ended = talk(script, "--text", "--timeout", "0.5", stdin=b"Hello?\n", fails=True)
    assert ended.code == 1
    assert message in ended.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Say how to talk"),
        (["--text", "--mic"], "Say how to talk"),
        (["--text", "--device", "1"], "--device belongs to --mic"),
        (["--text", "--timeout", "0"], "--timeout must be greater than 0"),
        (["--text", "--agent-id", "x", "--prompt", "y"], "--agent-id is all there is to say"),
        (["--text", "--settings", "{absent}"], "absent"),
        (["--text", "--settings", "{broken}"], "broken.json is not JSON"),
        (["--text", "--settings", "{list}"], "list.json must hold an object"),
        (["--text", "--settings", "{odd}"], "`agent` must be an object"),
        (["--text", "--settings", "{stored}", "--prompt", "x"], "names a stored configuration"),
        (["--audio", "{broken}"], "broken.json"),
        (["--audio", "{absent}"], "absent"),
    ],
)
def test_wrong_use_is_explained(talk: Talk, bare: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    files = {"broken": "{", "list": "[]", "odd": '{"agent": 7}', "stored": '{"agent": "id"}'}
    for name, text in files.items():
        (tmp_path / f"{name}.json").write_text(text)
    paths = {name: str(tmp_path / f"{name}.json") for name in (*files, "absent")}
    ended = bare("agent", *(argument.format(**paths) for argument in arguments))
    assert ended.code == 2, ended.err
    assert message in ended.err


def test_no_credential_is_explained(bare: Run) -> None:
    ended = bare("agent", "--text")
    assert ended.code == 2
    assert "deepgram agent --local" in ended.err


def test_without_pyav_only_plain_wav_files_are_read(bare: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPGRAM_API_KEY", "k")
    monkeypatch.setitem(sys.modules, "deepgram.local.audio", None)
    path = tmp_path / "song.mp3"
    path.write_bytes(b"ID3")
    ended = bare("agent", "--audio", path)
    assert ended.code == 2
    assert "deepgram-sdk[local]" in ended.err


def test_parts_of_several_ways_to_think_are_replaced_in_the_first() -> None:
    base: dict[str, Any] = {"think": [{"prompt": "a", "provider": {"type": "open_ai"}}, {"prompt": "b"}]}
    merged = agent._merged(base, agent.parts(prompt="c"))
    assert merged == {"think": [{"prompt": "c", "provider": {"type": "open_ai"}}, {"prompt": "b"}]}
