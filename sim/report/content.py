"""From a folder of results to the content of a report, whatever command wrote it and whatever it will be written as."""

from __future__ import annotations

import io
from datetime import date as Date

from sim import plots
from sim.chain import ServiceChain
from sim.errors import InputError
from sim.model import ServiceModel
from sim.report import affected, assumed, effects, firm, general, text, varying, weakest
from sim.report.document import Block, Document, Paragraph, Section
from sim.saving import Saved

COMPARED = ("comparison", "money", "affected", "over_time")
"""Tables without which a comparison cannot be reported."""


def document(
    saved: Saved, *, title: str = "", client: str = "", assumptions: bool | None = None, date: Date | None = None
) -> Document:
    """Return the content of a report on saved results.

    Parameters
    ----------
    title : default: made from the organisation and the scenarios
    client : for whom it is, as it stands below the title
    assumptions : whether to show which assumptions matter: None where they have been looked at, True insists on it
    date : of the report; default: today
    """
    date = date or Date.today()
    match saved.manifest.get("command"):
        case "compare" | "scenario":
            return _of_comparison(saved, title, client, assumptions, date)
        case "vary":
            return _of_variation(saved, title, client, date)
        case "weakest-link" if {"actions", "places"} <= set(saved.tables):
            return _of_weakest_link(saved, title, client, date)
        case _:
            return _of_anything(saved, title, client, date)


def _of_comparison(saved: Saved, title: str, client: str, assumptions: bool | None, date: Date) -> Document:
    missing = [name for name in COMPARED if name not in saved.tables]
    if missing or len(saved.scenarios) < 2:
        raise InputError("these results cannot be reported", source=str(saved.folder),
                         value=f"without {', '.join(missing)}" if missing else f"{len(saved.scenarios)} scenarios",
                         allowed="results of compare or scenario, whole")  # fmt: skip
    found = effects.Effects(saved, tuple(saved.scenarios))
    chain = found.first.firm
    name = str(chain.setting("name"))
    story = str(saved.manifest["inputs"].get("title_of_story", ""))
    served = firm.satisfaction_with(saved.tables["affected"])
    about = (
        f"{text.named(name)}, {text.quoted(found.first.name)}: who serves whom. Arrows run from supplier to client "
        "and widen with requests per day; circles are departments, diamonds contractors, squares customers. The "
        f"numbers, 0 to 100, are the satisfaction of those served, in one run (seed {found.first.seed})."
    )
    answer = effects.answer(found)
    wider = assumed.section(found, assumptions, general.picture(saved, "assumptions"))
    if (tables := None if assumptions is False else assumed.tables(saved)) is not None:
        looked_at = saved.manifest["assumptions"]
        label = f"{text.named(str(looked_at['scenario']))}, customers' satisfaction"
        answer.append(Paragraph(
            f"How far it hangs on the model's assumptions: {looked_at['constants']} constants that nobody has measured were "
            f"moved together by {100 * float(looked_at['share']):g} %, up or down, in {len(tables[1])} combinations "
            "(“worlds”). "
            + assumed.spread(tables[1], "external_satisfaction", "points", label)
        ))  # fmt: skip
    sections: list[Section | None] = [
        effects.asked(found),
        firm.section(chain, general.picture(saved, "chain"), served, about),
        firm.varied(found.scenarios),
        effects.headline(found, general.picture(saved, "differences")),
        effects.unfolding(found, general.picture(saved, "unfolding")),
        affected.section(found),
        effects.money(found),
        effects.points(saved),
        wider,
        firm.sources(chain),
        general.limits(found.runs),
        general.reproduce(saved),
    ]
    title = title or (f"{story.split(':')[0]}: {name}" if story else f"{name}: what if?")
    compared = text.listed([text.named(one) for one in found.others[:4]]) + (
        " and others" if len(found.others) > 4 else ""
    )
    subtitle = f"{compared} compared with {text.named(found.first.name)}"
    return Document(title, text.capital(subtitle), _facts(saved, chain, client, date), tuple(answer),
                    tuple(one for one in sections if one is not None))  # fmt: skip


def _of_variation(saved: Saved, title: str, client: str, date: Date) -> Document:
    chain = _organisation(saved)
    inputs = saved.manifest["inputs"]
    lever = firm.words(str(inputs["lever"]))
    where = f" of {text.named(inputs['where'])}" if inputs.get("where") else ""
    days = int(inputs["warm_up"]) + int(inputs["days"])
    return Document(
        title or f"{chain.setting('name')}: what {lever} does for customers",
        f"{text.capital(lever)}{where} varied from {min(inputs['values']):g} to {max(inputs['values']):g}",
        _facts(saved, chain, client, date),
        tuple(varying.answer(saved)),
        (
            _organisation_section(saved, chain, days), *varying.sections(saved, general.picture(saved, "dose_response")),
            firm.sources(chain), general.limits(int(inputs["runs"])), general.reproduce(saved),
        ),
    )  # fmt: skip


