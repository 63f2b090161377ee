"""What a comparison of scenarios shows: the answer, the headline, how it unfolds, money, a story's points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sim import measures
from sim.estimates import Estimate
from sim.report import text
from sim.report.document import Block, Bullets, Column, Figure, Paragraph, Section, Table, Value
from sim.report.reading import of_entry, of_row
from sim.saving import Saved
from sim.scenario import Scenario

HEADLINE = (
    "external_satisfaction", "net_promoter_score", "retention", "internal_satisfaction", "motivation", "profit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Effects:
    """A saved comparison as a report reads it: estimates by scenario and measure."""

    saved: Saved
    scenarios: tuple[Scenario, ...]

    @property
    def first(self) -> Scenario:
        """The scenario that the others are compared with."""
        return self.scenarios[0]

    @property
    def others(self) -> list[str]:
        """Names of the other scenarios."""
        return [one.name for one in self.scenarios[1:]]

    @property
    def currency(self) -> str:
        """Currency of the organisation."""
        return str(self.first.organisation.setting("currency"))

    @property
    def runs(self) -> int:
        """Paired runs that were finished."""
        return int(self.saved.manifest["inputs"]["runs"])

    @property
    def window(self) -> int:
        """Days at the end of the story over which figures are taken."""
        return int(self.saved.manifest["inputs"]["window"])

    def value(self, scenario: str, measure: str) -> Estimate:
        """Return a measure of a scenario."""
        return self._estimate(scenario, measure, "mean", "low", "high")

    def difference(self, scenario: str, measure: str) -> Estimate:
        """Return how much higher a measure is than in the first scenario, paired."""
        return self._estimate(scenario, measure, "difference", "difference_low", "difference_high")

    def change_unit(self, measure: str) -> str:
        """Return the unit of a measure's difference."""
        return text.unit_of_change(measures.BY_NAME[measure].unit, self.currency)

    def money(self, scenario: str, figure: str) -> Estimate:
        """Return a figure of the money table."""
        return of_row(self.money_of(scenario), figure, self.runs)

    def money_of(self, scenario: str) -> pd.Series:
        """Return a scenario's row of the money table."""
        table = self.saved.tables["money"]
        row: pd.Series = table[table["scenario"] == scenario].iloc[0]
        return row

    def curve(self, scenario: str, measure: str) -> pd.DataFrame:
        """Return the rows of a measure over time, by day."""
        table = self.saved.tables["over_time"]
        return table[(table["scenario"] == scenario) & (table["measure"] == measure)].set_index("day")

    def lag(self, scenario: str, measure: str) -> Estimate:
        """Return the days until half of the effect on a measure is there."""
        found = self.saved.manifest["inputs"].get("lags", {}).get(scenario, {}).get(measure)
        return of_entry(found)

    def parting(self, scenario: str, measure: str) -> float:
        """Return the day from which curves are first clearly apart; nan where they never are."""
        return float(self._row(scenario, measure).get("apart_from_day", math.nan))

    def _row(self, scenario: str, measure: str) -> pd.Series:
        table = self.saved.tables["comparison"]
        row: pd.Series = table[(table["scenario"] == scenario) & (table["measure"] == measure)].iloc[0]
        return row

    def _estimate(self, scenario: str, measure: str, *columns: str) -> Estimate:
        row = self._row(scenario, measure)
        mean, low, high = (float(row[name]) for name in columns)
        return Estimate(mean, low, high, int(row["runs"]))


# --- the answer --------------------------------------------------------------------------------------------------------


def question(effects: Effects) -> str:
    """Return the question in a sentence: the scenarios' own, or what comparing them asks."""
    asked = [one.question for one in effects.scenarios if one.question]
    if asked:
        return asked[0]
    names = effects.others
    shown = [text.quoted(name) for name in names[:4]] + (["others"] if len(names) > 4 else [])
    shown_as = text.listed(shown)
    return f"What would {shown_as} do to customers, staff and profit, compared with {text.quoted(effects.first.name)}?"


