"""The organisation in a report: its picture and tables, what was changed in it, and where its numbers come from."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from sim import levers
from sim.chain import ServiceChain
from sim.client import provenance
from sim.errors import InputError
from sim.interventions import Intervention, rows_of
from sim.report import text
from sim.report.document import Block, Bullets, Column, Figure, Paragraph, Section, Table
from sim.scenario import Scenario, Setting
from sim.story import behind, faces

MOST_ROWS = 24
"""Rows of a table on a page; a longer one stands in the workbook."""
HOMES = {
    "firm": "the firm as a whole",
    "unit": "departments and contractors",
    "link": "links",
    "segment": "customer segments",
}


def section(chain: ServiceChain, picture: bytes | None, served: dict[str, float], drawn: str) -> Section:
    """Return the section about the organisation.

    Parameters
    ----------
    picture : the chain as PNG
    served : by unit, how satisfied those are whom it serves; empty where the results do not say
    drawn : what the picture is of, for its caption
    """
    blocks: list[Block] = []
    if chain.setting("description"):
        blocks.append(Paragraph(chain.setting("description")))
    blocks.append(Paragraph(_shape(chain)))
    if picture is not None:
        blocks.append(Figure("chain", picture, _alt(chain, served), drawn))
    blocks += [_units(chain), _segments(chain), _links(chain)]
    return Section("organisation", "The organisation", tuple(blocks))


def _shape(chain: ServiceChain) -> str:
    kinds = [data["kind"] for _, data in chain.nodes(data=True)]
    staff = sum(chain.nodes[name].get("staff", 0) + chain.nodes[name].get("managers", 1) for name in chain.units)
    customers = sum(chain.nodes[name].get("customers", 0) for name in chain.segments)
    hidden = behind(chain)
    parts = [
        text.plural(kinds.count("department"), "department"), text.plural(kinds.count("contractor"), "contractor"),
        text.plural(kinds.count("segment"), "customer segment"),
    ]  # fmt: skip
    unseen = "Every unit serves customers directly."
    if hidden:
        ending, them = ("s", "reaches") if len(hidden) == 1 else ("", "reach")
        unseen = (
            f"{text.plural(len(hidden), 'unit')} of {len(chain.units)} never serve{ending} a customer directly and {them} them "
            "only through others."
        )
    return (
        f"{text.named(chain.setting('name'))} is described by {text.listed(parts)} with "
        f"{text.plural(staff, 'person', 'people')} who serve {text.plural(customers, 'customer')}, joined by "
        f"{text.plural(len(chain.links), 'link')} from supplier to client. {unseen}"
    )


def _alt(chain: ServiceChain, served: dict[str, float]) -> str:
    rates = chain.link_rates()
    busiest = sorted(rates, key=lambda edge: -rates[edge])[:3]
    words = [
        f"Diagram of the service chain: {len(chain.units)} units and {text.plural(len(chain.segments), 'customer segment')}, "
        f"joined by {text.plural(len(rates), 'arrow')} from supplier to client.",
        f"Customers are served by {text.listed([text.named(one) for one in faces(chain)])}.",
    ]
    if hidden := behind(chain):
        words.append(f"Behind them stand {text.listed([text.named(one) for one in hidden])}.")
    found = [f"{text.named(a)} to {text.named(b)}, {text.number(rates[a, b], 0)} requests a day" for a, b in busiest]
    words.append(f"The busiest arrows: {'; '.join(found)}.")
    if served:
        values = sorted(served.items(), key=lambda entry: entry[1])
        told = text.listed([f"{text.named(name)} {value:.0f}" for name, value in values])
        words.append(f"Satisfaction of colleagues with each unit, 0 to 100, mean over all runs: {told}.")
    return " ".join(words)


def _units(chain: ServiceChain) -> Table:
    rates, load = chain.case_rates(), chain.utilisation()
    seen = set(faces(chain))
    rows = tuple(
        (
            name, chain.nodes[name]["kind"], chain.nodes[name]["staff"], chain.nodes[name].get("managers", 1), rates[name],
            100 * load[name], "yes" if name in seen else "no",
        )
        for name in sorted(chain.units, key=lambda unit: (-rates[unit], unit))
    )  # fmt: skip
    columns = (
        Column("Unit"), Column("Kind"), Column("Staff", "people", "number", digits=0),
        Column("Managers", "people", "number", digits=0), Column("Requests a day", "", "number", digits=1),
        Column("Working time asked for", "%", "number", digits=0), Column("Serves customers"),
    )  # fmt: skip
    return Table(
        "Organisation units", "Who works here, the busiest first. Requests and working time are what the description "
                 "implies.", columns, rows,
        "manifest.json: organisation",
        "Working time asked for: share of what the staff have. Above about 85 % queues grow long; above 100 % without end.",
        only_sheet=len(rows) > MOST_ROWS,
    )  # fmt: skip


def _segments(chain: ServiceChain) -> Table:
    rows = tuple(
        (
            name, chain.nodes[name]["customers"], chain.value("needs_per_year", name),
            chain.value("revenue_per_need", name), ", ".join(sorted(chain.predecessors(name))),
        )
        for name in chain.segments
    )  # fmt: skip
    columns = (
        Column("Customer segment"), Column("Customers", "people", "number", digits=0),
        Column("Needs", "per customer and year", "number"),
        Column("Revenue", f"{chain.setting('currency')} per need", "number"), Column("Served by"),
    )  # fmt: skip
    return Table("Organisation customers", "Who is served.", columns, rows, "manifest.json: organisation")


def _links(chain: ServiceChain) -> Table:
    rates = chain.link_rates()
    rows = tuple(
        (a, b, rates[a, b], chain.value("promise_days", a, b), chain.value("dependence", a, b))
        for a, b in sorted(chain.links, key=lambda edge: -rates[edge])
    )
    columns = (
        Column("Supplier"), Column("Client"), Column("Requests a day", "", "number", digits=1),
        Column("Promised within", "working days", "number"), Column("Dependence", "share", "number"),
    )  # fmt: skip
    return Table(
        "Organisation links", "Who serves whom.", columns, rows, "manifest.json: organisation", only_sheet=True
    )


# --- what was varied ---------------------------------------------------------------------------------------------------


def varied(scenarios: Sequence[Scenario]) -> Section:
    """Return the section that says what differs between scenarios."""
    first = scenarios[0]
    rows = [row for one in scenarios for row in _changes(one)]
    blocks: list[Block] = [
        Paragraph(
            f"All scenarios begin with the same firm, left alone for {first.warm_up} working days, and then differ "
            f"as shown over the {first.days} working days of the story. A year has {levers.DAYS_PER_YEAR} working "
            "days. “Day 0” is the first day of the story."
            if len({id(one.organisation) for one in scenarios}) >= 1 and first.warm_up
            else f"The scenarios differ as shown over the {first.days} working days of the story. Day 0 is its first day."
        )
    ]
    told = [one for one in scenarios if one.story]
    if len({one.story for one in told}) > 1:
        blocks.append(Bullets(tuple(f"{text.named(one.name)}: {one.story}" for one in told)))
    for one in scenarios:
        if one.without:
            blocks.append(
                Paragraph(f"In {text.quoted(one.name)} these mechanisms are left out: {', '.join(one.without)}.")
            )
    for one in scenarios[1:]:
        found = _described_otherwise(first.organisation, one.organisation)
        if found:
            blocks.append(
                Paragraph(
                    f"{text.quoted(one.name)} stands on another description of the firm than {text.quoted(first.name)}:"
                )
            )
            blocks.append(Bullets(tuple(found)))
    if rows:
        columns = (
            Column("Scenario"), Column("What is changed"), Column("Where"), Column("From"), Column("To", "", "number"),
            Column("Unit"), Column("When"),
        )  # fmt: skip
        blocks.append(
            Table("Varied", "What was changed, scenario by scenario.", columns, tuple(rows), "manifest.json: scenarios")
        )
        blocks.append(Bullets(tuple(_meanings(scenarios))))
    untouched = [text.quoted(one.name) for one in scenarios if not (one.levers or one.interventions)]
    if untouched:
        blocks.append(Paragraph(f"Nothing is changed in {text.listed(untouched)}."))
    return Section("varied", "What was varied", tuple(blocks))


def _changes(one: Scenario) -> list[tuple[str, str, str, str, float, str, str]]:
    rows = []
    changes: list[Setting | Intervention] = [*one.levers, *one.interventions]
    for change in changes:
        lever = levers.BY_NAME[change.lever]
        rows.append((
            one.name, words(change.lever), _where(change.where), _from(one, change), change.to, lever.unit, _when(change),
        ))  # fmt: skip
    return rows


def _meanings(scenarios: Sequence[Scenario]) -> list[str]:
    pulled = [change.lever for one in scenarios for change in one.levers]
    pulled += [change.lever for one in scenarios for change in one.interventions]
    names = dict.fromkeys(pulled)
    return [
        f"{text.capital(words(name))}: {levers.BY_NAME[name].meaning} ({levers.BY_NAME[name].unit})." for name in names
    ]


def words(lever: str) -> str:
    """Return a lever's name as people write it."""
    return lever.replace("_", " ")


