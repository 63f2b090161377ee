"""How much the models hold that are still there, and when Python has to look for those that nobody can reach any more.

A Mesa model refers to itself, so that its arrays outlive it until Python looks for such circles. Python does so by counting
objects, and a model's gigabytes are a few dozen objects. Here they are counted by their bytes. Models that are closed
(`sim.model.ServiceModel.close`) never need it.
"""

from __future__ import annotations

import gc
import threading
import weakref

FIRST_LOOK = 256 * 2**20
"""Bytes held by all models together at which Python looks for the first time: a modelling machine has many times as much."""

_lock = threading.RLock()  # taken again by the same thread where a release comes in the middle of a hold
_held = 0
_next_look = FIRST_LOOK


def held() -> int:
    """Return the bytes held by what was announced and is still there, as large as it was when it was announced."""
    return _held


def hold(holder: object, size: int) -> None:
    """Count ``size`` bytes until ``holder`` is gone, and look for circles where much has gathered since the last look.

    If what is left is really in use, the next look comes only when twice as much is held, so that looking costs little.
    """
    global _held, _next_look
    weakref.finalize(holder, _release, size).atexit = False
    with _lock:
        _held += size
        look = _held > _next_look
    if look:
        gc.collect()
        with _lock:
            _next_look = max(FIRST_LOOK, 2 * _held)


def _release(size: int) -> None:
    global _held
    with _lock:
        _held -= size
