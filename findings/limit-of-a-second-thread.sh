#!/bin/sh
# threadpoolctl passes over the limit that a second thread sets while the first is within one of its own.
#
# A good guess: within `ThreadpoolController().limit(limits=1)` BLAS has one thread, whichever Python thread says so, since
# OpenBLAS has one pool for the whole process.
# Behaviour: whoever set the first limit owns the pool until that ends. From any other thread nothing is set, without a
# word, so that work handed to a pool of threads runs on as many threads of BLAS as its maker allowed, not as it says.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet threadpoolctl==3.8.0 numpy==2.4.6

OPENBLAS_NUM_THREADS=2 "$folder/env/bin/python" - <<'END'
import importlib.metadata
import threading

import numpy
from threadpoolctl import ThreadpoolController

for name in ("threadpoolctl", "numpy"):
    print(name, importlib.metadata.version(name))
pools = ThreadpoolController().select(user_api="blas")


def threads():
    return [pool["num_threads"] for pool in pools.info()]


def limited(who, seen):
    with pools.limit(limits=1):
        seen[who] = threads()


seen = {}
with pools.limit(limits=2):
    limited("the same thread", seen)
    second = threading.Thread(target=limited, args=("a second thread", seen))
    second.start()
    second.join()
for who, found in seen.items():
    print("limit 1 in", who, "within limit 2 gives", found)
assert seen == {"the same thread": [1], "a second thread": [2]}, seen
END
