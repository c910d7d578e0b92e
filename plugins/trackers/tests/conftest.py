"""Stores of their own for these tests: trackio reads where its folder is when it is imported."""

import os
import tempfile

os.environ["TRACKIO_DIR"] = tempfile.mkdtemp(prefix="sondage-trackio-")
