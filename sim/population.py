"""The columns of each kind of agent: one NumPy structured array per population.

A snapshot of the whole model is a copy of these arrays. Every number is 64 bits wide, so that compiled and interpreted
rules compute alike; a customer takes `CUSTOMER.itemsize` bytes. Shares and qualities run from 0 to 1, times are in
working days since the start. Lever columns are generated from `sim.levers`.
"""

from __future__ import annotations

import numpy as np

from sim import levers

Field = tuple[str, str]

NOBODY = -1
"""Index that points nowhere: the end of a linked list, a request without a parent, a client without a server."""


def _with_levers(home: levers.Home, *fields: Field) -> np.dtype:
    return np.dtype([*fields, *((lever.name, "f8") for lever in levers.of(home))], align=True)


# What a unit is. Departments and contractors serve by the same rules; the kind only names them.
DEPARTMENT, CONTRACTOR = 0, 1
# Shapes of working time.
FIXED, EXPONENTIAL, LOGNORMAL = 0, 1, 2
# Order in which a unit takes waiting requests.
AHEAD, ORDINARY, BEHIND = 0, 1, 2
CLASSES = 3
# Where a request stands.
FREE, ARRIVED, RESTING, WAITING, QUEUED, SERVED, LADDER, RELEASED = 0, 1, 2, 3, 4, 5, 6, 7
# Why a request was made. What comes after a NEED of a customer is work that the firm made for itself.
NEED, INPUT, ONBOARDING, REPEAT, FAULT, COMPLAINT, CLAIM = 0, 1, 2, 3, 4, 5, 6
# Who holds a post.
PERMANENT, TEMPORARY, VACANT = 0, 1, 2
# Where a problem stands (FREE: nowhere).
HELD_BACK, RAISED = 1, 2
# What surfaces later.
HIDDEN_FAULT, BROKEN_PROMISE = 0, 1

FIRM = _with_levers(
    "firm",
    ("hours_per_day", "f8"),
    ("cash", "f8"),  # profit so far, booked as it happens
    ("general_left", "f8"),  # attention that the general manager has left today
    ("ladder_head", "i4"),  # escalations that wait for the general manager
    ("ladder_tail", "i4"),
    ("on_ladder", "i4"),
)
"""The firm: one row."""

UNIT = _with_levers(
    "unit",
    ("key", "u8"),
    ("kind", "i4"),
    ("work_shape", "i4"),
    ("staff", "i4"),
    ("managers", "i4"),
    ("first_employee", "i4"),  # its employees are rows first_employee ... first_employee + staff - 1
    ("first_manager", "i4"),
    ("first_supply", "i4"),  # its inbound links are supply[first_supply ... first_supply + supplies - 1]
    ("supplies", "i4"),
    ("facing", "i4"),  # 1 where it serves customers itself
    ("filled", "i4"),  # posts that somebody holds, temporaries included
    ("ladder_head", "i4"),  # escalations that wait for a manager, first come first
    ("ladder_tail", "i4"),
    ("on_ladder", "i4"),
    ("inbox", "i4"),  # requests that came since the last boundary, not yet in order
    ("queued", "i4"),  # requests waiting for somebody to take them
    ("present", "i4"),  # requests anywhere in the unit: waiting, resting, queued, in work
    ("promised_flow", "f8"),  # requests per day over its outbound links, and the same times their promises
    ("flow", "f8"),
    ("mean_promise", "f8"),  # usual promise of its outbound links, the target that makes pressure
    ("backlog_days", "f8"),  # working days that its staff need for what is queued
    ("pressure", "f8"),  # work pressure, 0 and up
    ("slack", "f8"),  # how far the backlog is below what the promise allows, 0 to 1
    ("standard", "f8"),  # internal standard of time per request, relative to the first day
    ("time_factor", "f8"),  # time per request relative to the ordinary, cut under pressure
    ("pace", "f8"),  # log of the effect of all that holds for the whole unit on working time
    ("log_odds", "f8"),  # the same for the odds of an error
    ("warmth", "f8"),  # the same for empathy, as a factor
    ("latent", "f8"),  # share of work that hides a fault, today
    ("tools_now", "f8"),  # tools, with what managers and the firm add
    ("training_now", "f8"),  # share of working time spent in training, with what the firm adds
    ("work_location", "f8"),  # parameters of the working time, derived each morning from the levers
    ("work_scale", "f8"),
    ("recognition_received", "f8"),
    ("attention_left", "f8"),  # of its managers, last evening, in days of a manager
    ("support", "f8"),  # help that managers gave their people, last evening, 0 to 1
    ("mean_motivation", "f8"),  # of its staff, last evening
    ("mean_knowledge", "f8"),
    ("mean_strain", "f8"),
    ("voice_climate", "f8"),  # how safe people feel to raise a problem, after what they have seen
    ("severity", "f8"),  # summed severity of its open problems
    ("crisis_until", "f8"),  # day until which a burst problem disturbs it
    ("lessons", "f8"),  # what was learnt from failures, in log odds
    ("feedback", "f8"),  # root causes removed today
    ("partner_quality", "f8"),  # of a contractor, as a deviation from the usual
    ("partner_commitment", "f8"),  # commitment that it brought along, likewise
    ("selection_bill", "f8"),  # what choosing it cost, until that is booked in the evening
    ("partner_number", "i4"),  # how many contractors were there before
    ("measured", "i4"),  # how often the contractor has been measured
    ("contract_start", "f8"),
    ("clarity", "f8"),  # of what firm and contractor expect of each other
    ("effort", "f8"),  # of a contractor
    ("committed", "f8"),  # commitment of a contractor
    ("true_score", "f8"),  # quality that it gives, over about twenty days
    ("seen_score", "f8"),  # the same as measured
)
"""Departments and contractors: whoever serves."""

