"""MP4 files as they can be sent live: most have their index at the end, and are not understood before it came."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

BOXES = 1000
"""Boxes of a file that are looked at."""
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "250000"}
"""An index that says nothing about the sound, then pieces of 250 ms with their own."""


def index_comes_late(path: Path) -> bool:
    """Tell whether this is an MP4 file whose sound stands before its index.

    The boxes are ``mdat`` and ``moov`` of ISO 14496-12. A pipe can be read only once, so it is not looked at.
    """
    if not path.is_file():
        return False
    with path.open("rb") as file:
        if file.read(8)[4:] != b"ftyp":
            return False
        end = file.seek(0, os.SEEK_END)
        file.seek(0)
        for _ in range(BOXES):
            head = file.read(8)
            size, name = int.from_bytes(head[:4], "big"), head[4:]
            if name in (b"mdat", b"moov"):
                return name == b"mdat"
            skipped = int.from_bytes(file.read(8), "big") - 16 if size == 1 else size - 8
            if skipped < 0 or file.tell() + skipped > end:  # the file itself has ended, too: its size is none
                return False
            file.seek(skipped, os.SEEK_CUR)
    return False


def bytes_per_second(path: Path) -> float | None:
    """Return how many bytes a second of the sound takes; None where that cannot be found out."""
    try:
        import av
        from av.error import FFmpegError
    except ModuleNotFoundError:
        return None
    with suppress(FFmpegError, IndexError, OSError), av.open(str(path)) as source:
        return (source.streams.audio[0].bit_rate or 0) / 8 or None
    return None


def fragmented(path: Path) -> BinaryIO:
    """Return the sound of a file in fragments, untouched; the file itself if that cannot be done, as without PyAV."""
    try:
        import av
        from av.error import FFmpegError
    except ModuleNotFoundError:
        return path.open("rb")
    with ExitStack() as stack:
        target = stack.enter_context(tempfile.TemporaryFile())
        try:
            with av.open(str(path)) as source, av.open(target, "w", format="mp4", container_options=FRAGMENTED) as made:
                sound = source.streams.audio[0]
                stream = made.add_stream_from_template(sound)
                for packet in source.demux(sound):
                    if packet.dts is not None:  # the last one only says that there are no more
                        packet.stream = stream
                        made.mux(packet)
        except (FFmpegError, IndexError, ValueError):
            return path.open("rb")  # whoever hears it says what is wrong
        stack.pop_all()
        target.seek(0)
        return target
