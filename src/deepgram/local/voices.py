"""The voices of the service's catalogue, and how the embedded engines stand in for each.

An embedded engine has a handful of voices where the service has over a hundred. So that a program with two voices
hears two, each name of the catalogue gets a language, a sex, and a timbre, height and pace of its own.

Sources: developers.deepgram.com/docs/tts-models and /docs/flux-tts/voices; the enumerations of the service's API.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from .engines.synthesizer import Manner

DEFAULT = "aura-asteria-en"
"""The voice of ``/v1/speak`` when none is asked for."""
VERSION = "local"

# family-language: who sounds female, who male; "name@accent" where the service names one other than the first.
_CATALOGUE = {
    ("aura", "en", "en-US"): (
        "asteria athena@en-GB hera luna stella",
        "angus@en-IE arcas helios@en-GB orion orpheus perseus zeus",
    ),
    ("aura-2", "en", "en-US"): (
        "amalthea andromeda asteria athena aurora callista cora cordelia delia electra harmonia helena hera iris janus "
        "juno luna minerva ophelia pandora@en-GB phoebe theia@en-AU thalia selene vesta",
        "apollo arcas aries atlas draco@en-GB hermes hyperion@en-AU jupiter mars neptune odysseus orion orpheus pluto "
        "saturn zeus",
    ),
    ("aura-2", "es", "es-ES"): (
        "agustina antonia@es-AR carina celeste@es-CO diana estrella@es-MX gloria@es-CO olivia@es-MX selena@es-419 "
        "silvia",
        "alvaro aquila@es-419 javier@es-MX luciano@es-MX nestor sirio@es-MX valerio@es-MX",
    ),
    ("aura-2", "de", "de-DE"): ("aurelia elara kara lara viktoria", "fabian julius"),
    ("aura-2", "fr", "fr-FR"): ("agathe", "hector"),
    ("aura-2", "it", "it-IT"): ("cinzia demetra livia maia melia", "cesare dionisio elio flavio perseo"),
    ("aura-2", "ja", "ja-JP"): ("ama izanami uzume", "ebisu fujin"),
    ("aura-2", "nl", "nl-NL"): ("beatrix cornelia daphne hestia leda rhea", "lars roman sander"),
    ("flux", "en", "en-US"): (
        "alexis bree brittany brooke elise gemma@en-GB haley hannah heather kelsey maeve@en-IE meena@en-IN meghan "
        "paige priya@en-IN sharon@en-GB sienna",
        "bruce cliff cole colin@en-GB conor@en-IE donovan drew jack kai kit marcelo marcus miles naveen@en-IN rufus "
        "sean@en-GB tanner wade wes",
    ),
}

# Found by trying orders until any two voices of a language differed, with espeak, in height or pace by 3 % or in timbre
# by 2 dB: no two voices of a language and sex share both numbers, and timbres go round beside them.
_PITCHES = (1.0, 0.9, 1.27, 1.2, 0.8, 1.06, 0.95, 0.85, 1.13)
_PACES = (1.0, 1.1, 0.97, 1.07, 0.9, 1.13, 0.94)


class UnknownVoice(ValueError):
    """There is no such voice in the catalogue."""


@dataclass(frozen=True)
class Voice:
    """A voice of the catalogue."""

    model: str
    """``aura-2-thalia-en``."""
    family: str
    """``aura``, ``aura-2`` or ``flux``."""
    language: str
    """``en``: as the name of the model has it."""
    manner: Manner

    @property
    def name(self) -> str:
        """``thalia``."""
        return self.model.removeprefix(f"{self.family}-").rpartition("-")[0]

    @property
    def uuid(self) -> str:
        """A UUID that is the same on every machine."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"deepgram.local/voice/{self.model}"))


def voice(model: str) -> Voice:
    """Return the voice of that name; raise :class:`UnknownVoice`."""
    found = catalogue().get(model)
    if found is None:
        raise UnknownVoice(f"there is no voice {model[:60]!r}")
    return found


@cache
def catalogue() -> Mapping[str, Voice]:
    """Return all voices by the names of their models."""
    return {entry.model: entry for entry in _entries()}


def _entries() -> Iterator[Voice]:
    places: dict[tuple[str, bool], int] = {}
    for (family, language, accent), sexes in _CATALOGUE.items():
        for female, names in zip((True, False), sexes, strict=True):
            for entry in names.split():
                name, _, other = entry.partition("@")
                place = places.get((language, female), 0)
                places[language, female] = place + 1
                yield _voice(family, name, language, other or accent, female=female, place=place)


def _voice(family: str, name: str, language: str, accent: str, *, female: bool, place: int) -> Voice:
    manner = Manner(
        language=accent,
        female=female,
        shade=place,
        pitch=_PITCHES[place % len(_PITCHES)],
        pace=_PACES[place % len(_PACES)],
    )
    return Voice(f"{family}-{name}-{language}", family, language, manner)
