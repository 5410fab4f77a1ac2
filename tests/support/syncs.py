"""Counts how often SQLite asks for a sync: the one thing that a kill test cannot see (promise 1).

A VFS of our own stands in front of SQLite's: it hands every call on, and notes `xSync`. It is built with
ctypes from the C structures of https://sqlite.org/c3ref/vfs.html, and so needs neither a compiler nor a
tracer, which CI machines may lack or forbid. One level under it, SQLite's unix VFS turns each into fdatasync.
"""

import _sqlite3
import ctypes as c
from collections.abc import Iterator
from contextlib import contextmanager

_SQLITE_OK = 0
_XOPEN = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.c_void_p, c.c_int, c.c_void_p)
_XSYNC = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_int)


class _Vfs(c.Structure):
    _fields_ = (
        ("iVersion", c.c_int),
        ("szOsFile", c.c_int),
        ("mxPathname", c.c_int),
        ("pNext", c.c_void_p),
        ("zName", c.c_char_p),
        ("pAppData", c.c_void_p),
        ("xOpen", _XOPEN),
        ("rest", c.c_void_p * 14),
    )


class _Methods(c.Structure):
    _fields_ = (
        ("iVersion", c.c_int),
        ("xClose", c.c_void_p),
        ("xRead", c.c_void_p),
        ("xWrite", c.c_void_p),
        ("xTruncate", c.c_void_p),
        ("xSync", _XSYNC),
        ("rest", c.c_void_p * 13),
    )


class _File(c.Structure):
    _fields_ = (("pMethods", c.POINTER(_Methods)),)


class Syncs:
    """`seen`: the kind of file of every sync, in order: "wal", "db" or "other"."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    @property
    def wal(self) -> int:
        return self.seen.count("wal")


# SQLite keeps pointers into these for as long as a connection lives.
_alive: list[object] = []


@contextmanager
def counted_syncs() -> Iterator[Syncs]:
    """Counts the syncs of every SQLite connection opened inside the block."""
    library = c.CDLL(_sqlite3.__file__)
    library.sqlite3_vfs_find.restype = c.POINTER(_Vfs)
    original = library.sqlite3_vfs_find(None)
    counting, syncs = _counting(original)
    assert library.sqlite3_vfs_register(c.byref(counting), 1) == _SQLITE_OK
    try:
        yield syncs
    finally:
        library.sqlite3_vfs_unregister(c.byref(counting))
        library.sqlite3_vfs_register(original, 1)


def _counting(original: "c._Pointer[_Vfs]") -> tuple[_Vfs, Syncs]:
    syncs = Syncs()
    kinds: dict[int, str] = {}
    originals: dict[int, _Methods] = {}

    def sync(file: int, flags: int) -> int:
        syncs.seen.append(kinds[file])
        return int(originals[file].xSync(file, flags))

    on_sync = _XSYNC(sync)

    def open_file(vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
        code = int(original.contents.xOpen(vfs, name, file, flags, out))
        opened = c.cast(file, c.POINTER(_File)).contents
        if code == _SQLITE_OK and opened.pMethods:
            path = c.string_at(name).decode() if name else ""
            kinds[file] = "wal" if path.endswith("-wal") else "db" if path.endswith(".db") else "other"
            originals[file] = opened.pMethods.contents
            methods = _Methods.from_buffer_copy(opened.pMethods.contents)
            methods.xSync = on_sync
            opened.pMethods = c.pointer(methods)
            _alive.append(methods)
        return code

    on_open = _XOPEN(open_file)
    counting = _Vfs.from_buffer_copy(original.contents)
    counting.zName = b"counting"
    counting.pNext = None
    counting.xOpen = on_open
    _alive.extend((counting, on_open, on_sync))
    return counting, syncs
