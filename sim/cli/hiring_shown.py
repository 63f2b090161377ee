"""What the exercise prints: assumptions, verdicts, the mirror, broken processes, leaders, steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.console import print_json, print_table

if TYPE_CHECKING:
    import pandas as pd

    from sim.hireback.asis import AsIs
    from sim.hireback.bundle import Bundle
    from sim.hireback.change import Change
    from sim.hireback.vendor import Should

SHOWN = 12
"""Rows of each table on the screen; the files hold all."""


def print_assumptions(given: Sequence[str], as_json: bool) -> None:
    """List every assumption about the market, with the value that it would have."""
    from sim.hireback.market import ASSUMPTIONS, parse

    values = parse(given).as_dict()
    if as_json:
        print_json([
            {"name": one.name, "value": values[one.name], "default": one.default, "unit": one.unit, "low": one.low,
             "high": one.high, "source": one.source, "meaning": one.meaning}
            for one in ASSUMPTIONS
        ])  # fmt: skip
        return
    print_table(
        "What is assumed of the market, and of how people choose",
        ("name", "value", "range", "meaning", "source"),
        [
            (one.name.replace("_", "-"), f"{values[one.name]:g}", f"{one.low:g} to {one.high:g}\n{one.unit}", one.meaning,
             one.source)
            for one in ASSUMPTIONS
        ],
        "--market NAME=VALUE replaces one. docs/hire_back.md says how they work together.",
    )  # fmt: skip


def print_unit(
    found: AsIs,
    tables: dict[str, pd.DataFrame],
    unit: str,
    note: str,
    vendor: Should | None = None,
    changed: Change | None = None,
    bundled: Bundle | None = None,
) -> None:
    """Print the answers in words, then clients, the mirror, broken processes, leaders, and what the unit could change."""
    from sim.hireback import words
    from sim.hireback.choice import WORDS

    print("\n" + "\n".join(words.would(found, unit)) + "\n")
    if vendor is not None:
        from sim.hireback.vendor import two_by_two

        print(f"Should they? {WORDS[vendor.answer].capitalize()}.")
        print("\n".join(vendor.reasons) + "\n")
        if would := found.of_unit(unit).answer:
            print(f"Both together: {two_by_two(would, vendor)}\n")
    if bundled is not None:
        print(f"What would you change to be sure of the job?\n{bundled.text()}\n")
    _print_clients(found, unit, note)
    _print_mirror(found, tables, unit)
    _print_processes(tables["processes"], unit)
    _print_leaders(tables["leaders"], [unit], len(found.seeds))
    if changed is not None:
        _print_steps(changed, bundled, str(found.chain.setting("currency")))


def _print_clients(found: AsIs, unit: str, note: str) -> None:
    from sim.hireback import words

    verdicts = sorted(
        (found.of_client(*edge) for edge in found.chain.links if edge[0] == unit), key=lambda one: -one.demand
    )
    total = max(sum(one.demand for one in verdicts), 1e-9)
    print_table(
        f"{found.chain.setting('name')}{note}: would the clients of {unit} stay?",
        ("client", "part of\nits work", "answer", "share that\nstays, %", "nine markets\nof ten, %", "more than\nhalf stays",
         "what decides, points of the share"),
        [
            (one.client or "", _part(one.demand / total), *_answer(one), words.short_reason(one))
            for one in verdicts[:SHOWN]
        ],
        f"n = {len(found.seeds)} runs × {found.markets} markets; mean [95 % interval over runs]. What decides: share less the "
        "share if this were as in an average vendor.",
    )  # fmt: skip


def _print_steps(changed: Change, bundled: Bundle | None, currency: str) -> None:
    """Print the steps that a unit could take, the best first, and the bundle that was found."""
    from sim.hireback.change import MONEY
    from sim.weakest_link import MARKS

    known = changed.table[(changed.table["share_low"] > 0) | (changed.table["satisfaction_low"] > 0)]
    table = known if len(known) else changed.table.head(3)
    print_table(
        f"What could {changed.unit} change? One step each, alone",
        ("at", "step", f"cost, {currency}\na year", "share kept,\npoints", "external satisfaction,\npoints",
         f"share kept per\n{MONEY:,} a year"),
        [
            (row["place"], f"{row['lever'].replace('_', ' ')} {row['before']:.4g} → {row['after']:.4g}",
             f"{row['cost']:,.0f}{MARKS.get(row['cost_from'], '')}", _lines(row, "share", 100, 1),
             _lines(row, "satisfaction", 1, 3), _lines(row, "share_per_money", 100, 1))
            for row in table.head(SHOWN).to_dict(orient="records")
        ],
        f"n = {int(changed.table['runs'].max())} paired runs; mean [95 % interval]. Dearer service counts against it: the "
        "cost is part of its price. * The price is a guess; --price LEVER=PRICE replaces it.",
    )  # fmt: skip
    if bundled is not None and len(bundled.steps):
        print_table(
            f"The bundle for {changed.unit}: {bundled.cost:,.0f} {currency} a year",
            ("at", "step", "steps", f"cost, {currency}\na year"),
            [
                (row["place"], f"{row['lever'].replace('_', ' ')} {row['before']:.4g} → {row['after']:.4g}",
                 str(row["steps"]), f"{row['cost']:,.0f}{MARKS.get(row['cost_from'], '')}")
                for row in bundled.steps.to_dict(orient="records")
            ],
            f"n = {bundled.runs} runs × {bundled.markets} markets that the search did not see: {100 * bundled.share.mean:.0f} "
            f"% kept, at least 80 % in {100 * bundled.sureness:.0f} % of them (as is: {100 * bundled.sureness_before:.0f} %).",
        )  # fmt: skip


def _lines(row: dict[Any, Any], name: str, scale: float, digits: int) -> str:
    mean, low, high = (scale * row[f"{name}{end}"] for end in ("", "_low", "_high"))
    return "–" if mean != mean else f"{mean:+,.{digits}f}\n[{low:,.{digits}f}, {high:,.{digits}f}]"


def _answer(one: Any) -> tuple[str, str, str, str]:
    """Return answer, share, spread over markets and certainty, as a table shows them."""
    from sim.hireback import words
    from sim.hireback.choice import WORDS

    if one.answer is None:
        return "nobody served", "–", "–", "–"
    between = f"{100 * one.market_low:.0f}–{100 * one.market_high:.0f}"
    return WORDS[one.answer], words.percent(one.share).replace(" %", ""), between, f"in {words.chance(one.certainty)}"


def _part(share: float) -> str:
    return "under 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def _print_mirror(found: AsIs, tables: dict[str, pd.DataFrame], unit: str) -> None:
    levels = tables["levels"]
    mine = levels[levels["unit"] == unit].set_index(["dimension", "side"])
    names = levels["dimension"].unique()
    blind = tables["gaps"]
    blind = blind[blind["unit"] == unit].set_index("dimension")
    print_table(
        f"{unit}: the service it gives, and the service it gets, 0–100",
        ("dimension", "given, as its\nclients see it", "given, as it\nsees itself", "its own view less\nits clients'",
         "received from its\nown suppliers"),
        [
            (name, _cell(mine.loc[(name, "given")], "level"), _cell(mine.loc[(name, "own")], "level"),
             _cell(blind.loc[name], "blind_spot", sign=True) if name in blind.index else "",
             _cell(mine.loc[(name, "received")], "level"))
            for name in names
        ],
        f"n = {len(found.seeds)} runs; mean [95 % interval]. Its own view is made of what it can know without asking anybody.",
    )  # fmt: skip


def _print_processes(table: pd.DataFrame, unit: str | None) -> None:
    mine = table if unit is None else table[table["unit"] == unit]
    where = "in the firm" if unit is None else f"in {unit}"
    if mine.empty:
        print(f"Processes: nothing {where} is beyond the limits that tell a broken or missing process.\n")
        return
    print(f"Processes that are broken or missing {where}:")
    for row in mine.head(SHOWN).to_dict(orient="records"):
        at = row["unit"] + (f" → {row['client']}" if isinstance(row["client"], str) else "")
        print(f"  {row['state']:<8} {at}: {row['says']}")
    print()


def _print_leaders(table: pd.DataFrame, units: Sequence[str], runs: int) -> None:
    columns = (
        ("support", "leaders'\nsupport"), ("voice_climate", "safe to\nspeak up"), ("raised", "problems\nraised, %"),
        ("quality", "service\ndelivered"), ("professed", "standard\nprofessed"),
        ("short_of_professed", "delivered less\nprofessed"), ("in_time", "in time,\n%"),
    )  # fmt: skip
    known = table.set_index("unit")
    print_table(
        "Do leaders encourage it? Do they and their people deliver it?",
        ("department", *(label for _, label in columns)),
        [
            (unit, *(_cell(known.loc[unit], name, sign=name.startswith("short"), between="\n") for name, _ in columns))
            for unit in units
        ],
        f"0–100, n = {runs} runs; mean [95 % interval]. Professed: what customers are promised; inside, what clients were led "
        "to expect.",
    )


def _cell(row: Any, name: str, sign: bool = False, between: str = " ") -> str:
    mean, low, high = row[name], row[f"{name}_low"], row[f"{name}_high"]
    if mean != mean:
        return "–"
    text = f"{mean:+.1f}" if sign else f"{mean:.1f}"
    return text if low != low or low == high else f"{text}{between}[{low:.1f}, {high:.1f}]"


def print_market(found: AsIs, tables: dict[str, pd.DataFrame], note: str, told: Sequence[Should] = ()) -> None:
    """Print the verdict on every unit, the lowest share first; should they, where that was asked; then all broken processes."""
    from sim.hireback import words
    from sim.hireback.choice import WORDS

    verdicts = [found.of_unit(unit) for unit in found.chain.units]
    verdicts.sort(key=lambda one: (one.answer is None, one.share.mean))
    print("\n" + market_in_a_line(found) + "\n")
    print_table(
        f"{found.chain.setting('name')}{note}: who would be hired back by its clients?",
        ("department", "answer", "share that\nstays, %", "nine markets\nof ten, %", "more than\nhalf stays",
         "what decides, points of the share"),
        [(one.supplier, *_answer(one), words.short_reason(one)) for one in verdicts],
        f"n = {len(found.seeds)} runs × {found.markets} markets; mean [95 % interval over runs]. Who would hire whom: matrix, "
        "clients.",
    )  # fmt: skip
    leaving = tables["clients"][tables["clients"]["answer"] == "no"]
    for row in leaving.head(SHOWN).to_dict(orient="records"):
        print(f"{row['client']} would not hire {row['supplier']} back: {row['share']:.0f} % of its demand would stay.")
    if told:
        by_unit = {one.unit: one for one in told}
        print_table(
            "Should they? A market vendor in the place of each, alone",
            ("department", "would\nthey?", "should\nthey?", "external satisfaction,\npoints", "price, relative\nto now", "why"),
            [
                (one.supplier, WORDS[one.answer] if one.answer else "–", WORDS[by_unit[one.supplier].answer],
                 by_unit[one.supplier].external.text(2), by_unit[one.supplier].price.text(2), by_unit[one.supplier].why)
                for one in verdicts if one.supplier in by_unit
            ],
            f"n = {told[0].runs} paired runs, each with another vendor of the market; vendor less as is; mean [95 % interval].",
        )  # fmt: skip
    _print_processes(tables["processes"], None)
    _print_leaders(tables["leaders"], found.chain.units, len(found.seeds))


def market_in_a_line(found: AsIs) -> str:
    """Say how many units would be hired back, and which has the lowest share."""
    from sim.hireback import matrix

    counted = matrix.counts(found)
    said = [
        f"{counted['yes']} would be hired back",
        f"{counted['no']} would not",
        f"{counted['close']} {'is' if counted['close'] == 1 else 'are'} too close to call",
    ]
    if counted["unknown"]:
        said.append(f"{counted['unknown']} served nobody")
    worst = matrix.bottleneck(found)
    last = f" The lowest share: {worst}." if worst else ""
    return f"Of all {len(found.chain.units)} departments and contractors, {', '.join(said)}.{last}"
