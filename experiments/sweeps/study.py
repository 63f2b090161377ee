"""From what a user says, a file or options of a command, to a plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from experiments.sweeps.design import Design, Method, read_points
from experiments.sweeps.file import Sweep
from experiments.sweeps.plan import Plan
from experiments.sweeps.simulate import ServiceRuns
from experiments.sweeps.space import Space, luck, parse_factor
from sim import mechanisms, organisation
from sim.errors import InputError, did_you_mean

SAMPLES = {"lhs": 64, "sobol": 64, "saltelli": 64, "morris": 20}
"""Samples where nothing is said: enough for a first look, and few enough to wait for."""


def plan(said: Sweep) -> Plan:
    """Return the runs that a sweep consists of."""
    simulator = ServiceRuns(
        said.firm, said.space, warm_up=said.warm_up, days=said.days, window=said.window, outputs=said.outputs,
        series=said.series_measures, every=said.series_every,
    )  # fmt: skip
    return Plan(said.space, said.design, simulator, said.replicates, said.seeds, said.seed)


def from_options(
    firm: str,
    *,
    levers: Sequence[str] = (),
    uncertainties: Sequence[str] = (),
    with_luck: bool = False,
    constraints: Sequence[str] = (),
    method: str | None = None,
    samples: int | None = None,
    levels: int | None = None,
    second_order: bool = True,
    points: Path | None = None,
    without: Sequence[str] = (),
    seed: int = 1,
    **rest: Any,
) -> Sweep:
    """Return the sweep that a command's options describe; the seed is also that of the design."""
    chain = organisation.load(firm)
    off = mechanisms.switchable(without)
    factors = [parse_factor(chain, text, "lever", "--lever") for text in levers]
    factors += [parse_factor(chain, text, "uncertainty", "--uncertainty") for text in uncertainties]
    mechanisms.check_pulled([str(one.lever) for one in factors if one.lever], off, place="--lever, --uncertainty")
    if with_luck:
        factors.append(luck())
    if not factors:
        raise InputError(
            "there is nothing to vary", place="--lever, --uncertainty, --luck", allowed="at least one of them, or a sweep file",
            hint="for example --lever internal-service --lever training=0..0.1; `service-culture levers` lists all",
        )  # fmt: skip
    space = Space(tuple(factors), tuple(constraints))
    chosen = method or ("table" if points else "sobol")
    if chosen not in get_args(Method):
        raise InputError(
            "there is no such design", place="--design", value=chosen, allowed=", ".join(get_args(Method)),
            hint=did_you_mean(chosen, get_args(Method)),
        )  # fmt: skip
    said: dict[str, Any] = {"seed": seed}
    if chosen in SAMPLES:
        said["samples"] = SAMPLES[chosen] if samples is None else samples
    elif samples is not None:
        raise InputError(
            f"a {chosen} design makes its own number of points", place="--samples", value=samples, allowed="nothing",
            hint="--levels sets how many values each factor has" if chosen == "grid" else None,
        )  # fmt: skip
    if levels is not None:
        if chosen not in ("grid", "morris"):
            raise InputError("only grid and morris have levels", place="--levels", value=levels, allowed="nothing")
        said["levels"] = levels
    if chosen == "saltelli":
        said["second_order"] = second_order
    if points is not None:
        if chosen != "table":
            raise InputError("a table of points is a design of its own", place="--points, --design", value=chosen,
                             allowed="--design table, or nothing")  # fmt: skip
        said["points"] = space.check(read_points(points), source=str(points))
    elif chosen == "table":
        raise InputError(
            "the table is missing", place="--points", allowed="a CSV or Parquet file with a column for each factor"
        )
    return Sweep(chain, space, Design(chosen, **said), without=tuple(off), seed=seed, **rest)  # type: ignore[arg-type]
