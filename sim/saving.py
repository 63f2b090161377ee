"""Comparisons on disk: tables, pictures, and a manifest that holds the scenarios whole."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd

from sim import plots, results
from sim.compare import Comparison
from sim.errors import InputError
from sim.estimates import Estimate
from sim.model import ServiceModel
from sim.scenario import Scenario
from sim.story import Point

ENDINGS = {"all": "all runs that were asked for", "precise": "as precise as asked for", "stopped": "stopped by hand"}


def save(
    draft: Path, comparison: Comparison, form: str, command: str, points: Sequence[Point] = (), **inputs: Any
) -> dict[str, Any]:
    """Write a comparison into a folder of results and return its manifest.

    Tables: ``comparison`` (a row per scenario and measure), ``money``, ``affected`` (units, links and segments), ``over_time``,
    ``runs`` (a row per scenario and seed), and ``points`` of a story. ``inputs`` go into the manifest beside the scenarios.
    """
    first = comparison.scenarios[0]
    tables = {
        "comparison": comparison.table(),
        "money": money_table(comparison),
        "affected": comparison.affected(),
        "over_time": comparison.over_time(),
        "runs": comparison.figures,
    }
    if points:
        tables["points"] = pd.DataFrame([
            {"text": one.text, **asdict(one.figure), "unit": one.unit, "holds": one.holds, "digits": one.digits}
            for one in points
        ])  # fmt: skip
    for name, table in tables.items():
        results.write_table(draft / name, table, form)
    as_is = ServiceModel(first.firm, seed=first.seed, interventions=first.scheduled()).run(first.warm_up + first.days)
    pictures = {
        "chain": plots.chain_picture(as_is),
        "differences": plots.differences(comparison),
        "unfolding": plots.unfolding(comparison),
    }
    for name, picture in pictures.items():
        picture.savefig(draft / f"{name}.png")
        plt.close(picture)
    manifest = results.manifest(
        command, first.organisation, tables, **inputs,
        scenarios=[one.to_dict() for one in comparison.scenarios], runs=len(comparison.seeds), asked=comparison.asked,
        ended=comparison.ended, window=comparison.window,
        lags={name: {measure: asdict(comparison.lag(measure, name))
                     for measure in ("external_experience", "external_satisfaction")}
              for name in comparison.names[1:]},
        pairing={name: asdict(comparison.variance_reduction("external_satisfaction", name))
                 for name in comparison.names[1:]},
    )  # fmt: skip
    manifest["inputs"]["format"] = form
    results.write_manifest(draft, manifest)
    return manifest


def money_table(comparison: Comparison) -> pd.DataFrame:
    """Return one row per scenario beside the first: extra revenue, cost and profit over the story, return, payback."""
    rows = []
    for name in comparison.names[1:]:
        money = comparison.money(name)
        row: dict[str, Any] = {"scenario": name, "runs": len(comparison.seeds), "days": comparison.days}
        for figure in ("revenue", "cost", "profit", "return_on_cost", "payback"):
            one: Estimate = getattr(money, figure)
            row |= {figure: one.mean, f"{figure}_low": one.low, f"{figure}_high": one.high}
        rows.append(row | {"runs_paid_back": money.paid_back})
    return pd.DataFrame(rows)


# --- reading results ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Saved:
    """A folder of results that a command wrote.

    Attributes
    ----------
    folder : where it is
    manifest : what the command wrote about it: ``command``, ``inputs``, ``organisation``, ``versions``, ``results``
    tables : every table, by its name
    """

    folder: Path
    manifest: dict[str, Any]
    tables: dict[str, pd.DataFrame]

    @property
    def scenarios(self) -> list[Scenario]:
        """The scenarios of a comparison, whole; empty for other results."""
        return scenarios_of(self.manifest, str(self.folder / "manifest.json"))


def read(folder: str | Path) -> Saved:
    """Return the results in a folder, or raise `InputError` where it holds none."""
    folder = Path(folder)
    if folder.name == "manifest.json":
        folder = folder.parent
    manifest = read_manifest(folder / "manifest.json")
    tables = {}
    for name in manifest["results"]["tables"]:
        if Path(name).name != name:
            raise InputError("a table of these results lies elsewhere", source=str(folder / "manifest.json"),
                             place="results.tables", value=name, allowed="names of tables in the same folder")  # fmt: skip
        paths = [folder / f"{name}{ending}" for ending in (".csv", ".parquet")]
        found = [path for path in paths if os.path.exists(path)]  # False, too, for a name that no system can have
        if not found:
            raise InputError("a table of these results is missing", source=str(folder), value=name,
                             allowed="the folder as the command wrote it", hint="run the command again")  # fmt: skip
        tables[name] = results.read_table(found[0])
    return Saved(folder, manifest, tables)


def read_manifest(path: Path) -> dict[str, Any]:
    """Return a manifest, or raise `InputError` where the file is none."""
    allowed = "a folder of results with its manifest.json, as `service-culture compare` and others write it"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        json.dumps(manifest, ensure_ascii=False).encode()  # a half of a letter, as in "\ud800", can stand nowhere else
        tables = manifest["results"]["tables"]
        if not isinstance(manifest["inputs"], dict) or not isinstance(tables, dict):
            raise TypeError("inputs or tables are missing")
    except OSError as error:
        raise InputError("there are no results here", source=str(path), value=error.strerror, allowed=allowed) from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("this is no manifest", source=str(path), value=str(error), allowed=allowed) from None
    found: dict[str, Any] = manifest
    return found


def scenarios_of(manifest: dict[str, Any], source: str) -> list[Scenario]:
    """Return the scenarios that a manifest holds; from them alone the result can be made again."""
    entries = manifest["inputs"].get("scenarios", [])
    if not isinstance(entries, list):
        raise InputError("this is no list of scenarios", source=source, place="inputs.scenarios", value=entries,
                         allowed="what `service-culture compare` writes")  # fmt: skip
    return [Scenario.from_dict(entry, source=f"{source}: scenarios[{row}]") for row, entry in enumerate(entries)]
