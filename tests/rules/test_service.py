"""One encounter, worked out by hand, and what it leaves with the client, the server and the figures of the day."""

from math import exp

import numpy as np
import pytest

from sim.draws import Purpose
from sim.population import AHEAD, CLAIM, COMPLAINT, CONTRACTOR, NEED, NOBODY, ORDINARY
from tests.rules.plain import KEYS, give, plain, row, rows

encounter = plain("sim.rules.encounter")
service = plain("sim.rules.service")
aftermath = plain("sim.rules.aftermath")
surveys = plain("sim.rules.surveys")

SHARES = {
    "share_reliability": 0.4, "share_responsiveness": 0.2, "share_assurance": 0.1, "share_empathy": 0.2, "share_tangibles": 0.1,
    "share_process": 0.6, "solid_reliability": 0.8,
}  # fmt: skip
LEARNS = {"satisfaction_learning": 0.2, "trust_gain": 0.1, "trust_loss": 0.3, "expectation_learning": 0.25}
PLAIN_MIND = {"assimilation": 0.0, "disconfirmation_gain": 0.0, "loss_aversion": 1.0, "diminishing_sensitivity": 0.0}


def meet(firm, client, *, link=None, weight=1.0, harder=1.0, best=1.0, now=10.0, market=0.0, rate=0.0):
    given = (1.0, 0.5, 0.8, 0.6, 0.4)  # outcome, promptness, assurance, empathy, tangibles
    return encounter.encounter(
        firm, link or row("LINK", **SHARES), client, *given, now, market, rate, weight, harder, best
    )


def a_client(**fields):
    given = {
        "expected_outcome": 0.9,
        "expected_process": 0.5,
        "satisfaction": 0.7,
        "trust": 0.5,
        "touched": 4.0,
        "encounters": 3,
    }
    return row("CUSTOMER", **(given | fields))


def test_an_encounter_moves_satisfaction_trust_and_expectations_as_worked_out_by_hand():
    """Quality 0.4 + 0.2 0.5 + 0.1 0.8 + 0.2 0.6 + 0.1 0.4 = 0.74; process 0.34 / 0.6; expected 0.4 0.9 + 0.6 0.5 = 0.66."""
    client = a_client()
    quality, judgement, expected = meet(row("FIRM", **PLAIN_MIND, **LEARNS), client)
    assert (quality, judgement, expected) == pytest.approx((0.74, 0.74, 0.66))
    assert client.satisfaction == pytest.approx(0.7 + 0.2 * 0.04)
    assert client.trust == pytest.approx(0.5 + 0.1 * (0.8 + 0.2 * 0.8 - 0.5))
    assert client.expected_outcome == pytest.approx(0.9 + 0.25 * 0.1)
    assert client.expected_process == pytest.approx(0.5 + 0.25 * (0.34 / 0.6 - 0.5))
    assert (client.touched, client.encounters) == (10.0, 4)


def test_expectation_pulls_perception_and_is_the_standard_too():
    firm = row("FIRM", **(PLAIN_MIND | {"assimilation": 0.25, "disconfirmation_gain": 0.5}), **LEARNS)
    _, judgement, _ = meet(firm, a_client())
    assert judgement == pytest.approx(0.74 + 0.25 * (0.66 - 0.74) + 0.5 * 0.08)


def test_a_shortfall_weighs_more_and_harder_after_a_failure_made_good():
    firm = row("FIRM", **(PLAIN_MIND | {"disconfirmation_gain": 0.5, "loss_aversion": 2.0}), **LEARNS)
    for harder in (1.0, 1.5):
        _, judgement, _ = meet(firm, a_client(expected_outcome=1.0, expected_process=0.7), harder=harder)
        assert judgement == pytest.approx(0.74 - 0.5 * 0.08 * 2.0 * harder)


def test_whom_nothing_satisfies_judges_at_most_so_well():
    firm = row("FIRM", **PLAIN_MIND, **LEARNS)
    assert meet(firm, a_client(), best=0.4)[1] == 0.4
    assert meet(firm, a_client(), best=0.9)[1] == pytest.approx(0.74)


