"""From a table and its files to a task."""

from __future__ import annotations

import numpy as np

from sondage.data import Labels, TaskData, Units
from sondage.defects import OnError
from sondage.parts import Parts, name_of, with_two_labels
from sondage_glue.reader import LABELS, Name, read_glue


def load(parts: Parts, task: Name, on_error: OnError = "raise") -> TaskData:
    """Read the files; put corpus, target and split together.

    Parameters
    ----------
    parts : Parts
    task : {'cola', 'sst2', 'rte', 'mrpc', 'mnli'}
    on_error : {'raise', 'skip'}

    Returns
    -------
    TaskData
        Warnings: the reader's; ``sentences-with-two-labels``, distinct texts whose repetitions
        disagree; ``sentences-also-in-train``, those of dev and test that train holds too.
    """
    table = read_glue(parts.paths, task, on_error=on_error)
    corpus = table.corpus(f"{task} ({name_of(table.files)})")
    names = tuple(LABELS[task].values())
    y = np.array([names.index(label) for label in table.labels], np.int64)
    target = Labels(Units.of_sentences(len(y)), y, names)
    warnings = {**table.warnings, "sentences-with-two-labels": with_two_labels(corpus, y)}
    return parts.data(corpus, target, table.file_of, warnings)
