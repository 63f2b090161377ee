"""Commands that read a finished sweep: what moves the outputs, and which combinations lead where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.app import app
from sim.cli.options import AsJson, Format, Overwrite, Quiet, folder_for
from sim.console import print_json, print_table
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from experiments.analysis.answers import Exploration, Sensitivity
    from experiments.analysis.indices import Indices
    from experiments.sweeps.plan import Plan

Sweep = Annotated[Path, typer.Argument(help="The folder of a finished sweep.", show_default=False)]
Outputs = Annotated[
    list[str] | None,
    typer.Option(
        "--output", help="An output to analyse; may be repeated [default: satisfaction, NPS, retention, profit]"
    ),
]
USUAL: Sequence[str] = ("external_satisfaction", "net_promoter_score", "retention", "internal_satisfaction", "profit")
LOWEST = 0.2
"""Share of the runs, those with the lowest retention, that are looked for where nobody says what to look for."""


@app.command(
    rich_help_panel="Explore",
    epilog="Examples: service-culture sensitivity study · service-culture sensitivity study --output retention --out retention",
)
def sensitivity(
    sweep: Sweep,
    output: Outputs = None,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.", min=0)] = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for tables, pictures and the manifest [default: results/sensitivity, replaced]"),
    ] = None,
    table_format: Format = "csv",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Say which factors move the outputs: Sobol' or Morris indices with intervals, whether they have settled, and curves."""
    from sim import results

    results.check_format(table_format)
    out, overwrite = folder_for("sensitivity", out, overwrite)
    plan = _plan(sweep)
    outputs = _outputs(plan, output)
    runs = _runs(sweep, plan, outputs)
    from experiments.analysis import answers

    found = answers.sensitivity(
        runs, plan.space, plan.design, outputs, replicates=plan.replicates, points=len(plan.points), seed=seed
    )
    tables = found.tables()
    _write(
        out, overwrite, table_format, "sensitivity", sweep, plan, tables, _pictures(found), output=outputs, seed=seed
    )
    if as_json:
        _print_json(out, tables, [*found.notes(), *found.verdicts()])
    elif not quiet:
        for one in found.indices.values():
            _print_indices(one)
        _print_convergence(found)
        _print_notes(found.notes())
        print(f"Tables, pictures and manifest are in {out}")


