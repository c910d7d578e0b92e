"""Keys for a cluster of one's own: whoever holds them, and nobody else, gets in."""

from __future__ import annotations

import os
from pathlib import Path


def write_keys(folder: str | Path) -> None:
    """Write ``cert.pem`` and ``key.pem``, made for this once, into a folder.

    Scheduler, workers and client use the same pair: the certificate vouches for itself.

    Parameters
    ----------
    folder : str or Path
        Best one that only its owner reads; the files are the owner's alone in any case.
    """
    from distributed import Security

    made = Security.temporary()
    for name, text in (("cert.pem", made.tls_ca_file), ("key.pem", made.tls_client_key)):
        path = Path(folder) / name
        path.unlink(missing_ok=True)
        # Nobody may read it even for a moment.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
