"""The model in EMA Workbench: scenarios that nobody chooses against policies that the firm does.

    python -m experiments.others.ema
    python -m experiments.others.ema my-firm.toml --lever training=0..0.1 --uncertainty loss_aversion=1..3 --processes 4

`workbench_model` gives an EMA model; whatever the workbench does with models (sampling, evaluators, PRIM, optimisation) it does
with this one. Versions 2.5 and 3.0 both work. Three things it will not tell you: two policies of the same name are run as the
first of them; where an experiment fails, a pool of processes waits for ever; and forked processes may hang, too. So `perform`
checks names and values before anything runs, and starts processes afresh.
"""

from __future__ import annotations

import multiprocessing
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer

from experiments.others.running import guarded, needs
from sim.errors import InputError

Ranges = Mapping[str, tuple[float, float]]

LEVERS = ("training=0..0.1", "voice_safety=0.2..1", "internal_service=0.3..0.9")
UNCERTAINTIES = ("market_pace=0..0.1", "word_of_mouth=0.5..4", "loss_aversion=1..3")
OUTCOMES = ("external_satisfaction", "motivation", "profit")


def workbench_model(
    chain: Any,
    levers: Ranges,
    uncertainties: Ranges,
    *,
    seeds: Iterable[int] = range(1, 6),
    outcomes: Sequence[str] = OUTCOMES,
    warm_up: int = 250,
    days: int = 250,
) -> Any:
    """Return an EMA `ReplicatorModel` of a firm.

    Parameters
    ----------
    chain : a `ServiceChain`, the path of an organisation file, or the name of a bundled organisation
    levers, uncertainties : ``lever`` or ``lever@place`` → (low, high); names with ``@`` appear in EMA's tables with ``_``
    seeds : of the replications, the same in every experiment, so that experiments are compared pair by pair
    outcomes : measures; each gives its mean over seeds under its own name, which is to be made large, all values as
        ``<measure>_by_seed`` (experiment, seed), and the mean day by day as ``<measure>_over_time`` (experiment, day)
    warm_up, days : working days before and after the levers are pulled
    """
    from experiments.others.story import OVER_TIME, Story, identifier

    ema = workbench()

    story = Story(chain, tuple(levers), tuple(uncertainties), warm_up, days)
    for end in (0, 1):
        story.read({name: span[end] for ranges in (levers, uncertainties) for name, span in ranges.items()})

    def parameters(ranges: Ranges) -> list[Any]:
        return [ema.RealParameter(identifier(name), *span, variable_name=name) for name, span in ranges.items()]

    model = ema.ReplicatorModel("Firm", function=story)
    model.replications = [{"seed": int(seed)} for seed in seeds]
    model.levers = parameters(levers)
    model.uncertainties = parameters(uncertainties)
    model.outcomes = [
        outcome
        for name in outcomes
        for outcome in (
            ema.ScalarOutcome(name, ema.ScalarOutcome.MAXIMIZE, function=mean_over_seeds),
            ema.ArrayOutcome(f"{name}_by_seed", variable_name=name, function=every_seed),
            ema.TimeSeriesOutcome(name + OVER_TIME, function=mean_curve),
        )
    ]
    return model


def mean_over_seeds(values: Sequence[float]) -> float:
    """Return the mean of one figure over the replications."""
    return float(sum(values) / len(values))


def every_seed(values: Sequence[float]) -> Any:
    """Return the figure of each replication as an array."""
    import numpy as np

    return np.asarray(values, dtype=float)


def mean_curve(curves: Sequence[Any]) -> Any:
    """Return the mean over the replications, day by day."""
    import numpy as np

    return np.asarray(curves, dtype=float).mean(axis=0)


def scenarios(uncertainties: Ranges, count: int, seed: int = 1) -> list[Any]:
    """Return scenarios for EMA from a Latin hypercube; the same seed gives the same, in every version of the workbench."""
    from scipy.stats import qmc

    from experiments.others.story import identifier

    sample = _sample_class("Scenario")
    low, high = zip(*uncertainties.values(), strict=True)
    points = qmc.scale(qmc.LatinHypercube(len(uncertainties), rng=seed).random(count), low, high)
    names = [identifier(name) for name in uncertainties]
    return [
        sample(f"scenario {number}", **dict(zip(names, row, strict=True))) for number, row in enumerate(points.tolist())
    ]


def policies(levers: Ranges) -> list[Any]:
    """Return the firm as described (nan: not pulled), each lever alone at its highest value, and all of them together."""
    from experiments.others.story import identifier

    sample = _sample_class("Policy")
    highest = {identifier(name): high for name, (_, high) in levers.items()}
    nothing = dict.fromkeys(highest, float("nan"))
    alone = [sample(f"{name} {span[1]:g}", **nothing | {identifier(name): span[1]}) for name, span in levers.items()]
    return [sample("as described", **nothing), *alone, *([sample("all", **highest)] if len(highest) > 1 else [])]


def _sample_class(before_version_3: str) -> Any:
    """Return EMA's class of points; version 3 has one where version 2 had two."""
    ema = workbench()
    return getattr(ema, "Sample", None) or getattr(ema, before_version_3)


