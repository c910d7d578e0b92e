#!/bin/sh
# scikit-learn's MLPClassifier takes Ctrl-C for the end of training.
#
# A good guess: an interrupt during `fit` raises KeyboardInterrupt.
# Behaviour: `fit` returns the half-trained net as if it were finished; a warning is all that tells, and a
# script goes on to use the net.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet scikit-learn==1.9.1 numpy==2.4.6

OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$folder/env/bin/python" - <<'END'
import signal
import warnings

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

print("scikit-learn", sklearn.__version__, "numpy", np.__version__)
signal.signal(signal.SIGINT, signal.default_int_handler)

rng = np.random.default_rng(0)
X = rng.standard_normal((2000, 10))
y = (X[:, 0] * X[:, 1] > 0).astype(int)


class Interrupting(np.random.RandomState):
    """Stands for a hand on Ctrl-C: sends the signal at the start of the fifth pass."""

    passes = 0

    def shuffle(self, x):
        self.passes += 1
        if self.passes == 5:
            signal.raise_signal(signal.SIGINT)
        return super().shuffle(x)


def fitted(random_state):
    net = MLPClassifier((32,), max_iter=300, n_iter_no_change=300, random_state=random_state)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            make_pipeline(StandardScaler(), net).fit(X, y)
            outcome = "fit returned"
        except KeyboardInterrupt:
            outcome = "KeyboardInterrupt"
    messages = [str(w.message) for w in told]
    print(f"{outcome} after {net.n_iter_} of 300 passes; told: {messages}")
    return outcome, net, messages


outcome, stopped, messages = fitted(Interrupting(0))
assert outcome == "fit returned"
assert stopped.n_iter_ < 10
assert messages == ["Training interrupted by user."]
stopped.predict(X[:1])

_, whole, _ = fitted(0)
assert whole.n_iter_ == 300
scores = [net.score(StandardScaler().fit_transform(X), y) for net in (stopped, whole)]
print(f"accuracy on the training data: {scores[0]:.3f} interrupted, {scores[1]:.3f} whole")
assert scores[0] < scores[1] - 0.05
END
