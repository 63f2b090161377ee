"""A sweep's folder: made once, opened again as often as need be.

sweep.json       the plan, whole, and the versions of everything that it was made with
design.parquet   the points
ledger.sqlite    which run is recorded, in which shard; which failed, and why
runs/*.parquet   end values of recorded runs; nothing else is ever in this folder, so that any program may read it
series/*.parquet time series of recorded runs, where they are kept
pending/         what is not recorded yet
lock             held by the process that drives the sweep
set-aside/       files found among the shards that are not this sweep's
"""

from __future__ import annotations

import importlib
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.sweeps import plan as plans
from experiments.sweeps.design import Design
from experiments.sweeps.ledger import Ledger
from experiments.sweeps.plan import Plan
from experiments.sweeps.shards import PENDING, RUNS, SERIES, check_pyarrow
from experiments.sweeps.simulate import FunctionRuns, OnlyNamed, ServiceRuns, Simulator
from experiments.sweeps.space import Space
from sim import whole
from sim.errors import InputError

MANIFEST, POINTS, ASIDE = "sweep.json", "design.parquet", "set-aside"
FORMAT = 1


def create(folder: str | Path, plan: Plan) -> Path:
    """Make the folder of a sweep, whole or not at all; leave alone what holds a sweep already, see `settle`."""
    check_pyarrow()
    folder = Path(folder)
    if (folder / MANIFEST).exists():
        return folder
    if folder.exists() and not folder.is_dir():
        raise InputError("this is a file", source=str(folder), allowed="a folder", hint="give another --out")
    if folder.exists() and any(folder.iterdir()):
        raise InputError(
            "this folder is not empty and holds no sweep", source=str(folder),
            allowed="a new or empty folder, or that of a sweep", hint="give another --out",
        )  # fmt: skip
    try:
        with whole.drafted(folder) as draft:
            for name in (PENDING, RUNS, SERIES):
                (draft / name).mkdir()
            _write_plan(draft, plan, uuid.uuid4().hex)
            Ledger(draft).close()
            whole.place_new(draft, folder)
    except OSError as error:
        if (folder / MANIFEST).exists():  # another process was quicker
            return folder
        raise InputError("the sweep cannot be written here", source=str(folder), value=error.strerror) from None
    return folder


def settle(folder: str | Path, plan: Plan) -> None:
    """Check that a plan is that of a folder's sweep, or make the sweep larger; the caller has the folder's lock.

    A plan that has more points than the one in the folder, and the same points before them, takes its place, and the runs that
    are recorded go on counting. Any other plan is refused, and so is a larger one where another
    version of the model made what is recorded.
    """
    folder = Path(folder)
    content = manifest(folder)
    if content["digest"] == plan.digest():
        return
    before = load(folder)
    if len(plan) > len(before) and plan.extends(before):
        check_version(folder, before)  # both plans were made with this version; what is recorded may be of another
        _write_plan(folder, plan, content["sweep"])
        return
    check_version(folder, plan)


def _write_plan(folder: Path, plan: Plan, name: str) -> None:
    from sim import results

    results.write_bytes(folder / POINTS, plan.points.to_parquet(index=False), overwrite=True)
    content = {
        "format": FORMAT,
        "sweep": name,
        "digest": plan.digest(),
        "versions": results.versions(),
        "plan": plan.describe(),
    }
    results.write_text(folder / MANIFEST, json.dumps(content, indent=2, default=results.plain) + "\n", overwrite=True)
    (folder / PENDING / name).touch()


