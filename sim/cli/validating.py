"""``service-culture validate``: the model held against published findings, theory apart."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.app import app
from sim.cli.options import AsJson, Format, Overwrite, Quiet, Workers, folder_for
from sim.console import compiling, print_json, print_table

if TYPE_CHECKING:
    from experiments.validation.finding import Finding
    from experiments.validation.run import Row, Validation

QUICK = 0.15
"""Share of the work that ``--quick`` does."""


@app.command(
    rich_help_panel="Check",
    epilog="Examples: service-culture validate · service-culture validate V3 V14 · service-culture validate --list · "
    "service-culture validate --findings my-findings.toml --only-own",
)
def validate(
    findings: Annotated[
        list[str] | None, typer.Argument(help="Ids of findings (V1 … ); without any, all of them.")
    ] = None,
    own: Annotated[
        list[Path] | None,
        typer.Option(
            "--findings", help="A file of findings of your own (docs/validation.md says how). May be repeated."
        ),
    ] = None,
    only_own: Annotated[bool, typer.Option("--only-own", help="Leave the findings that come along out.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="A seventh of the work: wide intervals, more figures in doubt.")
    ] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the findings and run nothing.")] = False,
    seed: Annotated[int, typer.Option(help="All seeds derive from this one.", min=0, max=100_000)] = 1,
    workers: Workers = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for tables, pictures, a page and the manifest [default: results/validate, replaced]"),
    ] = None,
    table_format: Format = "csv",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Hold the model against published findings: what was found, what the model gives, and a verdict on each figure."""
    from sim import results

    results.check_format(table_format)
    from experiments.validation import own as own_findings
    from experiments.validation import rows

    known = [] if only_own else list(rows.findings())
    for path in own or []:
        known += own_findings.read(path, taken=[one.id for one in known])
    picked = rows.chosen(findings or [], known)
    if not picked:
        raise own_findings.nothing_to_check()
    if listed:
        _list(picked, as_json)
        return
    folder, overwrite = folder_for("validate", out, overwrite)
    talks = not (quiet or as_json)
    with compiling(not talks):
        from experiments.validation.finding import Effort
        from experiments.validation.run import validate as run

        effort = Effort(QUICK if quick else 1.0, seed, *([workers] if workers else []))
        found = run(picked, effort, ended=_tell if talks else None)
    _write(folder, overwrite, table_format, found, quick, [str(path) for path in own or []])
    if as_json:
        print_json({
            "tally": found.count(), "checks": found.table().to_dict("records"), "out": str(folder),
        })  # fmt: skip
    elif talks:
        _print(found, folder)


def _list(picked: list[Finding], as_json: bool) -> None:
    if as_json:
        print_json([
            {"id": one.id, "claim": one.claim, "source": one.source, "read": one.read, "experiment": one.experiment}
            for one in picked
        ])  # fmt: skip
        return
    print_table("Findings", ("id", "what was found", "source"), [(one.id, one.claim, one.source) for one in picked],
                "Hold the model against one: service-culture validate ID")  # fmt: skip


def _tell(row: Row) -> None:
    verdicts = [one.verdict for one in row.result.checks]
    counts = ", ".join(f"{verdicts.count(one)} {one}" for one in dict.fromkeys(verdicts))
    print(f"{row.finding.id:>4}  {row.finding.claim}: {counts} ({row.seconds:.0f} s)", file=sys.stderr, flush=True)


def _write(folder: Path, overwrite: bool, table_format: str, found: Validation, quick: bool, own: list[str]) -> None:
    from experiments.validation import page
    from sim import results

    tables = {"checks": found.table(), "findings": page.findings_table(found)}
    with results.folder(folder, overwrite=overwrite) as draft:
        for name, table in (tables | found.tables()).items():
            results.write_table(draft / name, table, table_format)
        pictures = page.draw(found, draft)
        (draft / "validation.md").write_text(
            page.text(tables["checks"], tables["findings"], pictures), encoding="utf-8"
        )
        manifest = results.manifest(
            "validate", None, tables, findings=[row.finding.id for row in found.rows], effort=found.effort.share,
            seed=found.effort.seed, own=own, quick=quick, seconds={row.finding.id: row.seconds for row in found.rows},
        )  # fmt: skip
        results.write_manifest(draft, manifest)


def _print(found: Validation, folder: Path) -> None:
    from experiments.validation import shown

    checks = found.table()
    rows = [
        (
            row["id"], row["figure"], row["published"], shown.counts_as_same(row),
            f"{shown.simulated(row)} {row['unit']}".strip(), shown.said(row),
        )
        for _, row in checks.iterrows()
    ]  # fmt: skip
    print_table(
        "Published findings, and what the model gives",
        ("", "figure", "published", "counts as the same", "simulated", "verdict"), rows,
        "(set): a parameter was set by this figure, so that it is no evidence",
    )  # fmt: skip
    print(f"\n{shown.summary(checks)}")
    print(f"Experiments, reasons and pictures: {folder / 'validation.md'}")
