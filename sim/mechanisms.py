"""The table of mechanisms: what each one means, what it claims, where it stands, and the organisation without it.

A mechanism is switched off by setting each of its levers to its neutral value, everywhere. What the test of its claim
measured is kept in ``measured.json``; `python -m pytest tests/claims --record` writes it.
"""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from sim import levers
from sim.chain import ServiceChain
from sim.errors import InputError, did_you_mean
from sim.estimates import Estimate

MEASURED = "measured.json"
"""File beside this one: mechanism → the figures that the test of its claim measured."""


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mechanism of the model.

    Attributes
    ----------
    id : as in the documentation, the table of levers and the names of tests
    name : a few words
    meaning : one sentence
    claim : what a test checks on simulated data
    rules : where it stands: a module, or one class or function of a module
    always : why it cannot be switched off, where it cannot; empty otherwise
    stays : what is left of it when it is switched off; empty where nothing is
    """

    id: str
    name: str
    meaning: str
    claim: str
    rules: tuple[str, ...]
    always: str = ""
    stays: str = ""

    @property
    def claim_test(self) -> str:
        """The files that test its claim, as a pattern from the root of the repository."""
        return f"tests/claims/test_{self.id.lower()}_*.py"


MECHANISMS: tuple[Mechanism, ...] = (
    # --- A: the chain and the encounter ------------------------------------------------------------------------------
    Mechanism("A1", "the service chain",
              "Departments, contractors and customers are linked by who serves whom, how often, and how strongly the "
              "client depends on it.",
              "Changes in satisfaction reach customers through every path, and only along paths.",
              ("sim.chain.ServiceChain", "sim.rules.requests.ask_inside", "sim.rules.requests.pass_on"),
              stays="who serves whom stays, for that is the organisation; only handing on for good ends"),
    Mechanism("A2", "one encounter for everyone",
              "Whoever is served, a customer or a colleague, perceives quality on five dimensions, holds it against an "
              "expectation, and updates satisfaction and trust.",
              "The same code serves internal and external clients; shortfalls weigh more than equal surpluses.",
              ("sim.rules.encounter", "sim.rules.care")),
    Mechanism("A3", "weak links",
              "Work is no better than the worst input it rests on, and an input that failed can break it.",
              "Raising the weakest needed supplier helps more than raising a strong one by as much; a chain of k links "
              "breaks more often than each link.",
              ("sim.rules.weak_links",)),
    Mechanism("A4", "work takes capacity",
              "Requests queue for staff, cases wait for what they asked inside, and pressure cuts corners.",
              "With people switched off the model is a queueing network and matches theory; delays are felt.",
              ("sim.rules.queueing", "sim.rules.pressure"),
              stays="requests still queue for staff; pressure, rests and the spread of working times end, and waits are not "
              "felt"),
    Mechanism("A5", "rush requests",
              "What is needed in a hurry is hurried only by a supplier who is willing.",
              "Rush success rises with the supplier's motivation and with its trust in the asker.",
              ("sim.rules.rush",)),
    # --- B: employees and managers -----------------------------------------------------------------------------------
    Mechanism("B1", "knowledge",
              "Staff learn in training and by doing, forget, and start as newcomers; missing knowledge slows work, makes "
              "errors, and looks amateurish.",
              "Less training lowers assurance and trust, not only speed.",
              ("sim.rules.knowledge",)),
    Mechanism("B2", "motivation",
              "Motivation follows the conditions of work, of which pay is one, and how one is served inside.",
              "With pay fixed, better internal service raises motivation and, through it, external satisfaction.",
              ("sim.rules.motivation",)),
    Mechanism("B3", "emotional baggage",
              "Customers bring emotions, staff absorb them; compassion runs out under strain and comes back with rest.",
              "Demand with more baggage lowers empathy and raises strain and quits, more so with little support.",
              ("sim.rules.strain",)),
    Mechanism("B4", "camaraderie",
              "Peers share load and support each other, in the team and across bridges; strain spreads along the same ties.",
              "With peer support the same baggage does less harm; strain spreads along strong ties.",
              ("sim.rules.bonds",)),
    Mechanism("B5", "the leader as advocate",
              "Managers support, protect and equip their people with an attention that escalations and concerns also want.",
              "Managers who help staff get staff who go out of their way; an overloaded manager supports less.",
              ("sim.rules.leadership",)),
    Mechanism("B6", "voice",
              "Problems are raised while small where that is easy and safe; held back, they grow.",
              "An open door brings more small problems to light and fewer crises.",
              ("sim.rules.voice",)),
    Mechanism("B7", "turnover",
              "People quit, others are hired and brought in by a served encounter, and temporaries fill the gaps.",
              "Worse onboarding means lower motivation at the start and lower service for months; quits feed on themselves.",
              ("sim.rules.turnover",)),
    # --- C: between departments --------------------------------------------------------------------------------------
    Mechanism("C1", "reciprocity",
              "Who serves others well earns their trust, and is served better in return.",
              "Improving one direction of a mutual link later improves the other.",
              ("sim.rules.reciprocity",)),
    Mechanism("C2", "rivalry",
              "Distrusted clients wait longer and get less.",
              "Rivalry between two departments lowers the satisfaction of customers who need both.",
              ("sim.rules.rivalry",)),
    Mechanism("C3", "blame passing",
              "A request that failed or is unclear is passed on instead of owned.",
              "More reassignments mean longer resolution and lower satisfaction.",
              ("sim.rules.blame",)),
    Mechanism("C4", "bridges",
              "Cross-training and time together let departments trust each other and stand in for one another.",
              "Bridges raise trust, cut blame, and let people cover for each other.",
              ("sim.rules.bridges",)),
    Mechanism("C5", "a common platform",
              "Everyone concerned knows of a delay, its reason and its time frame, and can guide the customer.",
              "The same delay does less harm when its time frame is passed on.",
              ("sim.rules.information",)),
    Mechanism("C6", "alignment",
              "The day's priorities follow what customers need, or each department's own target.",
              "Misaligned targets can improve every department's own figure while external satisfaction falls.",
              ("sim.rules.alignment",)),
    # --- D: contractors, suppliers and field partners ----------------------------------------------------------------
    Mechanism("D1", "selection of partners",
              "Partners are chosen like employees: the more effort goes into it, the better they tend to be.",
              "More effort in selection brings better partners on average, at a cost.",
              ("sim.rules.partners",)),
    Mechanism("D2", "service agreements",
              "What each side expects is agreed and reviewed from time to time, or it fades.",
              "Without review, partners drift back.",
              ("sim.rules.partners",)),
    Mechanism("D3", "measurement of partners",
              "A partner's quality is seen only as accurately and as often as it is measured.",
              "Partners who are not measured decline unseen.",
              ("sim.rules.partners",)),
    Mechanism("D4", "support of partners",
              "Partners work with the information, tools and training that the firm gives them.",
              "A partner's quality follows support, not only the fee.",
              ("sim.rules.partners",)),
    Mechanism("D5", "the contractor is the company",
              "Customers put down to the firm what a contractor does at their door.",
              "A contractor's failure lowers satisfaction with the firm.",
              ("sim.rules.attribution",)),
    Mechanism("D6", "the cut phone line",
              "An accident at the customer's is followed by who takes responsibility for it: the technician, the office, "
              "the manager, or nobody.",
              "Each refusal costs more than the accident; an agreement plus training cuts most of it, not all.",
              ("sim.rules.responsibility",)),
    Mechanism("D7", "partnership",
              "Partners have goals of their own; trust is mutual, and they are kept or replaced on their commitment.",
              "Partnership beats paying more alone.",
              ("sim.rules.partners",)),
    # --- E: customers ------------------------------------------------------------------------------------------------
    Mechanism("E1", "expectations",
              "What clients expect follows experience, promises, and what competitors offer.",
              "Expectation correlates positively with satisfaction across customers, while shortfalls hurt.",
              ("sim.rules.expectation",)),
    Mechanism("E2", "complaints",
              "Few of the dissatisfied complain: some tell the front line, fewer still escalate, many say nothing.",
              "Management sees a small part of the failures.",
              ("sim.rules.complaints",),
              stays="what falls short of the zone of tolerance is still counted as a failure, and remembered; nobody says so"),
    Mechanism("E3", "recovery",
              "After a failure it counts whether somebody owns it, apologises, is quick, and makes good.",
              "Good recovery restores satisfaction; deflecting blame makes it worse than the failure.",
              ("sim.rules.recovery",)),
    Mechanism("E4", "information about waiting",
              "A wait whose length is known is accepted more easily.",
              "A delay does less harm to a customer who has been told how long it will be.",
              ("sim.rules.information",)),
    Mechanism("E5", "sins of the past",
              "Over-promised sales and hidden faults surface long after the revenue is booked, as work for the service people.",
              "Cutting corners upstream pays first and costs later.",
              ("sim.rules.latent",)),
    Mechanism("E6", "listening",
              "The real issue may hide behind emotion; who listens finds it.",
              "Listening finds the root cause more often and cuts repeat contacts.",
              ("sim.rules.listening",)),
    Mechanism("E7", "loyalty, churn, word of mouth",
              "Customers stay or leave by satisfaction and trust, and what they say brings or keeps away others.",
              "Very satisfied customers stay far more than merely satisfied ones.",
              ("sim.rules.loyalty", "sim.rules.customers")),
    Mechanism("E8", "lessons",
              "The firm traces failures that it hears of to their causes and makes them rarer.",
              "With learning on, the same kind of failure gets rarer.",
              ("sim.rules.lessons",)),
    Mechanism("E9", "no finish line",
              "Competitors improve and the industry moves; customers expect more, and have somewhere better to go.",
              "Standing still means falling.",
              ("sim.rules.market",)),
    # --- F: the firm -------------------------------------------------------------------------------------------------
    Mechanism("F1", "one budget",
              "One budget for service is split between those who face the customer and those behind them.",
              "There is an optimum between the extremes; spending only on the front line is beaten.",
              ("sim.rules.budget",)),
    Mechanism("F2", "interventions",
              "A lever moves from a start day, over a ramp, until an end, in the whole firm or a part of it.",
              "An intervention without effect changes no number at all.",
              ("sim.interventions.Intervention", "sim.interventions.Schedule"),
              "it acts only where an intervention is given: leave out --set"),
    Mechanism("F3", "surveys",
              "Management sees satisfaction through surveys: a sample, rounded to a scale, and late.",
              "What is seen lags and scatters around the truth.",
              ("sim.rules.surveys",)),
    Mechanism("F4", "lag",
              "What happens inside reaches customers with a delay that is measured, not set.",
              "Poor internal service reaches customers, soon but not at once; the lag is measured and reported.",
              ("sim.vary.Variation",),
              "it is measured, not modelled: the lag follows from the other mechanisms"),
    Mechanism("F5", "the ladder",
              "Escalations climb from manager to general manager, each with limited attention.",
              "Saturated ladders lengthen recovery.",
              ("sim.rules.ladder",)),
)  # fmt: skip

BY_ID: dict[str, Mechanism] = {one.id: one for one in MECHANISMS}

ALLOWED = "one of " + ", ".join(BY_ID)


def find(name: str, *, place: str = "mechanism") -> Mechanism:
    """Return the mechanism with this id, in upper or lower case, or raise `InputError` with the nearest one."""
    found = BY_ID.get(name.strip().upper())
    if found is None:
        known = {one.name: one.id for one in MECHANISMS} | {one.id: one.id for one in MECHANISMS}
        hint = did_you_mean(name.strip(), known)
        for word, id_ in known.items():
            if hint and word != id_ and repr(word) in hint:
                hint = f"did you mean {id_}, {word}?"
        raise InputError("there is no such mechanism", place=place, value=name, allowed=ALLOWED, hint=hint)
    return found


def levers_of(name: str) -> tuple[levers.Lever, ...]:
    """Return the levers of a mechanism, in the order of the table of levers."""
    return tuple(one for one in levers.LEVERS if one.mechanism == find(name).id)


# --- on and off ------------------------------------------------------------------------------------------------------


def switch(name: str) -> dict[str, float]:
    """Return the neutral value of every lever that a mechanism has one for; empty when it cannot be switched off."""
    return levers.neutral_values(find(name).id)


def is_on(chain: ServiceChain, name: str) -> bool:
    """Tell whether any lever of a mechanism differs from its neutral value anywhere in the organisation."""
    places: dict[levers.Home, list[tuple[str, ...]]] = {
        "firm": [()],
        "unit": [(unit,) for unit in chain.units],
        "segment": [(segment,) for segment in chain.segments],
        "link": list(chain.links),
    }
    return any(
        chain.value(lever, *place) != neutral
        for lever, neutral in switch(name).items()
        for place in places[levers.BY_NAME[lever].home]
    )


def switchable(names: Iterable[str], *, place: str = "--without") -> list[str]:
    """Return the ids of mechanisms to leave out, each once and in order, or raise `InputError` where one cannot be."""
    chosen = {find(part, place=place).id for text in names for part in text.split(",")}
    for one in (BY_ID[id_] for id_ in sorted(chosen)):
        if not switch(one.id):
            raise InputError(
                f"{one.id}, {one.name}, cannot be switched off",
                place=place,
                value=one.id,
                allowed="a mechanism with a lever that has a neutral value: "
                + ", ".join(known.id for known in MECHANISMS if switch(known.id)),
                hint=one.always or "none of its levers has a neutral value",
            )
    return sorted(chosen)


def without(chain: ServiceChain, names: Iterable[str]) -> ServiceChain:
    """Return the organisation without these mechanisms: each of their levers neutral everywhere; a checked copy."""
    off = switchable(names)
    neutral = {lever: value for id_ in off for lever, value in switch(id_).items()}
    try:
        return chain.everywhere(neutral)
    except InputError as error:
        raise InputError(
            f"without {', '.join(off)}, {error.problem}",
            place=error.place,
            value=error.value,
            allowed=error.allowed,
            hint=error.hint,
        ) from None


def check_pulled(names: Sequence[str], off: Iterable[str], *, place: str) -> None:
    """Raise `InputError` when a lever is to be moved whose mechanism is switched off."""
    for one in (levers.lever(name, place=place) for name in names):
        if one.mechanism in off:
            raise InputError(
                f"{one.name} belongs to {one.mechanism}, {BY_ID[one.mechanism].name}, which is switched off",
                place=place,
                value=one.name,
                allowed="a lever of a mechanism that is on",
                hint=f"leave {one.mechanism} out of --without, or do not move {one.name}",
            )


# --- what stands in the code, and what was measured --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as the source has it: where it stands, its arguments, and its docstring with the equation."""

    module: str
    name: str
    arguments: tuple[str, ...]
    text: str


