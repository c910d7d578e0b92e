"""The content-addressed store of activations on disk.

One entry is one layer of one view of one corpus under one encoder: a folder with a
``.npy`` memory map, ragged views' offsets, and a manifest that holds the entry's key in
clear, the checksums of both files, and one of its own. A folder is filled under a temporary
name and renamed, so an entry is whole or absent; two writers of one entry are both right.
Data are not fsynced: they can be remade, and the checksums find what a power cut damaged.
"""

from sondage.store.entries import Entry, Key, Store, Writer, checksum

__all__ = [
    "Entry", "Key", "Store", "Writer", "checksum",
]  # fmt: skip
