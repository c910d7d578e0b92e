#!/bin/sh
# A run that trackio resumes keeps what was logged, but not its configuration.
#
# A good guess: init(resume="allow") on a run that is there goes on with it: what was logged stays, and so do
# the settings, with those that are new added.
# Behaviour: what was logged stays; the configuration is replaced by the one given at the resumption.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet trackio==0.43.0

TRACKIO_DIR="$folder/kept" "$folder/env/bin/python" - <<'END'
import contextlib
import io
from importlib.metadata import version

import trackio
from trackio.api import Api
from trackio.sqlite_storage import SQLiteStorage

print("trackio", version("trackio"))
for step, config in enumerate(({"layers": 6}, {"seed": 1})):
    with contextlib.redirect_stdout(io.StringIO()):
        run = trackio.init(
            project="p", name="r", config=config, resume="allow",
            embed=False, auto_log_cpu=False, auto_log_gpu=False,
        )
        run.log({"accuracy": 0.5 + step / 4}, step=step)
        run.finish()

(run,) = Api().runs("p")
given = {key: value for key, value in run.config.items() if not key.startswith("_")}
logged = [entry["accuracy"] for entry in SQLiteStorage.get_logs("p", run="r")]
print("configuration:", given)
print("logged:", logged)
assert logged == [0.5, 0.75]
assert given == {"seed": 1}
END
