"""Print the table of docs/verification.md: ``python -m tests.verification.table`` in the project's folder."""

from __future__ import annotations

import sys

from .agreement import MORE, STANDARD_ERRORS
from .bench import Comparison
from .comparisons import EVERY

HEAD = (
    "| case | figure | exact | simulated | standard error | difference / error | seeds |\n|---|---|---|---|---|---|---|"
)


def row(one: Comparison) -> str:
    """Return a comparison as a row of a Markdown table."""
    return (
        f"| {one.case} | {one.figure} | {one.exact:.5g} | {one.simulated:.5g} | {one.error:.2g} | {one.z:+.2f} | "
        f"{one.seeds} |"
    )


def main(more: int = MORE) -> None:
    """Run every comparison with ``more`` times the everyday seeds and print a table for each topic."""
    topic, found = "", []
    for function, cases in EVERY:
        for case in cases:
            new = function(case, more)
            found += new
            if new[0].topic != topic:
                topic = new[0].topic
                print(f"\n### {topic[0].upper()}{topic[1:]}\n\n{HEAD}")
            if function.__name__ == "traffic":  # two figures for each unit: the one farthest off stands for all
                print(row(max(new, key=lambda one: abs(one.z))))
            else:
                print("\n".join(map(row, new)), flush=True)
    far = [abs(one.z) for one in found]
    print(
        f"\n{len(found)} comparisons; {sum(z > 1 for z in far) / len(far):.0%} differ by more than 1 standard error, "
        f"{sum(z > 2 for z in far) / len(far):.1%} by more than 2, {sum(z > 3 for z in far) / len(far):.1%} by more than 3, "
        f"{sum(z >= STANDARD_ERRORS for z in far)} by {STANDARD_ERRORS:g} or more; the largest difference is {max(far):.1f}."
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MORE)
