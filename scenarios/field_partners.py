"""Field partners: contractors at the customer's door, treated as partners or as a cost.

Story: The firm pays its field contractors a tenth less than is usual and leaves it at that: no review of what was agreed, no
measurement, no tools or training from the firm, no interest in what becomes of them. To the customer these people are the
company. One day the firm begins to treat them as it would like its own people to be treated: a
two-way service agreement, reviewed every quarter, the same measurement as its own departments, tools and training, and the
usual fee. Or it does the simpler thing, and spends the same money on a higher fee alone.

Question: What do we gain when our field contractors become partners, and would the same money as a fee do as well?

Levers: agreement, review_days, measurement, partner_support, partnership and fee of the contractors who serve customers.

Look for: the quality of the contractors' service, as customers perceive it, and external satisfaction under both; then the
profit. Agreement, support and partnership begin to work at once and go on growing for a year, for commitment takes its time. A
fee alone hardly moves anything. Whether either pays depends on how many customers meet these people, and what one is worth.
"""

import numpy as np

from sim.chain import ServiceChain
from sim.compare import Comparison
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.levers import DAYS_PER_YEAR
from sim.rules.partners import DAYS_BETWEEN_MEASUREMENTS
from sim.scenario import Scenario, Setting
from sim.story import Point, Story, field_partners, more

LOW_FEE, USUAL_FEE = 0.9, 1.0
A_COST = {"agreement": 0.3, "review_days": 0, "measurement": 0, "partner_support": 0, "partnership": 0}
A_PARTNER = {"agreement": 0.9, "review_days": 60, "measurement": 1, "partner_support": 1, "partnership": 1}


def scenarios(firm: ServiceChain) -> list[Scenario]:
    """Return the firm that takes its field contractors for a cost, and what it may change."""
    partners = field_partners(firm)
    cheap = [Setting(lever, to, one) for one in partners for lever, to in (A_COST | {"fee": LOW_FEE}).items()]
    a_cost = Scenario("As a cost", firm, levers=tuple(cheap), days=375, runs=16)
    as_partners = [Intervention(lever, to, one) for one in partners for lever, to in A_PARTNER.items()]
    usual = [Intervention("fee", USUAL_FEE, one) for one in partners]
    better_paid = [Intervention("fee", USUAL_FEE + dear(firm, one), one) for one in partners]
    return [
        a_cost,
        a_cost.what_if("As partners", *as_partners, *usual),
        a_cost.what_if("Paid more, that is all", *better_paid),
    ]


def dear(firm: ServiceChain, partner: str) -> float:
    """Return what partnership costs a year, as a share of the contractor's usual fee."""
    staff = firm.nodes[partner]["staff"]
    people = staff * (firm.value("partner_support_cost") + firm.value("partnership_cost"))
    training = staff * DAYS_PER_YEAR * firm.value("partner_training") * firm.value("training_cost")
    reviews = DAYS_PER_YEAR / A_PARTNER["review_days"] * firm.value("review_cost")
    measured = DAYS_PER_YEAR / DAYS_BETWEEN_MEASUREMENTS * firm.value("measurement_cost")
    return (people + training + reviews + measured) / (staff * firm.value("wage", partner))


def quality(comparison: Comparison, name: str) -> np.ndarray:
    """Return the quality of the field contractors' service in a scenario, by seed, on average over them."""
    partners = field_partners(comparison.scenarios[0].firm)
    return np.mean([comparison.part("unit", one, "true_score", name) for one in partners], axis=0)


def points(comparison: Comparison) -> list[Point]:
    """Return what partnership and money alone did for the service, the customers and the profit."""
    cost, partner, paid = comparison.names
    better, dearer = (quality(comparison, name) - quality(comparison, cost) for name in (partner, paid))
    return [
        more("As partners the same people serve customers better", estimate(better), "points of quality"),
        more(
            "… and customers are more satisfied with the firm",
            comparison.difference("external_satisfaction", partner),
            "points",
        ),
        more("The same money as a fee alone does less for the service", estimate(better - dearer), "points of quality"),
        more("… and less for customers", comparison.difference("external_satisfaction", partner, paid), "points"),
    ]


STORY = Story(
    __doc__, scenarios, points, lambda firm: "" if field_partners(firm) else "contractor who serves customers"
)

if __name__ == "__main__":
    from sim.cli.telling import main

    main(STORY)
