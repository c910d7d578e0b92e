"""What encoders are called: ``NAME``; one of several seeds ``NAME#SEED``; a step ``NAME@STEP``."""

from __future__ import annotations


def parted(name: str) -> tuple[str, str, str]:
    """Return what an encoder is declared as, its seed and its step; '' for what is not named.

    Examples
    --------
    >>> parted("tuned#1@last")
    ('tuned', '1', 'last')
    >>> parted("tuned")
    ('tuned', '', '')
    """
    whole, _, step = name.partition("@")
    family, _, seed = whole.partition("#")
    return family, seed, step


def joined(family: str, seed: int | str = "", step: int | str = "") -> str:
    """Return an encoder's name from its parts, as `parted` gives them.

    Examples
    --------
    >>> joined("tuned", 1, "last")
    'tuned#1@last'
    """
    of_seed = f"{family}#{seed}" if seed != "" else family
    return f"{of_seed}@{step}" if step != "" else of_seed
