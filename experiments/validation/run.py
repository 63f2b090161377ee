"""Run findings and hold what comes out beside what was published."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from experiments.validation.finding import VERDICTS, Check, Effort, Finding, Result, Verdict


@dataclass(frozen=True, slots=True)
class Row:
    """A finding with what its experiment gave, and how long it took."""

    finding: Finding
    result: Result
    seconds: float


@dataclass(frozen=True, slots=True)
class Validation:
    """Every finding that was asked for, held against the model."""

    rows: tuple[Row, ...]
    effort: Effort

    def checks(self) -> list[tuple[Finding, Check]]:
        """Return every check with its finding, in order."""
        return [(row.finding, check) for row in self.rows for check in row.result.checks]

    def count(self, *, only_checks: bool = True) -> Mapping[Verdict, int]:
        """Return how many figures have each verdict, by default those alone that no lever was set by."""
        found = [one.verdict for _, one in self.checks() if not (only_checks and one.sets)]
        return {verdict: found.count(verdict) for verdict in VERDICTS}

    def table(self) -> pd.DataFrame:
        """Return a row per figure, with all that is needed to print it again."""
        return pd.DataFrame([
            {
                "id": finding.id, "claim": finding.claim, "figure": one.name, "published": one.published.text,
                "low": one.published.low, "high": one.published.high, "basis": one.published.basis,
                "simulated": one.simulated.mean, "simulated_low": one.simulated.low, "simulated_high": one.simulated.high,
                "unit": one.unit, "digits": one.digits, "verdict": one.verdict, "role": one.role, "sets": one.sets,
                "seeds": one.seeds, "units": one.units, "of": one.of, "null": one.null, "rises": one.rises,
                "reason": one.reason if one.verdict != "inside" else "", "read": finding.read, "source": finding.source,
            }
            for finding, one in self.checks()
        ])  # fmt: skip

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return what lies behind the figures, by finding and name."""
        return {
            f"{row.finding.id}-{name}".lower().replace(" ", "-"): table
            for row in self.rows
            for name, table in row.result.tables.items()
        }


def validate(
    findings: Sequence[Finding],
    effort: Effort | None = None,
    *,
    ended: Callable[[Row], None] | None = None,
) -> Validation:
    """Run findings one after the other, each on all threads.

    Parameters
    ----------
    findings : what to hold the model against; see `rows.FINDINGS`, and `own.read` for one's own
    effort : how much to compute
    ended : called with each finding that is done
    """
    effort = effort or Effort()
    rows: list[Row] = []
    for one in findings:
        start = time.perf_counter()
        row = Row(one, one.run(effort), time.perf_counter() - start)
        rows.append(row)
        if ended:
            ended(row)
    return Validation(tuple(rows), effort)
