"""The store: whole entries or none, damage found, a full disk survived."""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.data import offsets_of
from sondage.errors import StoreError
from sondage.store import Key, Store
from sondage.store.half import narrowed, widened


def key(layer=0, view="word"):
    return Key("e" * 32, "c" * 32, view, layer)


def fill(store, layers=(0, 1), rows=7, width=3, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(len(layers), rows, width)).astype(np.float32)
    offsets = offsets_of([3, 0, 4][: 3 if rows == 7 else 1] if rows == 7 else [rows])
    writer = store.writer([key(i) for i in layers], width, values.dtype, offsets)
    order = np.arange(len(offsets) - 1)[::-1]
    chosen = np.concatenate([np.arange(offsets[i], offsets[i + 1]) for i in order])
    writer.write(order, values[:, chosen], list(range(len(layers))))
    writer.publish({"warnings": {}})
    return values


def test_what_is_written_in_any_order_is_read_in_corpus_order(tmp_path):
    store = Store(tmp_path)
    values = fill(store)
    for i in range(2):
        states, manifest = store.read(key(i))
        np.testing.assert_array_equal(states.values, values[i])
        assert [len(states[s]) for s in range(3)] == [3, 0, 4]
        assert manifest["key"]["layer"] == i
    assert not list((tmp_path / "tmp").iterdir())


def test_an_unfinished_entry_is_absent_and_abandoning_leaves_nothing(tmp_path):
    store = Store(tmp_path)
    writer = store.writer([key()], 3, np.dtype("f4"), offsets_of([2]))
    assert not store.has(key())
    writer.abandon()
    assert not list((tmp_path / "tmp").iterdir())


@settings(deadline=None)
@given(place=st.floats(0, 0.999), flip=st.integers(1, 255))
def test_a_flipped_byte_anywhere_is_found(tmp_path_factory, place, flip):
    store = Store(tmp_path_factory.mktemp("s"))
    fill(store)
    file = store.folder(key()) / "data.npy"
    raw = bytearray(file.read_bytes())
    raw[int(place * len(raw))] ^= flip
    file.write_bytes(raw)
    with pytest.raises(StoreError):
        store.read(key())
    assert not store.has(key())
    assert store.has(key(1))


def test_a_truncated_file_is_as_good_as_absent(tmp_path):
    store = Store(tmp_path)
    fill(store)
    file = store.folder(key()) / "data.npy"
    os.truncate(file, file.stat().st_size - 4)
    assert not store.has(key())


def test_a_damaged_or_foreign_manifest_is_no_hit(tmp_path):
    store = Store(tmp_path)
    fill(store)
    manifest = store.folder(key()) / "manifest.json"
    manifest.write_text(manifest.read_text().replace("e" * 32, "f" * 32))
    assert not store.has(key())
    manifest.write_text("{")
    assert not store.has(key())


def test_writing_an_entry_that_another_run_finished_keeps_it(tmp_path):
    store = Store(tmp_path)
    offsets = offsets_of([1])
    writers = [store.writer([key()], 1, np.dtype("f4"), offsets) for _ in range(2)]
    for writer in writers:
        writer.write(np.array([0]), np.ones((1, 1, 1), np.float32), [0])
        writer.publish({})
    assert store.read(key())[0].values.tolist() == [[1.0]]


def test_a_damaged_entry_is_replaced(tmp_path):
    store = Store(tmp_path)
    fill(store)
    (store.folder(key()) / "manifest.json").unlink()
    values = fill(store, seed=1)
    np.testing.assert_array_equal(store.read(key())[0].values, values[0])


def test_rows_that_are_not_finite_are_counted(tmp_path):
    store = Store(tmp_path)
    writer = store.writer([key()], 2, np.dtype("f4"), offsets_of([3]))
    rows = np.array([[[1, np.nan], [1e30, 1e30], [np.inf, np.nan]]], np.float32)
    writer.write(np.array([0]), rows, [0])
    writer.publish({})
    assert store.read(key())[1]["nonfinite_rows"] == 2


