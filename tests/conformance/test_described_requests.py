"""The programs of the described system's documentation about requests, run as they are written there.

What they leave open is given to them: the audio, the names of clients. Where a block cannot run as written (the
``proxies`` of httpx are gone since 0.28), the test says so.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deepgram.local import Server

TEXT_ANALYSIS = """
from deepgram import DeepgramClient

client = DeepgramClient()

response = client.read.v1.text.analyze(
    request={"text": "Hello, world!"},
    language="en",
    sentiment=True,
    summarize=True,
    topics=True,
    intents=True
)
"""

ACCESS_TOKEN = """
from deepgram import DeepgramClient

# Explicit access token
client = DeepgramClient(access_token="YOUR_ACCESS_TOKEN")

# Or via environment variable DEEPGRAM_TOKEN
client = DeepgramClient()

# Generate access tokens using your API key
auth_client = DeepgramClient(api_key="YOUR_API_KEY")
token_response = auth_client.auth.v1.tokens.grant()
token_client = DeepgramClient(access_token=token_response.access_token)
"""

API_KEY = """
from deepgram import DeepgramClient

# Explicit API key
client = DeepgramClient(api_key="YOUR_API_KEY")

# Or via environment variable DEEPGRAM_API_KEY
client = DeepgramClient()
"""

EXCEPTIONS = """
from deepgram import DeepgramClient
from deepgram.core.api_error import ApiError

client = DeepgramClient()

try:
    response = client.listen.v1.media.transcribe_file(
        request=audio_data,
        model="nova-3"
    )
except ApiError as e:
    print(f"Status Code: {e.status_code}")
    print(f"Error Details: {e.body}")
    print(f"Request ID: {e.headers.get('x-dg-request-id', 'N/A')}")
except Exception as e:
    print(f"Unexpected error: {e}")
"""

RAW_RESPONSE = """
from deepgram import DeepgramClient

client = DeepgramClient()

response = client.listen.v1.media.with_raw_response.transcribe_file(
    request=audio_data,
    model="nova-3"
)

print(response.headers)  # Access response headers
print(response.data)     # Access the response object
"""

REQUEST_CONFIGURATION = """
from deepgram import DeepgramClient

# Global client configuration
client = DeepgramClient(timeout=30.0)

# Per-request configuration
response = client.listen.v1.media.transcribe_file(
    request=audio_data,
    model="nova-3",
    request_options={
        "timeout_in_seconds": 60,
        "max_retries": 3
    }
)
"""

CUSTOM_HTTP_CLIENT = """
import httpx
from deepgram import DeepgramClient

client = DeepgramClient(
    httpx_client=httpx.Client(
        proxies="http://proxy.example.com",
        timeout=httpx.Timeout(30.0)
    )
)
"""

RETRIES = """
# Automatic retries for 408, 429, and 5xx status codes
response = client.listen.v1.media.transcribe_file(
    request=audio_data,
    model="nova-3",
    request_options={"max_retries": 3}
)
"""

AUDIO = "from pathlib import Path\naudio_data = Path('audio.wav').read_bytes()\n"
CLIENT = "from deepgram import DeepgramClient\nclient = DeepgramClient()\n"
SHOW = "\nprint(response.results.channels[0].alternatives[0].transcript)"


@pytest.fixture
def program(tmp_path: Path, clip: Path, server: Server) -> Program:
    (tmp_path / "audio.wav").write_bytes(clip.read_bytes())
    return Program(tmp_path, server)


class Program:
    """Runs programs in a folder with ``audio.wav``, against the embedded server."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.server = server

    def run(self, text: str, **variables: str) -> str:
        """Run a program with the key, or other variables, in its environment; return what it prints."""
        given = variables or {"DEEPGRAM_API_KEY": "anything"}
        environment = {"DEEPGRAM_BASE_URL": self.server.url, "PATH": os.environ["PATH"], **given}
        done = subprocess.run(
            [sys.executable, "-c", text], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def test_text_analysis(program: Program) -> None:
    said = program.run(
        TEXT_ANALYSIS + "\nprint(response.results.sentiments.average.sentiment, response.results.topics)"
    )
    assert said.split()[0] in ("positive", "neutral")


@pytest.mark.parametrize("variable", ["DEEPGRAM_TOKEN", "DEEPGRAM_API_KEY"])
def test_access_tokens(program: Program, variable: str) -> None:
    said = program.run(
        ACCESS_TOKEN + "\nprint(token_response.access_token.count('.'), token_client)", **{variable: "x"}
    )
    assert said.startswith("2 ")


def test_api_keys(program: Program) -> None:
    assert "anything" not in program.run(API_KEY + "\nprint(client)")


def test_exceptions(program: Program) -> None:
    assert program.run(AUDIO + EXCEPTIONS) == ""
    said = program.run("audio_data = b'no audio'" + EXCEPTIONS).splitlines()
    assert said[0] == "Status Code: 400"
    assert said[1].startswith("Error Details: {'err_code'")
    assert said[2].startswith("Request ID: ")


def test_raw_responses(program: Program) -> None:
    headers, data = program.run(AUDIO + RAW_RESPONSE).splitlines()[:2]
    assert "'dg-request-id'" in headers
    assert "ListenV1ResponseMetadata(" in data


def test_request_configuration(program: Program) -> None:
    assert program.run(AUDIO + REQUEST_CONFIGURATION + SHOW).strip()


def test_retries(program: Program) -> None:
    assert program.run(AUDIO + CLIENT + RETRIES + SHOW).strip()


def test_a_custom_http_client_with_the_argument_that_httpx_has_today(program: Program) -> None:
    """``proxies`` is gone since httpx 0.28: the block fails inside of httpx, with any release of any package."""
    program.run(CUSTOM_HTTP_CLIENT.replace("proxies=", "proxy="))
