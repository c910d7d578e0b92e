#!/bin/sh
# SciPy's Jensen-Shannon distance is NaN for rows that are equal but for rounding.
#
# A good guess: the distance of two distributions that differ in their last bits is 0 or next to it, so that a mean
# over rows of attention, most of which two checkpoints of one model share, is a number.
# Behaviour: the sum under the root comes out below zero by rounding for a good share of such pairs, and the root of
# it is NaN, with a RuntimeWarning.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet scipy==1.17.1 numpy==2.4.6

"$folder/env/bin/python" -W ignore::RuntimeWarning - <<'END'
import importlib.metadata

import numpy as np
from scipy.spatial.distance import jensenshannon

print("scipy", importlib.metadata.version("scipy"))
rng = np.random.default_rng(0)
rows = rng.dirichlet(np.ones(3), 2000)
near = rows + rng.uniform(-1e-16, 1e-16, rows.shape)
found = np.array([jensenshannon(p, q) for p, q in zip(rows, near)])
print("pairs of rows that differ by less than", f"{np.abs(rows - near).max():.0e}:", len(rows))
print("of which NaN:", int(np.isnan(found).sum()), "and the greatest of the others:", f"{np.nanmax(found):.0e}")
assert 100 < np.isnan(found).sum() < 1900 and np.nanmax(found) < 1e-6
END
