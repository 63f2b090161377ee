"""What the command line prints: tables, JSON, progress, notes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.chain import ServiceChain


def announce(chain: ServiceChain, what: str, quiet: bool) -> None:
    """Say at once what is going to be done, while the slow imports are still ahead."""
    if not quiet:
        customers = sum(chain.nodes[name]["customers"] for name in chain.segments)
        head = f"{chain.setting('name')}: {len(chain.units)} units, {len(chain.links)} links, {customers:,} customers"
        print(f"{head}; {what} …", file=sys.stderr, flush=True)


def but_for(off: Sequence[str]) -> str:
    """Say which mechanisms are switched off, as the end of a line; nothing where none is."""
    return f", without {', '.join(off)}" if off else ""


@contextmanager
def compiling(quiet: bool) -> Iterator[None]:
    """Say what is happening while the rules are compiled on a machine that has not run them yet."""
    from sim import compiled

    if not quiet and (note := compiled.note()):
        print(f"note: {note}", file=sys.stderr)
    if quiet or compiled.is_warm():
        yield
        return
    print("Compiling the model's rules for this machine; once, about a minute …", file=sys.stderr, flush=True)
    yield


def warn_of_overload(chain: ServiceChain) -> None:
    """Point out units that are asked for more than their staff can do."""
    for unit, load_of in chain.utilisation().items():
        if load_of > 1:
            print(
                f"note: {unit} is asked for {100 * load_of:.0f} % of the working time that its staff have; its backlog "
                "will grow until pressure or leaving customers stop it",
                file=sys.stderr,
            )


@contextmanager
def progress(label: str, total: int | None, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Give a function to report progress to; a bar with the time left on a terminal, nothing otherwise.

    ``total`` is None where nobody knows beforehand how many runs it will take.
    """
    if quiet or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done)