@app.command(
    rich_help_panel="Explore",
    epilog="Examples: service-culture explore study --when 'retention < 88' · "
    "service-culture explore study --when 'external_satisfaction > 80 and profit > 1e7' --out good",
)
def explore(
    sweep: Sweep,
    when: Annotated[
        str | None,
        typer.Option(
            help="What to look for: an expression over outputs [default: the fifth of the runs with the lowest retention]"
        ),
    ] = None,
    box: Annotated[
        int | None, typer.Option(help="Another box of the peeling trajectory than the rule takes.", min=0)
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the split into two halves.", min=0)] = 1,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for tables, pictures and the manifest [default: results/explore, replaced]"),
    ] = None,
    table_format: Format = "csv",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Find which combinations of levers and uncertainties lead to an outcome, by a box (PRIM) and by a tree (CART)."""
    from sim import results

    results.check_format(table_format)
    out, overwrite = folder_for("explore", out, overwrite)
    plan = _plan(sweep)
    runs = _runs(sweep, plan, None)
    condition = when or _usual_condition(runs, plan)
    from experiments.analysis import answers

    found = answers.explore(
        runs,
        plan.space,
        plan.design,
        condition,
        replicates=plan.replicates,
        points=len(plan.points),
        box=box,
        seed=seed,
    )
    tables = found.tables()
    pictures = _discovery_pictures(found, plan, seed)
    _write(out, overwrite, table_format, "explore", sweep, plan, tables, pictures, when=condition, box=box, seed=seed)
    if as_json:
        _print_json(out, tables, found.notes())
    elif not quiet:
        _print_exploration(found)
        print(f"Tables, pictures and manifest are in {out}")


# --- what the commands share --------------------------------------------------------------------------------------------


def _plan(sweep: Path) -> Plan:
    from experiments.sweeps import folder as folders

    return folders.load(sweep)


def _outputs(plan: Plan, said: list[str] | None) -> list[str]:
    """Return the outputs to analyse, by the names of their columns."""
    from sim.errors import did_you_mean

    known = list(plan.simulator.outputs)
    if not said:
        return [one for one in USUAL if one in known] or known[:5]
    found = []
    for name in said:
        written = name.strip().replace("-", "_")
        if written not in known and f"realised_{written}" in known:
            written = f"realised_{written}"
        if name in known:
            written = name
        if written not in known:
            raise InputError(
                "this sweep has no such output", place="--output", value=name, allowed=", ".join(known),
                hint=did_you_mean(written, known),
            )  # fmt: skip
        found.append(written)
    return list(dict.fromkeys(found))


def _runs(sweep: Path, plan: Plan, outputs: Sequence[str] | None) -> pd.DataFrame:
    """Return the tidy table; a sweep that is not whole is refused with the command that makes it so."""
    from experiments.sweeps import read
    from experiments.sweeps.status import status

    standing = status(sweep).standing
    if not standing.whole:
        retry = " --retry-failed" if standing.failed else ""
        raise InputError(
            "this sweep is not complete, and analyses of incomplete designs mislead", source=str(sweep),
            value=f"{standing.recorded:,} of {standing.runs:,} runs; {standing.missing:,} missing, {standing.failed:,} failed",
            hint=f"service-culture sweep resume {sweep}{retry}",
        )  # fmt: skip
    identity = ["point", "replicate", "seed"]
    return read.runs(sweep, None if outputs is None else [*identity, *plan.space.names, *outputs])


def _usual_condition(runs: pd.DataFrame, plan: Plan) -> str:
    """Return the condition that holds for the fifth of the runs with the lowest retention."""
    if "retention" not in plan.simulator.outputs:
        raise InputError(
            "say what to look for", place="--when", allowed="an expression over " + ", ".join(plan.simulator.outputs),
            hint=f"--when '{plan.simulator.outputs[0]} < 0'",
        )  # fmt: skip
    return f"retention < {float(runs['retention'].quantile(LOWEST)):.4g}"


def _write(
    out: Path, overwrite: bool, table_format: str, command: str, sweep: Path, plan: Plan, tables: dict[str, pd.DataFrame],
    pictures: Iterator[tuple[str, Figure]], **inputs: Any,
) -> None:  # fmt: skip
    from experiments.sweeps import folder as folders
    from sim import results

    with results.folder(out, overwrite=overwrite) as draft:
        for name, table in tables.items():
            results.write_table(draft / name, table, table_format)
        import matplotlib.pyplot as plt

        for name, figure in pictures:
            figure.savefig(draft / f"{name}.png", dpi=150)
            plt.close(figure)
        of = folders.manifest(sweep)
        chain = getattr(plan.simulator, "chain", None)
        manifest = results.manifest(
            command, chain, tables, sweep=str(sweep), digest=of["digest"], plan=of["plan"], **inputs
        )
        results.write_manifest(draft, manifest)


def _pictures(found: Sensitivity) -> Iterator[tuple[str, Figure]]:
    from experiments.analysis import plots

    for output, indices in found.indices.items():
        if not indices.defined:
            continue
        yield f"{output}-indices", plots.leading(indices)
        if "second" in set(indices.estimates["index"]):
            yield f"{output}-pairs", plots.second_order(indices)
        if output in found.convergence:
            yield f"{output}-convergence", plots.convergence(found.convergence[output])
        if found.responses.get(output):
            yield f"{output}-responses", plots.responses(found.responses[output])
        if found.interactions.get(output):
            yield f"{output}-interactions", plots.interactions(found.interactions[output])


def _discovery_pictures(found: Exploration, plan: Plan, seed: int) -> Iterator[tuple[str, Figure]]:
    from experiments.analysis import plots

    yield "peeling", plots.peeling(found.box)
    if len(found.box.limits):
        yield "box", plots.box_limits(found.box, plan.space)
        if len(found.box.limits) > 1:
            yield "box-pairs", plots.box_pairs(found.box, found.cases, plan.space, seed)
    yield "tree", plots.tree(found.tree)


_HEADERS = {"first": "first order", "total": "total", "mu_star": "µ*", "mu": "µ", "sigma": "σ", "slope": "slope"}


def _print_indices(found: Indices) -> None:
    """Print the indices of one output, the most influential factor first."""
    from experiments.analysis.frames import label

    shown = [one for one in _HEADERS if one in set(found.estimates["index"])]
    shown.sort(key=lambda one: one != found.leading)
    tables = {one: found.of(one) for one in shown}
    digits = 3 if found.method != "morris" else 2
    rows = [
        (label(factor), *(_estimate(tables[one].loc[factor], digits) for one in shown)) for factor in found.ranked()
    ]
    print_table(
        f"What moves {label(found.output)} ({found.method.replace('sobol', 'Sobol’').replace('morris', 'Morris')} indices)",
        ("factor", *(_HEADERS[one] for one in shown)), rows,
        f"{found.points:,} points, {found.runs:,} runs; estimate [95 % interval].",
    )  # fmt: skip


def _print_convergence(found: Sensitivity) -> None:
    """Print whether the design is large enough, output by output."""
    from experiments.analysis.convergence import RANKS, THRESHOLD
    from experiments.analysis.frames import label

    rows: list[tuple[str, ...]] = []
    for output, one in found.convergence.items():
        if not len(one.criteria):
            continue
        last = one.criteria.iloc[-1]
        small = "" if last["width_of_small"] != last["width_of_small"] else f" ({last['width_of_small']:.3f})"
        rows.append((
            label(output), f"{_stable(last['ranking'])} ({last['ranks']:.2f})", f"{_stable(last['screening'])}{small}",
            f"{_stable(last['values'])} ({last['width']:.3f})",
            "–" if last["values"] else f"{max(1.5, (last['width'] / THRESHOLD) ** 2):,.0f} times as many points",
        ))  # fmt: skip
    if rows:
        print_table(
            "Is the design large enough?", ("output", "ranking", "screening", "values", "for values, roughly"), rows,
            f"Stable: important factors change places by less than {RANKS:g} ranks over resamples; intervals of small "
            f"indices, and of all, narrower than {THRESHOLD:g} (Sarrazin, Pianosi & Wagener 2016).",
        )  # fmt: skip


def _stable(holds: Any) -> str:
    return "stable" if holds else "not yet"


def _estimate(row: Any, digits: int) -> str:
    if row["estimate"] != row["estimate"]:
        return "–"
    return f"{row['estimate']:,.{digits}f} [{row['low']:,.{digits}f}, {row['high']:,.{digits}f}]"


def _print_exploration(found: Exploration) -> None:
    from experiments.analysis.frames import label

    rows: list[tuple[str, ...]] = [
        (label(str(row["factor"])), f"{row['low']:.3g} to {row['high']:.3g}",
         f"{100 * row['low_share']:.0f}–{100 * row['high_share']:.0f} %")
        for row in found.box.limits.to_dict(orient="records")
    ]  # fmt: skip
    if rows:
        print_table(
            f"Where “{found.cases.condition}” is dense", ("factor", "from … to", "of its range"), rows,
            f"{found.box.runs:,} runs; all other factors are free.",
        )  # fmt: skip
    _print_notes(found.notes())


def _print_notes(notes: Sequence[str]) -> None:
    for note in notes:
        print(f"· {note}")


def _print_json(out: Path, tables: dict[str, pd.DataFrame], notes: list[str]) -> None:
    print_json(
        {"out": str(out), "notes": notes} | {name: one.to_dict(orient="records") for name, one in tables.items()}
    )
