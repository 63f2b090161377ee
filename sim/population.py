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
FREE, ARRIVED, RESTING, WAITING, QUEUED, SERVED = 0, 1, 2, 3, 4, 5

FIRM = _with_levers("firm", ("hours_per_day", "f8"))
"""The firm: one row."""

UNIT = _with_levers(
    "unit",
    ("key", "u8"),
    ("kind", "i4"),
    ("work_shape", "i4"),
    ("staff", "i4"),
    ("managers", "i4"),
    ("first_employee", "i4"),  # its employees are rows first_employee ... first_employee + staff - 1
    ("first_supply", "i4"),  # its inbound links are supply[first_supply ... first_supply + supplies - 1]
    ("supplies", "i4"),
    ("inbox", "i4"),  # requests that came since the last boundary, not yet in order
    ("queued", "i4"),  # requests waiting for somebody to take them
    ("present", "i4"),  # requests anywhere in the unit: waiting, resting, queued, in work
    ("promised_flow", "f8"),  # requests per day over its outbound links, and the same times their promises
    ("flow", "f8"),
    ("mean_promise", "f8"),  # usual promise of its outbound links, the target that makes pressure
    ("backlog_days", "f8"),  # working days that its staff need for what is queued
    ("pressure", "f8"),  # work pressure, 0 and up
    ("time_factor", "f8"),  # time per request relative to the ordinary, cut under pressure
    ("pace", "f8"),  # log of the effect of pressure on working time: corners cut and effort raised
    ("work_location", "f8"),  # parameters of the working time, derived each morning from the levers
    ("work_scale", "f8"),
    ("recognition_received", "f8"),
    ("mean_motivation", "f8"),  # of its staff, last evening
    ("mean_knowledge", "f8"),
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
)
"""Customer segments."""

EMPLOYEE = np.dtype(
    [
        ("key", "u8"),
        ("unit", "i4"),
        ("first_relation", "i4"),
        ("knowledge", "f8"),
        ("motivation", "f8"),
        ("service_received", "f8"),  # satisfaction with what suppliers inside give, weighted by dependence
        ("served", "i8"),
        ("busy_days", "f8"),
    ],
    align=True,
)
"""Staff of departments and technicians of contractors."""

MANAGER = np.dtype([("key", "u8"), ("unit", "i4"), ("span", "f8"), ("attention", "f8")], align=True)
"""Managers: their attention reaches `span` people in full; beyond that, recognition is shared out."""

RELATION = np.dtype(
    [
        ("link", "i4"),
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
        ("next", "i4"),  # calendar
        ("ordinal", "i4"),  # how many joined the segment before this one
        ("needs", "i4"),
        ("segment", "i2"),
        ("open", "i2"),  # requests under way
        ("active", "u1"),
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
        ("state", "u1"),
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
        ("opened", "i8"),
        ("closed", "i8"),
        ("encounters", "i8"),
        ("right", "i8"),
        ("in_time", "i8"),
        ("reopened", "i8"),
        ("passed_on", "i8"),
        ("rush", "i8"),
        ("rush_agreed", "i8"),
        ("rush_kept", "i8"),
        ("wait", "f8"),
        ("quality", "f8"),
        ("judgement", "f8"),
        ("expectation", "f8"),
        ("reliability", "f8"),
        ("responsiveness", "f8"),
        ("assurance", "f8"),
        ("empathy", "f8"),
        ("tangibles", "f8"),
        ("satisfaction", "f8"),  # mean over the link's clients at the end of the day (internal links)
        ("trust", "f8"),
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
    ],
    align=True,
)
"""One segment on one day."""
