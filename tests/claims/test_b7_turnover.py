"""B7: worse onboarding means lower motivation at the start and lower service for months; quits feed on themselves."""

import numpy as np
import pytest

from sim import levers
from sim.chain import ServiceChain
from sim.estimates import estimate
from sim.interventions import Intervention
from sim.population import PERMANENT, VACANT
from sim.rules import turnover
from tests.claims.paired import (
    SEEDS,
    difference,
    measure,
    on_link,
    on_unit,
    pull,
    run,
    same_customers,
    same_run,
    small_firm,
)

GOOD = pull("Human Resources", error_rate=0.0)
POOR = pull("Human Resources", error_rate=0.6, environment=0.1, tools=0.1)
LEAVE = 60
"""From this day on for thirty days many leave Front, and are replaced at once."""


def with_newcomers(**graph):
    """Return a firm whose Human Resources do nothing but take care of newcomers, and Front loses many people in one month."""
    chain = small_firm(customers=1500, staff=20, quit_rate=0, hiring_days=2, temporaries=0, ownership=1, **graph)
    chain.add_department("Human Resources", staff=4, hours_per_request=4)
    chain.add_link("Human Resources", "Front", requests_per_case=0, requests_per_hire=2, reopen_rate=0)
    return chain.check()


WAVE = [Intervention("quit_rate", 0.99, "Front", start=LEAVE, end=LEAVE + 30)]


@pytest.fixture(scope="module")
def onboarded():
    """Return pairs of runs: good and poor onboarding of those who come after a wave of quits."""
    chain = with_newcomers()
    return [(run(chain, s, 260, *WAVE, *GOOD), run(chain, s, 260, *WAVE, *POOR)) for s in SEEDS]


def over(pairs, figure):
    return estimate([figure(poor) - figure(good) for good, poor in pairs])


def months(supplier, client, column, start, end):
    def figure(model):
        table = model.state.link_day[start:end, model.chain.links.index((supplier, client))]
        return 100 * float(table[column].sum() / table["encounters"].sum())

    return figure


def test_worse_onboarding_starts_newcomers_with_less_motivation_and_knowledge(onboarded, measured):
    quality = over(onboarded, months("Human Resources", "Front", "quality", LEAVE, LEAVE + 60))
    measured("quality of onboarding as newcomers perceive it (points)", quality)
    for name in ("motivation", "knowledge"):

        def of_newcomers(model, name=name):
            people = np.asarray(model.state.employee)
            return 100 * float(people[name][people["since"] > LEAVE].mean())

        chain = with_newcomers()
        pairs = [(run(chain, s, LEAVE + 40, *WAVE, *GOOD), run(chain, s, LEAVE + 40, *WAVE, *POOR)) for s in SEEDS]
        lower = over(pairs, of_newcomers)
        measured(f"{name} of newcomers in their first weeks (points), poor onboarding", lower)
        assert lower.high < 0
    assert quality.high < -10


def test_worse_onboarding_lowers_service_for_months(onboarded, measured):
    first_come = LEAVE + 30
    for number in range(5):
        days = first_come + 28 * number, first_come + 28 * (number + 1)
        worse = over(onboarded, months("Front", "Customers", "judgement", *days))
        measured(f"customers' experience in month {number + 1} after the newcomers came, poor onboarding", worse)
        if number < 3:
            assert worse.high < 0, number
    content = over(onboarded, measure("external_satisfaction", first_come))
    measured("external satisfaction over 170 days, poor onboarding", content)
    assert content.high < 0


def test_onboarding_works_through_motivation_and_through_knowledge(measured):
    for off in ("onboarding_motivation", "onboarding_knowledge"):
        worse = difference(
            measure("external_satisfaction", 90), with_newcomers(**{off: 0}), [*WAVE, *POOR], [*WAVE, *GOOD]
        )
        measured(f"external satisfaction, poor onboarding, {off} at nought", worse)
        assert worse.high < 0
    neither = with_newcomers(onboarding_motivation=0, onboarding_knowledge=0, motivation_service=0, trust_empathy=0)
    for seed in (1, 2):
        assert same_customers(run(neither, seed, 150, *WAVE, *GOOD), run(neither, seed, 150, *WAVE, *POOR))


def test_one_onboarding_in_several_parts_does_as_much_as_in_one():
    whole = with_newcomers(error_rate=0)
    parts = whole.copy()
    parts.edges["Human Resources", "Front"]["requests_per_hire"] = 8
    for name in ("motivation", "knowledge"):
        once, often = (on_unit("Front", name, LEAVE + 40)(run(chain, 1, LEAVE + 60, *WAVE)) for chain in (whole, parts))
        assert once == pytest.approx(often, abs=0.02)


# --- quits feed on themselves ------------------------------------------------------------------------------------------


