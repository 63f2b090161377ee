"""Commands that turn saved results into something to hand over."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.app import app
from sim.cli.options import AsJson, Overwrite, Quiet, Workers
from sim.console import compiling, print_json, print_table, progress
from sim.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from sim.assumptions import Dependence
    from sim.saving import Saved

ENDINGS = {"html": ".html", "docx": ".docx", "xlsx": ".xlsx", "pdf": ".pdf"}

Results = Annotated[Path, typer.Argument(help="A folder of results, as `service-culture compare` and others write it.")]


@app.command(
    rich_help_panel="Hand over",
    epilog="Examples: service-culture report · service-culture report results/weak-link --out report.html --pdf · "
    "service-culture report results/compare --format docx --for 'The board'",
)
def report(
    results: Results = Path("results/compare"),
    out: Annotated[
        Path | None, typer.Option(help="The file to write [default: report.html, or with the ending of --format]")
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", help="html, docx, xlsx or pdf [default: by the ending of --out]")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write a PDF as well, beside the file.")] = False,
    title: Annotated[str, typer.Option(help="Title of the report [default: made from the results]")] = "",
    client: Annotated[str, typer.Option("--for", help="For whom it is; stands below the title.")] = "",
    assumptions: Annotated[
        bool | None,
        typer.Option(
            "--assumptions/--no-assumptions",
            help="Show which assumptions matter most [default: if `service-culture assumptions` has looked at them]",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")] = False,
    quiet: Quiet = False,
) -> None:
    """Write a report on saved results: a web page, a PDF, a Word file or an Excel workbook."""
    form, out = _form(form, out)
    files = {out: form}
    if pdf and form != "pdf":
        files[out.with_suffix(".pdf")] = "pdf"
    for path in files:
        _check_free(path, overwrite)
    with compiling(quiet):
        from sim import report as reports
        from sim import results as writing
        from sim import saving

    document = reports.document(saving.read(results), title=title, client=client, assumptions=assumptions)
    written = {
        path: _written(kind, document) for path, kind in files.items()
    }  # all of them, before any is put in place
    for path, content in written.items():
        writing.write_bytes(path, content, overwrite=overwrite)
    if not quiet:
        for path in written:
            print(f"The report is in {path}")


def _form(form: str | None, out: Path | None) -> tuple[str, Path]:
    """Return the format and the file, from what the user said about one or both."""
    if form is not None and form not in ENDINGS:
        raise InputError("there is no such format of a report", place="--format", value=form, allowed=", ".join(ENDINGS),
                         hint=did_you_mean(form, ENDINGS))  # fmt: skip
    if out is None:
        form = form or "html"
        return form, Path(f"report{ENDINGS[form]}")
    found = next((name for name, ending in ENDINGS.items() if out.suffix.lower() == ending), None)
    if form is None and found is None:
        raise InputError("the ending of this file names no format", place="--out", value=str(out),
                         allowed=", ".join(ENDINGS.values()), hint="or say the format: --format html")  # fmt: skip
    return form or found or "html", out


def _check_free(path: Path, overwrite: bool) -> None:
    """Raise `InputError` where a file cannot be written, before any long work."""
    if os.path.isdir(path):
        raise InputError("this is a folder", place="--out", value=str(path), allowed="the name of a file")
    if os.path.exists(path) and not overwrite:
        raise InputError("this file exists", place="--out", value=str(path), allowed="a new file",
                         hint="add --overwrite to replace it")  # fmt: skip


def _written(kind: str, document: Any) -> bytes:
    from sim import report as reports

    match kind:
        case "docx":
            return reports.docx(document)
        case "xlsx":
            return reports.xlsx(document)
        case "pdf":
            return reports.pdf(document)
        case _:
            return reports.html(document).encode("utf-8")


@app.command(
    rich_help_panel="Hand over",
    epilog="Examples: service-culture assumptions · service-culture assumptions results/weak-link --scenario 'Weak IT' · "
    "service-culture assumptions --share 0.1 --warm-up 100",
)
def assumptions(
    results: Results = Path("results/compare"),
    scenario: Annotated[
        str | None, typer.Option(help="Which scenario to look at [default: the one that moves customers most]")
    ] = None,
    share: Annotated[
        float, typer.Option(help="How far each constant is moved, up and down, as a share of its value.")
    ] = 0.2,
    rows: Annotated[
        int, typer.Option(help="Rows of the design, each run four times [default: as few as it needs]", min=0)
    ] = 0,
    seed: Annotated[int | None, typer.Option(help="Seed of the design [default: as the scenarios say]", min=0)] = None,
    warm_up: Annotated[
        int | None, typer.Option(help="Working days before the story [default: as the scenarios say]", min=0)
    ] = None,
    workers: Workers = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Find out which unmeasured constants of the model a comparison hangs on most, and add that to its results."""
    silent = quiet or as_json
    with compiling(silent):
        from sim import assumptions as assuming
        from sim import designs, saving
        from sim.scenario import together

        saved = saving.read(results)
        if "comparison" not in saved.tables or not saved.scenarios:
            raise InputError("these results compare nothing", source=str(results), value=saved.manifest.get("command"),
                             allowed="results of compare or scenario")  # fmt: skip
        if "assumptions" in saved.manifest and not overwrite:
            raise InputError("the assumptions of these results have been looked at already", source=str(results),
                             allowed="results without assumptions.csv", hint="add --overwrite to do it again")  # fmt: skip
        scenarios = together(saved.scenarios)
        scenario = scenario or _strongest(saved)
        names = [scenarios[0].name, scenario]
        chosen = [one for one in scenarios if one.name in names]
        count = len(assuming.uncertain(chosen, share))
    if not silent:
        print(f"“{scenario}” against “{scenarios[0].name}”: {count} constants, each moved by {100 * share:g} % up and down …",
              file=sys.stderr, flush=True)  # fmt: skip
    with progress("worlds", 2 * designs.order_for(count, rows), silent) as tick:
        found = assuming.depends(
            scenarios, scenario, share=share, rows=rows, seed=seed, warm_up=warm_up, workers=workers, progress=tick,
        )  # fmt: skip
    sha256 = _add(saved, found, share, count, seed, warm_up)
    if as_json:
        print_json({
            "out": str(results), "sha256": sha256, "scenario": found.scenario,
            "range": {name: found.range(name) for name in assuming.OUTCOMES},
            "keeps_sign": {name: found.keeps_sign(name) for name in assuming.OUTCOMES},
            "table": found.table.to_dict(orient="records"),
        })  # fmt: skip
    elif not quiet:
        _print(found, str(scenarios[0].organisation.setting("currency")))
        print(f"assumptions.csv, assumptions_worlds.csv and assumptions.png are in {results}")


