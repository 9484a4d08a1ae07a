"""What other transports cost: SageMaker's beside AWS's bare client, picows beside the default.

``python -m bench.transports sagemaker`` prints CPU seconds per frame of 20 ms that is sent while answers come, ours and
bare; the endpoint is the embedded server's, in a process of its own. Needs Python 3.12 and the extra ``sagemaker``.
``python -m bench.transports {default,picows,nothing} ADDRESS [uvloop] [clock]`` prints streams per core, as
``bench.live`` measures them; ``clock`` lets one timer send for all streams, ``nothing`` is a transport without I/O:
what is paid with any.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import statistics
import subprocess
import sys
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from time import monotonic, process_time
from typing import Any

from deepgram import AsyncDeepgramClient

from .calls import environment
from .live import CHUNK, FRAME, FRAME_SECONDS, SECONDS, STREAMS, Package, read_words, real_time
from .live_peer import EVERY as LIVE_EVERY
from .live_peer import MARK, TEMPLATE, allow_connections

TEXT = TEMPLATE.replace(MARK, "12.04")
FRAMES = 2000
TURNS = 5
EVERY = 50
"""One answer for so many frames: one in a second of audio."""
ANSWER = '{"type": "Results", "channel": {"alternatives": [{"transcript": "as in a conversation", "words": []}]}}'


# --- SageMaker --------------------------------------------------------------------------------------------------------


async def model(scope: Any, receive: Any, send: Any) -> None:
    """Answer every so many frames; leave with the client."""
    await receive()
    await send({"type": "websocket.accept"})
    heard = 0
    while (await receive())["type"] != "websocket.disconnect":
        heard += 1
        if heard % EVERY == 0:
            await send({"type": "websocket.send", "text": ANSWER})


async def serve() -> None:
    """Serve the model on an endpoint until standard input ends; print its variables first."""
    from deepgram.local.sagemaker import Endpoint, SageMaker

    endpoint = SageMaker(model, Endpoint(), socket.create_server(("127.0.0.1", 0)))
    await endpoint.start()
    print(json.dumps(endpoint.environment), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await endpoint.stop()


async def ours() -> float:
    """Return CPU seconds per frame through the transport."""
    from deepgram.transports.sagemaker import SageMakerTransportFactory

    transport = SageMakerTransportFactory("bench")("wss://x/v1/listen?model=x", {})
    for _ in range(EVERY):  # opens it, and fills caches
        await transport.send(CHUNK)
    await transport.recv()
    gc.collect()
    began = process_time()
    for _ in range(FRAMES // EVERY):
        for _ in range(EVERY):
            await transport.send(CHUNK)
        await transport.recv()
    took = process_time() - began
    await transport.close()
    return took / FRAMES


async def bare() -> float:
    """Return CPU seconds per frame with AWS's client alone: its stream, its parts, nothing around them."""
    clients, settings, models = (
        import_module(f"aws_sdk_sagemaker_runtime_http2.{name}") for name in ("client", "config", "models")
    )
    resolved = await settings.AsyncSageMakerRuntimeHTTP2Config.resolve(
        endpoint_uri=os.environ["AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME_HTTP2"],
        region=os.environ["AWS_REGION"],
        transport=trusting(os.environ["AWS_CA_BUNDLE"]),
    )
    asked = models.InvokeEndpointWithBidirectionalStreamInput(
        endpoint_name="bench", model_invocation_path="v1/listen", model_query_string="model=x"
    )
    client = clients.AsyncSageMakerRuntimeHTTP2Client(resolved)
    stream = await client.invoke_endpoint_with_bidirectional_stream(asked)
    _, output = await stream.await_output()
    say, hear = stream.input_stream.send, output.receive
    event, part = models.RequestStreamEventPayloadPart, models.RequestPayloadPart
    for _ in range(EVERY):
        await say(event(part(bytes_=CHUNK)))
    await hear()
    gc.collect()
    began = process_time()
    for _ in range(FRAMES // EVERY):
        for _ in range(EVERY):
            await say(event(part(bytes_=CHUNK)))
        await hear()
    took = process_time() - began
    await stream.input_stream.close()
    return took / FRAMES


def trusting(bundle: str) -> Any:
    """Return AWS's own HTTP client, trusting the endpoint: it has no setting for that."""
    io: Any = import_module("awscrt.io")
    options = io.TlsContextOptions()
    options.override_default_trust_store_from_path(None, bundle)
    http = import_module("smithy_http.aio.crt").AWSCRTHTTPClient()
    http._tls_ctx = io.ClientTlsContext(options)

    def itself(memo: object) -> Any:
        return http

    http.__deepcopy__ = itself  # the client copies its settings with every call
    return http


def sagemaker() -> dict[str, float]:
    """Return CPU seconds per frame of both, taking turns."""
    command = [sys.executable, "-m", "bench.transports", "endpoint"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        os.environ.update(json.loads(process.stdout.readline()))

        async def turns() -> list[tuple[float, float]]:
            return [(await ours(), await bare()) for _ in range(TURNS + 1)][1:]

        measured = asyncio.run(turns())
        process.stdin.close()
    return {
        "package": statistics.median(one for one, _ in measured),
        "bare": statistics.median(other for _, other in measured),
    }


# --- picows -----------------------------------------------------------------------------------------------------------


class Nothing:
    """A transport without I/O and protocol: every third frame is answered at once."""

    def __init__(self) -> None:
        self._sent = 0
        self._answers: deque[str] = deque()
        self._over = False
        self._waiting: asyncio.Future[None] | None = None

    async def send(self, data: Any) -> None:
        self._sent += 1
        if isinstance(data, str):
            self._over = True
        elif self._sent % LIVE_EVERY == 0:
            self._answers.append(TEXT)
        else:
            return
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def recv(self) -> str:
        while not self._answers:
            if self._over:
                raise StopAsyncIteration
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return self._answers.popleft()

    def __aiter__(self) -> Nothing:
        return self

    async def __anext__(self) -> str:
        return await self.recv()

    async def close(self) -> None:
        self._over = True


async def nothing(url: str, headers: dict[str, str]) -> Nothing:
    """Open a transport without I/O."""
    return Nothing()


async def one_clock(opened: Any) -> dict[str, float]:
    """Return streams per core, as ``real_time`` does, where one timer sends for all streams, a tenth at a time."""
    allow_connections(STREAMS)
    late, parts = 0.0, 10

    async def hear(conversation: Any) -> None:
        async for message in conversation.messages():
            read_words(message)

    async with AsyncExitStack() as stack:
        conversations = [await stack.enter_async_context(opened("every")) for _ in range(STREAMS)]
        hearing = [asyncio.create_task(hear(each)) for each in conversations]
        gc.collect()
        begin, cpu = monotonic(), process_time()
        for turn in range(round(SECONDS / FRAME_SECONDS * parts)):
            if (wait := begin + turn * FRAME_SECONDS / parts - monotonic()) > 0:
                await asyncio.sleep(wait)
            else:
                late = max(late, -wait)
            for conversation in conversations[turn % parts :: parts]:
                await conversation.send(FRAME)
        took = process_time() - cpu
        for task in hearing:
            task.cancel()
        await asyncio.gather(*hearing, return_exceptions=True)
    return {"per_core": STREAMS * SECONDS / took, "late": late}


def streams(kind: str, address: str, *how: str) -> dict[str, float]:
    """Return streams per core with a transport."""
    factory: Any = nothing if kind == "nothing" else None
    if kind == "picows":
        from deepgram.transports.picows import PicowsTransportFactory

        factory = PicowsTransportFactory()
    clients: dict[str, AsyncDeepgramClient] = {}

    @asynccontextmanager
    async def opened(does: str) -> AsyncGenerator[Package, None]:
        if does not in clients:
            clients[does] = AsyncDeepgramClient(
                api_key="bench", environment=environment(f"{address}/{does}"), transport_factory=factory
            )
        async with clients[does].listen.v1.connect(model="nova-3") as connection:
            yield Package(connection)

    measured = one_clock(opened) if "clock" in how else real_time(opened)
    if "uvloop" in how:
        figures: dict[str, float] = import_module("uvloop").run(measured)
        return figures
    return asyncio.run(measured)


def main() -> None:
    """Measure and print."""
    kind, *address = sys.argv[1:]
    if kind == "endpoint":
        asyncio.run(serve())
    elif kind == "sagemaker":
        print(json.dumps(sagemaker()))
    else:
        print(json.dumps(streams(kind, *address)))


if __name__ == "__main__":
    main()