def _of_weakest_link(saved: Saved, title: str, client: str, date: Date) -> Document:
    chain = _organisation(saved)
    picture = general.picture(saved, "chain")
    currency = chain.setting("currency")
    about = (
        f"{text.named(str(chain.setting('name')))}: who serves whom. Circles are departments, diamonds contractors, squares "
        f"customers. The numbers are points of external satisfaction for each 100,000 {currency} a year that are spent on a "
        "step of everything at that place; a dash cannot be told from none. The best links are numbered below."
    )
    return Document(
        title or f"{chain.setting('name')}: where should the next {currency} go?",
        "Everything that can be done, everywhere, by what it does for customers and profit per unit of cost",
        _facts(saved, chain, client, date),
        tuple(weakest.answer(saved, chain)),
        (
            *weakest.sections(saved, chain, general.picture(saved, "actions")),
            firm.section(chain, picture, {}, about) if picture else _organisation_section(saved, chain, 250),
            firm.sources(chain), general.limits(int(saved.manifest["inputs"]["runs"])), general.reproduce(saved),
        ),
    )  # fmt: skip


def _of_anything(saved: Saved, title: str, client: str, date: Date) -> Document:
    """Return a report on results for which there is no report of their own: all tables and pictures, and what they are."""
    chain = _organisation(saved)
    inputs, command = saved.manifest["inputs"], str(saved.manifest.get("command", "unknown"))
    runs = int(inputs["runs"]) if isinstance(inputs.get("runs"), int) else 1 if command == "run" else 0
    answer: list[Block] = [Paragraph(_plain_answer(command, inputs), lead=True)]
    intro = "Long tables are cut here; the workbook (--format xlsx) and the folder of results hold them whole."
    days = inputs.get("days")
    picture = general.picture(saved, "chain")
    return Document(
        title or f"{chain.setting('name')}: {command.replace('-', ' ')}",
        f"Results of service-culture {command}",
        _facts(saved, chain, client, date),
        tuple(answer),
        (
            _organisation_section(saved, chain, days if isinstance(days, int) else 250, picture),
            general.tables(saved, ("chain",) if picture else (), intro),
            firm.sources(chain), general.limits(runs), general.reproduce(saved),
        ),
    )  # fmt: skip


def _plain_answer(command: str, inputs: dict) -> str:
    if command == "run":
        return (
            f"One run of {inputs.get('days', 'some')} working days (seed {inputs.get('seed', 'not recorded')}). It "
            "shows how the firm works in the model. A single run bears no conclusion about the effect of anything: "
            "compare scenarios for that."
        )
    return f"What `service-culture {command}` found, table by table. Where figures have intervals, these are 95 % intervals."


def _organisation_section(saved: Saved, chain: ServiceChain, days: int, picture: bytes | None = None) -> Section:
    """Return the section about the organisation, with the picture of the folder or one drawn after as many days."""
    seed = saved.manifest["inputs"].get("seed")
    seed = seed if isinstance(seed, int) else 1
    if picture is None:
        drawn = io.BytesIO()
        plots.chain_picture(ServiceModel(chain, seed=seed).run(days)).savefig(drawn, format="png")
        picture = drawn.getvalue()
    about = (
        f"{text.named(str(chain.setting('name')))}: who serves whom. Arrows run from supplier to client and widen "
        "with requests per day; circles are departments, diamonds contractors, squares customers. The numbers, 0 to "
        f"100, are the satisfaction of those served after {days} days of one run (seed {seed})."
    )
    return firm.section(chain, picture, {}, about)


def _organisation(saved: Saved) -> ServiceChain:
    """Return the organisation that a manifest holds."""
    source = str(saved.folder / "manifest.json")
    if "organisation" not in saved.manifest:
        raise InputError("this manifest holds no organisation", source=source, place="organisation",
                         allowed="a manifest as a command of this program writes it")  # fmt: skip
    try:
        return ServiceChain.from_node_link(saved.manifest["organisation"])
    except InputError as error:
        raise error.located(source) from None


def _facts(saved: Saved, chain: ServiceChain, client: str, date: Date) -> tuple[tuple[str, str], ...]:
    found = [("For", client)] if client else []
    found += [
        ("Organisation", str(chain.setting("name"))),
        ("Date", f"{date.day} {date:%B %Y}"),
        ("Made with", f"service-culture {saved.manifest.get('versions', {}).get('service-culture', '')}".strip()),
    ]
    return tuple(found)