def manifest(folder: str | Path) -> dict[str, Any]:
    """Return the content of ``sweep.json``."""
    path = Path(folder) / MANIFEST
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise KeyError("format")
        content["plan"]["simulator"], content["digest"], content["sweep"]
    except FileNotFoundError:
        raise InputError(
            "there is no sweep in this folder", source=str(folder), allowed="a folder made by `service-culture sweep`"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("this is no plan of a sweep", source=str(path), value=str(error)) from None
    return content


def load(folder: str | Path) -> Plan:
    """Return the plan of a folder's sweep, to look at or to go on with.

    The model need not be of the version that made the recorded runs; whoever goes on checks that with `check_version`.
    """
    folder = Path(folder)
    said = manifest(folder)["plan"]
    try:
        space = Space.from_dict(said["space"])
        # A process that was stopped while it made the sweep larger may have left more points than the plan has.
        points = pd.read_parquet(folder / POINTS).iloc[: said["points"]]
        design = Design.from_dict(said["design"])
        return Plan(space, design, _simulator(said, space), said["replicates"], said["seeds"], said["seed"], points)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InputError("this is no plan of a sweep", source=str(folder), value=str(error)) from None


def _simulator(said: Mapping[str, Any], space: Space) -> Simulator:
    identity = said["simulator"]
    if identity.get("model") == "service-culture":
        from sim.chain import ServiceChain

        return ServiceRuns(
            ServiceChain.from_node_link(identity["organisation"]), space, warm_up=identity["warm_up"], days=identity["days"],
            window=identity["window"], outputs=identity["outputs"], series=identity["series"], every=identity["every"],
        )  # fmt: skip
    module, _, name = str(identity.get("model")).rpartition(".")
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError):
        function = None
    if callable(function) and set(identity) == {"model", "version", "outputs"}:
        return FunctionRuns(function, identity["outputs"])
    return OnlyNamed(identity, said["outputs"])


def check_version(folder: str | Path, plan: Plan) -> None:
    """Raise `InputError` where going on with a sweep would mix numbers of two versions of the model."""
    content = manifest(folder)
    if content["digest"] == plan.digest():
        return
    from sim import results

    differ = plans.same_up_to(content["plan"], json.loads(json.dumps(plan.describe(), default=results.plain)))
    if differ == ["simulator.version"]:
        raise InputError(
            "the runs in this folder were made by another version of the model", source=str(folder), place="model",
            value=plan.simulator.identity().get("version"),
            allowed=f"version {content['plan']['simulator'].get('version')} (service-culture "
            f"{content['versions'].get('service-culture')})",
            hint="finish it with that version, or begin anew in another folder; reading and analysing work as they are",
        )  # fmt: skip
    raise InputError(
        "this folder holds another sweep", source=str(folder), place=", ".join(differ[:6]) or "points",
        allowed="the same sweep, to go on with it, or one with more samples of the same design",
        hint="give another --out",
    )  # fmt: skip


def open_ledger(folder: str | Path, plan: Plan) -> Ledger:
    """Return the ledger of a folder, for whoever has its lock, in order with the files.

    Where the ledger is gone, or is an older one that was put back, shards that it does not know are recorded again: each says
    of each of its runs what it is, and its key must be that of the plan. Files that are no shards of this sweep, or
    hold runs that are recorded already, are set aside.
    """
    folder = Path(folder)
    ledger = Ledger(folder)
    try:
        ledger.mend()
        for path in ledger.unknown():
            runs = _own(plan, path)
            if runs is None or not ledger.adopt(path, runs):
                _set_aside(folder, path.name)
    except BaseException:
        ledger.close()
        raise
    return ledger


def _set_aside(folder: Path, name: str) -> None:
    for kind in (RUNS, SERIES):
        if (folder / kind / name).exists():
            (folder / ASIDE / kind).mkdir(parents=True, exist_ok=True)
            (folder / kind / name).replace(folder / ASIDE / kind / name)


def _own(plan: Plan, path: Path) -> np.ndarray | None:
    """Return the runs of a shard all of whose runs belong to a plan; None for any other file."""
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path, page_checksum_verification=True)
        runs: np.ndarray = table["run"].to_numpy()
        if not len(runs) or runs.min() < 0 or runs.max() >= len(plan) or len(np.unique(runs)) < len(runs):
            return None
        expected = [one.hex() for one in plans.keys(plan.root(), plan.values_of(runs), plan.seed_of(runs))]
        if expected != table["key"].to_pylist() or not set(plan.simulator.outputs) <= set(table.column_names):
            return None
        if getattr(plan.simulator, "series", ()):
            told = pq.read_table(path.parents[1] / SERIES / path.name, page_checksum_verification=True)
            if not np.array_equal(np.unique(told["run"].to_numpy()), np.sort(runs)):
                return None
    except (OSError, ValueError, KeyError):  # pyarrow's errors are of these kinds
        return None
    return runs
