"""Which licences are known to be free."""

from __future__ import annotations

import re

#: Families of SPDX identifiers of licences that let everybody use, change and pass on.
_FREE = re.compile(
    r"CC0-1\.0|CC-BY-\d\.\d|CC-BY-SA-\d\.\d|CC-PDDC|PDDL-1\.0|ODC-By-1\.0|ODbL-1\.0"
    r"|Apache-2\.0|MIT(-0)?|BSD-[23]-Clause|ISC|Zlib|Unlicense|(A|L)?GPL-\d\.\d(-only|-or-later)"
    r"|LicenseRef-WordNet-3\.0"
)
_NON_COMMERCIAL = re.compile(r"-NC\b|non-?\s?commercial|research (use )?only", re.IGNORECASE)


def why_ask(licence: str) -> str:
    """Return why a licence has to be accepted first: ``non-commercial``, ``unknown`` or ''.

    Parameters
    ----------
    licence : str
        An SPDX expression of one or more identifiers, or words. All that are joined by ``AND``
        or ``OR`` have to be known to be free.
    """
    if _NON_COMMERCIAL.search(licence):
        return "non-commercial"
    parts = re.split(r" AND | OR ", licence)
    return "" if all(_FREE.fullmatch(part.strip("() ")) for part in parts) else "unknown"
