"""Every story on firms of odd shape: it is told, or says in plain words what is lacking."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sim import story
from sim.chain import ServiceChain
from sim.compare import compare
from sim.errors import InputError


def one_department() -> ServiceChain:
    """One department, one segment, nobody behind."""
    chain = ServiceChain(name="One")
    chain.add_department("Shop", staff=3, hours_per_request=0.5)
    chain.add_segment("Everybody", customers=100, needs_per_year=20)
    chain.add_link("Shop", "Everybody")
    return chain.check()


def contractor_only() -> ServiceChain:
    """A firm that consists of a brand and a contractor."""
    chain = ServiceChain(name="A brand")
    chain.add_contractor("Partner", staff=3, hours_per_request=0.5)
    chain.add_segment("Homes", customers=100, needs_per_year=20)
    chain.add_link("Partner", "Homes")
    return chain.check()


def chain_of_six() -> ServiceChain:
    """Each serves the next, and the last one customers."""
    chain = ServiceChain(name="Six")
    names = [f"Step {number}" for number in range(1, 7)]
    for name in names:
        chain.add_department(name, staff=2, hours_per_request=0.5)
    chain.add_segment("Customers", customers=100, needs_per_year=20)
    for supplier, client in zip(names, [*names[1:], "Customers"], strict=True):
        chain.add_link(supplier, client)
    return chain.check()


def thirty_units() -> ServiceChain:
    """A generated firm of thirty units, five of them contractors, in which some serve each other in cycles."""
    rng = np.random.default_rng(7)
    chain = ServiceChain(name="Thirty")
    names = [f"Unit {number}" for number in range(30)]
    for number, name in enumerate(names):
        add = chain.add_contractor if number % 6 == 1 else chain.add_department
        add(name, staff=int(rng.integers(1, 6)), managers=int(rng.integers(0, 3)), hours_per_request=0.4)
    for number in range(3):
        chain.add_segment(f"Segment {number}", customers=120, needs_per_year=15)
        for front in (2 * number, 2 * number + 1):
            chain.add_link(names[front], f"Segment {number}", requests_per_case=0.5)
    for number in range(6, 30):
        chain.add_link(names[number], names[int(rng.integers(number))], requests_per_case=0.3)
    chain.add_link(names[0], names[29], requests_per_case=0.05, requests_per_hire=1)
    return chain.check()


def in_chinese() -> ServiceChain:
    """Names that no list of English words knows, and nobody has a manager."""
    chain = ServiceChain(name="电力公司")
    chain.add_department("客户服务", staff=3, managers=0, hours_per_request=0.5)
    chain.add_department("人力资源", staff=1, managers=0, hours_per_request=0.5)
    chain.add_contractor("外包 维修", staff=2, managers=0, hours_per_request=0.5)
    chain.add_segment("居民", customers=100, needs_per_year=20)
    chain.add_link("客户服务", "居民", requests_per_case=0.7)
    chain.add_link("外包 维修", "居民", requests_per_case=0.3, face_to_face=1.0)
    chain.add_link("人力资源", "客户服务", requests_per_case=0.1, requests_per_hire=2)
    chain.add_link("客户服务", "外包 维修", requests_per_case=0.2)
    return chain.check()


def hardly_any_customers() -> ServiceChain:
    """Weeks pass without a request, so that many a figure has nothing to be a mean of."""
    chain = ServiceChain(name="Quiet")
    chain.add_department("Sales", staff=1, managers=0, hours_per_request=0.5)
    chain.add_department("Finance", staff=1, hours_per_request=0.5)
    chain.add_contractor("Field", staff=1, hours_per_request=0.5)
    chain.add_segment("Few", customers=1, needs_per_year=1)
    for supplier in ("Sales", "Field"):
        chain.add_link(supplier, "Few", requests_per_case=0.5)
    chain.add_link("Finance", "Sales", requests_per_case=0.1, requests_per_hire=1)
    return chain.check()


FIRMS: list[Callable[[], ServiceChain]] = [
    one_department, contractor_only, chain_of_six, thirty_units, in_chinese, hardly_any_customers,
]  # fmt: skip


@pytest.mark.parametrize("firm", FIRMS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("name", story.names())
def test_a_story_is_told_on_a_firm_of_odd_shape_or_says_what_is_lacking(name, firm):
    one, chain = story.find(name), firm()
    missing = one.lacks(chain)
    if missing:
        with pytest.raises(InputError, match=r"cannot be told here: .* has no ") as caught:
            one.told_on(chain)
        assert missing in str(caught.value)
        return
    scenarios = [scenario.lasting(warm_up=20, days=20, runs=2) for scenario in one.told_on(chain)]
    comparison = compare(scenarios, workers=1)
    assert len(comparison.seeds) == 2
    points = one.points(comparison)
    assert points
    for point in points:
        assert point.text
        assert point.figure.text(point.digits)
        assert not (point.holds and np.isnan(point.figure.mean))


def test_each_story_can_be_told_on_a_firm_with_names_that_nobody_foresaw():
    led = in_chinese()
    led.nodes["客户服务"]["managers"] = 1
    assert not [name for name in story.names() if story.find(name).lacks(led)]