def answer(effects: Effects) -> list[Block]:
    """Return the answer in plain words: what was asked, what the model says, how sure it is."""
    currency, days = effects.currency, effects.first.days
    today = effects.value(effects.first.name, "external_satisfaction")
    blocks: list[Block] = [
        Paragraph(question(effects), lead=True),
        Paragraph(
            f"In {text.quoted(effects.first.name)}, customers' satisfaction is {text.figure(today)} out of 100 at the end of "
            f"{days} working days. Compared with that:"
        ),
    ]
    items = []
    for name in sorted(effects.others, key=lambda one: -abs(effects.difference(one, "external_satisfaction").mean)):
        outside = text.change("customers' satisfaction", effects.difference(name, "external_satisfaction"), "points")
        profit = text.change(f"profit over the {days} days", effects.money(name, "profit"), currency)
        items.append(f"{text.named(name)}: {outside} {profit}")
    blocks.append(Bullets(tuple(items)))
    paired = text.plural(effects.runs, "pair", "pairs")
    sure = (
        f"How sure: each figure is a mean over {paired} of simulated firms that meet the same customers on the same "
        "days and differ only in what was changed; its interval shows what the luck of such a firm can do. It does "
        "not show what the model leaves out or has wrong: read the figures as “if the firm worked like this”, not "
        "as a forecast."
    )
    if effects.runs == 1:
        sure = (
            "How sure: this is a single pair of runs, so nothing here has an interval. Make more runs before deciding "
            "anything."
        )
    blocks.append(Paragraph(sure))
    return blocks


def asked(effects: Effects) -> Section:
    """Return the section about the question and the story."""
    blocks: list[Block] = [Paragraph(question(effects))]
    stories = {one.story for one in effects.scenarios if one.story}
    inputs = effects.saved.manifest["inputs"]
    if inputs.get("title_of_story"):
        blocks.append(Paragraph(f"{inputs['title_of_story']}."))
    if len(stories) == 1:
        blocks.append(Paragraph(stories.pop()))
    if inputs.get("look_for"):
        blocks.append(Paragraph(f"What to look for: {inputs['look_for']}"))
    names = text.listed([text.quoted(one.name) for one in effects.scenarios])
    asked_for = int(inputs.get("asked", effects.runs))
    ended = {
        "stopped": f" It was stopped by hand after {effects.runs} of {asked_for} runs.",
        "precise": f" It ended after {effects.runs} of up to {asked_for} runs, when the figures were as precise as asked for.",
    }.get(str(inputs.get("ended")), "")
    blocks.append(Paragraph(
        f"{len(effects.scenarios)} scenarios were run: {names}. Each was run {text.plural(effects.runs, 'time')}, every time "
        f"with other luck but the same luck in all scenarios (common random numbers).{ended}"
    ))  # fmt: skip
    return Section("question", "The question", tuple(blocks))


# --- the headline ------------------------------------------------------------------------------------------------------


def headline(effects: Effects, picture: bytes | None) -> Section:
    """Return the section with the headline effects and their intervals."""
    blocks: list[Block] = [
        Bullets(tuple(
            f"{text.named(name)}: " + " ".join(
                text.change(measures.BY_NAME[measure].label, effects.difference(name, measure), effects.change_unit(measure))
                for measure in ("external_satisfaction", "internal_satisfaction", "retention")
            )
            for name in effects.others
        ))
    ]  # fmt: skip
    if picture is not None:
        blocks.append(Figure(
            "differences", picture, _alt_of_differences(effects),
            f"Difference to {text.quoted(effects.first.name)}: mean and 95 % interval over "
            f"{text.plural(effects.runs, 'paired run')}. A hollow mark cannot be told from no difference.",
        ))  # fmt: skip
    columns = (Column("Scenario"), *(
        Column(text.capital(measures.BY_NAME[name].label), _unit(effects, name), "estimate", signed=True) for name in HEADLINE
    ))  # fmt: skip
    rows: list[tuple[Value, ...]] = []
    for name in effects.others:
        rows.append((name, *(effects.difference(name, measure) for measure in HEADLINE)))
    first = effects.first.name
    values: tuple[Value, ...] = (first, *(effects.value(first, measure) for measure in HEADLINE))
    plain = tuple(Column(one.label, measures.BY_NAME[name].unit.replace("currency", effects.currency), one.kind)
                  for one, name in zip(columns[1:], HEADLINE, strict=True))  # fmt: skip
    over = f"mean (95 % interval) over the last {effects.window} of {effects.first.days} days, n = {effects.runs} paired runs"
    blocks.append(Table("Headline", f"Differences to {text.quoted(first)}: {over}.", columns, tuple(rows), "comparison.csv",
                        "≈ marks a difference that cannot be told from none. Profit is the yearly rate at the end of the "
                        "story; the section about money adds up the whole story."))  # fmt: skip
    blocks.append(Table("As it is", f"{text.capital(text.quoted(first))} itself: {over}.", (columns[0], *plain), (values,),
                        "comparison.csv"))  # fmt: skip
    blocks.append(_all_measures(effects))
    return Section("effects", "What changes", tuple(blocks))


