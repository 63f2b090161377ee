"""When a simulated figure counts as agreeing with theory."""

from __future__ import annotations

import pytest

from .bench import Comparison

STANDARD_ERRORS = 4.0
"""A difference of this many standard errors fails. Seeds are fixed, so that a test always gives the same answer."""

MORE = 3
"""How many times more seeds the slow tests and the table use than every day."""

more_seeds = pytest.mark.parametrize(
    "more", [pytest.param(1, id="everyday"), pytest.param(MORE, id="precise", marks=pytest.mark.slow)]
)


def check(found: list[Comparison], precise: float | None = None) -> None:
    """Fail where simulation and theory differ by `STANDARD_ERRORS` or more, or where the errors would hide a difference.

    ``precise`` is the largest standard error allowed, as a share of the exact value, in the first figure of the list.
    """
    wrong = [f"{one.figure}: {one.simulated:.6g} for {one.exact:.6g}, {one.z:+.1f} standard errors of {one.error:.2g}"
             for one in found if not abs(one.z) < STANDARD_ERRORS]  # fmt: skip
    assert not wrong, "\n".join(wrong)
    if precise is not None:
        assert found[0].error < precise * abs(found[0].exact)
