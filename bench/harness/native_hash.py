"""Argon2id of libsodium and of the C reference: hashes/s on some threads, by ctypes, which lets
go of Python's lock during a call. Both take new memory for each hash; their callers cannot
choose."""

import ctypes
import threading
import time

from . import tools
from .accounts import ITERATIONS, MEMORY_KIB
from .errors import BenchError

# The same as in bench/reference/hash.rs, so that all tags can be compared.
_PASSWORD = b"abc123"
_SALT = b"doorward-bench-0"


def rate(name, threads, seconds):
    """Hashes a second and the tag, as the example prints them."""
    hash_once = {"libsodium": _libsodium, "libargon2": _libargon2}[name]()
    tag = hash_once()
    shares = [0.0] * threads
    begin = threading.Barrier(threads)

    def work(number):
        begin.wait()
        started, hashes = time.perf_counter(), 0
        while (took := time.perf_counter() - started) < seconds:
            hash_once()
            hashes += 1
        shares[number] = hashes / took

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {"per_second": sum(shares), "tag": tag.hex()}


def _libsodium():
    library = tools.library(tools.LIBSODIUM)
    library.sodium_init()
    argon2id13 = 2

    def hash_once():
        out = ctypes.create_string_buffer(32)
        failed = library.crypto_pwhash(
            *(out, ctypes.c_ulonglong(32), _PASSWORD, ctypes.c_ulonglong(len(_PASSWORD)), _SALT),
            *(ctypes.c_ulonglong(ITERATIONS), ctypes.c_size_t(MEMORY_KIB * 1024), argon2id13),
        )
        return _checked("libsodium", failed, out)

    return hash_once


def _libargon2():
    library = tools.library(tools.LIBARGON2)

    def hash_once():
        out = ctypes.create_string_buffer(32)
        failed = library.argon2id_hash_raw(
            *map(ctypes.c_uint32, (ITERATIONS, MEMORY_KIB, 1)),
            *(_PASSWORD, ctypes.c_size_t(len(_PASSWORD)), _SALT, ctypes.c_size_t(len(_SALT))),
            *(out, ctypes.c_size_t(32)),
        )
        return _checked("libargon2", failed, out)

    return hash_once


def _checked(name, failed, out):
    if failed:
        raise BenchError(f"{name} made no hash")
    return out.raw
