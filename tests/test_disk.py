"""Small steps on a disk: notes are sealed, folders are folders again, sizes and ages are told."""

import errno
import os
import time

import pytest

from sondage.store import disk


def test_a_checksum_is_of_the_bytes_and_of_plain_files_alone(tmp_path):
    file = tmp_path / "data"
    file.write_bytes(b"some bytes")
    assert disk.checksum(file) == disk.checksum_of(b"some bytes")
    with pytest.raises(OSError, match="no plain file"):
        disk.checksum(tmp_path)


def test_a_note_says_what_it_was_told_or_that_it_is_damaged(tmp_path):
    note = tmp_path / "note.json"
    note.write_text(disk.sealed({"n": 1, "pair": (1, 2)}), "utf-8")
    assert disk.unsealed(note) == {"n": 1, "pair": [1, 2]}
    for text, message in (
        (note.read_text("utf-8").replace('"n": 1', '"n": 2'), "checksum of note.json differs"),
        ('{"n": 1}', "has no checksum"),
        ("[1]", "holds no note"),
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
    ):
        note.write_text(text, "utf-8")
        with pytest.raises(ValueError, match=message):
            disk.unsealed(note)
    with pytest.raises(ValueError, match="no plain file"):
        disk.unsealed(tmp_path)


def test_a_file_is_put_in_place_of_anything(tmp_path):
    place = tmp_path / "place"
    for harm in (lambda: None, place.touch, lambda: (place / "inner").mkdir(parents=True)):
        if place.is_file():
            place.unlink()
        harm()
        disk.write_atomic(place, b"new")
        assert place.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["place"]


def test_folders_are_made_where_files_lie_but_never_above_the_root(tmp_path):
    root = tmp_path / "root"
    (root).mkdir()
    (root / "a").write_text("in the way")
    disk.make_folder(root / "a" / "b", root)
    assert (root / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        disk.make_folder(tmp_path / "file" / "a", tmp_path / "file")


def test_what_is_taken_away_is_gone_and_what_a_link_names_stays(tmp_path):
    kept, link, folder = tmp_path / "kept", tmp_path / "link", tmp_path / "folder"
    kept.mkdir()
    link.symlink_to(kept)
    (folder / "locked").mkdir(parents=True)
    (folder / "locked").chmod(0)
    for path in (link, folder, tmp_path / "absent"):
        disk.take_away(path)
    assert os.listdir(tmp_path) == ["kept"]


def test_size_and_age_are_of_all_that_is_below(tmp_path):
    assert disk.age(tmp_path / "absent") == 0.0
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "file").write_bytes(b"12345")
    assert disk.folder_size(tmp_path) == 5
    hour_ago = time.time() - 3600
    for path in (tmp_path, tmp_path / "in", tmp_path / "in" / "file"):
        os.utime(path, (hour_ago, hour_ago))
    assert disk.age(tmp_path) == pytest.approx(3600, abs=60)
    (tmp_path / "in" / "file").write_bytes(b"123")
    assert disk.age(tmp_path) < 60


def test_writing_at_a_place_leaves_the_rest(tmp_path):
    number = os.open(tmp_path / "data", os.O_RDWR | os.O_CREAT)
    try:
        disk.claim(number, 6)
        disk.write_at(number, memoryview(b"abc"), 2)
    finally:
        os.close(number)
    assert (tmp_path / "data").read_bytes() == b"\0\0abc\0"


def test_a_full_disk_is_told_through_a_chain_of_errors():
    full = OSError(errno.ENOSPC, "x")
    assert disk.is_full(full)
    assert not disk.is_full(OSError(errno.EACCES, "x"))
    outer = ValueError("outer")
    outer.__cause__ = full
    assert disk.is_full(outer)
    # As a library in another language says it.
    assert disk.is_full(RuntimeError(f"io: {os.strerror(errno.ENOSPC)} (os error 28)"))
    outer.__cause__ = outer
    assert not disk.is_full(outer)