def _strongest(saved: Saved) -> str:
    """Return the scenario whose difference of external satisfaction is largest."""
    table = saved.tables["comparison"]
    mine = table[(table["measure"] == "external_satisfaction") & (table["scenario"] != saved.scenarios[0].name)]
    size = mine["difference"].abs()
    return str(mine["scenario"].iloc[int(size.to_numpy().argmax())])


def _add(saved: Saved, found: Dependence, share: float, count: int, seed: int | None, warm_up: int | None) -> str:
    """Add what was found to a folder of results, whole or not at all, and return the hash of its numbers."""
    import shutil

    from sim import plots, results

    tables = {"assumptions": found.table, "assumptions_worlds": found.worlds}
    form = str(saved.manifest["inputs"].get("format", "csv"))
    first = saved.scenarios[0]
    about = {
        "scenario": found.scenario, "share": share, "constants": count, "rows": found.rows,
        "seed": first.seed if seed is None else seed, "warm_up": first.warm_up if warm_up is None else warm_up,
        "sha256": results.fingerprint(tables), "tables": {name: len(table) for name, table in tables.items()},
    }  # fmt: skip
    with results.folder(saved.folder, overwrite=True) as draft:
        shutil.copytree(saved.folder, draft, dirs_exist_ok=True)
        for name, table in tables.items():
            for ending in (".csv", ".parquet"):
                (draft / f"{name}{ending}").unlink(missing_ok=True)
            results.write_table(draft / name, table, form)
        plots.dependence(found, str(first.organisation.setting("currency"))).savefig(draft / "assumptions.png")
        results.write_manifest(draft, {**saved.manifest, "assumptions": about})
    return str(about["sha256"])


def _print(found: Dependence, currency: str) -> None:
    from sim.assumptions import OUTCOMES
    from sim.estimates import Estimate
    from sim.report import text

    for outcome, label in OUTCOMES.items():
        rows = []
        for _, row in found.table[found.table["outcome"] == outcome].head(8).iterrows():
            effect = Estimate(row["effect"], row["effect_low"], row["effect_high"], found.rows)
            rows.append((
                str(row["lever"]).replace("_", "-"), f"{row['low_value']:.3g} → {row['high_value']:.3g}",
                text.figure(effect, signed=True), str(row["meaning"]),
            ))  # fmt: skip
        low, high = found.range(outcome)
        digits = text.decimals(Estimate((low + high) / 2, low, high, found.rows))
        print_table(
            f"“{found.scenario}”: what its effect on {outcome.replace('_', ' ')} "
            f"({label.replace('currency', currency)}) depends on",
            ("constant", "from → to", "changes the effect by", "meaning"), rows,
            f"Over {len(found.worlds)} worlds the effect lies between {text.number(low, digits, signed=True)} and "
            f"{text.number(high, digits, signed=True)} in 90 % of them; it keeps its sign in "
            f"{100 * found.keeps_sign(outcome):.0f} %.",
        )  # fmt: skip