def busy(customers=6500, **graph):
    """Return a busy front office of sixty that takes three months to fill a post."""
    chain = ServiceChain(hiring_days=60, temporaries=0, problem_rate=0, **graph)
    chain.add_department("Front", staff=60, hours_per_request=0.5)
    chain.add_segment("Customers", customers=customers, needs_per_year=25)
    chain.add_link("Front", "Customers", promise_days=1)
    return chain.check()


DEPARTURES = [Intervention("quit_rate", 0.95, "Front", start=60, end=80)]
"""For four weeks people leave Front for a reason of their own; afterwards the hazard is what it was."""


def quits(model, start, end):
    """Return quits a year per hundred posts filled."""
    table = model.state.unit_day[start:end, 0]
    return 25000 * float(table["quits"].sum() / table["filled"].sum())


def watched(seed, *pulled):
    """Return a run of 200 days, and the mean hazard of quitting after day 80, relative to the ordinary, of all in post."""
    model, hazards = run(busy(), seed, 80, *pulled), []
    for _ in range(12):
        people = np.asarray(model.run(10).state.employee)
        people = people[people["status"] == PERMANENT]
        score = model.chain.value("quit_motivation") * (0.6 - people["motivation"])
        hazards.append(np.exp(score + model.chain.value("quit_strain") * people["strain"]).mean())
    return model, float(np.mean(hazards))


@pytest.fixture(scope="module")
def waves():
    """Return pairs of runs without and with a wave of quits, and their hazards."""
    return [(watched(s), watched(s, *DEPARTURES)) for s in SEEDS]


def test_quits_feed_on_themselves(waves, measured):
    pairs = [(without[0], with_[0]) for without, with_ in waves]
    gone = over(pairs, lambda model: float(model.state.unit_day["quits"][60:80].sum()))
    strained = over(pairs, lambda model: 100 * on_unit("Front", "strain", 80)(model))
    hazard = estimate([100 * (with_[1] / without[1] - 1) for without, with_ in waves])
    measured("more people of sixty who leave in a wave of twenty days", gone)
    measured("strain in the 120 days after the wave (points)", strained)
    measured("hazard of quitting in the 120 days after the wave (per cent higher)", hazard)
    assert strained.low > 0
    assert hazard.low > 0


def test_a_wave_of_quits_reaches_customers(waves, measured):
    worse = over([(without[0], with_[0]) for without, with_ in waves], measure("external_satisfaction", 80))
    measured("external satisfaction in the 120 days after the wave", worse)
    assert worse.high < 0


@pytest.mark.slow
def test_more_people_quit_after_a_wave_of_quits(measured):
    """A hazard higher by a tenth is two or three quits in a hundred posts; runs scatter by eight, hence a hundred of them."""
    more = difference(lambda model: quits(model, 80, 250), busy(), DEPARTURES, seeds=range(101, 201))
    measured("quits in the 170 days after the wave, per cent a year", more)
    assert more.low > 0


def test_with_nothing_to_feed_on_a_wave_of_quits_is_the_last(measured):
    """Where neither motivation nor strain bears on quitting, those who stayed quit on the days on which they would have."""
    chain = busy(quit_motivation=0, quit_strain=0)
    no_more = difference(lambda model: quits(model, 80, 200), chain, DEPARTURES, days=200)
    measured("quits after the wave, motivation and strain having no effect on them, per cent a year", no_more)
    assert no_more.low < 0 < no_more.high


# --- rates, hiring, temporaries ----------------------------------------------------------------------------------------


def contact_centre(**conditions):
    chain = ServiceChain(problem_rate=0)
    chain.add_department("Contact centre", staff=40, hours_per_request=0.25, **conditions)
    chain.add_segment("Customers", customers=3600, needs_per_year=50)
    chain.add_link("Contact centre", "Customers", promise_days=0.5)
    return chain.check()


def test_turnover_of_contact_centres_lies_in_the_range_that_was_found(measured):
    """25 to 50 per cent a year, less in-house than at subcontractors (Holman, Batt & Holtgrewe 2007, second-hand).

    Who answers the telephone all day meets more emotion than the quit rate of the organisation file, that of ordinarily
    motivated people without strain, reckons with. That subcontractors pay and support less is supposed here.
    """
    cheap = contact_centre(pay=0.4, growth=0.4, advocacy=0.1)
    ours, theirs = ([quits(run(chain, seed, 300), 100, 300) for seed in SEEDS] for chain in (contact_centre(), cheap))
    measured("turnover of a contact centre in-house, per cent a year", estimate(ours))
    measured("turnover of a contact centre with less pay, growth and support, per cent a year", estimate(theirs))
    assert estimate(ours).low > 25
    assert estimate(ours).high < 50
    assert estimate(np.subtract(theirs, ours)).low > 0


