"""Reads the weights of a PyTorch checkpoint without PyTorch.

The checkpoint is of the format that PyTorch wrote before 1.6: five pickles (magic
number, protocol, system, the state dict, the storages' keys) followed by the raw
bytes of each storage. A pickle can run any code, so the reader admits the four
names that a state dict needs and refuses all others.
"""

import collections
import pickle
import struct
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
DTYPES = {
    "FloatStorage": np.dtype("<f4"),
    "LongStorage": np.dtype("<i8"),
}


class Storage(NamedTuple):
    """One-dimensional memory that tensors are views of."""

    key: str
    dtype: np.dtype
    length: int


class View(NamedTuple):
    """A tensor: a strided view of a storage, in elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuild_tensor(storage: Storage, offset: int, shape: Any, strides: Any, *_: Any) -> View:
    return View(storage, offset, tuple(shape), tuple(strides))


class _Unpickler(pickle.Unpickler):
    """An unpickler that can make nothing but tensors in an ordered dict."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in DTYPES:
            return name
        raise pickle.UnpicklingError(f"refused {module}.{name}")

    def persistent_load(self, pid: Any) -> Storage:
        kind, storage_type, key, _location, length = pid[:5]
        if kind != "storage":
            raise pickle.UnpicklingError(f"refused a reference to {kind}")
        return Storage(key, DTYPES[storage_type], length)


def _read_storage(file: BinaryIO, storage: Storage) -> np.ndarray:
    (length,) = struct.unpack("<q", file.read(8))
    if length != storage.length:
        raise ValueError(f"storage {storage.key} has {length} elements, expected {storage.length}")
    return np.frombuffer(file.read(length * storage.dtype.itemsize), dtype=storage.dtype)


def load(path: Path) -> dict[str, np.ndarray]:
    """Returns the checkpoint's tensors by name."""
    with path.open("rb") as file:
        if _Unpickler(file).load() != MAGIC or _Unpickler(file).load() != PROTOCOL:
            raise ValueError(f"{path} is not a checkpoint of the format before PyTorch 1.6")
        _Unpickler(file).load()  # the system it was written on: sizes of C types
        views: dict[str, View] = _Unpickler(file).load()
        keys: list[str] = _Unpickler(file).load()
        storages = {view.storage.key: view.storage for view in views.values()}
        memory = {key: _read_storage(file, storages[key]) for key in keys}
        if file.read(1):
            raise ValueError(f"{path} has bytes after its last storage")

    tensors = {}
    for name, view in views.items():
        values = memory[view.storage.key][view.offset :]
        strides = [stride * values.itemsize for stride in view.strides]
        tensors[name] = np.lib.stride_tricks.as_strided(values, view.shape, strides).copy()
    return tensors
