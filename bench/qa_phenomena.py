"""The five phenomena's tasks from XQuAD (English) and SQuAD 2.0's small file, WordNet included.

Each row is a process of its own: wall-clock and processor seconds of reading the files and finding
all pairs and candidates, and the process's peak memory. The obvious way with WordNet is to read all
its synsets into a dictionary of sets first; its row is that alone, without any pair. The limit is
of processor seconds, since others may share the machine.

    SONDAGE_DATA=... python bench/qa_phenomena.py
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tarfile
import time
from pathlib import Path

DATA = Path(os.environ.get("SONDAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))
FILES = [str(DATA / "xquad" / "xquad.en.json"), str(DATA / "squad_v2_subset" / "small.json")]
WORDNET = str(DATA / "wordnet" / "wordnet-3.0-dict.tar.xz")
MOST_SECONDS, MOST_MB = 20.0, 500


def ours() -> str:
    """Load all five tasks; return how many pairs each has."""
    from sondage_qa import phenomena

    told = []
    for kind in ("Synonyms", "Abbreviations", "Coreference", "AnswerType", "Boundary"):
        given = {"wordnet": WORDNET} if kind == "Synonyms" else {}
        task = getattr(phenomena, kind)(files=FILES, **given)
        told.append(f"{task.name} {len(task.load().target)}")
    return ", ".join(told)


def obvious() -> str:
    """Read every synset of WordNet; return how many lemmas have a synonym."""
    synonyms: dict[str, set[str]] = {}
    with tarfile.open(WORDNET) as archive:
        for pos in ("noun", "verb", "adj", "adv"):
            file = archive.extractfile(f"dict/data.{pos}")
            assert file is not None
            for line in file.read().decode().splitlines():
                if not line.startswith("  "):
                    fields = line.split(" ")
                    names = fields[4 : 4 + 2 * int(fields[3], 16) : 2]
                    for name in names:
                        synonyms.setdefault(name.lower(), set()).update(names)
    return f"{sum(len(found) > 1 for found in synonyms.values())} lemmas with synonyms"


def main() -> int:
    """Run each way in a process of its own."""
    if len(sys.argv) > 1:
        start = time.perf_counter()
        said = {"ours": ours, "obvious": obvious}[sys.argv[1]]()
        wall, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
        print(f"{wall:.2f}|{time.process_time():.2f}|{peak.ru_maxrss // 1000}|{said}")
        return 0
    print(f"load average {os.getloadavg()[0]:.1f}\n{'':10}{'wall s':>8}{'cpu s':>8}{'MB':>6}")
    late = False
    for way in ("ours", "obvious"):
        command = [sys.executable, __file__, way]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        wall, busy, peak, said = out.strip().split("|")
        over = way == "ours" and (float(busy) > MOST_SECONDS or int(peak) > MOST_MB)
        late |= over
        print(f"{way:10}{wall:>8}{busy:>8}{peak:>6}  {said}{'  TOO MUCH' if over else ''}")
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
