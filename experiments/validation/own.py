"""Findings of one's own: a TOML file that says what was published and which experiment corresponds to it.

Three kinds of experiment cover most of what is published about service: a *correlation* between two figures over business
units, the *effect* of a change on a measure (as a difference, a share of the value before, or a slope against a second
measure), and a *level* that a measure has. Each is held against the published figure as the findings that come along are.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pydantic
from pydantic import BaseModel, ConfigDict, Field

from experiments.validation.finding import Check, Effort, Finding, Published, Result
from sim import interventions, measures, mistakes, organisation
from sim.chain import ServiceChain
from sim.errors import InputError, did_you_mean
from sim.estimates import Estimate, estimate
from sim.scenario import Scenario

ALLOWED = "format = 1 and tables headed [[findings]]; docs/validation.md has an example"
TOLERANCE = 0.5
"""Where no range is given, from half to one and a half times the published figure counts as the same."""
SEEDS = 20
WARM_UP = 250
Kind = Literal["correlation", "effect", "level"]
KINDS: tuple[Kind, ...] = ("correlation", "effect", "level")
AS = ("difference", "relative", "slope")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Finding(_Table):
    id: str
    claim: str
    kind: str
    source: str = "given by the user"
    organisation: Any = None
    published: float | None = None
    range: list[float] | None = None
    sign: str | None = None
    text: str = ""
    of: list[str] | None = None
    reliability: list[float] | None = None
    change: list[str] | None = None
    instead_of: list[str] = Field(default_factory=list)
    measure: str | None = None
    per: str | None = None
    gives: str = Field("difference", alias="as")
    days: int = 250
    seeds: int = SEEDS
    unit: str = ""


class _File(_Table):
    findings: list[_Finding]


def read(path: str | Path, taken: Sequence[str] = ()) -> list[Finding]:
    """Return the findings of a file, or raise `InputError` that says where it is wrong.

    Parameters
    ----------
    path : of the file; organisations that it names by a path are looked for beside it
    taken : ids that other findings have
    """
    path = Path(path)
    return parse(organisation.read_text(path), source=str(path), folder=path.parent, taken=taken)


def parse(text: str, source: str = "findings", folder: Path = Path("."), taken: Sequence[str] = ()) -> list[Finding]:
    """Return the findings that a TOML text describes."""
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError("this is not TOML", source=source, value=str(error), allowed=ALLOWED) from None
    if document.pop("format", None) != 1:
        raise InputError("this file does not say its format", source=source, place="format", allowed="format = 1")
    try:
        file = _File.model_validate(document)
    except pydantic.ValidationError as error:
        raise mistakes.in_tables(error, source, _keys, ("findings",)) from None
    seen = [one.casefold() for one in taken]
    found = []
    for row, entry in enumerate(file.findings):
        try:
            if not entry.id.strip() or entry.id.casefold() in seen:
                raise InputError(
                    "this id cannot be used", place="id", value=entry.id, allowed="an id that no other finding has"
                )
            seen.append(entry.id.casefold())
            found.append(_finding(entry, folder))
        except InputError as error:
            raise error.within(f"findings[{row}]").located(source) from None
    return found


def nothing_to_check() -> InputError:
    """Return what is said where nobody names a finding."""
    return InputError("there is nothing to check", place="--only-own", allowed="--findings FILE beside it")


def _finding(entry: _Finding, folder: Path) -> Finding:
    if entry.kind not in KINDS:
        raise InputError("there is no such kind of experiment", place="kind", value=entry.kind,
                         allowed=", ".join(KINDS), hint=did_you_mean(entry.kind, KINDS))  # fmt: skip
    published, null, rises = _published(entry)
    if not 2 <= entry.seeds <= 10_000:
        raise InputError("this number of seeds cannot be used", place="seeds", value=entry.seeds, allowed="2 to 10,000")
    if not 1 <= entry.days <= 2500:
        raise InputError("this number of days cannot be used", place="days", value=entry.days, allowed="1 to 2,500")
    head = {"published": published, "null": null, "rises": rises, "unit": entry.unit}
    _only_what_fits(entry)
    match entry.kind:
        case "correlation":
            experiment, run = _correlation(entry, _firms(entry, folder), head)
        case "effect":
            experiment, run = _effect(entry, _one_firm(entry, folder), head)
        case _:
            experiment, run = _level(entry, _one_firm(entry, folder), head)
    return Finding(entry.id.strip(), entry.claim, entry.source, "given", experiment, run)


_FITS = {
    "correlation": {"of", "reliability", "organisation"},
    "effect": {"organisation", "change", "instead_of", "measure", "per", "gives", "days", "seeds"},
    "level": {"organisation", "measure", "days", "seeds"},
}
_ALWAYS = {"id", "claim", "kind", "source", "published", "range", "sign", "text", "unit"}


def _only_what_fits(entry: _Finding) -> None:
    """Refuse keys that the kind of experiment has no use for, so that nobody relies on them."""
    for name in sorted(entry.model_fields_set - _ALWAYS - _FITS[entry.kind]):
        shown = "as" if name == "gives" else name
        fits = sorted("as" if one == "gives" else one for one in _FITS[entry.kind])
        raise InputError(
            f"a {entry.kind} has no use for this", place=shown, value=getattr(entry, name), allowed=", ".join(fits)
        )


def _published(entry: _Finding) -> tuple[Published, float, bool]:
    """Return the published figure with its range, the value that means "no effect", and on which side of it the figure lies."""
    if entry.published is None and entry.range is None:
        if entry.sign not in ("+", "-"):
            raise InputError(
                "this finding has no figure", place="published, range, sign", value=entry.sign,
                allowed='a number, a range [low, high], or sign = "+" or "-" where only the direction is known',
            )  # fmt: skip
        rises = entry.sign == "+"
        text = entry.text or ("positive" if rises else "negative")
        return Published(text, 0.0 if rises else -math.inf, math.inf if rises else 0.0, "sign only"), 0.0, rises
    if entry.sign is not None:
        raise InputError("a figure has its sign already", place="sign", value=entry.sign, allowed="nothing")
    if entry.range is None:
        middle = float(entry.published or 0.0)
        if middle == 0:
            raise InputError("nought needs a range", place="range", allowed="range = [low, high] around it")
        low, high = sorted(((1 - TOLERANCE) * middle, (1 + TOLERANCE) * middle))
        basis = "half to one and a half times: no range given"
    else:
        if len(entry.range) != 2 or not entry.range[0] < entry.range[1]:
            raise InputError("this is no range", place="range", value=entry.range, allowed="[low, high]")
        low, high = entry.range
        basis = "range given"
        if entry.published is not None and not low <= entry.published <= high:
            raise InputError("the figure lies outside its range", place="published", value=entry.published,
                             allowed=f"{low:g} to {high:g}")  # fmt: skip
    middle = (low + high) / 2
    text = entry.text or (f"{entry.published:g}" if entry.published is not None else f"{low:g} to {high:g}")
    if (
        entry.kind == "level" or low <= 0 <= high
    ):  # a level is high or low, not there or not; and a range around 0 has no side
        return Published(text, low, high, basis), -math.inf, True
    return Published(text, low, high, basis), 0.0, middle > 0


# --- the three kinds -------------------------------------------------------------------------------------------------


def _correlation(entry: _Finding, firms: list[ServiceChain], head: dict[str, Any]) -> tuple[str, Any]:
    from experiments.validation import pooling, population

    known = list(population.COLUMNS)
    if entry.of is None or len(entry.of) != 2 or entry.of[0] == entry.of[1]:
        raise InputError("a correlation has two figures", place="of", value=entry.of,
                         allowed=f"two different ones of {', '.join(known)}")  # fmt: skip
    pair = [name.strip().replace("-", "_") for name in entry.of]
    for name in pair:
        if name not in known:
            raise InputError("business units have no such figure", place="of", value=name,
                             allowed=", ".join(known), hint=did_you_mean(name, known))  # fmt: skip
    reliability = entry.reliability or [1.0, 1.0]
    if len(reliability) != 2 or not all(0 < one <= 1 for one in reliability):
        raise InputError("these are no reliabilities", place="reliability", value=entry.reliability,
                         allowed="two numbers above 0, at most 1, in the order of `of`")  # fmt: skip
    noise = (
        ""
        if reliability == [1.0, 1.0]
        else f", as measured with reliabilities of {reliability[0]:g} and {reliability[1]:g}"
    )
    experiment = (
        f"Correlation of {pair[0].replace('_', ' ')} with {pair[1].replace('_', ' ')} over simulated business units within "
        f"{', '.join(firm.setting('name') for firm in firms)}{noise}."
    )  # fmt: skip

    def run(effort: Effort) -> Result:
        frame = population.units(effort, firms=firms)
        found = pooling.correlation(frame, pair[0], pair[1], reliability_x=reliability[0], reliability_y=reliability[1])
        check = Check(f"{pair[0]} × {pair[1]}".replace("_", " "), simulated=found, seeds=len(frame), units=len(frame),
                      **(head | {"unit": head["unit"] or "ρ"}))  # fmt: skip
        return Result([check], {"units": frame})

    return experiment, run


def _effect(entry: _Finding, firm: ServiceChain, head: dict[str, Any]) -> tuple[str, Any]:
    measure = _measure(entry.measure, "measure")
    if not entry.change:
        raise InputError("there is no change", place="change", value=entry.change,
                         allowed='a list of changes, each "lever=value[@where][,ramp=DAYS]"')  # fmt: skip
    if entry.gives not in AS:
        raise InputError("an effect cannot be given like this", place="as", value=entry.gives,
                         allowed=", ".join(AS), hint=did_you_mean(entry.gives, AS))  # fmt: skip
    if (entry.gives == "slope") != (entry.per is not None):
        raise InputError("a slope is of one measure per another", place="per", value=entry.per,
                         allowed='a measure, with as = "slope"; nothing otherwise')  # fmt: skip
    per = None if entry.per is None else _measure(entry.per, "per")
    first = Scenario("before", firm, warm_up=WARM_UP, days=entry.days, runs=entry.seeds)
    pair = (
        first.what_if("before", *(interventions.parse(text, place="instead_of") for text in entry.instead_of)),
        first.what_if("after", *(interventions.parse(text, place="change") for text in entry.change)),
    )
    words = {"difference": "the difference that it makes to", "relative": "the relative difference that it makes to",
             "slope": "the slope of"}[entry.gives]  # fmt: skip
    against = f" instead of {'; '.join(entry.instead_of)}" if entry.instead_of else ""
    experiment = (
        f"{firm.setting('name')}, {'; '.join(entry.change)}{against}, for {entry.days} working days, in paired runs: {words} "
        f"{measure.replace('_', ' ')}{'' if per is None else ' per ' + per.replace('_', ' ')}, over the last quarter."
    )  # fmt: skip

    def run(effort: Effort) -> Result:
        from sim.compare import compare

        seeds = effort.seeds(entry.seeds)
        chosen = [one.lasting(seed=seeds.start) for one in pair]
        found = compare(chosen, runs=len(seeds), workers=effort.threads)
        moved = found.change(measure, 1)
        match entry.gives:
            case "difference":
                figure = estimate(moved)
            case "relative":
                figure = estimate(moved / found.values(measure, 0))
            case _:
                figure = _ratio(moved, found.change(str(per), 1))
        check = Check(
            measure.replace("_", " "), simulated=figure, seeds=len(seeds), units=2 * len(seeds), of="runs", **head
        )
        return Result([check], {"runs": found.figures})

    return experiment, run


def _level(entry: _Finding, firm: ServiceChain, head: dict[str, Any]) -> tuple[str, Any]:
    measure = _measure(entry.measure, "measure")
    experiment = (
        f"{firm.setting('name')} as it is: {measure.replace('_', ' ')} over the last quarter of {entry.days} working days "
        "after a year of warming up."
    )  # fmt: skip

    def run(effort: Effort) -> Result:
        from sim import threads
        from sim.model import ServiceModel

        seeds = effort.seeds(entry.seeds)
        end = WARM_UP + entry.days

        def one(seed: int) -> dict[str, float]:
            with ServiceModel(firm, seed=seed).run(end) as model:
                return {"seed": seed} | measures.summary(model, end - max(1, entry.days // 4), end)

        runs = pd.DataFrame(threads.each(one, seeds, effort.threads))
        check = Check(measure.replace("_", " "), simulated=estimate(runs[measure].to_numpy(dtype=float)), seeds=len(seeds),
                      units=len(seeds), of="runs", **head)  # fmt: skip
        return Result([check], {"runs": runs})

    return experiment, run


def _ratio(top: np.ndarray, bottom: np.ndarray) -> Estimate:
    """Return the ratio of two means of paired runs, with Fieller's 95 % interval; endless where the lower one may be 0."""
    from scipy import stats

    n = len(top)
    means = np.array([top.mean(), bottom.mean()])
    if not means[1]:
        return Estimate(math.nan, math.nan, math.nan, n)
    cov = np.cov(top, bottom, ddof=1) / n
    t = stats.t.ppf(0.975, n - 1)
    ratio = means[0] / means[1]
    g = t**2 * cov[1, 1] / means[1] ** 2
    if g >= 1:
        return Estimate(float(ratio), -math.inf, math.inf, n)
    middle = ratio - g * cov[0, 1] / cov[1, 1] if cov[1, 1] else ratio
    inside = cov[0, 0] - 2 * ratio * cov[0, 1] + ratio**2 * cov[1, 1]
    if cov[1, 1]:
        inside -= g * (cov[0, 0] - cov[0, 1] ** 2 / cov[1, 1])
    half = t / abs(means[1]) * math.sqrt(max(0.0, inside))
    low, high = (middle - half) / (1 - g), (middle + half) / (1 - g)
    return Estimate(float(ratio), float(low), float(high), n)


