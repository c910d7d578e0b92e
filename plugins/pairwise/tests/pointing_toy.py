"""An encoder that points at answers, to test with: logits told for each character."""

from __future__ import annotations

from typing import Any

import numpy as np

from sondage.data import Ints, PositionLogits, TaskData, offsets_of
from sondage.testing.toys import ToyEncoder


class ToyPointing(ToyEncoder):
    """A subword is two characters of the context, the last one perhaps one.

    Its logits of start and end are the codes of its first and its last character.
    """

    def position_logits(self, data: TaskData, items: Ints) -> PositionLogits:
        """Return the codes."""
        target: Any = data.target
        contexts = [str(data.corpus.second[int(target.sentence[i])]) for i in items]
        cut = [[t[k : k + 2] for k in range(0, len(t), 2)] for t in contexts]
        begin = [2 * k for pieces in cut for k in range(len(pieces))]
        pieces = [p for of in cut for p in of]
        places = np.array([(b, b + len(p)) for b, p in zip(begin, pieces, strict=True)], np.int64)
        start, end = (np.array([ord(p[k]) for p in pieces], np.float32) for k in (0, -1))
        return PositionLogits(
            items, offsets_of([len(of) for of in cut]), places, start, end, np.zeros(len(items))
        )
