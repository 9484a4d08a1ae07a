"""What the embedded engines cannot do of what was asked, said in the service's own form.

The form (``parameter``, ``type``, ``message``) and the types are those of the service's client libraries (their
``WarningType`` is ``unsupported_language``, ``unsupported_model``, ``unsupported_encoding`` or ``deprecated``).
The same list is what ``--strict`` refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from ..protocol.models.listen import ListenV1ResponseMetadataWarningsItem
from .engines.recognizer import EngineInfo
from .formatting.redaction import REDACTABLE
from .formatting.spoken_numbers import LANGUAGES as NUMERAL_LANGUAGES
from .formatting.spoken_numbers import primary
from .options import ListenOptions

# Engines that can do an analysis, by the names of the registry. None can tell speakers or languages apart or find
# entities; a new engine that does is entered here. Transcripts of recordings are analysed as texts are, whatever the
# engine.
ENGINES_THAT_CAN: dict[str, tuple[str, ...]] = {}

_WHAT = {
    "diarize": "tell speakers apart",
    "diarize_model": "tell speakers apart",
    "diarize_version": "tell speakers apart",
    "detect_language": "detect the language",
    "detect_entities": "detect entities",
    "translate": "translate",
}
_TEXT_ANALYSES = ("sentiment", "summarize", "topics", "intents")
_SUPERSEDED = {"detect_topics": "topics", "analyze_sentiment": "sentiment"}
_ENGLISH_ONLY = ("dictation", "measurements", "profanity_filter")
_TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*\Z")


Warning_: TypeAlias = ListenV1ResponseMetadataWarningsItem
"""Something that was asked for and is left out of the answer."""


def language_supported(options: ListenOptions, info: EngineInfo) -> bool:
    """Tell whether the engine speaks the language asked for.

    It lists the tag itself, its whole family (``en``), or all languages (``*``). ``multi`` (several languages in one
    recording) is spoken only by engines that list it.
    """
    asked = options.language.replace("_", "-").lower()
    if asked in info.languages:
        return True
    if asked == "multi" or not _TAG.match(asked):
        return False
    family = primary(asked)
    if "*" in info.languages or family in info.languages:
        return True
    return asked == family and any(primary(language) == family for language in info.languages)


def unsupported(options: ListenOptions, info: EngineInfo, *, recorded: bool = False) -> list[Warning_]:
    """Return what was asked for and cannot be done, one entry for each parameter and, of ``redact``, each kind.

    ``recorded``: the audio is a recording, whose transcript can be analysed as a whole.
    """
    return list(_unsupported(options, info, recorded))


def analysable(options: ListenOptions) -> bool:
    """Tell whether transcripts in this language can be analysed."""
    return primary(options.language) == "en"


def failed_analyses(names: Sequence[str]) -> list[Warning_]:
    """Return what was asked for and went wrong."""
    return [_warning(name, "unsupported_model", f"The analysis failed: {name} is left out.") for name in names]


warnings = unsupported


def _unsupported(options: ListenOptions, info: EngineInfo, recorded: bool) -> Iterator[Warning_]:
    for name in options.analyses:
        if name in _SUPERSEDED:
            message = f"{name} is left out: ask for {_SUPERSEDED[name]} instead."
            yield _warning(name, "deprecated", message)
        elif name not in _TEXT_ANALYSES:
            yield _of_engine(name, f"The engine {info.name} cannot {_WHAT[name]}: {name} is left out.", info)
        elif not recorded:
            yield _warning(name, "unsupported_model", f"{name} is left out: it is for recorded audio only.")
        elif not analysable(options):
            yield _of_language(name, options.language, "English")
    if options.alternatives > 1:
        yield _of_engine("alternatives", f"The engine {info.name} gives one alternative.", info)
    for kind in options.redact:
        if kind not in REDACTABLE:
            # A transcript that is taken for redacted is worse than a warning too many: this one is loud.
            yield _warning(
                "redact",
                "unsupported_model",
                f"redact={kind[:40]} has no effect, the transcript is NOT redacted for it: none of the embedded "
                f"engines can recognize it. What they redact: {', '.join(sorted(REDACTABLE))}.",
            )
    language = primary(options.language)
    if language != "en":
        for name in _ENGLISH_ONLY:
            if getattr(options, name):
                yield _of_language(name, options.language, "English")
        if options.smart_format:
            yield _of_language(
                "smart_format", options.language, "English, but for punctuation, paragraphs and numerals"
            )
        if any(kind in REDACTABLE for kind in options.redact):
            yield _of_language("redact", options.language, "English", effect="finds only what its digits alone tell")
    if options.numerals and language not in NUMERAL_LANGUAGES:
        yield _of_language("numerals", options.language, ", ".join(sorted(NUMERAL_LANGUAGES)))


def _of_engine(parameter: str, message: str, info: EngineInfo) -> Warning_:
    able = [name for name in ENGINES_THAT_CAN.get(parameter, ()) if name != info.name]
    advice = f"Engines that can: {', '.join(able)}." if able else "None of the embedded engines can."
    return _warning(parameter, "unsupported_model", f"{message} {advice}")


def _of_language(parameter: str, language: str, known: str, *, effect: str = "has no effect") -> Warning_:
    return _warning(
        parameter,
        "unsupported_language",
        f"{parameter} {effect} for the language {language[:20]!r}: the embedded server knows it for {known}.",
    )


def _warning(parameter: str, kind: str, message: str) -> Warning_:
    return Warning_(parameter=parameter, type=kind, message=message)
