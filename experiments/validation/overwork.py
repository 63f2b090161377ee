"""V7: what lasting load does to the time per request, by and by (KC & Terwiesch 2009)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.validation.finding import Check, Effort, Finding, Published, Result
from experiments.validation.pressure import needs_grow
from sim import organisation
from sim.estimates import estimate, intervals
from sim.interventions import Intervention
from sim.model import ServiceModel
from sim.plots.style import INSIDE, MUTED, OUTSIDE
from sim.threads import each

SURGE = 1.25
"""Needs during the surge, as a multiple of the usual."""
SURGE_DAYS, BLOCK = 300, 20
"""Working days of the surge, and of each stretch over which working time is averaged."""
EARLY, LATE = slice(2, 5), slice(10, 15)
"""Stretches after two to five months of work at the higher load, and after ten to fifteen."""
SLOWLY = {"learning": 0.0, "standard_erosion": 0.0}
"""What else makes people faster the more they have to do: practice, and a standard that falls for good."""


@dataclass(frozen=True, slots=True)
class Surge:
    """What a lasting surge did to a firm against its twin without: by stretch, per cent of clock time per request (units
    weighted by requests), points of strain of the units, and per cent of working time that this strain accounts for."""

    time: np.ndarray
    strain: np.ndarray
    by_strain: np.ndarray


def surge(name: str, seed: int, pulled: dict[str, float] | None = None, warm_up: int = 100) -> Surge:
    """Return what more needs for 300 days do to a bundled organisation, ``pulled`` being levers set in both twins."""
    chain = organisation.load(name)
    both = [Intervention(lever, value, start=warm_up) for lever, value in (pulled or {}).items()]
    with (
        ServiceModel(chain, seed=seed).run(warm_up) as model,
        model.branch(*both).run(SURGE_DAYS) as calm,
        model.branch(*both, *needs_grow(chain, SURGE, warm_up)).run(SURGE_DAYS) as busy,
    ):
        usual, more = (one.state.unit_day[warm_up : warm_up + SURGE_DAYS].reshape(-1, BLOCK, len(chain.units))
                       for one in (calm, busy))  # fmt: skip
        weights = usual["served"].mean(axis=(0, 1))
        each_unit = [one["busy_days"].sum(axis=1) / one["served"].sum(axis=1) for one in (more, usual)]
        strain = (more["strain"] - usual["strain"]).mean(axis=1)
        slower = float(model.state.firm[0]["strain_time"])
    return Surge(
        100 * np.average(np.log(each_unit[0] / each_unit[1]), axis=1, weights=weights),
        100 * np.average(strain, axis=1, weights=weights),
        100 * slower * np.average(strain, axis=1, weights=weights),
    )


def load_and_overwork(effort: Effort) -> Result:
    """Run V7: a lasting surge in the bundled organisations with default levers, against their twins without."""
    names, seeds = organisation.bundled(), effort.seeds(6)
    tasks = [(name, seed, pulled) for pulled in (None, SLOWLY) for name in names for seed in seeds]
    found = each(lambda task: surge(*task), tasks, effort.threads)
    time, strain, by_strain = (
        np.array([getattr(one, part) for one in found]).reshape(2, len(names), len(seeds), -1)
        for part in ("time", "strain", "by_strain")
    )
    default, without = time
    early, late = (default[..., part].mean(axis=(0, 2)) for part in (EARLY, LATE))
    late_without = without[..., LATE].mean(axis=(0, 2))
    tired = by_strain[0][..., LATE].mean(axis=(0, 2))
    more_strain = estimate(strain[0][..., LATE].mean(axis=(0, 2)))
    firms = len(names) * len(seeds)
    checks = [
        Check("clock time per request in months 3 to 5 of 25 % more needs", Published("faster", -np.inf, 0, "sign only"),
              estimate(early), len(seeds), firms, "organisations", rises=False, unit="%", digits=1),
        Check("clock time per request in months 11 to 15", Published("slower than usual", 0, np.inf, "sign only"),
              estimate(late), len(seeds), firms, "organisations", unit="%", digits=1,
              reason="The speed-up fades as pressure falls, but does not turn: fatigue is too weak beside practice, pressure "
              f"and a standard that falls for good. The surge adds {more_strain.text(1)} points of strain, which lengthens "
              f"work by {estimate(tired).text(2)} %. With practice and the falling standard off, "
              f"{estimate(late_without).text(1)} % remain: then, too, people are no slower than usual."),
        Check("part of that which is fatigue: working time by strain", Published("slower", 0, np.inf, "sign only"),
              estimate(tired), len(seeds), firms, "organisations", unit="%", digits=2, sets="strain_time"),
    ]  # fmt: skip
    middle = BLOCK * (np.arange(default.shape[-1]) + 0.5)
    table = pd.DataFrame({"day": middle})
    for words, values in (
        ("default", default),
        ("without_practice_and_falling_standard", without),
        ("by_strain", by_strain[0]),
    ):
        table[words], table[f"{words}_low"], table[f"{words}_high"] = intervals(values.mean(axis=0))

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.axhspan(0, 100, color=INSIDE, alpha=0.08, lw=0)
        axes.axhline(0, color=MUTED, lw=0.8)
        shown = (("default", OUTSIDE, "-", "default levers"),
                 ("without_practice_and_falling_standard", INSIDE, "--", "without practice and falling standard"),
                 ("by_strain", MUTED, ":", "of the first: by strain"))  # fmt: skip
        for column, colour, dash, label in shown:
            axes.plot(middle, table[column], color=colour, ls=dash, lw=1.8, label=label)
            axes.fill_between(middle, table[f"{column}_low"], table[f"{column}_high"], color=colour, alpha=0.15, lw=0)
        top = max(4.0, 1.2 * float(np.nanmax(table.drop(columns="day").to_numpy())))
        axes.set(ylim=(None, top), xlim=(0, SURGE_DAYS), xlabel="working days of 25 % more needs",
                 ylabel="clock time per request, % against no surge")  # fmt: skip
        axes.text(
            SURGE_DAYS - 3,
            top * 0.55,
            "published: sustained overwork ends up here",
            ha="right",
            va="center",
            fontsize=9,
        )
        axes.set_title("Load speeds work up; fatigue hardly slows it down")
        axes.legend(frameon=False, fontsize=9)

    return Result(
        checks, {"working_time": table}, draw, note="Mean over the bundled organisations, units weighted by requests."
    )


FINDING = Finding(
    id="V7",
    claim="More load first speeds work up; sustained overwork slows it down.",
    source="KC, D. S. & Terwiesch, C. (2009). Impact of workload on service time and patient safety: an econometric "
    "analysis of hospital operations. Management Science 55(9), 1486-1498. doi:10.1287/mnsc.1090.1037",
    read="read",
    experiment="Needs rise by a quarter for 300 working days in the bundled organisations with default levers; clock time per "
    "request against the twin run without the surge, early and late. The source estimates the two effects side by "
    "side in a panel.",
    run=load_and_overwork,
)
