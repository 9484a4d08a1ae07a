"""Profanity: offensive words become as many asterisks as they have letters (documentation: "Profanity Filtering")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from .phrases import Phrases, word_set
from .token import Token

# The library's list is meant for chat rooms. In speech these of its entries are ordinary English, and masking them
# would spoil prose, medicine and the news.
ORDINARY = word_set(
    """
    anal anus arian aryan autoerotic bestial bondage breasts cipa cowgirl cowgirls crotch dink dinks dong dopey
    drunk dummy ejaculate ejaculated ejaculates ejaculating ejaculation enlargement erect erection erotic erotism
    extacy extasy facial fanny fart fat fisted fisty flange foobar fook foreskin gae gai ganja gay gays gey gigolo
    glans god gonad gonads guido hebe hell hemp heroin herpes hitler hiv hoar hoare homey hooch hookah hooker hooter
    hooters hore hump humped humping hussy hymen inbred incest jerk jerked junkie junky kill kinky klan labia len
    leper lesbians loin loins lube lust lusting lusty mams masochist massa maxi menses menstruate menstruation meth
    molest moron muff murder naked napalm nappy nazi nazism nimrod ninny nipple nipples nude nudes omg opiate opium
    oral orally organ ovary ovum ovums panties panty pastie pasty pawn pcp pedophile pedophilia pedophiliac
    penetrate penetration penial penile penis perversion peyote phalli phallic playboy pms pollock pornography pot
    potty prig prostitute prude pubic pubis punky puss queer racy rape raped raper raping rapist raunch rectal
    rectum rectus reefer reich revue rum rump ruski sadism sadist sandbar scantily screw screwed screwing scrotum
    scum seaman seamen seduce semen sex sexual sissy slave sleaze sleazy slope smut smutty snatch sniper snuff sodom
    souse soused sperm steamy stoned strip stroke stupid suck sucked sucking tampon tawdry teat teste testee testes
    testical testicle testis threesome throating thrust thug tinkle toke toots tramp transsexual trashy tush ugly
    undies unwed urinal urine uterus uzi vag vagina valium viagra virgin vixen vodka vomit voyeur vulgar vulva wad
    wang wedgie weed weenie weiner weirdo wench whiz willies willy womb woody yury
    """
)
_ORDINARY_PHRASES = frozenset({"auto erotic", "cow girl", "cow girls", "strip club", "three some"})


@lru_cache(maxsize=1)
def _profanities() -> Phrases[bool]:
    """Read the list once, when it is first needed. The library's own search takes seconds for an hour of speech."""
    from better_profanity.utils import get_complete_path_of_file, read_wordlist

    profanities: Phrases[bool] = Phrases()
    for entry in read_wordlist(get_complete_path_of_file("profanity_wordlist.txt")):
        entry = str(entry).lower()
        if entry not in ORDINARY and entry not in _ORDINARY_PHRASES:
            profanities.add(entry.split(), True)
    return profanities


def masked(tokens: Sequence[Token]) -> list[Token]:
    """Replace offensive English words by asterisks; they keep their time and their punctuation."""
    profanities = _profanities()
    texts = [token.text.lower() for token in tokens]
    result = list(tokens)
    index = 0
    while index < len(texts):
        found = profanities.longest(texts, index)
        if found is None:
            index += 1
            continue
        for place in range(index, found[0]):
            stars = "*" * len(texts[place])
            result[place] = replace(result[place], text=stars, written=stars, fixed=True)
        index = found[0]
    return result