def test_ordinarily_motivated_people_without_strain_quit_at_the_rate_of_the_organisation_file():
    chain = small_firm(
        customers=10, staff=100, quit_rate=0.2, hiring_days=0, motivation_rate=0, quit_motivation=0, quit_strain=0
    )
    expected = 100 * turnover.daily_hazard(0.2) * 250
    front = estimate([float(run(chain, s).state.unit_day["quits"][:250, 1].sum()) for s in range(1, 25)])
    assert front.low < expected < front.high


def test_posts_stand_vacant_for_as_long_as_hiring_takes():
    chain = small_firm(
        customers=10, staff=100, quit_rate=0.2, quit_motivation=0, quit_strain=0, temporaries=0, hiring_days=40
    )
    table = [run(chain, seed, 500).state.unit_day[250:500] for seed in SEEDS]
    vacant = estimate([float(100 - one["filled"].mean()) for one in table])
    flow = turnover.daily_hazard(0.2)
    at_rest = 100 * flow * 41.5 / (1 + flow * 41.5)  # two whole days more or less go to leaving and coming
    assert vacant.low < at_rest < vacant.high


def test_temporaries_shorten_waits_and_know_less(measured):
    chain = busy(7500, quit_rate=0.4)
    pairs = [(run(chain, s, 200, *pull(temporaries=0.0)), run(chain, s, 200, *pull(temporaries=1.0))) for s in SEEDS]
    sooner = over(pairs, measure("wait"))
    assured = over(pairs, on_link("Front", "Customers", "assurance"))
    measured("customers' wait in days, temporaries in all vacant posts instead of none", sooner)
    measured("assurance toward customers, temporaries in all vacant posts instead of none", assured)
    assert sooner.high < 0
    assert assured.high < 0


def test_faster_hiring_helps_customers(measured):
    chain = busy(7500, quit_rate=0.4)
    more = difference(measure("external_satisfaction"), chain, pull(hiring_days=10), pull(hiring_days=90), days=200)
    measured("external satisfaction, posts filled in 10 days instead of 90", more)
    assert more.low > 0


def test_newcomers_meet_their_suppliers_anew_and_bear_nothing_of_who_was_there_before():
    chain = small_firm(customers=300, quit_rate=0.9, hiring_days=5, temporaries=0)
    model = run(chain, 1, 200)
    people = np.asarray(model.state.employee)
    new = people[(people["status"] == PERMANENT) & (people["since"] >= 199)]
    later = run(chain, 1, 199).state.employee
    assert len(people[people["holders"] > 0]) > 0
    assert (people["strain"][people["status"] == VACANT] == 0).all()
    assert (new["strain"] < 0.1).all()
    assert later["holders"].sum() <= people["holders"].sum()


# --- neutral -------------------------------------------------------------------------------------------------------------


def test_where_nobody_quits_nothing_about_hiring_changes_a_bit():
    chain = small_firm(customers=100, **levers.neutral_values("B7"))
    one = run(chain, 1, 120)
    moved = pull(hiring_days=100, temporaries=1, temporary_knowledge=0, quit_motivation=20, quit_strain=20)
    assert same_run(one, run(chain, 1, 120, *moved, *pull(onboarding_motivation=2, onboarding_knowledge=1)))
    assert (one.state.employee["holders"] == 0).all()
    assert (one.state.unit_day["filled"][:120] == 4).all()


def test_onboarding_without_effect_moves_no_newcomer():
    chain = with_newcomers(onboarding_motivation=0, onboarding_knowledge=0, motivation_service=0)
    one, two = run(chain, 1, 120, *WAVE, *GOOD), run(chain, 1, 120, *WAVE, *POOR)
    front = one.state.employee["unit"] == one.chain.units.index("Front")
    for name in ("motivation", "knowledge"):
        assert (one.state.employee[name] == two.state.employee[name])[front].all()


# --- known answers ---------------------------------------------------------------------------------------------------------


def test_the_hazard_adds_up_to_the_share_that_quits_in_a_year():
    assert 1 - np.exp(-250 * turnover.daily_hazard(0.12)) == pytest.approx(0.12)
    assert turnover.daily_hazard(0.0) == 0


def test_ordinary_onboarding_leaves_motivation_where_it_is():
    assert turnover.motivation_after_onboarding(0.6, turnover.ORDINARY_ONBOARDING, 0.6) == 0.6
    assert turnover.motivation_after_onboarding(0.6, 1.0, 0.6) == pytest.approx(0.75)
    assert turnover.motivation_after_onboarding(0.1, 0.0, 0.6) == 0.0
    assert turnover.knowledge_after_onboarding(0.35, 1.0, 0.2) == pytest.approx(0.48)