def test_while_nobody_met_expectations_drifted_to_what_competitors_offer():
    client = a_client()
    _, _, expected = meet(row("FIRM", **PLAIN_MIND, **LEARNS), client, market=0.5, rate=0.1)
    outcome, process = 0.5 + 0.4 * exp(-0.6), 0.5
    assert expected == pytest.approx(0.4 * outcome + 0.6 * process)
    assert client.expected_outcome == pytest.approx(outcome + 0.25 * (1 - outcome))


def test_an_encounter_that_counts_more_moves_more_but_nobody_learns_more_than_it_says():
    client = a_client()
    meet(row("FIRM", **PLAIN_MIND, **LEARNS), client, weight=2.0)
    assert client.satisfaction == pytest.approx(0.7 + 0.4 * 0.04)
    assert client.trust == pytest.approx(0.5 + 0.2 * 0.46)
    assert client.expected_outcome == pytest.approx(0.95)
    client = a_client()
    meet(row("FIRM", **PLAIN_MIND, **LEARNS), client, weight=50.0)
    assert client.satisfaction == pytest.approx(0.74)
    assert client.trust == pytest.approx(0.96)
    assert client.expected_outcome == pytest.approx(1.0)
    client = a_client(trust=1.0)
    meet(row("FIRM", **PLAIN_MIND, **LEARNS), client, weight=50.0)
    assert client.trust == pytest.approx(0.96), "trust falls to the evidence and not beyond"


def test_where_only_the_outcome_counts_the_process_is_taken_for_the_whole():
    link = row("LINK", share_reliability=1.0, solid_reliability=1.0)
    client = a_client()
    quality, _, expected = meet(row("FIRM", **PLAIN_MIND, **LEARNS), client, link=link)
    assert (quality, expected) == (1.0, pytest.approx(0.9))
    assert client.expected_process == pytest.approx(0.5 + 0.25 * 0.5)


# --- who meets whom --------------------------------------------------------------------------------------------------


def test_a_supplier_trusts_a_client_as_it_is_served_by_it_or_shows_goodwill():
    link = rows(
        "LINK", 3, goodwill=[0.4, 0.5, 0.6], mirror=[NOBODY, 2, 1], clients=[0, 4, 0], trust_sum=[0.0, 3.2, 0.0]
    )
    assert [service.supplier_trust(link, edge) for edge in range(3)] == pytest.approx([0.4, 0.5, 0.8])
    link.bridge, link.hostility = 0.5, 0.25
    firm = row("FIRM", bridge_trust=0.4)
    assert service.trust_shown(firm, link, 2) == pytest.approx((0.8 + 0.4 * 0.5 * 0.2) * 0.75)


def test_a_segment_counts_its_promoters_and_detractors():
    segment = row("SEGMENT")
    for satisfaction in (0.85, 0.9, 0.849, 0.65, 0.649):
        service.count_customer(segment, satisfaction, 1)
    assert (segment.promoters, segment.detractors) == (2, 1)
    assert segment.satisfaction_sum == pytest.approx(3.898)
    service.count_customer(segment, 0.9, -1)
    service.count_customer(segment, 0.649, -1)
    assert (segment.promoters, segment.detractors) == (1, 0)
    assert segment.satisfaction_sum == pytest.approx(2.349)


def test_who_owns_a_complaint_and_who_a_claim(monkeypatch):
    unit = rows("UNIT", 1, ownership=0.3)
    firm = row("FIRM", responsibility_refused=0.8, refusal_defended=0.6, company_agreement=0.5, remedy_effect=0.5)
    for u, owned in ((0.29, True), (0.31, False)):
        give(monkeypatch, {Purpose.OWN: u})
        complaint = row("REQUEST", cause=COMPLAINT, queue_class=ORDINARY)
        assert bool(service.is_owned(KEYS, firm, unit, complaint, 0)) is owned
        complaint.queue_class = AHEAD
        assert service.is_owned(KEYS, firm, unit, complaint, 0), "what a manager stands behind is owned"
    # the agreement leaves 1 - 0.5 0.5 = 0.75 of each stage
    for stage, share in ((0, 0.6), (1, 0.0), (2, 0.45)):
        for u in (share - 0.01, share + 0.01):
            give(monkeypatch, {Purpose.STAGE: u})
            assert bool(service.is_owned(KEYS, firm, unit, row("REQUEST", cause=CLAIM, stage=stage), 0)) is not (
                u < share
            )


