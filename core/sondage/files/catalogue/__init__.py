"""Data sets that can be had: where they are looked for, how they are fetched and checked.

What there is comes from plugins, as `sondage.specs.DataSpec`; nothing here knows a data set. A
file of one is looked for in ``$SONDAGE_DATA/NAME`` and then in the cache, and downloads go to the
cache. A downloaded file is whole or absent: it is filled under another name, compared with its
checksum, and renamed.
"""

from sondage.files.catalogue.checking import sha256_of, wrong_with
from sondage.files.catalogue.fetching import Fetched, fetch, manual
from sondage.files.catalogue.licences import why_ask
from sondage.files.catalogue.places import (
    Found,
    absent,
    cache_folder,
    data_folder,
    find,
    here,
    mending,
)

__all__ = [
    "Fetched", "Found", "absent", "cache_folder", "data_folder", "fetch", "find", "here", "manual",
    "mending", "sha256_of", "why_ask", "wrong_with",
]  # fmt: skip
