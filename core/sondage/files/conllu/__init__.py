"""CoNLL-U: a file's sentences, each with its words cut into columns, by one set of rules.

The rules are those of Universal Dependencies' own validator, as far as reading needs them:

- A sentence ends at a blank line (or a line of blanks). Lines that begin with ``#`` are comments,
  wherever they stand; ``# sent_id =`` and ``# text =`` are read, the last of each holds. Comments
  alone are no sentence.
- Every other line has the format's number of columns, single tabs between, none of them empty.
- Words are numbered 1, 2, ... A range (``5-6``, or ``2-2`` of one word) stands before its first
  word, ends within the sentence and overlaps none; it is kept with its form. Empty nodes (``8.1``,
  ``8.2``) follow their word in order; they are checked and left out. ``_`` is a form as any other.
- DEPS and MISC are kept as they are: the running text is the ``text`` comment, so that
  ``SpaceAfter`` is not asked. No vocabulary of tags, features or relations is enforced.
- HEAD is 0, a word of the same sentence, or ``_``: see `heads_of`; whether heads make a tree is
  another question, that of `tree_problem`.

Bytes, line ends (LF or CRLF), a byte order mark and gzip are `sondage.files.read_bytes`'s; a defect
is a `DataError` with ``file:line``, which `sondage.defects.Defects` raises or counts.
"""

from sondage.files.conllu.blocks import COLUMNS, Block, read_blocks
from sondage.files.conllu.heads import NO_HEAD, check_tree, heads_of, tree_problem
from sondage.files.conllu.ids import integer

__all__ = [
    "COLUMNS", "NO_HEAD", "Block", "check_tree", "heads_of", "integer", "read_blocks",
    "tree_problem",
]  # fmt: skip