def source_of(place: str) -> tuple[Path | None, str]:
    """Return the file of a module or of what stands in it, and the name of the latter or ''; no file, no module."""
    parts = place.split(".")[1:]
    for inside in (0, 1):
        file = Path(__file__).parent.joinpath(*parts[: len(parts) - inside]).with_suffix(".py")
        if file.exists():
            return file, parts[-1] if inside else ""
    return None, ""


def rules_of(name: str) -> list[Rule]:
    """Return the rules of a mechanism, as they stand in the source; nothing is imported or compiled for it."""
    found = []
    for place in find(name).rules:
        file, wanted = source_of(place)
        if file is None:
            continue
        module = place.removesuffix(f".{wanted}") if wanted else place
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and wanted in ("", node.name):
                arguments = [one.arg for one in node.args.args] if isinstance(node, ast.FunctionDef) else []
                found.append(Rule(module, node.name, tuple(arguments), ast.get_docstring(node) or ""))
    return found


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure that the test of a claim measured: what it is, and its estimate, or a text where it is no number."""

    what: str
    figure: Estimate | str

    @property
    def runs(self) -> str:
        """The number of runs behind it; a dash where it is not an estimate over runs."""
        return "–" if isinstance(self.figure, str) or self.figure.runs == 0 else str(self.figure.runs)

    def text(self) -> str:
        """Return the figure as people read it, to four significant digits, with its interval."""
        if isinstance(self.figure, str):
            return self.figure
        mean, low, high = (f"{value:.4g}" for value in (self.figure.mean, self.figure.low, self.figure.high))
        if math.isnan(self.figure.mean):
            return "not measurable"
        return mean if math.isnan(self.figure.low) else f"{mean} [{low}, {high}]"


def recorded() -> dict[str, list[dict[str, Any]]]:
    """Return the recorded figures of all mechanisms, as they stand in the file."""
    found: dict[str, list[dict[str, Any]]] = json.loads((resources.files("sim") / MEASURED).read_text(encoding="utf-8"))
    return found


def measured(name: str) -> list[Measured]:
    """Return what the test of a mechanism's claim measured, in the order of the test."""
    found = []
    for entry in recorded().get(find(name).id, []):
        mean, low, high = (math.nan if entry.get(key) is None else entry[key] for key in ("mean", "low", "high"))
        figure = entry["text"] if "text" in entry else Estimate(mean, low, high, entry["n"] or 0)
        found.append(Measured(entry["what"], figure))
    return found


def as_dict(one: Mechanism, on: bool | None) -> dict[str, Any]:
    """Return everything about a mechanism as JSON shows it; ``on`` is None where it cannot be switched off."""
    return {
        "id": one.id,
        "name": one.name,
        "meaning": one.meaning,
        "claim": one.claim,
        "on": on,
        "always": one.always or None,
        "stays": one.stays or None,
        "levers": [lever.name for lever in levers_of(one.id)],
        "neutral": switch(one.id),
        "rules": list(one.rules),
        "claim_test": one.claim_test,
        "measured": recorded().get(one.id, []),
    }
