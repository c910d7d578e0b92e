"""Files that are no UTF-8 text: told for what they are."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile

import pytest

from sondage.errors import DataError
from sondage.files import read_text

TEXT = "# text = Hé there\n1\tHé\t_\n" * 9


def _zip(data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("a.txt", data)
    return out.getvalue()


def _tar(data):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as packed:
        member = tarfile.TarInfo("a.txt")
        member.size = len(data)
        packed.addfile(member, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "what", "todo"),
    [
        (lambda b: TEXT.encode("utf-16"), "UTF-16, not", "iconv -f utf-16 -t utf-8"),
        (lambda b: TEXT.encode("utf-16-le"), "UTF-16LE", "iconv -f utf-16le"),
        (lambda b: TEXT.encode("utf-16-be"), "UTF-16BE", "iconv -f utf-16be"),
        (lambda b: TEXT.encode("utf-32"), "UTF-32", "iconv -f utf-32"),
        (lambda b: gzip.compress(TEXT.encode("utf-16")), "UTF-16, not", "iconv"),
        (_zip, "zip archive", "unzip"),
        (_tar, "tar archive", "tar -x"),
        (lambda b: gzip.compress(_tar(b)), "tar archive", "tar -x"),
        (lambda b: gzip.compress(gzip.compress(b)), "twice", "gunzip"),
        (bz2.compress, "bzip2", "bunzip2"),
        (lzma.compress, "xz", "unxz"),
        (lambda b: lzma.compress(b, lzma.FORMAT_ALONE), "lzma", "unlzma"),
        (lambda b: b"\x28\xb5\x2f\xfd" + b"\x00" * 20, "zstd", "unzstd"),
        (lambda b: b"PAR1\x15\x04" + b"\x00" * 20 + b"PAR1", "Parquet", "format"),
    ],
)
def test_packed_and_otherwise_encoded_files(make, what, todo, tmp_path):
    path = tmp_path / "data"
    path.write_bytes(make(TEXT.encode()))
    with pytest.raises(DataError, match=what) as caught:
        read_text(str(path))
    assert todo in caught.value.hint
    assert "latin" not in caught.value.hint


@pytest.mark.parametrize("text", ["BZh is a word\n", "PAR1 \u00e9\n", TEXT, "\u65e5\u672c\n"])
def test_text_that_begins_alike_is_read(text, tmp_path):
    path = tmp_path / "data"
    path.write_text(text, encoding="utf-8")
    assert read_text(str(path)) == text
