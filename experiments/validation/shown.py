"""What a validation looks like in words: for the console, for the results folder, for the documentation.

Everything is made from the two tables that a validation writes, ``checks`` and ``findings``, so that a page can be made again
from them without running anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from experiments.validation.finding import VERDICTS

SIGNS = {"inside": "✓ inside", "direction only": "~ direction only", "outside": "✗ outside"}


def number(value: float, digits: int) -> str:
    """Return a number as people read it: with a real minus sign, and no negative nought."""
    if math.isnan(value):
        return "not measurable"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.{digits}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text.lstrip("-")


def simulated(row: pd.Series) -> str:
    """Return the simulated figure with its interval."""
    digits = int(row["digits"])
    if math.isnan(row["simulated"]):
        return "not measurable"
    low, high = number(row["simulated_low"], digits), number(row["simulated_high"], digits)
    return f"{number(row['simulated'], digits)} [{low}, {high}]"


def counts_as_same(row: pd.Series) -> str:
    """Return the range in which a figure counts as the same, in words where it has only one end."""
    low, high, digits = row["low"], row["high"], int(row["digits"])
    if math.isinf(low) and math.isinf(high):
        return "any"
    if math.isinf(high):
        return f"above {number(low, digits)}"
    if math.isinf(low):
        return f"below {number(high, digits)}"
    return f"{number(low, digits)} to {number(high, digits)}"


def said(row: pd.Series) -> str:
    """Return the verdict with its sign, and whether it is evidence at all."""
    return SIGNS[row["verdict"]] + (" (set)" if row["role"] == "sets" else "")


def tally(checks: pd.DataFrame) -> dict[str, int]:
    """Return how many figures that check, and do not set, have each verdict."""
    evidence = checks[checks["role"] == "checks"]["verdict"]
    return {verdict: int((evidence == verdict).sum()) for verdict in VERDICTS}


def summary(checks: pd.DataFrame) -> str:
    """Return the whole in a few sentences; what is known because it was simulated is no published figure."""
    known = checks[checks["read"] == "known"]
    checks = checks[checks["read"] != "known"]
    found = tally(checks)
    whole = checks[checks["role"] == "checks"].groupby("id")["verdict"].agg(set)
    clean = sum(one == {"inside"} for one in whole)
    setting = int((checks["role"] == "sets").sum())
    text = (
        f"Of {sum(found.values())} published figures that set nothing in the model, {found['inside']} lie inside the published "
        f"range, {found['direction only']} have the right direction but another size, {found['outside']} miss. "
        f"Findings that come out inside with every one of these figures: {clean} of {len(whole)}."
    )
    if setting:
        inside = int(((checks["role"] == "sets") & (checks["verdict"] == "inside")).sum())
        text += f" {setting} more set a parameter, which is no evidence; {inside} of them come out inside."
    if len(known):
        inside = int((known["verdict"] == "inside").sum())
        text += f" Of {len(known)} figures whose truth is known, because a simulation made the data, {inside} come out inside."
    return text


def markdown(headers: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Return a Markdown table; what would end a cell is escaped."""
    lines = ["| " + " | ".join(headers) + " |"]
    lines.append("|" + "|".join("---:" if place in right else "---" for place in range(len(headers))) + "|")
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def short(checks: pd.DataFrame, findings: pd.DataFrame) -> str:
    """Return a Markdown table with a line for each finding: how many of its figures have each verdict."""
    rows = []
    for _, one in findings.iterrows():
        own = checks[checks["id"] == one["id"]]
        found = tally(own)
        setting = int((own["role"] == "sets").sum())
        rows.append((
            one["id"], one["claim"], *(str(found[verdict]) if found[verdict] else "" for verdict in VERDICTS),
            str(setting) if setting else "",
        ))  # fmt: skip
    return markdown(("", "published finding", *VERDICTS, "sets a parameter"), rows, right=(2, 3, 4, 5))


def whole(checks: pd.DataFrame, findings: pd.DataFrame, pictures: dict[str, str]) -> str:
    """Return every finding in full: claim, source, experiment, picture, figures, reasons.

    ``pictures`` are their addresses, by the finding's id.
    """
    return "\n\n".join(
        _section(one, checks[checks["id"] == one["id"]], pictures.get(str(one["id"]))) for _, one in findings.iterrows()
    )


def _section(finding: pd.Series, checks: pd.DataFrame, picture: str | None) -> str:
    reads = {
        "read": "Source", "second-hand": "Source, as others quote it", "computed": "Computed from data",
        "given": "Source, as given", "known": "The truth",
    }  # fmt: skip
    parts = [
        f"### {finding['id']} {finding['claim']}",
        f"{reads.get(finding['read'], 'Source')}: {_sentence(finding['source'])}",
        f"*Experiment.* {finding['experiment']}",
    ]
    rows = [
        (
            row["figure"], row["published"], f"{counts_as_same(row)} ({row['basis']})",
            f"{simulated(row)} {row['unit']}".strip(), f"{row['seeds']:,} seeds, {row['units']:,} {row['of']}", said(row),
        )
        for _, row in checks.iterrows()
    ]  # fmt: skip
    headers = ("figure", "published", "counts as the same", "simulated [95 %]", "n", "verdict")
    parts.append(markdown(headers, rows))
    lines = [
        f"- *{row['figure']}*, {row['verdict']}: {_sentence(row['reason'])}"
        for _, row in checks.iterrows()
        if row["verdict"] != "inside"
    ]
    lines += [
        f"- *{row['figure']}* is no evidence: {_sentence(row['sets'])}"
        for _, row in checks.iterrows()
        if row["role"] == "sets"
    ]
    if lines:
        parts.append("\n".join(lines))
    if finding["note"]:
        parts.append(finding["note"])
    if picture:
        parts.append(f"![{finding['id']}: simulated beside published]({picture})")
    return "\n\n".join(parts)


def _sentence(text: object) -> str:
    found = str(text).strip() if isinstance(text, str) else ""
    return (found or "no reason is known") + ("" if found.endswith((".", "?", "!")) else ".")
