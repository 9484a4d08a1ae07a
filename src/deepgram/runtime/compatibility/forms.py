"""Files in multipart forms, which no endpoint takes: ``file`` and ``force_multipart`` of ``deepgram.core``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any, Optional, Union

FileContent = Union[IO[bytes], bytes, str]
File = Union[
    FileContent,
    tuple[Optional[str], FileContent],
    tuple[Optional[str], FileContent, Optional[str]],
    tuple[Optional[str], FileContent, Optional[str], Mapping[str, str]],
]
"""Content, or: name and content, then perhaps a media type, then perhaps headers."""


def convert_file_dict_to_httpx_tuples(d: dict[str, File | list[File]]) -> list[tuple[str, File]]:
    """Return the files as httpx takes them: a name for each, repeated for lists."""
    return [(name, file) for name, files in d.items() for file in (files if isinstance(files, list) else [files])]


def with_content_type(*, file: File, default_content_type: str) -> File:
    """Return ``file`` with a media type: its own, or else the given one."""
    if not isinstance(file, tuple):
        return None, file, default_content_type
    if len(file) == 2:
        return file[0], file[1], default_content_type
    if len(file) == 3:
        return file[0], file[1], file[2] or default_content_type
    if len(file) == 4:
        return file[0], file[1], file[2] or default_content_type, file[3]
    raise ValueError(f"Unexpected tuple length: {len(file)}")


class ForceMultipartDict(dict[str, Any]):
    """Makes a request a multipart form though it has no files: empty, and yet true."""

    def __bool__(self) -> bool:
        return True


FORCE_MULTIPART = ForceMultipartDict()