QUEUE = np.dtype([("head", "i4"), ("tail", "i4")], align=True)
"""Waiting requests of each unit (first axis) and class (second axis), as linked lists through the request pool."""

LINK = _with_levers(
    "link",
    ("key", "u8"),
    ("supplier", "i4"),  # unit
    ("client_unit", "i4"),  # unit, or NOBODY when the client is a segment
    ("client_segment", "i4"),  # segment, or NOBODY
    ("place", "i4"),  # position among the inbound links of its client
    ("mirror", "i4"),  # the link in the other direction, or NOBODY
    ("clients", "i4"),  # relations on an internal link
    ("flow", "f8"),  # requests per day to be expected over it, from the traffic equations
    ("satisfaction_sum", "f8"),  # over the relations of an internal link
    ("trust_sum", "f8"),
    ("regard", "f8"),  # how the supplier regards this client, after how it is served by it
    ("first_regard", "f8"),
    ("hostility", "f8"),  # of the supplier toward this client
    ("care", "f8"),  # care that the supplier takes for this client today, -1 to 1
    ("bridge", "f8"),  # mean strength of the ties across this link
    ("ties_across", "i4"),
    ("seen", "f8"),  # satisfaction as management sees it; -1 before the first survey
    ("share_reliability", "f8"),  # the weights of the dimensions as shares of 1, derived each morning
    ("share_responsiveness", "f8"),
    ("share_assurance", "f8"),
    ("share_empathy", "f8"),
    ("share_tangibles", "f8"),
    ("share_process", "f8"),  # all but reliability
    ("solid_reliability", "f8"),  # share of reliability in what trust follows, beside assurance
)
"""Links of the chain: a supplier serves a client."""

SEGMENT = _with_levers(
    "segment",
    ("key", "u8"),
    ("first_supply", "i4"),
    ("supplies", "i4"),
    ("start_size", "i4"),
    ("active", "i8"),
    ("joined", "i8"),  # customers who ever joined, the first ones included
    ("satisfaction_sum", "f8"),  # over active customers
    ("promoters", "i8"),
    ("detractors", "i8"),
    ("reputation", "f8"),  # balance of what people say, -1 to 1
    ("talk", "f8"),  # today's balance
    ("talkers", "f8"),
    ("mean_gap", "f8"),  # days between a customer's needs, derived each morning
    ("hazard", "f8"),  # of leaving at a need, for the merely satisfied
    ("market", "f8"),  # quality that competitors are known for today
    ("office", "i4"),  # link over which a customer can turn to the firm itself
)
"""Customer segments."""