def _unit(effects: Effects, measure: str) -> str:
    return effects.change_unit(measure)


def _alt_of_differences(effects: Effects) -> str:
    words = []
    for measure in HEADLINE:
        unit = effects.change_unit(measure)
        told = [
            f"{text.named(name)} {text.figure(effects.difference(name, measure), unit, signed=True)}"
            for name in effects.others
        ]
        words.append(f"{text.capital(measures.BY_NAME[measure].label)}: {'; '.join(told)}.")
    return f"Dot plot of differences to {text.quoted(effects.first.name)}, with intervals. " + " ".join(words)


def _all_measures(effects: Effects) -> Table:
    columns = (
        Column("Scenario"), Column("Measure"), Column("Unit"), Column("Value", "", "estimate"),
        Column("Difference", "", "estimate", signed=True), Column("Curves apart from day", "", "number", digits=0),
        Column("Meaning"),
    )  # fmt: skip
    rows: list[tuple[Value, ...]] = []
    for one in effects.scenarios:
        for measure in measures.MEASURES:
            own = one.name == effects.first.name
            day = math.nan if own else effects.parting(one.name, measure.name)
            rows.append((
                one.name, measure.label, measure.unit.replace("currency", effects.currency),
                effects.value(one.name, measure.name), None if own else effects.difference(one.name, measure.name),
                None if math.isnan(day) else day, measure.meaning,
            ))  # fmt: skip
    return Table(
        "All measures", "Every measure of every scenario.", columns, tuple(rows), "comparison.csv", only_sheet=True
    )


# --- over time ---------------------------------------------------------------------------------------------------------


def unfolding(effects: Effects, picture: bytes | None) -> Section:
    """Return the section about how the effects unfold, and how long they take."""
    days = _days(effects.first.days)
    lags = []
    for name in effects.others:
        lag = effects.lag(name, "external_satisfaction")
        at_once = effects.lag(name, "external_experience")
        if math.isnan(lag.mean):
            lags.append(
                f"{text.named(name)}: no clear effect on customers' satisfaction, so that there is no delay to speak of."
            )
            continue
        words = f"{text.named(name)}: half of the effect on customers' satisfaction is there after {_days_with_interval(lag)}"
        if not math.isnan(at_once.mean):
            words += (
                f"; half of the effect on how they judge the service of the day, after {_days_with_interval(at_once)}"
            )
        apart = effects.parting(name, "external_satisfaction")
        if not math.isnan(apart):
            words += f". The curves are clearly apart from day {apart:.0f} on"
        lags.append(words + ".")
    blocks: list[Block] = [Bullets(tuple(lags))]
    if picture is not None:
        blocks.append(Figure(
            "unfolding", picture, _alt_of_unfolding(effects, days),
            f"How the differences to {text.quoted(effects.first.name)} unfold over the working days of the story; bands: 95 % "
            f"intervals, {text.plural(effects.runs, 'paired run')}.",
        ))  # fmt: skip
    columns = (Column("Scenario"), *(Column(f"Day {day}", "points", "estimate", signed=True) for day in days))
    rows: list[tuple[Value, ...]] = []
    for name in effects.others:
        curve = effects.curve(name, "external_satisfaction")
        rows.append((name, *(_at(curve, day, effects.runs) for day in days)))
    blocks.append(Table(
        "Over time",
        f"Customers' satisfaction: difference to {text.quoted(effects.first.name)} on four days, mean (95 % interval), "
        f"n = {effects.runs} paired runs.",
        columns, tuple(rows), "over_time.csv",
        "≈ marks a difference that cannot be told from none.",
    ))  # fmt: skip
    return Section("time", "How it unfolds, and how long it takes", tuple(blocks))


def _days(days: int) -> list[int]:
    return sorted({max(1, round(days * share)) for share in (0.1, 0.25, 0.5, 1.0)})


def _at(curve: pd.DataFrame, day: int, runs: int) -> Estimate:
    return of_row(curve.loc[day], "difference", runs)


def _days_with_interval(lag: Estimate) -> str:
    words = text.plural(round(lag.mean), "working day")
    return words if math.isnan(lag.low) else f"{words} (95 % interval {lag.low:.0f} to {lag.high:.0f})"