def _where(where: str | None) -> str:
    return "everywhere" if where is None else where.replace(":", " → ", 1) if ":" in where else where


def _from(scenario: Scenario, change: Setting | Intervention) -> str:
    """Return the value that the firm has before a change: one, or the range over the places that it touches."""
    chain = scenario.organisation if isinstance(change, Setting) else scenario.firm
    home = levers.BY_NAME[change.lever].home
    try:
        rows = rows_of(chain, change.lever, change.where)
    except InputError:
        return "–"
    match home:
        case "firm":
            values = {chain.value(change.lever)}
        case "link":
            values = {chain.value(change.lever, *chain.links[row]) for row in rows}
        case _:
            names = chain.units if home == "unit" else chain.segments
            values = {chain.value(change.lever, names[row]) for row in rows}
    low, high = min(values), max(values)
    return f"{low:g}" if low == high else f"{low:g} to {high:g}, by place"


def _when(change: Setting | Intervention) -> str:
    if isinstance(change, Setting):
        return "from the very beginning"
    words = f"from day {change.start}"
    if change.ramp:
        words += f", in full after {text.plural(change.ramp, 'day')}"
    if change.end is not None:
        words += f", until day {change.end}"
    return words


def _described_otherwise(one: ServiceChain, other: ServiceChain, most: int = 12) -> list[str]:
    """Return in words how two descriptions of a firm differ: who is there, and which values."""
    found = [f"{text.named(str(name))} is not there" for name in one if name not in other]
    found += [f"{text.named(str(name))} is there as well" for name in other if name not in one]
    found += [
        f"the link {a} → {b} is not there"
        for a, b in one.edges
        if a in other and b in other and not other.has_edge(a, b)
    ]
    found += [
        f"the link {a} → {b} is there as well"
        for a, b in other.edges
        if a in one and b in one and not one.has_edge(a, b)
    ]
    bags = [("the whole firm", one.graph, other.graph)]
    bags += [(text.named(str(name)), one.nodes[name], other.nodes[name]) for name in one if name in other]
    bags += [(f"{a} → {b}", one.edges[a, b], other.edges[a, b]) for a, b in one.edges if other.has_edge(a, b)]
    for place, mine, theirs in bags:
        for key in sorted(set(mine) | set(theirs)):
            if key in ("name", "description", "sources") or mine.get(key) == theirs.get(key):
                continue
            found.append(
                f"{words(key)} of {place}: {mine.get(key, 'not said')} there, {theirs.get(key, 'not said')} here"
            )
    return found if len(found) <= most else [*found[:most], f"and {len(found) - most} more differences"]


