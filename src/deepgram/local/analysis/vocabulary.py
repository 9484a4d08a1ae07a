"""English words that the analyses know, by what they are known for."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEVER_LAST = _words(
    "al approx ca capt cf col dept dr e.g eg est fig figs fr gen gov hon i.e ie lt messrs mme mr mrs ms no nos pp "
    "prof rep rev sen sgt st viz vol vs"
)
"""Abbreviations after which no sentence ends."""

SELDOM_LAST = _words("apr aug ave blvd co corp dec etc feb inc jan jr jul jun llc ltd mar nov oct rd sep sept sr")
"""Abbreviations after which a sentence ends only if the next word has a capital."""

CONJUNCTIONS = _words("after although and because before but if or since so then though until when where which while")
"""What a new thought begins with, where no mark says so."""

TITLES = _words("dear dr madam mr mrs ms prof sir")
"""Forms of address."""

TIMES = _words(
    "afternoon april august century day days decade decades december evening february friday hour hours january "
    "july june march may minute minutes moment monday month months morning night nights november october quarter "
    "saturday second seconds september sunday thursday time times today tomorrow tonight tuesday wednesday week "
    "weekend weeks year years yesterday"
)
"""Nouns for spans and points of time."""

EMPTY_NOUNS = TIMES | _words(
    "age ah all amount answer anybody anyone anything area back beginning bit bottom bye case chance couple course "
    "deal end er everybody everyone everything example fact feet folk folks foot form front goodbye guy guys half "
    "hand hello hey hi hmm huh idea kind kinds left level line list look lot lots ma'am madam man matter men mind "
    "mm mr mrs ms name names no nobody none nothing number oh ok okay one ones pair part people person piece place "
    "please point question questions reason regards rest right self sense set side sir somebody someone something "
    "sorry sort start step stuff subject thank thanks thing things top type uh um use way ways welcome woman women "
    "word words world yeah yes"
)
"""Nouns that are about nothing in particular, times among them."""

VAGUE_ADJECTIVES = _words(
    "able additional available bad best better big certain common current different due early entire extra few "
    "first former full further general glad good great happy high important just last late latter little long low "
    "main many more most much new next nice old only other own particular possible ready real recent right same "
    "second several short single small sorry specific such sure third total various very whole worse worst wrong"
)
"""Adjectives that tell no topic from another."""

PRONOUNS = _words("he him it she that them these they this those")
"""Pronouns for what was named before."""

STOP_WORDS = _words(
    "a about after again all also am an and any are as at be been before being both but by can can't could did "
    "didn't do does doesn't doing don't done down each even few for from further get gets getting go going gonna "
    "got had has have having he he's hello her here hers hi him his how i i'd i'll i'm i've if in into is isn't it "
    "it's its itself just know let let's like lot made make many may me mean might more most much must my no nor "
    "not now of off oh ok okay on once one only or other our out over own please really right said same say see she "
    "she's should so some such sure than thank thanks that that's the their them then there there's these they "
    "they're thing things think this those through to too uh um under until up us very was wasn't way we we'll "
    "we're we've well were what what's when where which while who whom why will with would yeah yes you you'll "
    "you're your yours"
)
"""Words that do not tell one sentence from another."""

SMALL_WORDS = _words(
    "a about an and are as at be by for from her his i in into is it its my of on or our that the their they this "
    "to we with you your"
)
"""Words of a caller's topic or intent that need not occur in the text."""

QUESTION_WORDS = _words("how what when where which who whose why")
"""What open questions begin with."""

WISHES = _words("call decide go here hope intend like look love need plan prefer ready try want wish wonder")
"""What stands before "to" and a verb when somebody wants something."""

LIGHT_VERBS = _words(
    "appear be become believe come do feel go guess happen have hear hope keep know let like love mean need remain "
    "say see seem sound suppose tend thank think try understand wait want wish"
)
"""Verbs that say nothing of an intent by themselves."""

LINKS = _words("about for from in of on to with")
"""Prepositions that join an object to a verb or a noun."""

PARTICLES = _words("away back forward together")
"""Adverbs that belong to the verb before them."""

TROUBLE = _words("complaint complaints concern concerns error errors issue issues problem problems trouble")
"""Nouns for what is reported rather than had."""

BROKEN = _words(
    "broken cracked damaged dead defective down faulty incorrect late locked lost missing stolen stuck wrong"
)
"""What is said of something with which there is a problem."""