def _alt_of_unfolding(effects: Effects, days: Sequence[int]) -> str:
    words = [f"Line plots of differences to {text.quoted(effects.first.name)} by day."]
    for measure in ("external_satisfaction", "internal_satisfaction", "motivation"):
        for name in effects.others:
            curve = effects.curve(name, measure)
            told = [f"{text.mean(_at(curve, day, effects.runs), signed=True)} on day {day}" for day in days]
            words.append(
                f"{text.capital(measures.BY_NAME[measure].label)}, {text.named(name)}: {', '.join(told)} (points)."
            )
    for name in effects.others:
        profit = text.figure(effects.money(name, "profit"), effects.currency, signed=True)
        words.append(f"Extra profit by day {effects.first.days}, {text.named(name)}: {profit}.")
    return " ".join(words)


# --- money -------------------------------------------------------------------------------------------------------------


def money(effects: Effects) -> Section:
    """Return the section about money."""
    days, currency = effects.first.days, effects.currency
    rows: list[tuple[Value, ...]] = []
    words = []
    for name in effects.others:
        revenue, cost, profit = (effects.money(name, figure) for figure in ("revenue", "cost", "profit"))
        paid = int(effects.money_of(name)["runs_paid_back"])
        payback = _payback(effects.money(name, "payback"), days)
        worth = effects.money(name, "return_on_cost")
        returned = None if math.isnan(worth.mean) else worth
        rows.append((name, revenue, cost, profit, returned, payback, f"{paid} of {effects.runs}"))
        words.append(
            f"{text.named(name)}: {text.change('profit', profit, currency)} {_paid(payback, paid, effects.runs)}"
        )
    columns = (
        Column("Scenario"), Column("Extra revenue", currency, "estimate", signed=True),
        Column("Extra cost", currency, "estimate", signed=True), Column("Extra profit", currency, "estimate", signed=True),
        Column("Return", "profit per unit of extra cost", "estimate", signed=True), Column("Pays back"),
        Column("Runs that paid"),
    )  # fmt: skip
    return Section("money", "Money", (
        Paragraph(
            f"Over the {days} working days of the story, against {text.quoted(effects.first.name)}. Costs are those "
            "that the model counts: wages, training, hiring, redress, measures of service. What it costs to bring a "
            "change about, such as a project, counts only as far as a property of the model says so. Effects that "
            "outlast the story are not counted."
        ),
        Bullets(tuple(words)),
        Table(
            "Money",
            f"Money over the {days} days, against {text.quoted(effects.first.name)}: mean (95 % interval), n = {effects.runs} "
            "paired runs.",
            columns, tuple(rows), "money.csv",
            "≈ marks a difference that cannot be told from none. A negative extra cost is a saving, and has no return. Pays "
            "back: first day from which the extra profit so far stays above 0.",
        ),
    ))  # fmt: skip


def _paid(payback: str, paid: int, runs: int) -> str:
    """Return in a sentence when a change has paid for itself, and in how many runs it did."""
    ahead = f"in {paid} of {text.plural(runs, 'run')} it is ahead at the end"
    match payback:
        case "–":
            return f"{text.capital(ahead)}."
        case "not within the story":
            return f"On average it does not pay back within these days; {ahead}."
        case _:
            return f"It pays back {payback}; {ahead}."


def _payback(day: Estimate, days: int) -> str:
    if math.isnan(day.mean):
        return "–"
    if day.mean > days:
        return "not within the story"
    words = "at once" if day.mean == 0 else f"from day {day.mean:.0f}"
    if math.isnan(day.low):
        return words
    return f"{words} ({day.low:.0f} to {f'{day.high:.0f}' if day.high <= days else 'later'})"


# --- a story's points --------------------------------------------------------------------------------------------------


def points(saved: Saved) -> Section | None:
    """Return the section about what a story set out to show, and whether it shows it here; None where there is no story."""
    table = saved.tables.get("points")
    if table is None or table.empty:
        return None
    rows = tuple(
        (str(row["text"]), Estimate(float(row["mean"]), float(row["low"]), float(row["high"]), int(row["runs"])),
         str(row["unit"]),
         "shown" if bool(row["holds"]) else "not shown here")
        for _, row in table.iterrows()
    )  # fmt: skip
    columns = (Column("Claim"), Column("Measured", "", "estimate"), Column("Unit"), Column("Verdict"))
    held = sum(row[3] == "shown" for row in rows)
    return Section("points", "What the story shows here", (
        Paragraph(f"The story makes {text.plural(len(rows), 'claim')}; for this firm, {held} of them "
                  f"{'is' if held == 1 else 'are'} borne out by the whole 95 % interval."),
        Table("Story", "What the story claims, and what was measured.", columns, rows, "points.csv"),
    ))  # fmt: skip
