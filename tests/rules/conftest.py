"""Whole numbers of 64 bits wrap around, as they do in compiled rules."""

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _wrapping():
    with np.errstate(over="ignore"):
        yield