# --- what is named ---------------------------------------------------------------------------------------------------


def _measure(name: str | None, place: str) -> str:
    written = (name or "").strip().replace("-", "_")
    if written not in measures.BY_NAME:
        raise InputError("there is no such measure", place=place, value=name, allowed=", ".join(measures.BY_NAME),
                         hint=did_you_mean(written, measures.BY_NAME))  # fmt: skip
    return written


def _firms(entry: _Finding, folder: Path) -> list[ServiceChain]:
    names = entry.organisation if isinstance(entry.organisation, list) else [entry.organisation]
    if entry.organisation is None:
        names = list(organisation.bundled())
    return [_load(name, folder) for name in names]


def _one_firm(entry: _Finding, folder: Path) -> ServiceChain:
    return _load("energy_distributor" if entry.organisation is None else entry.organisation, folder)


def _load(name: object, folder: Path) -> ServiceChain:
    if not isinstance(name, str) or not name:
        raise InputError("this is no organisation", place="organisation", value=name,
                         allowed="the path of an organisation file, or the name of a bundled one")  # fmt: skip
    return organisation.beside(folder, name)


def _keys(place: mistakes.Location) -> list[str]:
    table = _File if len(place) == 1 else _Finding
    return [one.alias or name for name, one in table.model_fields.items()]
