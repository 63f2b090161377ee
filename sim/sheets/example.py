"""The small firm that the template is filled with, to be overwritten. Made up for this project; round numbers on purpose."""

from __future__ import annotations

from sim.chain import ServiceChain

_LINKS: tuple[tuple[str, str, float, float, float | None], ...] = (
    # supplier, client, requests per case, promise in working days, dependence
    ("Sales", "Homes", 0.3, 1, None),
    ("Customer Service", "Homes", 0.6, 1, None),
    ("Fitters", "Homes", 0.1, 5, None),
    ("Sales", "Businesses", 0.5, 1, None),
    ("Customer Service", "Businesses", 0.4, 1, None),
    ("Finance", "Sales", 0.2, 2, 0.6),
    ("IT", "Sales", 0.1, 1, 0.6),
    ("IT", "Customer Service", 0.15, 1, 0.8),
    ("Finance", "Customer Service", 0.15, 2, 0.6),
    ("Fitters", "Customer Service", 0.1, 3, 0.8),
    ("Customer Service", "Fitters", 0.3, 1, 0.6),
    ("IT", "Finance", 0.1, 1, 0.7),
    ("Human Resources", "Customer Service", 0.01, 4, 0.3),
    ("Human Resources", "IT", 0.01, 4, 0.3),
)


def example() -> ServiceChain:
    """Return a firm with five departments, a contractor and two kinds of customer."""
    chain = ServiceChain(
        name="My firm", description="An example to overwrite.", currency="EUR", hours_per_day=8.0, slots_per_day=8
    )
    chain.add_department("Sales", staff=8, managers=1, hours_per_request=0.8, error_rate=0.05)
    chain.add_department("Customer Service", staff=12, managers=1, hours_per_request=0.6, error_rate=0.05)
    chain.add_department("Finance", staff=4, managers=1, hours_per_request=0.8)
    chain.add_department("IT", staff=4, managers=1, hours_per_request=1.0)
    chain.add_department("Human Resources", staff=2, managers=1, hours_per_request=2.0)
    chain.add_contractor("Fitters", staff=6, managers=1, hours_per_request=3.0, error_rate=0.06)
    chain.add_segment("Homes", customers=4000, needs_per_year=4, revenue_per_need=120)
    chain.add_segment("Businesses", customers=300, needs_per_year=20, revenue_per_need=600, patience=0.8)
    for supplier, client, requests, days, dependence in _LINKS:
        more = {} if dependence is None else {"dependence": dependence}
        chain.add_link(supplier, client, requests_per_case=requests, promise_days=days, **more)
    for client in ("Customer Service", "IT"):
        chain.edges["Human Resources", client]["requests_per_hire"] = 2.0
    return chain.check()