def print_table(title: str, headers: tuple[str, ...], rows: Sequence[tuple[str, ...]], footer: str) -> None:
    """Print a table with a title; without a terminal it is as wide as it needs to be."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, caption=footer or None, title_justify="left", caption_justify="left")
    for number, header in enumerate(headers):
        numeric = all(row[number][:1].isdigit() or row[number][:1] in "-−–+" for row in rows if row[number])
        table.add_column(header, justify="right" if numeric and number else "left")
    for row in rows:
        table.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    console.print(table, markup=False)


def estimate_as_dict(value: Any) -> dict[str, Any]:
    """Return an estimate as JSON shows it."""
    return {"mean": value.mean, "low": value.low, "high": value.high, "runs": value.runs}


def print_json(content: Any) -> None:
    """Print a result as JSON; nan becomes null."""
    print(json.dumps(without_nan(content), indent=2, default=str))


def without_nan(content: Any) -> Any:
    """Return ``content`` with null in place of nan, which JSON does not know."""
    if isinstance(content, dict):
        return {key: without_nan(value) for key, value in content.items()}
    if isinstance(content, list):
        return [without_nan(value) for value in content]
    if hasattr(content, "item"):
        content = content.item()
    return None if isinstance(content, float) and content != content else content


def state_of(one: Any, on: bool | None) -> str:
    """Say in a word whether an organisation has a mechanism."""
    return "always" if on is None else "on" if on else "in part" if one.stays else "off"


def print_mechanism(one: Any, on: bool | None, organisation: str) -> None:
    """Print one mechanism: its meaning, claim, rules, levers, and every figure that the test of its claim measured."""
    from sim import mechanisms

    print(f"{one.id} {one.name}: {state_of(one, on)} in {organisation}\n\n{one.meaning}")
    if on is None:
        print(f"It cannot be switched off: {one.always or 'none of its levers has a neutral value'}.")
    if one.stays:
        print(f"When it is switched off, {one.stays}.")
    print(f"Claim: {one.claim}\nTest:  {one.claim_test}\n\nRules")
    for rule in mechanisms.rules_of(one.id):
        first = (rule.text or "no docstring").split("\n\n")[0].replace("\n", " ")
        print(f"  {rule.module}.{rule.name}\n      {first}")
    print()
    if chosen := mechanisms.levers_of(one.id):
        rows: list[tuple[str, ...]] = [
            (lever.name.replace("_", "-"), lever.home, f"{lever.default:g}",
             "–" if lever.neutral is None else f"{lever.neutral:g}", f"{lever.meaning} [{lever.unit}]")
            for lever in chosen
        ]  # fmt: skip
        print_table("Levers", ("lever", "of", "default", "off", "meaning"), rows, "")
    if figures := mechanisms.measured(one.id):
        rows = [(figure.what, figure.text(), figure.runs) for figure in figures]
        print_table("Measured", ("what", "mean [95 % interval]", "n"), rows, "")


def print_variation(variation: Any, table: Any, answers: dict[str, Any], note: str = "") -> None:
    """Print what varying a lever did: the table, then slope, elasticity and lag; ``note`` ends the title."""
    columns = (
        ("internal_service", "realised internal\nservice, 0–100", 1),
        ("external_satisfaction", "external\nsatisfaction, 0–100", 1),
        ("external_satisfaction_difference", "difference to\nas described", 2),
        ("net_promoter_score", "NPS\n−100–100", 1),
        ("retention", "retention\n% a year", 1),
    )
    rows = [
        (f"{row['value']:.3g}", *(_cell(row, name, digits) for name, _, digits in columns))
        for row in table.to_dict(orient="records")
    ]
    print_table(
        f"{variation.lever.replace('_', ' ')}{f' of {variation.where}' if variation.where else ''}{note}",
        ("value", *(label for _, label, _ in columns)),
        rows,
        f"n = {len(variation.seeds)} paired runs per value; mean [95 % interval]; last {variation.window} of "
        f"{variation.days} days after the change.",
    )
    print(
        f"Slope       {answers['slope'].text(3)} points of external satisfaction per point of realised internal service"
    )
    print(f"Elasticity  {answers['elasticity'].text(3)} % per %")
    print(f"Lag         half of the effect on what customers experience after {answers['lag_experience'].text(0)} days, "
          f"on the satisfaction they hold after {answers['lag_satisfaction'].text(0)} days")  # fmt: skip


def _cell(row: dict[str, float], name: str, digits: int) -> str:
    mean, low, high = row[name], row[f"{name}_low"], row[f"{name}_high"]
    if mean != mean:
        return "–"
    return f"{mean:.{digits}f}" + (f"\n[{low:.{digits}f}, {high:.{digits}f}]" if low == low else "")


_COMPARED = (
    ("external_satisfaction", "external\nsatisfaction", 2),
    ("net_promoter_score", "NPS", 1),
    ("retention", "retention,\n% a year", 1),
    ("internal_satisfaction", "internal\nsatisfaction", 2),
    ("motivation", "motivation", 2),
    ("profit", "profit a year,\nthousands", 0),
)


def print_comparison(comparison: Any, note: str = "") -> None:
    """Print scenarios side by side: the first as it is, the others as differences; then money, and what pairing was worth."""
    first, *others = comparison.names
    rows: list[tuple[str, ...]] = [
        (first, *(_interval(comparison.figure(name, first), digits, name) for name, _, digits in _COMPARED))
    ]
    rows += [
        (
            other,
            *(_interval(comparison.difference(name, other), digits, name, sign=True) for name, _, digits in _COMPARED),
        )
        for other in others
    ]
    print_table(
        f"{comparison.scenarios[0].organisation.setting('name')}{note}: difference to “{first}”",
        ("scenario", *(label for _, label, _ in _COMPARED)),
        rows,
        f"n = {len(comparison.seeds)} paired runs; mean [95 % interval]; last {comparison.window} of {comparison.days} days. "
        "First row: values; other rows: differences. All measures: comparison.csv",
    )
    money_rows = []
    currency = comparison.scenarios[0].organisation.setting("currency")
    for other in others:
        money = comparison.money(other)
        money_rows.append((
            other,
            *(_interval(one, 0, "profit", sign=True) for one in (money.revenue, money.cost, money.profit)),
            _payback(money.payback, comparison.days),
            f"{money.paid_back} of {len(comparison.seeds)}",
            "–" if (day := comparison.parting("external_satisfaction", other)) is None else f"day {day}",
        ))  # fmt: skip
    print_table(
        f"Money over the {comparison.days} days of the story, thousands of {currency}, and when customers' curves part",
        (
            "scenario",
            "extra revenue",
            "extra cost",
            "extra profit",
            "pays back",
            "runs in\nwhich it did",
            "curves part",
        ),
        money_rows,
        "Curves part: first five days on which external satisfaction clearly differs, corrected for looking at all days.",
    )
    for other in others:
        factor = comparison.variance_reduction("external_satisfaction", other)
        if factor.mean == factor.mean and factor.mean != float("inf"):
            needed = int(-(-factor.mean * len(comparison.seeds) // 1))
            print(f"Without common random numbers, “{other}” would have needed {needed:,} runs for as narrow an interval "
                  f"({factor.text(1)} times as many).")  # fmt: skip


def print_points(points: Sequence[Any]) -> None:
    """Print what a story shows here, and what it does not."""
    for one in points:
        sign = "shown" if one.holds else "NOT shown here"
        print(f"  {sign}: {one.text}: {one.figure.text(one.digits)} {one.unit}")


def _interval(value: Any, digits: int, name: str, sign: bool = False) -> str:
    """Return an estimate in two lines; money in thousands."""
    scale = 1000 if name == "profit" else 1
    if value.mean != value.mean:
        return "–"
    mark = "+" if sign else ""
    text = f"{value.mean / scale:{mark},.{digits}f}"
    if value.low == value.low:
        text += f"\n[{value.low / scale:,.{digits}f}, {value.high / scale:,.{digits}f}]"
    return text


def _payback(day: Any, days: int) -> str:
    """Say from which day a change has paid for itself."""
    if day.mean != day.mean:
        return "–"
    if day.mean > days:
        return "not within\nthese days"
    last = "later" if day.high > days else f"{day.high:.0f}"
    middle = "at once" if day.mean == 0 else f"from day {day.mean:.0f}"
    return middle + (f"\n[{day.low:.0f}, {last}]" if day.low == day.low else "")