EMPLOYEE = np.dtype(
    [
        ("key", "u8"),  # of the person
        ("post", "u8"),  # of the post, which people come and go in
        ("unit", "i4"),
        ("first_relation", "i4"),
        ("holders", "i4"),  # how many have held the post before
        ("status", "i4"),  # PERMANENT, TEMPORARY or VACANT
        ("knowledge", "f8"),
        ("motivation", "f8"),
        ("service_received", "f8"),  # satisfaction with what suppliers inside give, weighted by dependence
        ("compassion", "f8"),  # left for customers' emotions
        ("strain", "f8"),
        ("since", "f8"),  # day on which the person took up the post
        ("starts", "f8"),  # day on which somebody will take up a vacant post
        ("peer_support", "f8"),  # from colleagues, 0 to 1
        ("tie", "f8"),  # mean strength of ties within the team
        ("ties", "i4"),  # how many ties, of any strength
        ("team_ties", "i4"),
        ("gain_strain", "f8"),  # what the ties bring this evening
        ("gain_compassion", "f8"),
        ("served", "i8"),
        ("busy_days", "f8"),
    ],
    align=True,
)
"""Staff of departments and technicians of contractors."""

MANAGER = np.dtype(
    [
        ("key", "u8"),
        ("unit", "i4"),
        ("span", "f8"),
        ("attention", "f8"),  # left today, in days; below 0 where matters overran the day
        ("escalations", "i8"),  # handled so far
        ("concerns", "i8"),  # raised problems dealt with so far
    ],
    align=True,
)
"""Managers: what escalations and raised problems leave of their day reaches `span` people in full."""

BOND = np.dtype(
    [
        ("one", "i4"),  # employee
        ("other", "i4"),
        ("link", "i4"),  # link that the tie crosses, or NOBODY within a team
        ("mirror", "i4"),  # the link in the other direction, or NOBODY
        ("strength", "f8"),
    ],
    align=True,
)
"""Ties between colleagues, each in both directions."""

PROBLEM = np.dtype(
    [
        ("key", "u8"),
        ("unit", "i4"),
        ("employee", "i4"),  # who knows of it
        ("next", "i4"),
        ("status", "i4"),  # FREE, HELD_BACK or RAISED
        ("born", "f8"),
        ("raised", "f8"),  # day on which it was raised, -1 before
        ("severity", "f8"),  # 1 bursts
    ],
    align=True,
)
"""Ways of working that go wrong somewhere, from their beginning until they are solved or burst."""

LATER = np.dtype(
    [
        ("client", "i4"),  # customer
        ("ordinal", "i4"),  # of the customer, so that a row taken by another is noticed
        ("link", "i4"),  # over which it was sold
        ("unit", "i4"),  # who made it
        ("next", "i4"),
        ("kind", "i4"),  # HIDDEN_FAULT or BROKEN_PROMISE
        ("made", "f8"),
        ("due", "f8"),  # day on which it surfaces
    ],
    align=True,
)
"""Hidden faults and promises not kept that have not surfaced yet, in a pool with a free list and a calendar by day."""

RELATION = np.dtype(
    [
        ("link", "i4"),
        ("employee", "i4"),
        ("encounters", "i4"),
        ("expected_outcome", "f8"),
        ("expected_process", "f8"),
        ("satisfaction", "f8"),
        ("trust", "f8"),
        ("touched", "f8"),
    ],
    align=True,
)
"""How one employee sees one supplying unit."""

CUSTOMER = np.dtype(
    [
        ("next_need", "f8"),
        ("touched", "f8"),  # day of the last change, for drifts in closed form
        ("expected_outcome", "f8"),
        ("expected_process", "f8"),
        ("satisfaction", "f8"),
        ("trust", "f8"),
        ("baggage", "f8"),  # by how much they bring more emotional baggage than their segment
        ("loss", "f8"),  # satisfaction lost by failures not made good yet
        ("next", "i4"),  # calendar
        ("ordinal", "i4"),  # how many joined the segment before this one
        ("needs", "i4"),
        ("segment", "i2"),
        ("open", "i2"),  # requests under way
        ("active", "u1"),
        ("unresolved", "u1"),  # failures not made good, up to 255
        ("recovered", "u1"),  # whether a failure was made good before
        ("unsatisfiable", "u1"),
        ("encounters", "i4"),
    ],
    align=True,
)
"""Customers, active or gone."""

