"""Text to speech for whole texts: what can be asked."""

from __future__ import annotations

from typing_extensions import Unpack

from .endpoint import download
from .models.speak_options import V1AudioOptions, V2AudioOptions
from .request import Call, RequestOptions


class V1Audio:
    """Speech from a text, with an Aura voice."""

    @download("POST", "v1/speak")
    def generate(
        self, *, text: str, request_options: RequestOptions | None = None, **options: Unpack[V1AudioOptions]
    ) -> Call[bytes]:
        """Speak a text.

        Nothing is sent before the first byte is asked for, or the ``with`` block is entered. A start that fails is
        tried again like any request; once there is audio, it is not.

        Args:
            text: What to speak, 2000 characters at the most. Pauses and pronunciations: ``deepgram.helpers``.
            request_options: Timeout, retries, headers and parameters of this call alone; ``chunk_size`` in bytes.
            **options: How to speak; each field of ``V1AudioOptions`` is documented there.

        Returns:
            The audio while it is made: an iterator of bytes that can also be saved, or taken as a whole.

        Raises:
            ApiError: At the first byte: the service refused the request or could not be reached. Later: the audio
                broke off. It never just ends.

        Source: developers.deepgram.com/reference/text-to-speech/speak-request
        """
        return Call(query=options, json={"text": text})


class V2Audio:
    """Speech from a text, with a Flux voice."""

    @download("POST", "v2/speak")
    def generate(
        self, *, text: str, request_options: RequestOptions | None = None, **options: Unpack[V2AudioOptions]
    ) -> Call[bytes]:
        """Speak a text.

        Nothing is sent before the first byte is asked for, or the ``with`` block is entered. A start that fails is
        tried again like any request; once there is audio, it is not.

        Args:
            text: What to speak.
            request_options: Timeout, retries, headers and parameters of this call alone; ``chunk_size`` in bytes.
            **options: How to speak; each field of ``V2AudioOptions`` is documented there. ``model`` is required.

        Returns:
            The audio while it is made: an iterator of bytes that can also be saved, or taken as a whole.

        Raises:
            ApiError: At the first byte: the service refused the request or could not be reached. Later: the audio
                broke off. It never just ends.

        Source: developers.deepgram.com/reference/text-to-speech/speak-flux-batch
        """
        return Call(query=options, json={"text": text})
