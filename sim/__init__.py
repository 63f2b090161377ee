"""Service culture: how the way departments serve each other reaches the customer.

The public names below are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "ServiceChain": "sim.chain",
    "ServiceModel": "sim.model",
    "Intervention": "sim.interventions",
    "InputError": "sim.errors",
    "ServiceCultureError": "sim.errors",
    "Department": "sim.agents",
    "Contractor": "sim.agents",
    "Employee": "sim.agents",
    "Manager": "sim.agents",
    "Customer": "sim.agents",
    "load": "sim.organisation",
    "vary": "sim.vary",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")
