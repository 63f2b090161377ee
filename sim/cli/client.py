"""The command that sets an organisation from a client's surveys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.app import app
from sim.cli.options import AsJson, Organisation, Overwrite, Quiet, Seed, check_organisation_file, load
from sim.console import announce, compiling, print_json, print_table, progress

if TYPE_CHECKING:
    from sim.chain import ServiceChain
    from sim.client import SurveyReport


@app.command(
    "from-survey",
    rich_help_panel="A client's data",
    epilog="Examples: service-culture from-survey firm.xlsx --staff staff.csv --customers customers.csv --out firm.toml · "
    "service-culture from-survey firm.xlsx --staff staff.xlsx --column rater=Team --column rated=Supplier --scale 1-7 · "
    "service-culture from-survey firm.xlsx --customers nps.csv --no-fit --json",
)
def from_survey(
    organisation: Organisation,
    staff: Annotated[
        Path | None,
        typer.Option(
            help="Staff survey (CSV or .xlsx): who rates which department, and how. One row an answer or a person."
        ),
    ] = None,
    customers: Annotated[
        Path | None,
        typer.Option(help="Customer scores (CSV or .xlsx): segment, CSAT and/or NPS; single answers or means."),
    ] = None,
    earlier_staff: Annotated[
        Path | None,
        typer.Option(
            help="The staff survey whose figures were handed out before: groups in which too few people answered "
            "differently keep their earlier figure, so that nobody can work out who."
        ),
    ] = None,
    earlier_customers: Annotated[Path | None, typer.Option(help="The same for customer scores.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Organisation file to write (.toml, .xlsx, …); without it nothing is written.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="What a column is, where the guess is wrong: ROLE=COLUMN, or ROLE=none. Roles: rater, rated, respondent, "
            "score, reliability (and the other dimensions), segment, customer, csat, nps, responses. May be repeated."
        ),
    ] = None,
    scale: Annotated[
        str | None, typer.Option(help="Scale of the staff survey, worst to best: 1-5, 0-10, 6-1 … [default: guessed]")
    ] = None,
    customer_scale: Annotated[str | None, typer.Option(help="Scale of the CSAT answers [default: guessed]")] = None,
    missing: Annotated[
        list[str] | None, typer.Option(help="A further mark that means no answer, as 99. May be repeated.")
    ] = None,
    ignore_unknown: Annotated[
        bool,
        typer.Option(
            "--ignore-unknown", help="Leave rows out that name departments or segments not in the organisation."
        ),
    ] = False,
    smallest_group: Annotated[int, typer.Option(help="Groups with fewer people are never shown; 5 or more.")] = 5,
    fit: Annotated[
        bool, typer.Option(help="Move levers so that the firm stays at the surveyed levels, not only begins there.")
    ] = True,
    seed: Seed = 1,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Set an organisation from a staff survey and customer scores; say what was set from data and what is still a default.

    Groups below the minimum are shown nowhere: not in the tables, not in the file, and nothing is shown from which they could
    be worked out.
    """
    from sim import client
    from sim import organisation as organisations_

    silent = quiet or as_json
    reading = client.Reading(
        client.overrides_of(column or []),
        client.parse_scale(scale, "--scale") if scale else None,
        client.parse_scale(customer_scale, "--customer-scale") if customer_scale else None,
        tuple(missing or ()),
        ignore_unknown,
    )
    check_organisation_file(out, overwrite)
    chain = load(organisation)
    announce(chain, "reading the surveys" + (", then holding their levels" if fit else ""), silent)
    with compiling(silent):
        from sim.model import ServiceModel

        ServiceModel(chain, seed=seed).run(1)
    with progress("holding surveyed levels" if fit else "measuring", 1, silent) as tick:
        report = client.from_surveys(
            chain, staff, customers, earlier_staff=earlier_staff, earlier_customers=earlier_customers,
            reading=reading, smallest=smallest_group, fit=fit, seed=seed,
            progress=lambda done, total: tick(done / total),  # type: ignore[arg-type]
        )  # fmt: skip
    if out is not None:
        from sim import results

        results.write_bytes(out, organisations_.as_bytes(report.chain, out), overwrite=overwrite)
    if as_json:
        print_json({"out": str(out) if out else None, **report.as_dict()})
    elif not quiet:
        print_survey(report)
        print_sources(report.chain, data=False)
        if out:
            print(
                f"Wrote {out}. Next: service-culture show {out} --sources, then service-culture vary internal-service {out}"
            )
        else:
            print("Nothing was written; --out firm.toml writes the organisation.")


def print_survey(report: SurveyReport) -> None:
    """Print what surveys set, and how near the firm stays to it."""
    from sim.client.holding import CHECKS, NEAR

    for note in report.notes:
        print(f"* {note}")
    rows = []
    for row in report.rows():
        modelled = row["modelled"]
        state = "–" if row["held"] is None else "held" if row["held"] else "not held"
        if row["at_bound"] and not row["held"]:
            state += ": " + ", ".join(row["at_bound"])
        score = f"\nNPS {row['net_promoter_score']:.0f}" if "net_promoter_score" in row else ""
        rows.append((
            row["place"], row["source"], f"{row['surveyed']:.1f}{score}",
            f"{modelled['mean']:.1f} [{modelled['low']:.1f}, {modelled['high']:.1f}]",
            "\n".join(f"{name} {value:.3g}" for name, value in row["set"].items()), state,
        ))  # fmt: skip
    print_table(
        "Set from data",
        ("place", "from", "surveyed,\n0–100", "modelled, months\n7 to 12", "set", "level"),
        rows,
        f"n = {CHECKS} runs on seeds that the fit did not use; mean [95 % interval]. Held: within {NEAR:g} points.",
    )
    moves = [
        (row["place"], row["lever"], f"{row['from']:.3g}", f"{row['to']:.3g}")
        for row in report.moves()
        if row["lever"] != "internal_service"
    ]
    if moves:
        print_table("Moved to hold these levels, beside the care of links", ("place", "lever", "from", "to"), moves, "")


def print_sources(chain: ServiceChain, *, data: bool = True) -> None:
    """Print what of an organisation comes from data and what is still a default."""
    from sim import client

    if data:
        found = client.set_from_data(chain).to_dict(orient="records")
        print_table(
            "Set from data", ("place", "lever", "value", "source"),
            [(row["place"], row["lever"], f"{row['value']:.4g}" if row["value"] == row["value"] else "–", row["source"])
             for row in found], "" if found else "Nothing: every figure was written by somebody, or is a default.",
        )  # fmt: skip
    rows = [
        (str(row["home"]), f"{row['from_data']:,}", f"{row['written']:,}", f"{row['left']:,}")
        for row in client.counts(chain).to_dict(orient="records")
    ]
    print_table("Where the figures come from", ("of", "data", "the file", "default"), rows, "")
    wanted = client.most_wanted(chain).to_dict(orient="records")
    print_table(
        "Still default, and of most influence: worth asking for, or varying",
        ("lever", "of", "default", "moves customers by", "meaning"),
        [(row["lever"], row["home"], f"{row['default']:g}", _points(row["influence"]), f"{row['meaning']} [{row['unit']}]")
         for row in wanted],
        "Moves customers by: points of external satisfaction in the bundled organisations, when the lever alone is moved by "
        "0.1 (shares from 0.1 up) or by a quarter of its value (others).",
    )  # fmt: skip


def _points(value: float) -> str:
    return f"{value:.2f}" if value == value else "not measured"
