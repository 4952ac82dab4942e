"""What is to be done about a failure, in the words of whoever shows it.

The daemon says what is wrong and what helps ("…; get it."), and names the facts of it beside the reason. A face (the
command line, an editor, a dialect of HTTP) has one table, which says how that is done there, and adds what it knows of
the facts that there are. Where it knows nothing, the sentence stays as it is, which is true everywhere.

    model           that is asked for, missing or broken
    models          that would do it, were they installed; with commas between
    alternative     the model that would do it now, in low quality
    package         of Python, which brings a model
    device          that was asked for
    job             that is meant, or that there is none of
    jobs            `finished`: those hold the room that is wanted
"""

from collections.abc import Mapping
from typing import TypeAlias

Facts: TypeAlias = Mapping[str, str]
"""Of one failure: names of things, never sentences."""

Cures: TypeAlias = Mapping[tuple[str, str], str]
"""Of one face, by reason and fact: what the sentence goes on with; `{}` is the fact."""

BETTER_MODEL = "BETTER_MODEL"
"""No failure, but it has a cure too: `models` would have done it better, and are not installed."""
UNTOUCHED_MUSIC = "UNTOUCHED_MUSIC"
"""No failure either: music was left as it was, and `model` would filter it all the same."""


def cured(sentence: str, reason: str, facts: Facts, cures: Cures) -> str:
    """The sentence and what this face knows to do about it, in the order of the table."""
    known = [
        cure.replace("{}", facts[fact].replace(",", " or "))
        for (of, fact), cure in cures.items()
        if of == reason and fact in facts
    ]
    return sentence.rstrip(".") + "".join(known) if known else sentence
