"""Small firms for the tests of the exercise."""

from __future__ import annotations

from sim.chain import ServiceChain

SHORT = {"runs": 3, "warm_up": 40, "days": 80, "markets": 100}


def firm(customers: int = 600, back: dict[str, float] | None = None, **graph: float) -> ServiceChain:
    """Return Back and Help, which serve Front and each other, and Front, which serves Customers: moderately busy."""
    chain = ServiceChain(**graph)
    chain.add_department("Back", staff=6, hours_per_request=0.5, **(back or {}))
    chain.add_department("Help", staff=6, hours_per_request=0.5)
    chain.add_department("Front", staff=8, hours_per_request=0.5)
    chain.add_segment("Customers", customers=customers, needs_per_year=25)
    chain.add_link("Back", "Front", requests_per_case=0.8)
    chain.add_link("Help", "Front", requests_per_case=0.4)
    chain.add_link("Back", "Help", requests_per_case=0.2)
    chain.add_link("Help", "Back", requests_per_case=0.2)
    chain.add_link("Front", "Customers")
    return chain.check()


def with_contractor(**attributes: float) -> ServiceChain:
    """Return a contractor who serves customers beside the firm's own Front."""
    chain = ServiceChain()
    chain.add_department("Front", staff=6, hours_per_request=0.5)
    chain.add_contractor("Partner", staff=6, hours_per_request=0.5, **attributes)
    chain.add_segment("Customers", customers=600, needs_per_year=20)
    chain.add_link("Front", "Customers", requests_per_case=0.6)
    chain.add_link("Partner", "Customers", requests_per_case=0.4)
    return chain.check()
