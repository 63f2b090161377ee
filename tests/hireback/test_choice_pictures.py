"""Pictures of the exercise: drawn for the oddest firms without a warning, and they hold what the tables hold."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest

from sim import plots
from sim.chain import ServiceChain
from sim.hireback.asis import as_is
from tests.hireback.firms import SHORT, firm, with_contractor


def texts(figure):
    return [one.get_text() for axes in figure.axes for one in axes.texts]


@pytest.fixture
def drawn(tmp_path):
    """Save a figure, as whoever looks at it does, and close it."""

    def save(figure):
        figure.savefig(tmp_path / "picture.png")
        plt.close(figure)
        return figure

    return save


@pytest.fixture(scope="module")
def found():
    return as_is(firm(), **SHORT)


def test_every_client_stands_in_the_picture_with_verdict_and_reason(found, drawn):
    figure = drawn(plots.kept_by_client(found, "Back"))
    labels = [one.get_text() for one in figure.axes[0].get_yticklabels()]
    assert labels[0] == "all its clients"
    assert [label.split(" (")[0] for label in labels[1:]] == ["Front", "Help"]
    verdict = found.of_unit("Back")
    assert any(str(verdict.decides) in text for text in texts(figure))


def test_the_market_shows_a_figure_for_every_link_and_every_supplier(found, drawn):
    figure = drawn(plots.internal_market(found))
    figures = [text for text in texts(figure) if text[:1].isdigit()]
    assert len(figures) == len(found.chain.links) + len(found.chain.units)


def test_the_mirror_has_three_views_where_there_are_suppliers_and_two_where_there_are_none(found, drawn):
    def views(picture):
        return [one.get_text() for one in picture.legends[0].get_texts()]

    assert len(views(drawn(plots.mirror_picture(found, "Back")))) == 3
    alone = as_is(with_contractor(), **SHORT)
    assert len(views(drawn(plots.mirror_picture(alone, "Front")))) == 2


def odd(name, customers):
    chain = ServiceChain(name="Odd")
    chain.add_department(name, staff=1, hours_per_request=0.1)
    chain.add_segment("Buyers of " + name, customers=customers, needs_per_year=5)
    chain.add_link(name, "Buyers of " + name)
    return chain.check()


@pytest.mark.parametrize(("name", "customers"), [("A", 1), ("A", 0), ("Quality $ & <Assurance> of all" * 4, 30)])
def test_the_oddest_firms_are_drawn(name, customers, drawn):
    found = as_is(odd(name, customers), **SHORT)
    for picture in (
        plots.kept_by_client(found, name), plots.mirror_picture(found, name), plots.internal_market(found),
    ):  # fmt: skip
        drawn(picture)