def test_a_full_disk_is_a_clear_error_and_the_store_stays_whole(tmp_path, monkeypatch):
    store = Store(tmp_path)
    values = fill(store)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(StoreError, match="full"):
        store.writer([key(5)], 3, np.dtype("f4"), offsets_of([9]))
    monkeypatch.undo()
    monkeypatch.setattr(os, "pwrite", full)
    writer = store.writer([key(5)], 3, np.dtype("f4"), offsets_of([1]))
    with pytest.raises(StoreError, match="full"):
        writer.write(np.array([0]), np.ones((1, 1, 3), np.float32), [0])
    writer.abandon()
    np.testing.assert_array_equal(store.read(key())[0].values, values[0])
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounting needs root")
def test_a_really_full_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this machine does not let a test mount a small disk")
    try:
        store = Store(disk)
        values = fill(store)
        with pytest.raises(StoreError, match="full"):
            fill(store, layers=(5,), rows=100_000)
        np.testing.assert_array_equal(store.read(key())[0].values, values[0])
        assert not list((disk / "tmp").iterdir())
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def test_leftovers_of_dead_processes_are_swept_and_those_of_live_ones_kept(tmp_path):
    store = Store(tmp_path)
    mine = store.scratch()
    dead = mine.with_name(mine.name.replace(f"-{os.getpid()}-", "-999999999-"))
    dead.mkdir()
    (dead / "data").write_bytes(b"x" * 10)
    assert store.sweep() == 10
    assert mine.exists()
    assert not dead.exists()


EDGES = [0.0, -0.0, 1.0, 65504.0, 65519.0, 65520.0, 1e-8, 6e-8, 3.4e38, -3.39e38, np.inf, -np.inf]


@pytest.mark.parametrize("stored", ["float16", "bfloat16"])
def test_halves_are_rounded_to_the_nearest_and_read_as_float32(stored):
    torch = pytest.importorskip("torch")
    bits = np.random.default_rng(0).integers(0, 2**32, 100_000, dtype=np.uint32)
    # Ties, which go to the even one of both neighbours, are rare among random bits.
    ties = (bits & np.uint32(0xFFFF_0000)) | np.uint32(0x8000)
    x = np.concatenate([bits.view("f4"), ties.view("f4"), np.array(EDGES, "f4")])
    found = widened(narrowed(x, stored), stored)
    with np.errstate(all="ignore"):
        wanted = torch.from_numpy(x).to(getattr(torch, stored)).float().numpy()
    assert found.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(found), np.isnan(x))
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("stored", ["float16", "bfloat16"])
def test_an_entry_in_halves_has_a_name_of_its_own_and_half_the_bytes(tmp_path, stored):
    store, small = Store(tmp_path), Key("e" * 32, "c" * 32, "word", 0, stored)
    fill(store, layers=(0,), rows=700, width=8)
    assert small.id != key(0).id
    values = np.random.default_rng(0).normal(size=(1, 700, 8)).astype("f4")
    writer = store.writer([small], 8, values.dtype, offsets_of([700]))
    writer.write(np.arange(1), values, [0])
    writer.publish({})
    read, manifest = store.read(small)
    np.testing.assert_allclose(read.values, values[0], rtol=2.0**-8)
    assert np.abs(read.values - values[0]).max() > 0
    sizes = [(store.folder(k) / "data.npy").stat().st_size for k in (key(0), small)]
    assert sizes[0] - 128 == 2 * (sizes[1] - 128)
    assert [entry.key.stored for entry in store.entries() if entry.key == small] == [stored]
    assert manifest["key"] == small.told
    assert "stored" not in key(0).told


def test_numbers_too_large_for_float16_are_counted_and_fit_bfloat16(tmp_path):
    store = Store(tmp_path)
    rows = np.array([[[1.0, 7e4], [1.0, 2.0]]], "f4")
    for stored, bad in (("float16", 1), ("bfloat16", 0)):
        one = Key("e" * 32, "c" * 32, "word", 0, stored)
        writer = store.writer([one], 2, rows.dtype, offsets_of([2]))
        writer.write(np.arange(1), rows, [0])
        writer.publish({})
        assert store.read(one)[1]["nonfinite_rows"] == bad
