"""From surveys to an organisation: what ``service-culture from-survey`` does, without a screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.chain import ServiceChain
from sim.client import holding, provenance, setting
from sim.client.groups import SMALLEST_GROUP, Figure, check_smallest, customer_figures, staff_figures
from sim.client.holding import Held, Level
from sim.client.scale import Scale
from sim.client.surveys import CustomerScores, StaffSurvey, read_customers, read_staff
from sim.errors import InputError
from sim.estimates import Estimate


@dataclass(slots=True)
class SurveyReport:
    """What came out of surveys.

    Nothing in it shows a group below the minimum, or lets one be worked out (`sim.client.groups`).

    Attributes
    ----------
    chain : the organisation, set from the surveys
    figures : the surveyed levels that set something
    held : levers that were moved to hold them, and how near they are held
    net_scores : segment → (surveyed net promoter score, answers)
    notes : how the files were read, and what was left out, in whole lines
    smallest : minimum group size
    """

    chain: ServiceChain
    figures: list[Figure]
    held: Held
    net_scores: dict[str, tuple[float, int]]
    notes: list[str]
    smallest: int = SMALLEST_GROUP
    fitted: bool = True

    def rows(self) -> list[dict[str, Any]]:
        """Return one row a surveyed level: place, source, surveyed and modelled level, and what was set."""
        rows = []
        for level in self.held.levels:
            figure = level.figure
            row: dict[str, Any] = {
                "place": figure.name,
                "source": figure.source(self.smallest),
                "surveyed": round(100 * figure.share, 1),
                "people": figure.people if figure.people is not None else f"{self.smallest} or more",
                "modelled": _as_dict(level.modelled),
                "held": level.held if self.fitted else None,
                "at_bound": list(level.stuck),
                "set": self._set(level),
            }
            if figure.name in self.net_scores:
                row["net_promoter_score"], row["net_promoter_answers"] = self.net_scores[figure.name]
            rows.append(row)
        return rows

    def moves(self) -> list[dict[str, Any]]:
        """Return one row a lever that was moved to hold a level: place, lever, from, to."""
        rows = []
        for one, _ in self.held.moves:
            rows.append({
                "place": " → ".join(one.place), "lever": one.lever, "from": one.start,
                "to": self.chain.value(one.lever, *one.place),
            })  # fmt: skip
        return rows

    def _set(self, level: Level) -> dict[str, float]:
        place = level.figure.place
        if len(place) == 2:
            link = place
            own = {"internal_service": self.chain.value("internal_service", *place)}
        else:
            link = (next(iter(self.chain.predecessors(place[0]))), place[0])
            own = {"patience": self.chain.value("patience", place[0])}
        moved = {(one.lever, one.place) for one, _ in self.held.moves}
        return {"satisfaction_gap": self.chain.value("satisfaction_gap", *link)} | {
            name: value for name, value in own.items() if (name, place) in moved
        }

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as JSON shows it."""
        wanted = provenance.most_wanted(self.chain)
        return {
            "levels": self.rows(),
            "moved": self.moves(),
            "notes": self.notes,
            "counts": provenance.counts(self.chain).to_dict(orient="records"),
            "most_wanted": wanted[["lever", "home", "default", "influence", "meaning"]].to_dict(orient="records"),
        }


