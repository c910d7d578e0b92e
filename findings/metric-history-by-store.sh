#!/bin/sh
# What MLflow returns as a metric's history depends on where the run is kept.
#
# A good guess: MlflowClient.get_metric_history gives the same entries whichever store the tracking URI
# names, one for each value that was logged, and each says of which run it is.
# Behaviour: of a value that was logged twice (a client that tries again) a folder keeps two entries and a
# database one; and entries read from a database have no run_id.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet mlflow-skinny==3.17.2 sqlalchemy==2.0.51 alembic==1.18.4

cd "$folder"
MLFLOW_ALLOW_FILE_STORE=true "$folder/env/bin/python" - <<'END'
import logging
from pathlib import Path

logging.disable(logging.INFO)

import mlflow
from mlflow import MlflowClient

print("mlflow-skinny", mlflow.__version__)
found = {}
for store in (f"file://{Path('folder').absolute()}", "sqlite:///database.db"):
    client = MlflowClient(tracking_uri=store)
    experiment = client.create_experiment("e", artifact_location=str(Path("files").absolute()))
    run = client.create_run(experiment).info.run_id
    for _ in range(2):
        client.log_metric(run, "accuracy", 0.5, timestamp=1000, step=0)
    history = client.get_metric_history(run, "accuracy")
    kind = store.split(":")[0]
    found[kind] = (len(history), {entry.run_id == run for entry in history})
    print(f"{kind}: {len(history)} entries; run_id", history[0].run_id and "given")

assert found == {"file": (2, {True}), "sqlite": (1, {False})}, found
END
