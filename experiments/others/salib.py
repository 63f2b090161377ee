"""A plain SALib script: sample, run the model at each point, analyse.

    python -m experiments.others.salib
    python -m experiments.others.salib my-firm.toml --lever training=0..0.1 --uncertainty loss_aversion=1..3 --samples 256

Nothing of `experiments.sweeps` is used, so that it can be taken as it stands into a script or a notebook. For runs that take
hours there are sweeps, which can be stopped and gone on with, and give the same numbers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer

from experiments.others.running import guarded, needs
from sim.errors import InputError

LEVERS = ("training=0..0.1", "internal_service=0.3..0.9")
UNCERTAINTIES = ("loss_aversion=1..3",)


def problem(ranges: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    """Return SALib's description of what varies: name → (low, high)."""
    return {"num_vars": len(ranges), "names": list(ranges), "bounds": [list(span) for span in ranges.values()]}


def evaluate(
    story: Callable[..., Mapping[str, Any]],
    names: Sequence[str],
    points: Any,
    measure: str,
    *,
    seeds: Sequence[int] = (1,),
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Any:
    """Return one measure at every point, (point, seed).

    Every point meets the same seeds, so that points differ by their values alone. Threads, because the compiled core runs in
    parallel. A value that is no number is an error: SALib would answer with zeros, without a word.
    """
    import numpy as np

    def one(row: Sequence[float]) -> list[float]:
        return [float(story(seed=seed, **dict(zip(names, row, strict=True)))[measure]) for seed in seeds]

    found = []
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for number, values in enumerate(pool.map(one, points.tolist()), 1):
            found.append(values)
            if progress:
                progress(number)
    table = np.array(found)
    if not np.isfinite(table).all():
        raise InputError(
            "there is no such figure at some points, so that nothing can be said of indices", place=measure,
            value=f"{int((~np.isfinite(table)).any(axis=1).sum())} of {len(table)} points", allowed="a number at every point",
            hint="narrow the ranges, or take another measure",
        )  # fmt: skip
    return table


def indices(
    story: Callable[..., Mapping[str, Any]],
    ranges: Mapping[str, tuple[float, float]],
    measure: str,
    *,
    samples: int = 64,
    seeds: Sequence[int] = (1,),
    seed: int = 1,
    workers: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Any:
    """Return Sobol indices of a measure (its mean over seeds): a row per factor with S1, ST and their 95 % half-widths.

    Runs (factors + 2) × ``samples`` × seeds (Saltelli 2002, doi:10.1016/S0010-4655(02)00280-1; total indices by Jansen's
    estimator, as SALib has them). ``samples`` should be a power of two.
    """
    needs("SALib", "SALib")
    import pandas as pd
    from SALib.analyze import sobol as analysis
    from SALib.sample import sobol as design

    said = problem(ranges)
    points = design.sample(said, samples, calc_second_order=False, seed=seed)
    values = evaluate(story, said["names"], points, measure, seeds=seeds, workers=workers, progress=progress).mean(
        axis=1
    )
    found = analysis.analyze(said, values, calc_second_order=False, seed=seed)
    columns = {name: found[name] for name in ("S1", "S1_conf", "ST", "ST_conf")}
    return pd.DataFrame({"factor": said["names"], **columns})


def main(
    organisation: Annotated[str, typer.Argument(help="A bundled organisation or a file.")] = "energy_distributor",
    lever: Annotated[
        list[str] | None, typer.Option(help=f"NAME[@WHERE]=LOW..HIGH, repeatable [default: {' '.join(LEVERS)}]")
    ] = None,
    uncertainty: Annotated[
        list[str] | None, typer.Option(help=f"NAME[@WHERE]=LOW..HIGH, repeatable [default: {' '.join(UNCERTAINTIES)}]")
    ] = None,
    measure: Annotated[str, typer.Option(help="The measure to explain.")] = "external_satisfaction",
    samples: Annotated[int, typer.Option(help="Blocks of points; a power of two.", min=2)] = 16,
    runs: Annotated[int, typer.Option(help="Seeds at each point.", min=1)] = 2,
    warm_up: Annotated[int, typer.Option(help="Days before the levers are pulled.", min=0)] = 125,
    days: Annotated[int, typer.Option(help="Days after.", min=4)] = 125,
    workers: Annotated[int | None, typer.Option(help="Threads [default: one per core].")] = None,
) -> None:
    """Compute Sobol indices with a plain SALib script."""
    from experiments.others.story import Story, parse_range
    from sim.console import print_table, progress
    from sim.measures import BY_NAME

    if measure not in BY_NAME:
        raise InputError("there is no such measure", place="--measure", value=measure, allowed=", ".join(BY_NAME))
    spans = [
        [parse_range(text, place=place) for text in texts]
        for texts, place in ((lever or LEVERS, "--lever"), (uncertainty or UNCERTAINTIES, "--uncertainty"))
    ]
    names = [tuple(name for name, _, _ in group) for group in spans]
    ranges = {name: (low, high) for group in spans for name, low, high in group}
    points = (len(ranges) + 2) * samples
    with progress("points", points, False) as tick:
        table = indices(
            Story(organisation, names[0], names[1], warm_up, days), ranges, measure, samples=samples,
            seeds=range(1, runs + 1), workers=workers, progress=tick,
        )  # fmt: skip
    rows = [
        (row.factor, *(f"{value:.2f} [{value - half:.2f}, {value + half:.2f}]"
                       for value, half in ((row.S1, row.S1_conf), (row.ST, row.ST_conf))))
        for row in table.sort_values("ST", ascending=False).itertuples()
    ]  # fmt: skip
    print_table(
        f"{measure.replace('_', ' ')}: what its variance comes from",
        ("factor", "alone (S1)", "with all its interactions (ST)"),
        rows,
        f"Index [95 % interval, bootstrap]; {points} points × {runs} seeds = {points * runs} runs; last {max(1, days // 4)} of "
        f"{days} days.",
    )
    print(
        "Look at: factors whose ST holds 0 can be fixed; where ST is well above S1, a factor works through others. "
        "Intervals as wide as the indices mean: more samples."
    )


if __name__ == "__main__":
    guarded(main)