def _as_dict(value: Estimate) -> dict[str, float]:
    return {
        "mean": round(value.mean, 2), "low": round(value.low, 2), "high": round(value.high, 2), "runs": value.runs
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """How survey files are read: see `sim.client.surveys.read_staff`."""

    overrides: Mapping[str, Sequence[str]] = field(default_factory=dict)
    staff_scale: Scale | None = None
    customer_scale: Scale | None = None
    missing: Sequence[str] = ()
    ignore_unknown: bool = False


def from_surveys(
    chain: ServiceChain,
    staff: str | Path | None = None,
    customers: str | Path | None = None,
    *,
    earlier_staff: str | Path | None = None,
    earlier_customers: str | Path | None = None,
    reading: Reading | None = None,
    smallest: int = SMALLEST_GROUP,
    fit: bool = True,
    seed: int = 1,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SurveyReport:
    """Set an organisation from a staff survey, customer scores, or both.

    Parameters
    ----------
    chain : the organisation; it stays as it is, the report has the one that was set
    staff, customers : CSV or workbook
    earlier_staff, earlier_customers : those of a survey whose figures have been handed out; see `sim.client.groups`
    reading : columns, scales, marks, where the guesses are wrong
    smallest : minimum group size, 5 or more
    fit : also move levers so that the firm stays at the surveyed levels (`sim.client.holding`)
    seed, workers, progress : see `sim.client.holding.hold`

    Raises
    ------
    InputError : no survey, or one that cannot be used
    """
    check_smallest(smallest)
    for now, before, option in ((staff, earlier_staff, "staff"), (customers, earlier_customers, "customers")):
        if now is None and before is not None:
            raise InputError("there is nothing to compare the earlier survey with", place=f"--earlier-{option}",
                             value=str(before), allowed=f"together with --{option}")  # fmt: skip
    if staff is None and customers is None:
        raise InputError(
            "there is nothing to set from",
            place="--staff, --customers",
            allowed="a staff survey, customer scores, or both",
        )
    chain.check()
    how = reading or Reading()
    common: dict[str, Any] = {
        "overrides": how.overrides, "missing": how.missing, "ignore_unknown": how.ignore_unknown,
    }  # fmt: skip
    notes: list[str] = []
    figures: list[Figure] = []
    net_scores: dict[str, tuple[float, int]] = {}
    if staff is not None:
        survey = read_staff(staff, chain, given_scale=how.staff_scale, **common)
        notes.append(f"{Path(staff).name}: " + "; ".join(survey.lines))
        known = read_staff(earlier_staff, chain, given_scale=survey.scale, **common) if earlier_staff else None
        found = staff_figures(survey.groups, chain, smallest, known.groups if known else None)
        notes += _left_out(survey, chain, found, smallest)
        figures += found
    if customers is not None:
        scores = read_customers(customers, chain, given_scale=how.customer_scale, **common)
        notes.append(f"{Path(customers).name}: " + "; ".join(scores.lines))
        past = (
            read_customers(earlier_customers, chain, given_scale=scores.scale, **common) if earlier_customers else None
        )
        found = _of_customers(scores, chain, smallest, past)
        left = [name for name in chain.segments if (name,) not in {one.place for one in found}]
        if left:
            notes.append(f"not set, as no answers came or fewer than {smallest}: {', '.join(left)}")
        net_scores = {
            one.place[0]: (round(one.share, 1), one.people or 0)
            for one in customer_figures(scores.net, "NPS", chain, smallest, past.net if past else None)
        }
        figures += found
    if kept := sum(one.kept for one in figures):
        notes.append(f"as in the earlier survey, as fewer than {smallest} people answered differently: {kept} figures")
    begun = setting.set_first_day(chain, figures)
    held = holding.hold(begun, figures, seed=seed, workers=workers, fit=fit, progress=progress)
    traced = provenance.with_sources(held.chain, _sources(chain, figures, held, smallest))
    return SurveyReport(traced, figures, held, net_scores, notes, smallest, fit)


def _left_out(survey: StaffSurvey, chain: ServiceChain, found: Sequence[Figure], smallest: int) -> list[str]:
    """Say what of a staff survey sets nothing; groups that are too small and links nobody rated look alike."""
    notes = []
    strange = sorted(
        pair for pair, group in survey.groups.items() if pair not in chain.edges and group.size >= smallest
    )
    for rated, rater in strange:
        notes.append(
            f"{rater} rates itself: left out"
            if rated == rater
            else f"{rater} rates {rated}, which does not serve it in the organisation: left out"
        )
    units, set_ = set(chain.units), {one.place for one in found}
    left = [
        f"{supplier} → {client}"
        for supplier, client in chain.links
        if client in units and (supplier, client) not in set_
    ]
    if left:
        notes.append(f"not set, as no answers came or fewer than {smallest}: {'; '.join(left)}")
    return notes


def _of_customers(
    scores: CustomerScores, chain: ServiceChain, smallest: int, past: CustomerScores | None = None
) -> list[Figure]:
    """Return a level for each segment: satisfaction where asked, else the mean readiness to recommend, else the net score."""
    found = {
        one.place[0]: one for one in customer_figures(scores.csat, "CSAT", chain, smallest, past.csat if past else None)
    }
    for one in customer_figures(scores.recommend, "NPS", chain, smallest, past.recommend if past else None):
        found.setdefault(one.place[0], one)
    spread = chain.value("expectation_spread")
    for one in customer_figures(scores.net, "NPS", chain, smallest, past.net if past else None):
        if one.place[0] not in found:
            share = setting.share_for_net_score(one.share, setting.expectation_of(chain, one.place), spread)
            found[one.place[0]] = Figure(one.place, "NPS", share, one.people, one.kept)
    return [found[name] for name in chain.segments if name in found]


def _sources(chain: ServiceChain, figures: Sequence[Figure], held: Held, smallest: int) -> list[str]:
    moved = {(one.lever, one.place) for one, _ in held.moves}
    lines = []
    for figure in figures:
        source = figure.source(smallest)
        if len(figure.place) == 2:
            names = ["satisfaction_gap"] + ["internal_service"] * (("internal_service", figure.place) in moved)
            lines.append(provenance.line(figure.name, names, source))
        else:
            for supplier in sorted(chain.predecessors(figure.place[0])):
                lines.append(provenance.line(f"{supplier} → {figure.name}", ["satisfaction_gap"], source))
            if ("patience", figure.place) in moved:
                lines.append(provenance.line(figure.name, ["patience"], f"fitted to {source}"))
    kinds = sorted({figure.what for figure in figures})
    for one, _ in held.moves:
        if one.lever == "error_rate":
            lines.append(provenance.line(one.place[0], ["error_rate"], f"fitted to {' and '.join(kinds)}"))
    return lines
