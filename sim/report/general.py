"""Sections that every report has, whatever made the results: limits, how to reproduce, tables and pictures as they are."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

import pandas as pd

from sim.report import text
from sim.report.document import Block, Bullets, Code, Column, Figure, Paragraph, Section, Table, Value
from sim.saving import Saved

MOST_ROWS = 20
MOST_COLUMNS = 8


def limits(runs: int) -> Section:
    """Return what the results do not say."""
    items = [
        "This is a model, not a forecast. It says what would follow if the firm worked as the model does.",
        "Intervals are over the random luck of the simulated firm: who asks for what on which day, who errs, who "
        "quits. They do not cover what the model leaves out, nor a wrong description of the firm.",
        "The size of most mechanisms is a modelling choice, not a measured figure; the direction is what the "
        "sources agree on. Section “Where the numbers come from” counts them, and “Assumptions that matter most”, "
        "where it is there, shows what hangs on them.",
        "Each mechanism was tested for the claim that it makes, and the queues against queueing theory. The size of effects in "
        "a real firm was not validated by that.",
        "The same program, inputs and seed give the same numbers to the last digit.",
    ]
    if runs == 1:
        items.insert(
            1,
            "This is one run. Another seed would give other figures; one run shows no spread and bears no conclusion.",
        )
    return Section("limits", "What this does not say", (
        Bullets(tuple(items)),
        Paragraph("In the program's documentation, docs/mechanisms.md lists what is in the model and the test of each claim, "
                  "docs/odd.md every equation and parameter, docs/verification.md the checks against theory."),
    ))  # fmt: skip


def reproduce(saved: Saved) -> Section:
    """Return how the results can be made again: the command, the seed, the versions and the hash to compare."""
    manifest, inputs = saved.manifest, saved.manifest["inputs"]
    blocks: list[Block] = [Paragraph("With the program in the version below, and the results folder at hand:")]
    blocks.append(Code(_command(saved)))
    if manifest["command"] in ("compare", "scenario"):
        blocks.append(Paragraph(
            "The folder's manifest.json holds the scenarios whole, the organisation included; nothing else is needed."
            + (" Everything but the story's claims comes out the same; for these too, tell the story again with "
               f"`service-culture scenario {inputs.get('story', '')}`." if manifest["command"] == "scenario" else "")
        ))  # fmt: skip
    else:
        blocks.append(Paragraph("The folder's manifest.json also holds the organisation whole, under “organisation”."))
    seeds = _seeds(inputs)
    rows: list[tuple[Value, ...]] = [("Seeds", seeds)] if seeds else []
    rows.append(("SHA-256 of the numbers", str(manifest["results"].get("sha256", "not recorded"))))
    if added := manifest.get("assumptions"):
        rows.append(("SHA-256 of the assumptions' tables", str(added.get("sha256", "not recorded"))))
    versions = dict(manifest.get("versions", {}))
    rows += [(label, str(versions.pop(name))) for name, label in (("service-culture", "Service culture"), ("python", "Python"))
             if name in versions]  # fmt: skip
    if versions:
        rows.append(("Packages", ", ".join(f"{name} {version}" for name, version in versions.items())))
    blocks.append(
        Table(
            "Reproduce",
            "What the results were made with.",
            (Column("What"), Column("Value")),
            tuple(rows),
            "manifest.json",
        )
    )
    return Section("reproduce", "How to reproduce this", tuple(blocks))


def _command(saved: Saved) -> str:
    inputs: dict[str, Any] = saved.manifest["inputs"]
    command = str(saved.manifest["command"])
    words = ["service-culture", command]
    match command:
        case "compare" | "scenario":
            words = ["service-culture", "compare", str(saved.folder / "manifest.json"), "--runs", str(inputs["runs"])]
        case "vary":
            values = [float(value) for value in inputs["values"]]
            words += [
                str(inputs["lever"]),
                str(inputs["organisation"]),
                "--from",
                f"{values[0]:g}",
                "--to",
                f"{values[-1]:g}",
            ]
            words += ["--steps", str(len(values)), "--runs", str(inputs["runs"]), "--seed", str(inputs["seed"])]
            words += ["--days", str(inputs["days"]), "--warm-up", str(inputs["warm_up"])]
            if inputs.get("where"):
                words += ["--link" if ":" in str(inputs["where"]) else "--department", str(inputs["where"])]
        case "run":
            words += [str(inputs["organisation"]), "--days", str(inputs["days"]), "--seed", str(inputs["seed"])]
            words += [word for one in inputs.get("set", []) for word in ("--set", str(one))]
        case "weakest-link":
            words += [str(inputs["organisation"])]
            for name in ("pairs", "confirm", "runs", "days", "warm_up", "seed", "step"):
                words += [f"--{name.replace('_', '-')}", str(inputs[name])] if name in inputs else []
            words += ["--where", str(inputs["where"])] if inputs.get("where") else []
            words += [word for one in inputs.get("lever", []) for word in ("--lever", str(one))]
            words += [
                word for one, price in inputs.get("prices", {}).items() for word in ("--price", f"{one}={price:g}")
            ]
        case _:
            words += [str(inputs["organisation"])] if isinstance(inputs.get("organisation"), str) else []
            for name, value in inputs.items():
                if (
                    name != "organisation"
                    and isinstance(value, (int, float, str))
                    and not isinstance(value, bool)
                    and value != ""
                ):
                    words += [f"--{name.replace('_', '-')}", str(value)]
    if command in ("vary", "run", "weakest-link") and inputs.get("without"):
        words += ["--without", ",".join(inputs["without"])]
    return shlex.join([*words, "--out", f"{saved.folder}-again"])


def _seeds(inputs: dict[str, Any]) -> str:
    scenarios = inputs.get("scenarios")
    first = scenarios[0]["seed"] if scenarios else inputs.get("seed")
    runs = inputs.get("runs", 1)
    if not isinstance(first, int) or not isinstance(runs, int):
        return ""
    return str(first) if runs == 1 else f"{first} to {first + runs - 1}"


def picture(saved: Saved, name: str) -> bytes | None:
    """Return a picture of the folder; None where it is not there."""
    path = saved.folder / f"{name}.png"
    return path.read_bytes() if path.is_file() else None


def tables(saved: Saved, leave_out: Sequence[str] = (), intro: str = "") -> Section:
    """Return a section with every picture and table of a folder, for results that have no sections of their own."""
    parts = []
    for path in sorted(saved.folder.glob("*.png")):
        if path.stem not in leave_out:
            label = _label(path.stem)
            parts.append(Section(f"picture-{path.stem}", label, (
                Figure(path.stem, path.read_bytes(), f"{label}. Its figures are in the tables of this section.", label),
            )))  # fmt: skip
    for name, table in saved.tables.items():
        if name not in leave_out:
            parts.append(Section(f"table-{name}", _label(name), tuple(shown(name, table))))
    return Section("results", "Results", (Paragraph(intro),) if intro else (), tuple(parts))


def shown(name: str, table: pd.DataFrame) -> list[Block]:
    """Return a table as it stands: its first rows and columns on the page, all of it in the workbook."""
    columns, cells = _as_columns(table)
    whole = Table(_label(name), f"{_label(name)}: {text.plural(len(table), 'row')}.", tuple(columns),
                  tuple(zip(*cells, strict=True)), f"{name}.csv")  # fmt: skip
    if len(table) <= MOST_ROWS and len(columns) <= MOST_COLUMNS:
        return [whole]
    whole_in_sheet = Table(whole.name, whole.caption, whole.columns, whole.rows, whole.source, only_sheet=True)
    if "day" in table.columns and table["day"].nunique() > MOST_ROWS:
        return [_at_the_end(name, table), whole_in_sheet]
    cut = tuple(row[:MOST_COLUMNS] for row in whole.rows[:MOST_ROWS])
    kept = f"{min(MOST_ROWS, len(table))} of {text.plural(len(table), 'row')}"
    first = Table(
        f"{whole.name} (first rows)",
        f"{whole.name}: the first {kept}, {min(MOST_COLUMNS, len(columns))} of {len(columns)} columns.",
        whole.columns[:MOST_COLUMNS], cut, whole.source, "The whole table is in the workbook and in the folder of results.",
    )  # fmt: skip
    return [first, whole_in_sheet]


def _at_the_end(name: str, table: pd.DataFrame) -> Table:
    """Return a daily table as means over the last quarter of its days: by unit, link or segment, or figure by figure."""
    days = sorted(table["day"].unique())
    window = days[-max(1, len(days) // 4) :]
    late = table[table["day"].isin(window)].drop(columns="day")
    texts = [column for column in late.columns if late[column].dtype.kind not in "iufb"]
    caption = f"{_label(name)}: mean of the last {len(window)} of {len(days)} days."
    note = "Day by day in the workbook and in the folder of results."
    if not texts:
        means = late.mean()
        rows = tuple((_label(str(figure)), None if pd.isna(value) else float(value)) for figure, value in means.items())
        columns: tuple[Column, ...] = (Column("Figure"), Column("Mean", "", "number"))
        return Table(f"{_label(name)} (means)", caption, columns, rows, f"{name}.csv", note)
    by_name = late.groupby(texts, sort=True).mean(numeric_only=True).reset_index()
    found, cells = _as_columns(by_name[list(by_name.columns[:MOST_COLUMNS])])
    return Table(f"{_label(name)} (means)", caption, tuple(found), tuple(zip(*cells, strict=True)), f"{name}.csv", note)


def _as_columns(table: pd.DataFrame) -> tuple[list[Column], list[list[Value]]]:
    """Return a table's columns; ``x``, ``x_low`` and ``x_high`` become one column with intervals."""
    from sim.estimates import Estimate

    columns: list[Column] = []
    cells: list[list[Value]] = []
    names = list(table.columns)
    for name in names:
        base = name.removesuffix("_low").removesuffix("_high")
        if base != name and f"{base}_low" in names and f"{base}_high" in names and base in names:
            continue
        values = table[name]
        if f"{name}_low" in names and f"{name}_high" in names:
            runs = table["runs"] if "runs" in names else pd.Series(0, index=table.index)
            columns.append(Column(_label(name), "", "estimate"))
            cells.append([
                Estimate(float(mean), float(low), float(high), 0 if pd.isna(count) else int(count))
                for mean, low, high, count in zip(values, table[f"{name}_low"], table[f"{name}_high"], runs, strict=True)
            ])  # fmt: skip
        elif values.dtype.kind in "iuf":
            columns.append(Column(_label(name), "", "number"))
            cells.append([None if pd.isna(value) else value.item() for value in values.to_numpy()])
        else:
            columns.append(Column(_label(name)))
            cells.append(
                ["" if pd.isna(value) else {True: "yes", False: "no"}.get(value, str(value)) for value in values]
            )
    return columns, cells


def _label(name: str) -> str:
    return text.capital(name.replace("_", " "))
