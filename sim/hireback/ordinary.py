"""G: what an ordinary unit of this model gives, from the rules: the default of the market.

Nobody here has data on a market for internal services. So that "the market" is not a number out of the air, an average vendor
is taken to serve as a unit does whose levers all stand at their defaults, in the steady state, served inside by units like
itself. By the rules of the encounter (`sim.rules.service.meet_client`), with L the support of its leaders, t its tools, M its
people's motivation, Q the quality that it receives, which is the quality that it gives:

    L = support(advocacy, 1, span, 10)           leaders with a free day, ten people each
    t = tools(tools, L)
    M = motivated((1 − w) conditions + w Q, L)
    p = error_probability(error_rate, errors(M))
    reliability R = (1 − p) (1 − d (1 − R))      right itself, and not broken by an input of the same reliability (A3)
    responsiveness = accepted(responsiveness(felt(x)))          x = `ORDINARY_WAIT`, the wait as a share of the promise
    assurance = assurance(ordinary knowledge, t)
    empathy = empathy(M, goodwill)
    tangibles = tangibles(t, environment, 1 − d (1 − R))

Q follows from these by the default weights; the fixed point is found by iteration. Of all this only the wait is not in the
levers. `tests/hireback/test_ordinary.py` holds the defaults in `sim.hireback.market.ASSUMPTIONS` against this function.
"""

from __future__ import annotations

from sim.hireback.market import DIMENSIONS
from sim.levers import BY_NAME
from sim.rules import bonds, encounter, information, knowledge, leadership, motivation, weak_links

ORDINARY_WAIT = 1 / 3
"""Wait of an ordinary client as a share of the promise. No source: a modelling choice, near what the departments of the bundled
organisations do; load and staff decide it, and they have no default."""

_PEOPLE = 10.0
"""Staff of a manager."""


def ordinary() -> dict[str, float]:
    """Return the five dimensions, 0 to 1, as an ordinary unit gives them."""
    level = {name: one.default for name, one in BY_NAME.items()}
    support = leadership.support(level["advocacy"], 1.0, level["span"], _PEOPLE)
    tools = leadership.tools(level["tools"], support, level["support_tools"])
    recognition = motivation.recognition_received(level["recognition"], level["span"], 1.0, _PEOPLE)
    belonging = bonds.belonging(level["bonds"], level["bond_belonging"])
    of_work = (
        tools + level["environment"] + level["communication"] + level["growth"] + level["belonging"] + level["pay"]
        + recognition
    ) / 7.0 + belonging  # fmt: skip
    weights = [level[f"weight_{name}"] for name in DIMENSIONS]
    dependence = level["dependence"]
    received, reliability = 0.75, 0.9
    found: dict[str, float] = {}
    for _ in range(200):
        grounds = motivation.grounds(of_work, received, level["motivation_service"])
        motivated = leadership.motivated(grounds, support, level["support_motivation"])
        wrong = weak_links.error_probability(
            level["error_rate"], motivation.errors(motivated, level["motivation_errors"])
        )
        handed_over = weak_links.bound_by_input(dependence, reliability)
        reliability = (1.0 - wrong) * handed_over
        prompt = encounter.responsiveness(
            information.felt(ORDINARY_WAIT, level["felt_wait"]), 1.0, level["waiting_aversion"]
        )
        told = information.told(ORDINARY_WAIT, 0.0, level["platform"], level["waiting_information"])
        found = {
            "reliability": reliability,
            "responsiveness": information.accepted(prompt, told, ORDINARY_WAIT, 1.0, level["information_acceptance"]),
            "assurance": knowledge.assurance(
                knowledge.ORDINARY_KNOWLEDGE, tools, level["knowledge_assurance"], level["tools_assurance"]
            ),
            "empathy": motivation.empathy(
                motivated, level["goodwill"], level["motivation_empathy"], level["trust_empathy"]
            ),
            "tangibles": motivation.tangibles(
                tools, level["environment"], handed_over, level["tools_tangibles"], level["environment_tangibles"]
            ),
        }
        received = sum(w * found[name] for w, name in zip(weights, DIMENSIONS, strict=True)) / sum(weights)
    return {name: float(found[name]) for name in DIMENSIONS}