def perform(model: Any, scenario_points: Any, policy_points: Any, processes: int = 1) -> tuple[Any, dict[str, Any]]:
    """Return EMA's table of experiments and its outcomes, run in this process or in several."""
    ema = workbench()
    _check(model, scenario_points, policy_points)
    how = {"log_progress": not sys.stderr.isatty()}  # a bar only where somebody watches
    if processes == 1:
        with ema.SequentialEvaluator(model) as evaluator:
            return ema.perform_experiments(model, scenario_points, policy_points, evaluator=evaluator, **how)
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("spawn", force=True)
    try:
        with ema.MultiprocessingEvaluator(model, n_processes=processes) as evaluator:
            return ema.perform_experiments(model, scenario_points, policy_points, evaluator=evaluator, **how)
    finally:
        multiprocessing.set_start_method(before, force=True)


def _check(model: Any, *points: Any) -> None:
    """Raise `InputError` where points that were given share a name or cannot be run; counts are left to the workbench."""
    for group in points:
        if not isinstance(group, Sequence):
            continue
        names = [one.name for one in group]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise InputError(
                "EMA Workbench runs points of one name as the first of them", place="name of a scenario or policy",
                value=twice[0], allowed="a name of its own for each",
            )  # fmt: skip
        for one in group:
            model.function.read(dict(one))


def workbench() -> Any:
    """Return the package ``ema_workbench``, without its warning that ipyparallel is not there."""
    needs("ema_workbench", "EMA Workbench")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "ipyparallel not installed")
        import ema_workbench
    return ema_workbench


def by_policy(experiments: Any, outcomes: Mapping[str, Any], outcome: str) -> Any:
    """Return one row per policy: the outcome, its paired difference to the first policy, and its worst scenario.

    A sample is one scenario with the mean over its seeds; intervals are over scenarios, 95 %.
    """
    import pandas as pd

    from sim.estimates import estimate

    wide = (
        experiments.assign(value=outcomes[outcome]).astype({"policy": str, "scenario": str})
        .pivot(index="scenario", columns="policy", values="value")
    )  # fmt: skip
    order = list(dict.fromkeys(experiments["policy"].astype(str)))
    rows = [
        {
            "policy": name,
            "value": estimate(wide[name].to_numpy()),
            "difference": estimate((wide[name] - wide[order[0]]).to_numpy()),
            "worst": float((wide[name] - wide[order[0]]).min()),
            "better": float((wide[name] > wide[order[0]]).mean()),
        }
        for name in order
    ]
    return pd.DataFrame(rows)


def main(
    organisation: Annotated[str, typer.Argument(help="A bundled organisation or a file.")] = "energy_distributor",
    lever: Annotated[
        list[str] | None, typer.Option(help=f"NAME[@WHERE]=LOW..HIGH, repeatable [default: {' '.join(LEVERS)}]")
    ] = None,
    uncertainty: Annotated[
        list[str] | None, typer.Option(help=f"NAME[@WHERE]=LOW..HIGH, repeatable [default: {' '.join(UNCERTAINTIES)}]")
    ] = None,
    scenario_count: Annotated[int, typer.Option("--scenarios", help="Scenarios.", min=2)] = 8,
    runs: Annotated[int, typer.Option(help="Seeds of each experiment.", min=1)] = 2,
    outcome: Annotated[str, typer.Option(help="The measure to show.")] = "external_satisfaction",
    warm_up: Annotated[int, typer.Option(help="Days before the levers are pulled.", min=0)] = 125,
    days: Annotated[int, typer.Option(help="Days after.", min=4)] = 250,
    processes: Annotated[int, typer.Option(help="Processes.", min=1)] = 1,
) -> None:
    """Run policies against scenarios in EMA Workbench and show which policy holds up."""
    from experiments.others.story import parse_range
    from sim.console import print_table

    def ranges(texts: Sequence[str], place: str) -> dict[str, tuple[float, float]]:
        return {name: (low, high) for name, low, high in (parse_range(text, place=place) for text in texts)}

    chosen = ranges(lever or LEVERS, "--lever")
    unknown = ranges(uncertainty or UNCERTAINTIES, "--uncertainty")
    model = workbench_model(
        organisation, chosen, unknown, seeds=range(1, runs + 1), outcomes=(outcome,), warm_up=warm_up, days=days
    )
    experiments, outcomes = perform(model, scenarios(unknown, scenario_count), policies(chosen), processes)
    rows = [
        (row.policy, row.value.text(2), row.difference.text(2), f"{row.worst:.2f}", f"{100 * row.better:.0f} %")
        for row in by_policy(experiments, outcomes, outcome).itertuples()
    ]
    print_table(
        f"{outcome.replace('_', ' ')}: {len(rows)} policies in {scenario_count} scenarios",
        ("policy", "mean over scenarios", "difference to the first", "worst difference", "better in"),
        rows,
        f"Mean [95 % interval over scenarios]; {runs} paired runs each, {len(experiments) * runs} runs in all; last "
        f"{max(1, days // 4)} of {days} days.",
    )
    print(
        "Look at: whether the interval of a difference holds 0; whether the worst scenario still has the sign of the mean. "
        "Ranges are yours: a policy that holds up does so within them."
    )


if __name__ == "__main__":
    guarded(main)
