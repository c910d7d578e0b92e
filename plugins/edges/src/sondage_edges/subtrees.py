"""The words below a word of a dependency tree."""

from __future__ import annotations


def subtree(heads: list[int], top: int, *, without: int = 0) -> list[int]:
    """Return the words that `top` dominates, itself included, ascending; numbers from 1.

    Parameters
    ----------
    heads : list of int
        Of each word, the number of its head from 1, 0 at a root; cycles do no harm.
    top : int
        The word.
    without : int, optional
        A word whose subtree is taken out, unless it holds `top`.
    """
    children: dict[int, list[int]] = {}
    for word, head in enumerate(heads, 1):
        children.setdefault(head, []).append(word)
    found: set[int] = set()
    todo = [top]
    while todo:
        word = todo.pop()
        if word not in found and (word != without or word == top):
            found.add(word)
            todo += children.get(word, ())
    return sorted(found)