def test_what_a_customer_says_counts_as_much_as_the_encounter_and_only_the_active_are_counted():
    firm = row("FIRM", **PLAIN_MIND, **LEARNS, bad_news=2.0, market_effect=0.0)
    for active in (1, 0):
        segment = row("SEGMENT", market=0.5, satisfaction_sum=7.0)
        buyer = a_client(active=active, recovered=0, satisfaction=0.84)
        quality, judgement, expected, lost = service.by_customer(
            firm, row("LINK", **SHARES), segment, buyer, 1.0, 0.5, 0.8, 0.6, 0.4, 10.0, 1.5, 1.0
        )
        assert (quality, judgement, expected) == pytest.approx((0.74, 0.74, 0.66))
        assert lost == pytest.approx(0.3 * 0.1)
        assert segment.talk == pytest.approx(1.5 * 0.24)
        assert segment.talkers == 1.5
        assert segment.satisfaction_sum == pytest.approx(7.0 - 0.03 * active)


def test_satisfaction_that_rises_is_no_loss():
    firm = row("FIRM", **PLAIN_MIND, **LEARNS)
    assert (
        service.by_customer(
            firm, row("LINK", **SHARES), row("SEGMENT"), a_client(), 1.0, 0.5, 0.8, 0.6, 0.4, 9.0, 1.0, 1.0
        )[3]
        == 0
    )


# --- the whole encounter at the end of a service -----------------------------------------------------------------------


def a_meeting(inside, **fields):
    """Somebody of unit 0 answers, on day 5, what was asked on day 3 and could be begun on day 3.5, against a promise of 4
    days."""
    made = {
        "firm": row("FIRM", **PLAIN_MIND, **LEARNS),
        "unit": rows("UNIT", 2, tools_now=0.5, environment=0.6, time_factor=0.9, warmth=0.8, redress=0.5, apology=0.3,
                     listening=0.5, support=0.5),
        "link": rows("LINK", 1, **SHARES, promise_days=4.0, clients=2, satisfaction_sum=1.0, trust_sum=1.2,
                     client_unit=1 if inside else NOBODY, client_segment=NOBODY if inside else 0),
        "segment": rows("SEGMENT", 1, patience=0.5, market=0.6),
        "employee": rows("EMPLOYEE", 1, knowledge=0.5, motivation=0.5, compassion=0.8, strain=0.2, peer_support=0.5),
        "relation": rows("RELATION", 1, expected_outcome=0.9, expected_process=0.5, satisfaction=0.7, trust=0.5),
        "customer": rows("CUSTOMER", 1, expected_outcome=0.9, expected_process=0.5, satisfaction=0.7, trust=0.5, active=1,
                         baggage=0.1, unresolved=1),
        "day": rows("LINK_DAY", 1),
        "row": row("REQUEST", server=0, opened=3.0, ready=3.5, finish=5.0, bound=0.9, cause=NEED),
    }  # fmt: skip
    for name, values in fields.items():
        for field, value in values.items():
            made[name][field] = value
    return made


def end(made, right=True, owned=True, trust=1.0):
    return service.meet_client(
        KEYS, made["firm"], made["unit"], made["link"], made["segment"], made["employee"], made["relation"], made["customer"],
        made["day"], made["row"], right, owned, trust, 0,
    )  # fmt: skip


def test_neutral_people_give_a_right_answer_in_time_its_full_quality_but_for_a_poor_input():
    made = a_meeting(inside=True)
    outcome, quality, expected, lost, brought = end(made)
    day = made["day"][0]
    assert outcome == pytest.approx(0.9)
    assert day.reliability == pytest.approx(0.9)
    assert (day.responsiveness, day.assurance) == (1.0, 1.0)
    assert day.empathy == pytest.approx(0.9 * 0.8), "time cut and a contractor's warmth"
    assert day.tangibles == pytest.approx(0.9)
    assert quality == pytest.approx(0.36 + 0.2 + 0.1 + 0.2 * 0.72 + 0.1 * 0.9)
    assert (lost, brought) == (0.0, 0.0)
    assert (day.encounters, day.right, day.in_time, day.rush_kept) == (1, 1, 1, 0)
    assert day.wait == 2.0
    assert (day.quality, day.expectation) == pytest.approx((quality, expected))
    client = made["relation"][0]
    assert made["link"][0].satisfaction_sum == pytest.approx(1.0 + client.satisfaction - 0.7)
    assert made["link"][0].trust_sum == pytest.approx(1.2 + client.trust - 0.5)
    assert client.touched == 5.0