# --- where the numbers come from ---------------------------------------------------------------------------------------


def set_levers(chain: ServiceChain) -> dict[str, set[str]]:
    """Return, by home, the levers to which an organisation gives a value somewhere; all others have their defaults."""
    said = {
        *chain.graph,
        *(key for bag in chain.nodes.values() for key in bag),
        *(key for bag in chain.edges.values() for key in bag),
    }
    return {home: {one.name for one in levers.LEVERS if one.home == home and one.name in said} for home in HOMES}


def guessed(lever: levers.Lever) -> bool:
    """Tell whether the size of a lever's default is a modelling choice and not a published figure."""
    return "modelling choice" in lever.source


def sources(chain: ServiceChain) -> Section:
    """Return the section about what was set from data and what stayed at its default."""
    said = set_levers(chain)
    rows, given, guesses = [], 0, 0
    for home, what in HOMES.items():
        of_home = [one for one in levers.LEVERS if one.home == home]
        left = [one for one in of_home if one.name not in said[home]]
        rows.append((
            text.capital(what), len(of_home), len(said[home]), len(left), sum(guessed(one) for one in left),
            ", ".join(sorted(map(words, said[home]))) or "none",
        ))  # fmt: skip
        given += len(said[home])
        guesses += sum(guessed(one) for one in left)
    columns = (
        Column("Properties of"), Column("In the model", "", "number", digits=0),
        Column("Given for this firm", "", "number", digits=0),
        Column("Left at the default", "", "number", digits=0), Column("of these, a guess", "", "number", digits=0),
        Column("Given ones"),
    )  # fmt: skip
    blocks: list[Block] = [
        Paragraph(
            f"Of the {len(levers.LEVERS)} properties that the model knows, the description of this firm gives "
            f"{given} a value of its own somewhere. All others have the model's default, and for {guesses} of those "
            "the size is a modelling choice without a published figure."
        )
    ]
    data = provenance.set_from_data(chain)
    if len(data):
        by_place: dict[tuple[str, str], list[str]] = {}
        for row in data.to_dict("records"):
            value = "" if math.isnan(row["value"]) else f" {row['value']:.3g}"
            by_place.setdefault((str(row["place"]), str(row["source"])), []).append(
                f"{words(str(row['lever']))}{value}"
            )
        rows_of_data = tuple((place, ", ".join(found), source) for (place, source), found in by_place.items())
        blocks.append(Table(
            "From data", "What was set from the client's own data.",
            (Column("Of"), Column("What"), Column("Source")), rows_of_data,
            "manifest.json: organisation", "Groups of fewer than five people are not shown and not used by themselves.",
        ))  # fmt: skip
    blocks.append(
        Table(
            "Provenance",
            "What was given, and what stayed at the default.",
            columns,
            tuple(rows),
            "manifest.json: organisation",
        )
    )
    every = tuple(
        (words(one.name), one.mechanism, one.home, one.default, one.unit, "given" if one.name in said[one.home] else "default",
         one.meaning, one.source)
        for one in levers.LEVERS
    )  # fmt: skip
    blocks.append(Table(
        "All levers", "Every property of the model: default, meaning, source, and whether this firm gives a value.",
        (Column("Property"), Column("Mechanism"), Column("Of"), Column("Default", "", "number"), Column("Unit"),
         Column("Value"), Column("Meaning"), Column("Source of the default")),
        every, "service-culture levers", only_sheet=True,
    ))  # fmt: skip
    return Section("sources", "Where the numbers come from", tuple(blocks))


def satisfaction_with(affected: pd.DataFrame | None) -> dict[str, float]:
    """Return, by unit, how satisfied its internal clients are in the first scenario, as far as the results say."""
    if affected is None:
        return {}
    rows = affected[(affected["kind"] == "unit") & (affected["figure"] == "service_given")]
    return {str(name): float(value) for name, value in zip(rows["name"], rows["first"], strict=True)}