REQUEST = np.dtype(
    [
        ("key", "u8"),
        ("client", "i4"),  # customer, or relation when the client is an employee
        ("link", "i4"),  # the link over which it was asked
        ("unit", "i4"),  # where it is now
        ("parent", "i4"),
        ("next", "i4"),
        ("waiting_for", "i4"),
        ("server", "i4"),
        ("came_from", "i4"),  # unit that passed it on last, or NOBODY
        ("culprit", "i4"),  # unit where what went wrong began, or NOBODY
        ("hides", "i4"),  # unit that hid a fault in it, or NOBODY
        ("state", "u1"),
        ("cause", "u1"),
        ("climbed", "u1"),  # 1 wants a manager, 2 the general manager
        ("stage", "u1"),  # how often it came back: repeats, complaints about complaints, stages of a claim
        ("blamed", "u1"),  # put on somebody whose business it is not
        ("queue_class", "u1"),
        ("rush", "u1"),
        ("agreed", "u1"),  # a rush request that the supplier agreed to hurry
        ("handovers", "u1"),
        ("reopened", "u1"),
        ("broken", "u1"),  # a failed input broke it
        ("opened", "f8"),
        ("entered", "f8"),  # boundary at which it reached the unit where it is now
        ("ready", "f8"),  # when it could first be worked on
        ("finish", "f8"),
        ("bound", "f8"),  # reliability of the worst input received
    ],
    align=True,
)
"""Requests under way, in a pool with a free list."""

JOURNAL = np.dtype(
    [
        ("link", "i4"),
        ("last_unit", "i4"),
        ("client", "i4"),
        ("opened", "f8"),
        ("closed", "f8"),
        ("handovers", "i4"),
        ("reopened", "i4"),
        ("right", "u1"),
        ("in_time", "u1"),
        ("rush", "u1"),
        ("agreed", "u1"),
        ("parent", "u1"),
        ("cause", "u1"),
        ("quality", "f8"),
    ],
    align=True,
)
"""Closed requests, kept when the model is asked to keep a journal."""

CLOCK = np.dtype(
    [
        ("day", "i8"),
        ("slot", "i8"),  # boundaries since the start
        ("phase", "i4"),  # where in the day the compiled loop stopped to have a pool grown
        ("worklist", "i4"),
        ("due", "i4"),
        ("joins_left", "i4"),
        ("segment_in_hand", "i4"),
        ("free_request", "i4"),
        ("free_requests", "i4"),
        ("free_customer", "i4"),
        ("free_customers", "i4"),
        ("free_problem", "i4"),
        ("free_problems", "i4"),
        ("free_later", "i4"),
        ("free_laters", "i4"),
        ("later_due", "i4"),  # what surfaces today
        ("post_in_hand", "i4"),
        ("bridged", "i4"),  # 1 where staff of one unit may cover for another
        ("open_requests", "i8"),
        ("opened_ever", "i8"),
        ("closed_ever", "i8"),
        ("journal_rows", "i4"),
        ("slots_per_day", "i4"),
        ("now", "f8"),  # time of the boundary in hand, in days
        ("until", "f8"),  # time of the next one
        ("max_fan", "i4"),  # most requests that one event can make
        ("services_ever", "i8"),
    ],
    align=True,
)
"""Where the model stands: one row."""

ROSTER = np.dtype([("free_at", "f8"), ("employee", "i4")], align=True)
"""Staff of each unit as a heap: who is free first."""

