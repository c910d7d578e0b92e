"""A deep biaffine dependency parser over the words of an encoder's last layer."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from sondage.data import Ints
from sondage_transformers.arborescence import maximum_tree
from sondage_transformers.heads import DROPOUT, SPREAD, Head, Outputs, picked
from sondage_transformers.tree_examples import TreePortion

#: Sizes and dropout of the four perceptrons: the paper's, table 1.
ARC_SIZE, LABEL_SIZE, PERCEPTRON_DROPOUT = 500, 100, 0.33
_SLOPE = 0.1


class BiaffineHead(Head):
    """Scores every word as the head of every other, and the relation between two.

    With r the vectors of words (a learned one for the root), and each h a perceptron of one
    layer on r, word i has its head at j, or the relation k to it, with logits

    - arcs: ``h_arc_head[j] U h_arc_dep[i] + h_arc_head[j] u``
    - labels: ``h_label_head[j] V_k h_label_dep[i] + (h_label_head[j], h_label_dep[i]) w_k + b_k``

    The loss is the mean over words of both cross-entropies, labels at the annotated heads. In
    scoring the tree is the best one with one root, and labels are read at its arcs.

    Parameters
    ----------
    width, n_labels, seed : int
        The seed draws the first weights, on the CPU.
    dropout : float
        Of the words' vectors.

    References
    ----------
    Dozat and Manning 2017, arXiv:1611.01734, section 3.2 and table 1. Departs from it: word
    vectors are a pretrained encoder's and dropped out by `dropout`; the root is a learned vector;
    a word does not compete for being its own head; the nonlinearity is a leaky ReLU of slope 0.1;
    training is that of `Finetuned`.
    """

    scores = ("las", "uas")

    def __init__(self, width: int, n_labels: int, seed: int, *, dropout: float = DROPOUT) -> None:
        super().__init__()
        self.dropout = torch.nn.Dropout(dropout)
        self.root = torch.nn.Parameter(torch.empty(width))
        # Of heads and dependents at once: arcs first, then labels.
        self.as_head = torch.nn.Linear(width, ARC_SIZE + LABEL_SIZE)
        self.as_dependent = torch.nn.Linear(width, ARC_SIZE + LABEL_SIZE)
        self.inner_dropout = torch.nn.Dropout(PERCEPTRON_DROPOUT)
        self.arc = torch.nn.Linear(ARC_SIZE, ARC_SIZE)  # its bias is u
        self.pair = torch.nn.Parameter(torch.zeros(n_labels, LABEL_SIZE, LABEL_SIZE))
        self.single = torch.nn.Linear(2 * LABEL_SIZE, n_labels)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            self.root.normal_(0.0, SPREAD, generator=generator)
            for perceptron in (self.as_head, self.as_dependent):
                perceptron.weight.normal_(0.0, 1 / math.sqrt(width), generator=generator)
                perceptron.bias.zero_()
            for part in (self.arc.weight, self.arc.bias, self.single.weight, self.single.bias):
                part.zero_()

    def forward(self, rows: torch.Tensor, portion: TreePortion) -> Outputs:
        """Return ``loss`` and ``arcs``, shape (b, n, n + 1), with what labels are read from."""
        size = torch.from_numpy(portion.size).to(rows.device)
        most = int(portion.size.max())
        place = torch.arange(most, device=rows.device)
        here = place < size[:, None]
        index = (torch.cumsum(size, 0) - size)[:, None] + torch.where(here, place, 0)
        words = torch.cat([self.root.expand(len(size), 1, -1), picked(rows, index)], 1)
        words = self.dropout(words)
        as_head, as_dependent = (
            self._perceptron(self.as_head, words),
            self._perceptron(self.as_dependent, words[:, 1:]),
        )
        arcs = self.arc(as_dependent[..., :ARC_SIZE]) @ as_head[..., :ARC_SIZE].mT
        barred = torch.cat([torch.zeros_like(here[:, :1]), ~here], 1)[:, None, :]
        own = place[:, None] + 1 == torch.arange(most + 1, device=rows.device)
        arcs = arcs.masked_fill(barred | own, -torch.inf)
        out = {
            "arcs": arcs,
            "label_head": as_head[..., ARC_SIZE:],
            "label_dependent": as_dependent[..., ARC_SIZE:][here],
        }
        heads = torch.from_numpy(portion.heads).to(rows.device)
        relations = torch.from_numpy(portion.relations).to(rows.device)
        cross_entropy = torch.nn.functional.cross_entropy
        arc_loss = cross_entropy(arcs[here], heads + 1)
        label_loss = cross_entropy(self._labels(out, portion, portion.heads), relations)
        return {"loss": arc_loss + label_loss} | out

    def _perceptron(self, layer: torch.nn.Module, words: torch.Tensor) -> torch.Tensor:
        return self.inner_dropout(torch.nn.functional.leaky_relu(layer(words), _SLOPE))

    def _labels(self, out: Outputs, portion: TreePortion, heads: Ints) -> torch.Tensor:
        """Return logits of each word's relation to its head, shape (n_rows, n_labels)."""
        owner = np.repeat(np.arange(len(portion.size)), portion.size)
        place = owner * out["label_head"].shape[1] + heads + 1
        index = torch.from_numpy(place).to(out["arcs"].device)
        above, below = picked(out["label_head"].flatten(0, 1), index), out["label_dependent"]
        # One product of all words with all labels' matrices, then one a word.
        turned = (below @ self.pair.permute(2, 0, 1).flatten(1)).unflatten(1, (-1, LABEL_SIZE))
        both: torch.Tensor = (turned @ above[:, :, None])[:, :, 0]
        return both + self.single(torch.cat([above, below], 1))

    def parse(self, out: Outputs, portion: TreePortion) -> tuple[Ints, Ints]:
        """Return heads and relations of the best trees, each of shape (n_rows,)."""
        # Weights beyond all bounds can make an arc impossible, which is not for the tree to say.
        arcs = np.maximum(out["arcs"].detach().cpu().numpy(), np.finfo(np.float32).min)
        trees = [maximum_tree(a[:n, : n + 1]) for a, n in zip(arcs, portion.size, strict=True)]
        heads = np.concatenate(trees)
        relations: Ints = self._labels(out, portion, heads).argmax(1).cpu().numpy()
        return heads, relations

    def tally(
        self, out: Outputs, portion: TreePortion
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return sums, and of each scored word whether head and relation are right.

        The sums are loss and number of words; scored words, right ones with label, without.
        """
        heads, relations = self.parse(out, portion)
        attached = (heads == portion.heads)[portion.scored]
        right = attached & (relations == portion.relations)[portion.scored]
        counts = [float(out["loss"]) * len(heads), len(heads)]
        return np.array([*counts, len(right), right.sum(), attached.sum()], np.float64), right
