"""Has an encoder encode a corpus, and puts what it delivers in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Encoder
from sondage.data import VIEWS, Corpus, Ints, Request
from sondage.testing.check import NotApplicable


@dataclass
class Encoded:
    """What an encoder delivered for a request, put in corpus order.

    Parameters
    ----------
    rows : list, one per sentence, of a mapping of view to array, shape (n_layers, r, width)
    warnings : Counter of slugs
    """

    rows: list[dict[str, NDArray[Any]]]
    warnings: Counter[str]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Every array, sentence by sentence."""
        return (rows for views in self.rows for rows in views.values())


def requests(encoder: Encoder, corpus: Corpus) -> list[Request]:
    """Return requests for all that an encoder offers on a corpus.

    Attention maps come apart, since layer 0 has none; views of words only where the corpus
    has words. Each view of the encoder's own is asked for alone, since its width is its own.
    """
    plain = tuple(
        v
        for v in encoder.views
        if VIEWS.get(v) in ("sentence", "subword")
        or (VIEWS.get(v) == "word" and corpus.words is not None)
    )
    wanted = [Request(tuple(range(encoder.n_layers + 1)), plain)]
    if "attention" in encoder.views:
        wanted.append(Request(tuple(range(1, encoder.n_layers + 1)), ("attention",)))
    if corpus.words is not None:
        own = (view for view in encoder.views if view not in VIEWS)
        wanted += [Request(tuple(range(encoder.n_layers + 1)), (view,)) for view in own]
    return [r for r in wanted if r.views]


def expected_counts(encoder: Encoder, corpus: Corpus, view: str) -> Ints:
    """Return how many rows each sentence has in a view."""
    if VIEWS.get(view) == "sentence":
        return np.ones(len(corpus), np.int64)
    if VIEWS.get(view) == "word":
        assert corpus.offsets is not None
        return np.diff(corpus.offsets)
    return np.asarray(encoder.row_counts(corpus, view))


def gather(encoder: Encoder, corpus: Corpus, request: Request) -> Encoded:
    """Encode a corpus and cut what comes into sentences.

    Raises
    ------
    NotApplicable
        If sentences or rows are missing: the checks of structure say so.
    """
    found: list[dict[str, NDArray[Any]]] = [{} for _ in range(len(corpus))]
    warnings: Counter[str] = Counter()
    counts = {v: expected_counts(encoder, corpus, v) for v in request.views}
    for chunk in encoder.encode(corpus, request):
        warnings.update(chunk.warnings)
        for view in request.views:
            sizes = counts[view][chunk.sentences]
            rows = chunk.rows[view]
            if rows.shape[1] != sizes.sum():
                raise NotApplicable("rows and units do not agree: see the checks of row counts")
            parts = np.split(rows, np.cumsum(sizes)[:-1], axis=1)
            for sentence, part in zip(chunk.sentences, parts, strict=True):
                found[int(sentence)].setdefault(view, part)
    if any(len(views) != len(request.views) for views in found):
        raise NotApplicable("sentences are missing: see check_each_sentence_comes_once")
    return Encoded(found, warnings)


def close(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Tell whether vectors agree but for rounding (1e-4 of their scale; 2% for float16)."""
    if a.shape != b.shape:
        return False
    scale = float(np.abs(a).max(initial=1e-30))
    tolerance = 0.02 if np.float16 in (a.dtype, b.dtype) else 1e-4
    return bool(np.allclose(a.astype(np.float64), b, rtol=0, atol=tolerance * scale))