LINK_DAY = np.dtype(
    [
        # what every encounter adds to stands together
        ("opened", "i8"),
        ("closed", "i8"),
        ("encounters", "i8"),
        ("right", "i8"),
        ("in_time", "i8"),
        ("wait", "f8"),
        ("quality", "f8"),
        ("judgement", "f8"),
        ("expectation", "f8"),
        ("reliability", "f8"),
        ("responsiveness", "f8"),
        ("assurance", "f8"),
        ("empathy", "f8"),
        ("tangibles", "f8"),
        ("answers", "i8"),  # to surveys
        ("answer_sum", "f8"),
        ("failures", "i8"),  # encounters that fell short of what the client lets pass
        ("reopened", "i8"),
        ("passed_on", "i8"),
        ("rush", "i8"),
        ("rush_agreed", "i8"),
        ("rush_kept", "i8"),
        ("complaints", "i8"),
        ("escalations", "i8"),
        ("recoveries", "i8"),  # complaints and claims answered
        ("recovered", "i8"),  # those that made the failure good
        ("deflected", "i8"),  # those that nobody owned
        ("repeats", "i8"),  # customers who had to come again because the real issue was missed
        ("surfaced", "i8"),  # hidden faults and promises not kept that came up
        ("accidents", "i8"),
        ("sent_away", "i8"),
        ("refused", "i8"),
        ("defended", "i8"),
        ("blamed", "i8"),  # cases that the client put on the supplier
        ("recovery_time", "f8"),  # summed time from complaint to answer
        ("satisfaction", "f8"),  # mean over the link's clients at the end of the day (internal links)
        ("trust", "f8"),
        ("regard", "f8"),  # of the supplier for its client (internal links)
        ("hostility", "f8"),
        ("bridge", "f8"),
        ("seen", "f8"),  # satisfaction as management last saw it, -1 before the first survey
    ],
    align=True,
)
"""One link on one day: sums over the encounters of the day, and how its clients feel at the end of it."""

UNIT_DAY = np.dtype(
    [
        ("arrived", "i8"),
        ("served", "i8"),
        ("present", "i8"),
        ("queued", "i8"),
        ("present_area", "f8"),  # request-days present, summed at every boundary
        ("busy_days", "f8"),
        ("sojourn", "f8"),  # summed time from the boundary of arrival at the unit to that of leaving it
        ("pressure", "f8"),
        ("knowledge", "f8"),
        ("motivation", "f8"),
        ("service_received", "f8"),
        ("strain", "f8"),
        ("compassion", "f8"),
        ("support", "f8"),
        ("attention_left", "f8"),  # share of the managers' day
        ("standard", "f8"),
        ("filled", "i8"),
        ("quits", "i8"),
        ("hires", "i8"),
        ("covered", "i8"),  # services by staff of other units
        ("passed_blame", "i8"),  # cases passed on rather than owned
        ("problems_born", "i8"),
        ("problems_raised", "i8"),
        ("problems_solved", "i8"),
        ("crises", "i8"),
        ("problems_open", "i8"),
        ("severity", "f8"),
        ("voice_climate", "f8"),
        ("on_ladder", "i8"),
        ("lessons", "f8"),
        ("clarity", "f8"),
        ("effort", "f8"),
        ("committed", "f8"),
        ("true_score", "f8"),
        ("seen_score", "f8"),
        ("partner_quality", "f8"),
        ("partner_number", "i8"),
        ("cost", "f8"),  # in the organisation's currency
    ],
    align=True,
)
"""One unit on one day."""

SEGMENT_DAY = np.dtype(
    [
        ("needs", "i8"),
        ("left", "i8"),
        ("joined", "i8"),
        ("active", "i8"),
        ("promoters", "i8"),
        ("detractors", "i8"),
        ("satisfaction", "f8"),  # mean over active customers at the end of the day
        ("reputation", "f8"),
        ("market", "f8"),
        ("revenue", "f8"),
        ("redress", "f8"),
    ],
    align=True,
)
"""One segment on one day."""

FIRM_DAY = np.dtype(
    [
        ("revenue", "f8"),
        ("wages", "f8"),  # of departments, managers and temporaries
        ("fees", "f8"),  # of contractors
        ("hiring", "f8"),
        ("training", "f8"),
        ("redress", "f8"),
        ("crises", "f8"),
        ("programmes", "f8"),  # gatherings, cross-training, platform, agreements, measurement, support, root causes
        ("surveys", "f8"),
        ("service_budget", "f8"),
        ("profit", "f8"),
        ("on_ladder", "i8"),  # escalations that wait for the general manager
        ("general_left", "f8"),  # attention that the general manager had left
        ("quits", "i8"),
    ],
    align=True,
)
"""The firm's books of one day."""