def test_who_serves_shows_in_the_five_dimensions():
    made = a_meeting(
        inside=True,
        firm={"knowledge_assurance": 0.4, "tools_assurance": 0.2, "motivation_empathy": 0.2, "trust_empathy": 0.5,
              "compassion_empathy": 0.5, "strain_empathy": 0.5, "tools_tangibles": 0.4, "environment_tangibles": 0.5,
              "handover_empathy": 0.1, "waiting_aversion": 1.0, "felt_wait": 0.5},
        row={"handovers": 2},
    )  # fmt: skip
    end(made, trust=0.6)
    day = made["day"][0]
    assert day.responsiveness == pytest.approx(1 / (1 + 3.0 / 4.0))
    assert day.assurance == pytest.approx(0.8 * 0.9)
    assert day.empathy == pytest.approx(0.9 * (0.9 * 0.8) * (0.9 * 0.9) * 0.8 * 0.81)
    assert day.tangibles == pytest.approx(0.8 * 0.8 * 0.9)


def test_an_answer_with_its_reasons_reassures_colleagues():
    made = a_meeting(inside=True, firm={"care_explanation": 0.4, "knowledge_assurance": 0.8}, link={"care": -1.0})
    end(made)
    assert made["day"][0].assurance == pytest.approx(0.75 * 0.6)
    assert made["day"][0].empathy == pytest.approx(0.75 * 0.72)


def test_who_covers_for_another_unit_knows_less_there():
    made = a_meeting(inside=True, firm={"cover_knowledge": 0.6, "knowledge_assurance": 1.0}, row={"unit": 1})
    end(made)
    assert made["day"][0].assurance == pytest.approx(0.3)


def test_being_told_helps_as_far_as_the_firm_knows_of_the_wait():
    made = a_meeting(
        inside=True, firm={"waiting_aversion": 1.0, "information_acceptance": 0.5, "platform": 0.0},
        link={"waiting_information": 0.8}, row={"ready": 4.0},
    )  # fmt: skip
    end(made)
    prompt = 1 / 1.5
    assert made["day"][0].responsiveness == pytest.approx(prompt + 0.5 * 0.4 * 0.5 * exp(0.5) * (1 - prompt))


def test_a_request_in_a_hurry_is_promised_sooner():
    for finish, kept in ((5.0, 1), (5.1, 0)):
        made = a_meeting(inside=True, firm={"rush_deadline": 0.5}, row={"rush": 1, "finish": finish})
        end(made)
        day = made["day"][0]
        assert (day.in_time, day.rush_kept) == (kept, kept)
    made = a_meeting(inside=True, row={"finish": 7.1})
    end(made)
    assert made["day"][0].in_time == 0
    assert made["day"][0].reliability == pytest.approx(0.9)
    made = a_meeting(inside=True, row={"finish": 11.0})
    end(made)
    assert made["day"][0].reliability == pytest.approx(0.5)


def test_customers_wait_with_a_patience_of_their_own_and_leave_their_baggage():
    made = a_meeting(
        inside=False,
        firm={"waiting_aversion": 1.0, "baggage_drain": 0.5, "upset": 0.2, "support_buffer": 0.4, "peer_support": 0.5},
        segment={"baggage": 0.3},
    )  # fmt: skip
    _, _, _, lost, brought = end(made, right=False)
    assert made["day"][0].responsiveness == pytest.approx(1 / (1 + 2.0 / 2.0))
    assert made["day"][0].right == 0
    assert brought == pytest.approx(0.6)
    assert made["employee"][0].compassion == pytest.approx(0.8 * (1 - 0.5 * 0.6 * 0.8 * 0.75))
    buyer = made["customer"][0]
    assert lost == pytest.approx(0.7 - buyer.satisfaction)
    assert lost > 0
    assert made["segment"][0].talkers == 1.0
    assert made["relation"][0].satisfaction == 0.7


def test_a_contractor_face_to_face_counts_as_far_as_it_is_seen_as_the_firm():
    made = a_meeting(
        inside=False, unit={"kind": CONTRACTOR}, firm={"attribution": 0.5, "immediacy": 0.8}, link={"face_to_face": 0.5}
    )
    end(made)
    assert made["segment"][0].talkers == pytest.approx(0.7)


def test_whom_nothing_satisfies_is_softened_by_being_heard():
    made = a_meeting(inside=False, customer={"unsatisfiable": 1})
    end(made)
    assert made["day"][0].judgement == pytest.approx(0.35 + 0.3 * (0.5 * 0.9))


@pytest.mark.parametrize(("owned", "draw", "empathy"), [(True, 0.29, 0.72), (True, 0.31, 0.432), (False, 0.29, 0.0)])
def test_a_complaint_is_answered_with_an_owner_an_apology_and_redress(monkeypatch, owned, draw, empathy):
    give(monkeypatch, {Purpose.APOLOGY: draw})
    made = a_meeting(inside=False, row={"cause": COMPLAINT}, firm={"redress_weight": 0.4, "apology_weight": 0.4})
    outcome, *_ = end(made, owned=owned)
    day = made["day"][0]
    assert outcome == pytest.approx(0.9 * 0.8 if owned else 0.0)
    assert day.empathy == pytest.approx(empathy)
    assert day.assurance == (1.0 if owned else 0.0)


# --- surveys ---------------------------------------------------------------------------------------------------------


def test_a_share_of_clients_is_asked_and_answers_on_the_scale(monkeypatch):
    firm = row("FIRM", survey_noise=0.0)
    for u, share, answers in ((0.29, 0.3, 1), (0.31, 0.3, 0), (1e-9, 0.0, 0), (0.9, 0.95, 1)):
        give(monkeypatch, {Purpose.SURVEY: u})
        day = row("LINK_DAY", answers=4, answer_sum=2.0)
        surveys.ask(KEYS, firm, share, 5, 3, 0.72, day)
        assert day.answers == 4 + answers
        assert day.answer_sum == pytest.approx(2.0 + 0.7 * answers)


def test_whether_one_answers_and_what_are_two_draws(monkeypatch):
    seen = give(monkeypatch, {Purpose.SURVEY: 0.1})
    for when in range(5):
        surveys.ask(KEYS, row("FIRM"), 1.0, 5, when, 0.7, row("LINK_DAY"))
    assert len(set(seen.asked)) == len(seen.asked) == 10


def test_management_sees_the_mean_of_a_period_some_days_after_it():
    firm = row("FIRM", survey_period=5.0, survey_delay=2.0)
    days = rows("LINK_DAY", 24).reshape(12, 2)
    days.answers[:, 0] = np.arange(1, 13)
    days.answer_sum[:, 0] = np.arange(1, 13) * 0.5 + np.arange(12)
    seen = []
    for day in range(12):
        link = rows("LINK", 2, seen=-1.0)
        surveys.publish(row("CLOCK", day=day), firm, link, days)
        seen.append(link.seen.tolist())
    expected = [[-1.0, -1.0]] * 12
    expected[6] = [0.5 + 10 / 15, -1.0]
    expected[11] = [0.5 + 35 / 40, -1.0]
    assert seen == [pytest.approx(one) for one in expected]


# --- the journal -----------------------------------------------------------------------------------------------------


def test_a_closed_request_is_written_down_as_it_was():
    journal = rows("JOURNAL", 3)
    clock = row("CLOCK", journal_rows=1)
    link = rows("LINK", 2, promise_days=2.0)
    request = row(
        "REQUEST", link=1, unit=4, client=6, opened=3.0, finish=5.0, handovers=2, reopened=1, rush=0, agreed=1, cause=3
    )
    service.write_journal(clock, link, journal, row("FIRM", rush_deadline=0.5), request, True, 0.7)
    assert clock.journal_rows == 2
    names = ("link", "last_unit", "client", "opened", "closed", "handovers", "reopened", "right", "in_time", "rush", "agreed",
             "parent", "cause", "quality")  # fmt: skip
    assert [journal[1][name] for name in names] == [1, 4, 6, 3.0, 5.0, 2, 1, 1, 1, 0, 1, 0, 3, 0.7]
    request.rush, request.parent = 1, 0
    service.write_journal(clock, link, journal, row("FIRM", rush_deadline=0.5), request, False, 0.2)
    assert [journal[2][name] for name in ("right", "in_time", "rush", "parent")] == [0, 0, 1, 1]
