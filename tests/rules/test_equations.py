"""Each rule against its equation: numbers worked out by hand from what its docstring says, at its ends and between them.

Every row of a table is one call: the rule, its arguments, and the number. Arguments are unlike each other, so that no
two can be taken for one another; 0 and 1 stand where an equation has a neutral value or an end.
"""

from math import exp, log, sqrt
from types import SimpleNamespace as Values

import pytest

from sim.population import AHEAD, BEHIND, CONTRACTOR, DEPARTMENT, EXPONENTIAL, FIXED, LOGNORMAL, ORDINARY
from tests.rules.plain import KEYS, plain, row

NUMBERS = {
    "alignment": [
        ("pace", (0.7, 0.2), -0.06), ("pace", (1.0, 0.2), 0.0), ("pace", (0.0, 0.2), -0.2),
        ("errors", (0.7, 0.5), 0.15), ("errors", (1.0, 0.5), 0.0),
    ],
    "attribution": [
        ("weight", (CONTRACTOR, 0.4, 0.5, 0.6), 0.52), ("weight", (DEPARTMENT, 0.4, 0.5, 0.6), 1.3),
        ("weight", (DEPARTMENT, 0.4, 0.0, 0.6), 1.0), ("weight", (CONTRACTOR, 0.0, 0.5, 0.6), 0.0),
    ],
    "blame": [
        ("empathy", (3, 0.2), 0.512), ("empathy", (0, 0.2), 1.0), ("empathy", (1, 0.2), 0.8), ("empathy", (3, 0.0), 1.0),
        ("empathy", (2, 1.0), 0.0),
    ],
    "bonds": [
        ("belonging", (0.75, 0.5), 0.025), ("belonging", (0.4, 0.5), 0.0), ("belonging", (0.05, 0.5), -0.025),
        ("tie_after", (0.5, 0.3, 0.1, 0.0, 0.6), 0.48), ("tie_after", (0.5, 0.3, 0.1, 0.2, 0.6), 0.54),
        ("tie_after", (0.9, 0.9, 0.1, 9.0, 1.0), 1.0), ("tie_after", (0.1, -3.0, 0.5, 0.0, 1.0), 0.0),
        ("support_from", (0.0,), 0.0), ("support_from", (1.0,), 0.5), ("support_from", (3.0,), 0.75),
        ("crossing_over", (0.2, 0.7, 0.4, 0.3), 0.06), ("crossing_over", (0.7, 0.2, 0.4, 0.3), 0.0),
        ("shared", (0.9, 0.4, 0.5, 0.2), -0.05), ("shared", (0.4, 0.9, 0.5, 0.2), 0.05),
    ],
    "bridges": [
        ("knowledge", (0.8, False, 0.6), 0.8), ("knowledge", (0.8, True, 0.6), 0.48),
        ("trust", (0.4, 0.5, 0.2), 0.46), ("trust", (0.4, 0.0, 0.2), 0.4), ("trust", (1.0, 0.5, 0.2), 1.0),
    ],
    "budget": [
        # 20 heads, 5 of them face customers, 40 % of the money is theirs
        ("spent_per_person", (1000.0, 0.4, 1, 20, 5), 1600.0), ("spent_per_person", (1000.0, 0.4, 0, 20, 5), 800.0),
        ("spent_per_person", (1000.0, 0.4, 1, 20, 20), 1000.0), ("spent_per_person", (1000.0, 0.4, 0, 20, 0), 1000.0),
        ("effect", (300.0, 100.0), 0.75), ("effect", (0.0, 100.0), 0.0), ("effect", (100.0, 100.0), 0.5),
    ],
    "care": [
        ("lean", (0.0,), -1.0), ("lean", (0.5,), 0.0), ("lean", (0.8,), 0.6), ("time_taken", (0.6, 0.2), 0.12),
        ("explanation", (0.0, 0.4), 1.0), ("explanation", (1.0, 0.4), 1.25), ("explanation", (-1.0, 0.4), 0.75),
        ("explanation", (0.5, 0.0), 1.0),
    ],
    "encounter": [
        ("clip", (-0.1,), 0.0), ("clip", (0.3,), 0.3), ("clip", (1.1,), 1.0),
        ("responsiveness", (2.0, 4.0, 0.5), 0.8), ("responsiveness", (0.0, 4.0, 0.5), 1.0), ("responsiveness", (2.0,
        4.0, 0.0), 1.0),
        ("reliability", (False, 0.0, 2.0, 1.0), 0.0), ("reliability", (True, 1.0, 2.0, 1.0), 1.0),
        ("reliability", (True, 5.0, 2.0, 1.0), 0.4), ("reliability", (True, 2.5, 2.0, 0.7), 0.7),
        ("reliability", (True, 5.0, 2.0, 0.7), 0.4),
        ("surprise", (0.5, 0.3, 2.0, 1.0, 3.0), 0.1), ("surprise", (-0.5, 0.3, 2.0, 1.0, 3.0), -0.6),
        ("surprise", (-0.5, 0.3, 2.0, 1.0, 1.0), -0.2), ("surprise", (0.0, 0.3, 2.0, 1.0, 3.0), 0.0),
        ("surprise", (0.5, 0.3, 2.0, 0.0, 3.0), 0.15),
        ("trust_after", (0.6, 1.0, 0.1, 0.3), 0.64), ("trust_after", (0.6, 0.0, 0.1, 0.3), 0.42),
        ("trust_after", (0.6, 0.6, 0.1, 0.3), 0.6),
    ],
    "expectation": [
        ("kept", (0.1, 5.0), exp(-0.5)), ("kept", (0.0, 5.0), 1.0), ("kept", (0.1, 0.0), 1.0), ("kept", (0.5, 0.5), exp(-0.25)),
        ("kept", (0.1, -3.0), 1.0), ("drift", (0.8, 0.6, 0.75), 0.75), ("drift", (0.8, 0.6, 1.0), 0.8),
        ("drift", (0.8, 0.6, 0.0), 0.6), ("learn", (0.8, 0.4, 0.25), 0.7), ("learn", (0.8, 0.4, 0.0), 0.8),
        ("satisfied_at_first", (0.7, -0.2), 0.5), ("satisfied_at_first", (0.7, 0.4), 1.0), ("satisfied_at_first", (0.7,
        -0.9), 0.0),
        ("hear_promise", (0.6, 0.9, 0.2), 0.66), ("hear_promise", (0.6, 0.9, 0.0), 0.6),
    ],
    "information": [
        ("felt", (2.0, 0.36), 2.72), ("felt", (2.0, 0.0), 2.0),
        # 4 days, 3 of them for others: 1 day known, and half of the 3 with a platform of a half
        ("told", (4.0, 3.0, 0.5, 0.8), 0.5), ("told", (4.0, 3.0, 0.0, 0.8), 0.2), ("told", (4.0, 3.0, 1.0, 0.8), 0.8),
        ("told", (4.0, 3.0, 0.5, 0.0), 0.0), ("told", (0.0, 0.0, 0.5, 0.8), 0.0), ("told", (0.5, 0.0, 0.5, 0.8), 0.8),
        ("accepted", (0.5, 0.5, 2.0, 4.0, 0.6), 0.5 + 0.6 * 0.5 * 0.5 * exp(0.5) * 0.5),
        ("accepted", (0.5, 0.5, 4.0, 4.0, 0.6), 0.65), ("accepted", (0.5, 0.0, 2.0, 4.0, 0.6), 0.5),
        ("accepted", (0.5, 1.0, 4.0, 4.0, 0.0), 0.5),
    ],
    "knowledge": [
        ("learn_by_doing", (0.6, 0.1), 0.64), ("learn_by_doing", (1.0, 0.1), 1.0), ("learn_by_doing", (0.6, 0.0), 0.6),
        ("after_a_day", (Values(forgetting=0.1, newcomer_knowledge=0.4), 0.6, 0.25, 0.2), 0.6),  # 0.02 gained, 0.02 lost
        ("after_a_day", (Values(forgetting=0.1, newcomer_knowledge=0.4), 0.3, 0.25, 0.2), 0.335),
        ("after_a_day", (Values(forgetting=0.0, newcomer_knowledge=0.4), 0.6, 0.0, 0.2), 0.6),
        ("after_a_day", (Values(forgetting=0.5, newcomer_knowledge=0.2), 0.8, 0.0, 0.2), 0.5),
        ("errors", (0.5, 2.0), 0.5), ("errors", (0.75, 2.0), 0.0), ("errors", (1.0, 2.0), -0.5),
        ("time_taken", (0.5, 0.4), 0.1), ("time_taken", (0.75, 0.4), 0.0),
        ("assurance", (0.5, 0.2, 0.4, 0.25), 0.64), ("assurance", (1.0, 1.0, 0.4, 0.25), 1.0),
        ("assurance", (0.5, 1.0, 0.4, 0.25), 0.8), ("assurance", (0.5, 0.2, 0.0, 0.0), 1.0),
    ],
    "latent": [
        ("share_hidden", (0.1, 0.4, 0.5, 0.0), 0.3), ("share_hidden", (0.1, 0.4, 0.5, 0.7), 0.3 * exp(-0.7)),
        ("share_hidden", (0.9, 0.5, 0.5, 0.0), 1.0), ("share_hidden", (0.0, 0.0, 0.5, 0.0), 0.0),
        ("pace", (0.2,), log(0.8)), ("pace", (0.0,), 0.0),
    ],
    "leadership": [
        ("support", (0.8, 0.5, 4.0, 10), 0.16), ("support", (0.8, 0.5, 40.0, 10), 0.8), ("support", (0.0, 0.5, 4.0, 10), 0.0),
        ("motivated", (0.5, 0.4, 0.5), 0.6), ("motivated", (0.5, 0.4, 0.0), 0.5), ("motivated", (1.0, 0.4, 0.5), 1.0),
        ("tools", (0.5, 0.4, 0.5), 0.6), ("tools", (1.0, 0.4, 0.5), 1.0), ("training", (0.2, 0.5, 0.4), 0.24),
        ("training", (0.2, 0.5, 0.0), 0.2), ("new_day", (0.4,), 1.0), ("new_day", (-0.4,), 0.6), ("new_day", (0.0,), 1.0),
    ],
    "lessons": [
        ("lessons_after", (0.4, 0, 10, 0.2, 1.0, 0.1), 0.36),  # nothing removed: it fades
        # 10 g n / (staff m) = 10 * 0.1 * 2 / (20 * 0.5) = 0.2 of what is missing, 0.3
        ("lessons_after", (0.2, 2, 20, 0.1, 0.5, 0.05), 0.25), ("lessons_after", (0.2, 200, 20, 0.1, 0.5, 0.0), 0.5),
        ("lessons_after", (0.7, 2, 20, 0.1, 0.5, 0.0), 0.7), ("lessons_after", (0.7, 2, 20, 0.1, 0.0, 0.0), 0.0),
    ],
    "listening": [
        ("heard", (0.6, 0.5), 0.45), ("heard", (0.6, 0.0), 0.3), ("heard", (0.6, 1.0), 0.6),
        ("time_taken", (0.8, 0.2), 0.06), ("time_taken", (0.5, 0.2), 0.0),
        ("most_satisfied", (0, 0.5), 1.0), ("most_satisfied", (1, 0.5), 0.5), ("most_satisfied", (1, 0.0), 0.35),
        ("most_satisfied", (1, 1.0), 0.65),
    ],
    "loyalty": [
        ("loyalty", (0.8, 0.4, 0.25), 0.7), ("loyalty", (0.8, 0.4, 0.0), 0.8),
        ("hazard_at_a_need", (0.2, 4.0), -log(0.8) / 4), ("hazard_at_a_need", (0.0, 4.0), 0.0),
        ("hazard_at_a_need", (0.2, 0.0), 0.0), ("hazard_at_a_need", (0.2, 0.5), -log(0.8) / 0.5),
        ("leaving_probability", (0.1, 0.75, 8.0), 1 - exp(-0.1)),
        ("leaving_probability", (0.1, 0.95, 8.0), 1 - exp(-0.1 * exp(-1.6))),  # a fifth of the hazard
        ("leaving_probability", (0.0, 0.2, 8.0), 0.0),
        ("talk", (0.9, 0.6, 2.0), 0.3), ("talk", (0.4, 0.6, 2.0), -0.4), ("talk", (0.6, 0.6, 2.0), 0.0),
        ("reputation_after", (0.2, 0.6, 40.0), 0.21), ("newcomers_per_day", (500, 0.5, 0.0, 2.0), 1.0),
        ("newcomers_per_day", (500, 0.5, 0.3, 2.0), exp(0.6)), ("newcomers_per_day", (500, 0.0, 0.3, 2.0), 0.0),
    ],
    "market": [
        ("quality", (0.6, 0.2, 500), 1 - 0.4 * exp(-0.4)), ("quality", (0.6, 0.0, 500), 0.6), ("quality", (0.6, 0.2, 0), 0.6),
        ("quality", (0.6, 2.0, 250), 1 - 0.4 * exp(-2.0)),
        ("attachment", (0.8, 0.6, 0.7, 0.5), 0.75), ("attachment", (0.8, 0.6, 0.6, 0.5), 0.8),
    ],
    "motivation": [
        ("recognition_received", (0.8, 5.0, 0.5, 10), 0.2), ("recognition_received", (0.8, 50.0, 0.5, 10), 0.8),
        ("conditions", (Values(tools_now=0.1, environment=0.2, communication=0.3, growth=0.4, belonging=0.5, pay=0.6,
                               recognition_received=0.7),), 0.4),
        ("grounds", (0.5, 0.9, 0.25), 0.6), ("grounds", (0.5, 0.9, 0.0), 0.5), ("toward", (0.5, 0.9, 0.1), 0.54),
        ("toward", (0.5, 0.9, 0.0), 0.5), ("empathy", (0.5, 0.2, 0.4, 0.25), 0.64), ("empathy", (1.0, 1.0, 0.4, 0.25), 1.0),
        ("empathy", (0.5, 1.0, 0.4, 0.25), 0.8), ("tangibles", (0.5, 0.2, 0.5, 0.4, 0.25), 0.32),
        ("tangibles", (1.0, 1.0, 1.0, 0.4, 0.25), 1.0), ("tangibles", (0.5, 1.0, 1.0, 0.4, 0.25), 0.8),
        ("errors", (0.4, 2.0), 0.4), ("errors", (0.6, 2.0), 0.0),
    ],
    "partners": [
        ("candidates", (6, 0.0), 1), ("candidates", (6, 1.0), 6), ("candidates", (6, 0.5), 4), ("candidates", (6, 0.49), 3),
        ("clarity_after", (0.8, 0.25), 0.6), ("clarity_after", (0.8, 0.0), 0.8),
        ("effort_after", (0.5, 0.4, 0.75, 0.2), 0.57), ("effort_after", (0.5, 1.0, 0.75, 0.2), 0.6),
        ("effort_after", (0.5, 0.4, 0.75, 0.0), 0.5),
        ("commitment_after", (0.5, 0.6, 0.5, 0.4, 1.0, 0.5, 0.3, 0.1), 0.52),
        ("commitment_after", (0.5, 0.6, 0.5, 0.4, exp(1.0), 0.0, 0.3, 0.1), 0.54),
        ("commitment_after", (0.5, 2.0, 0.0, 0.4, 1.0, 0.5, 0.3, 0.1), 0.55),
        ("record_after", (0.5, 0.8, 1), 0.8), ("record_after", (0.5, 0.8, 2), 0.65), ("record_after", (0.5, 0.8, 5), 0.56),
        ("record_after", (0.5, 0.8, 50), 0.56), ("record_after", (0.5, 0.8, 4), 0.575),
        ("tools", (0.5, 0.4, 0.5), 0.6), ("tools", (1.0, 0.4, 0.5), 1.0),
        ("errors", (Values(clarity_errors=1.0, effort_errors=2.0, commitment_errors=3.0, partner_errors=4.0),
                    Values(clarity=0.5, effort=0.9, committed=0.4, partner_quality=0.1)), 0.5),
        ("errors", (Values(clarity_errors=1.0, effort_errors=2.0, commitment_errors=3.0, partner_errors=4.0),
                    Values(clarity=0.6, effort=1.0, committed=0.6, partner_quality=0.0)), 0.0),
        ("warmth", (Values(clarity_empathy=0.5, commitment_empathy=0.25), Values(clarity=0.8, committed=0.2)), 0.99),
        ("warmth", (Values(clarity_empathy=0.5, commitment_empathy=0.25), Values(clarity=0.6, committed=0.6)), 1.0),
    ],
    "pressure": [
        ("work_pressure", (3.0, 2.0), 0.5), ("work_pressure", (1.0, 2.0), 0.0), ("work_pressure", (9.0, 2.0), 1.5),
        ("slack", (1.0, 4.0), 0.75), ("slack", (4.0, 4.0), 0.0), ("slack", (6.0, 4.0), 0.0),
        ("time_per_request", (0.5, 0.0, 0.64, 0.3), exp(-0.32)), ("time_per_request", (0.0, 0.5, 0.64, 0.3), exp(0.15)),
        ("time_per_request", (0.0, 0.5, 0.64, 0.0), 1.0),
        ("pace", (0.5, 0.0, 0.9, 0.64, 0.37, 0.3), log(0.9) - 0.505), ("pace", (0.0, 0.5, 1.0, 0.64, 0.37, 0.3), 0.15),
        ("standard_after", (0.9, 0.7, 0.1, 0.01), 0.88), ("standard_after", (0.7, 0.9, 0.1, 0.01), 0.702),
        ("corners_cut", (0.8, 0.5), 0.1), ("corners_cut", (1.0, 0.5), 0.0),
    ],
    "queueing": [
        ("boundary_after", (1.0, 8), 8), ("boundary_after", (1.01, 8), 9), ("boundary_after", (0.0, 8), 0),
        # 4 hours of an 8 hour day of which a fifth goes into training
        ("mean_working_time", (Values(hours_per_request=4.0, training_now=0.2), 8.0), 0.625),
        ("mean_working_time", (Values(hours_per_request=4.0, training_now=0.0), 8.0), 0.5),
        ("working_time", (Values(work_shape=FIXED, work_scale=0.0, work_location=0.5), 0.3, 0.2), 0.5 * exp(0.2)),
        ("working_time", (Values(work_shape=EXPONENTIAL, work_scale=0.0, work_location=0.5), 0.3, 0.2),
         -0.5 * log(0.3) * exp(0.2)),
        ("working_time", (Values(work_shape=LOGNORMAL, work_scale=0.4, work_location=0.5), 0.8413447460685429, 0.2),
         0.5 * exp(0.6)),
    ],
    "reciprocity": [
        ("regard_after", (0.5, 0.9, 0.1), 0.54), ("regard_after", (0.5, 0.9, 0.0), 0.5),
        ("care", (0.2, 0.7, 0.5, 0.5), 0.3), ("care", (0.2, 0.5, 0.5, 0.5), 0.2),
    ],
    "recovery": [
        ("reliability", (0.9, True, 0.5, 0.4), 0.72), ("reliability", (0.9, False, 0.5, 0.4), 0.0),
        ("reliability", (0.9, True, 1.0, 0.4), 0.9), ("empathy", (0.9, True, True, 0.4), 0.9),
        ("empathy", (0.9, True, False, 0.4), 0.54), ("empathy", (0.9, False, True, 0.4), 0.0),
        ("given_back", (0.5, 0.2, 0.75, 0.6), 0.59), ("given_back", (0.9, 0.8, 1.0, 1.0), 1.0),
        ("given_back", (0.5, 0.2, 0.75, 0.0), 0.5), ("harder", (1, 1.7), 1.7), ("harder", (0, 1.7), 1.0),
    ],
    "responsibility": [
        ("prevented", (0.5, 0.25, 0.8), 0.48), ("prevented", (0.0, 0.0, 0.8), 1.0), ("prevented", (0.5, 0.0, 0.8), 0.6),
    ],
    "rivalry": [
        # growth 0.5 * 0.4 * 0.7 = 0.14, fade 0.1 * 0.1 = 0.01, bridge 0.5 * 0.6 * 0.1 * 0.3 = 0.009
        ("hostility_after", (0.3, 0.2, 0.4, 0.5, 0.1, 0.6, 0.5), 0.421), ("hostility_after", (0.9, 0.9, 1.0, 9.0, 0.0,
            0.0, 0.0), 1.0),
        ("hostility_after", (0.1, 0.0, 0.0, 0.0, 5.0, 0.0, 0.0), 0.0),
        ("care", (0.5, 0.4, 0.5), 0.3), ("care", (-0.9, 0.9, 0.9), -1.0), ("care", (1.5, 0.0, 0.9), 1.0),
        ("trust", (0.8, 0.25), 0.6), ("trust", (0.8, 0.0), 0.8),
    ],
    "strain": [
        ("brought", (0.2, 0.1, 2, 0.15), 0.6), ("brought", (0.2, -0.5, 2, 0.15), 0.3), ("brought", (0.9, 0.5, 2, 0.15), 1.0),
        ("relief", (0.5, 0.4, 0.6, 0.25), 0.63), ("relief", (0.0, 0.0, 0.6, 0.25), 1.0), ("relief", (0.5, 0.0, 0.6, 0.25), 0.7),
        ("compassion_after", (0.8, 0.5, 0.4, 0.5), 0.72), ("compassion_after", (0.8, 0.5, 0.0, 0.5), 0.8),
        ("overnight", (0.6, 0.5), 0.8), ("overnight", (0.6, 0.0), 0.6),
        # load 0.5 * 0.4 + 0.2 * 0.5 * 0.5 = 0.25; 0.2 + 0.25 * 0.8 - 0.1 * 0.2
        ("strain_after", (0.2, 0.6, 0.5, 0.5, 0.2, 0.1, 0.5), 0.38), ("strain_after", (0.2, 1.0, 0.0, 0.5, 0.2, 2.0, 0.5), 0.0),
        ("strain_after", (0.5, 0.0, 9.0, 5.0, 5.0, 0.0, 1.0), 1.0),
        ("empathy", (0.5, 0.2, 0.4, 0.5), 0.72), ("empathy", (1.0, 0.0, 0.4, 0.5), 1.0), ("empathy", (0.5, 0.0, 0.4, 0.5), 0.8),
        ("errors", (0.5, 0.6), 0.3), ("time_taken", (0.5, 0.6), 0.3), ("motivation_left", (0.6, 0.5, 0.4), 0.48),
    ],
    "surveys": [
        ("answer", (0.74, 0.0, 0.5), 0.7), ("answer", (0.75, 0.0, 0.5), 0.8), ("answer", (0.5, 0.2, 0.8413447460685429), 0.7),
        ("answer", (0.99, 0.2, 0.999), 1.0), ("answer", (0.01, 0.2, 0.001), 0.0), ("answer", (0.04, 0.0, 0.5), 0.0),
    ],
    "turnover": [
        ("daily_hazard", (0.2,), -log(0.8) / 250), ("daily_hazard", (0.0,), 0.0),
        ("motivation_after_onboarding", (0.5, 0.95, 0.5), 0.6), ("motivation_after_onboarding", (0.5, 0.75, 0.5), 0.5),
        ("motivation_after_onboarding", (0.5, 0.0, 2.0), 0.0), ("knowledge_after_onboarding", (0.4, 0.5, 0.5), 0.55),
        ("knowledge_after_onboarding", (0.4, 0.5, 0.0), 0.4),
    ],
    "voice": [
        ("severity_after", (0.2, 0.1), 0.2 * exp(0.1)), ("climate_after", (0.6, True, 0.25), 0.7),
        ("climate_after", (0.6, False, 0.25), 0.45), ("climate_after", (0.6, True, 0.0), 0.6),
        ("harm", (0.5, 20, 0.4), 0.1), ("harm", (0.5, 20, 0.0), 0.0),
    ],
    "weak_links": [
        ("error_probability", (0.2, 0.0), 0.2), ("error_probability", (0.2, log(4.0)), 0.5), ("error_probability", (0.0,
        5.0), 0.0),
        ("error_probability", (0.5, -log(4.0)), 0.2),
        ("bound_by_input", (0.5, 0.6), 0.8), ("bound_by_input", (1.0, 0.6), 0.6), ("bound_by_input", (0.0, 0.6), 1.0),
    ],
}  # fmt: skip


@pytest.mark.parametrize("module", NUMBERS)
def test_a_rule_gives_the_number_of_its_equation(module):
    rules = plain(f"sim.rules.{module}")
    for name, given, expected in NUMBERS[module]:
        assert getattr(rules, name)(*given) == pytest.approx(expected, rel=1e-12, abs=1e-12), (name, given)


CHANCES = {
    # (rule, arguments without the draw, the probability that it tells)
    "alignment": [("puts_off", (0.7,), 0.3), ("puts_off", (1.0,), 0.0)],
    "blame": [("disowns", (0.6, 0.5, 0.4), 0.32), ("disowns", (1.0, 0.5, 0.4), 0.0), ("disowns", (0.0, 0.5, 0.0), 1.0)],
    "complaints": [("may_be_settled", (0.3,), 0.3), ("may_be_settled", (1.0,), 1.0)],
    "listening": [("missed", (0.5, 0.8, 0.25), 0.3), ("missed", (0.0, 0.8, 0.25), 0.0), ("missed", (0.5, 0.8, 1.0), 0.0)],
    "responsibility": [
        ("accident", (0.2, 0.5, 0.8), 0.16), ("accident", (0.2, 0.0, 0.8), 0.2), ("fails", (0.6, 0.5), 0.3),
    ],
    "rush": [
        (
            "willing",
            (Values(willingness=0.2, willing_motivation=1.0, willing_trust=2.0, support_willing=0.5), 0.7, 0.5, 0.4),
            1 / (1 + exp(-0.3)),
        ),
        (
            "willing",
            (Values(willingness=0.2, willing_motivation=1.0, willing_trust=2.0, support_willing=0.5), 0.6, 0.6, 0.0),
            1 / (1 + exp(-0.2)),
        ),
    ],
    "turnover": [
        ("quits", (0.1, 0.4, 0.5, 2.0, 0.6), 1 - exp(-0.1 * exp(0.7))), ("quits", (0.1, 0.6, 0.0, 2.0, 0.6), 1 - exp(-0.1)),
        ("quits", (0.0, 0.1, 1.0, 2.0, 0.6), 0.0),
    ],
    "voice": [("speaks_up", (0.5, 0.8, 0.5), 0.2), ("speaks_up", (0.5, 0.8, 0.0), 0.0)],
    "weak_links": [("breaks", (0.4,), 0.4), ("breaks", (0.0,), 0.0), ("breaks", (1.0,), 1.0)],
}  # fmt: skip


@pytest.mark.parametrize("module", CHANCES)
def test_a_rule_says_yes_with_the_probability_of_its_equation(module):
    rules = plain(f"sim.rules.{module}")
    for name, given, probability in CHANCES[module]:
        rule = getattr(rules, name)
        for chance in (probability - 1e-9, 1e-12):
            if 0.0 < chance < probability:
                assert rule(*given, chance), (name, given)
        for chance in (probability + 1e-9, 1 - 1e-12):
            if probability < chance < 1.0:
                assert not rule(*given, chance), (name, given)


def test_care_puts_work_ahead_or_behind_with_the_probability_of_its_size():
    place = plain("sim.rules.care").place_in_queue
    assert [place(0.5, 0.4, u) for u in (0.19, 0.21)] == [AHEAD, ORDINARY]
    assert [place(-0.5, 0.4, u) for u in (0.19, 0.21)] == [BEHIND, ORDINARY]
    assert place(0.0, 1.0, 1e-9) == place(1.0, 0.0, 1e-9) == ORDINARY


def test_hostility_puts_work_behind_and_leaves_it_where_it_was_otherwise():
    place = plain("sim.rules.rivalry").place_in_queue
    assert [place(AHEAD, 0.5, 0.4, u) for u in (0.19, 0.21)] == [BEHIND, AHEAD]
    assert place(ORDINARY, 0.0, 1.0, 1e-9) == ORDINARY


def test_a_draw_that_is_just_the_probability_tells_no():
    """Draws lie in (0, 1), each part of it as probable as it is long: below p with probability p, and p is not below p."""
    assert not plain("sim.rules.weak_links").breaks(0.4, 0.4)
    complaints = plain("sim.rules.complaints")
    assert complaints.reaction(0.5, 0.25, 0.25) == complaints.COMPLAINS
    assert complaints.reaction(0.5, 0.25, 0.75) == complaints.SILENT


@pytest.mark.parametrize("first", [0.3, 0.1, 0.7])
def test_competitors_who_stand_still_are_known_for_exactly_what_they_were(first):
    assert plain("sim.rules.market").quality(first, 0.0, 100.0) == first


def test_what_is_expected_is_not_kept_better_than_wholly():
    kept = plain("sim.rules.expectation").kept
    assert kept(0.5, -0.5) == kept(0.5, 0.0) == kept(0.0, 3.0) == 1.0


def test_commitment_of_contractors_is_spread_in_proportion_to_its_spread():
    partners = plain("sim.rules.partners")
    drawn = [partners.own_commitment(KEYS, 3, 1, spread) for spread in (0.0, 0.5, 1.0)]
    assert drawn[0] == 0.0
    assert drawn[1] != 0.0
    assert drawn[2] == 2.0 * drawn[1]


def test_the_dissatisfied_escalate_complain_or_keep_silent():
    complaints = plain("sim.rules.complaints")
    assert [complaints.reaction(0.3, 0.1, u) for u in (0.09, 0.11, 0.39, 0.41)] == [
        complaints.ESCALATES, complaints.COMPLAINS, complaints.COMPLAINS, complaints.SILENT,
    ]  # fmt: skip
    assert complaints.reaction(0.0, 0.0, 1e-12) == complaints.SILENT
    assert len({complaints.ESCALATES, complaints.COMPLAINS, complaints.SILENT}) == 3


def test_a_failure_falls_short_of_what_was_expected_by_more_than_the_zone_of_tolerance():
    fails = plain("sim.rules.complaints").is_failure
    assert fails(0.499, 0.7, 0.2)
    assert not fails(0.501, 0.7, 0.2)
    assert not fails(0.9, 0.7, 0.0)
    assert not fails(0.5, 0.5, 0.0), "what is just as expected is no failure"


def test_what_comes_round_comes_on_the_last_day_of_each_period():
    every = plain("sim.rules.partners").every
    assert [day for day in range(0, 21) if every(float(day), 0.0, 5.0)] == [4, 9, 14, 19]
    assert [day for day in range(3, 21) if every(float(day), 3.0, 5.0)] == [7, 12, 17]
    assert [day for day in range(0, 9) if every(float(day), 0.0, 2.5)] == [2, 4, 7]
    assert [day for day in range(0, 3) if every(float(day), 0.0, 0.5)] == [0, 1, 2]
    assert not any(every(float(day), 0.0, 0.0) for day in range(9))


def test_a_contractor_is_kept_that_was_never_measured_or_is_good_enough():
    fits = plain("sim.rules.partners").fits
    assert fits(Values(keep_score=0.0, measured=3, seen_score=-1.0))
    assert fits(Values(keep_score=0.7, measured=0, seen_score=0.1))
    assert fits(Values(keep_score=0.7, measured=1, seen_score=0.7))
    assert not fits(Values(keep_score=0.7, measured=1, seen_score=0.69))


def test_a_post_is_taken_up_on_its_day_unless_somebody_holds_it():
    today = plain("sim.rules.turnover").takes_up_today
    from sim.population import PERMANENT, TEMPORARY, VACANT

    assert [today(Values(status=VACANT, starts=5.0), day) for day in (4, 5, 6)] == [False, True, True]
    assert today(Values(status=TEMPORARY, starts=5.0), 5)
    assert not today(Values(status=PERMANENT, starts=0.0), 5)


@pytest.mark.parametrize(("shape", "spread"), [(FIXED, 0.5), (EXPONENTIAL, 0.5), (LOGNORMAL, 0.0), (LOGNORMAL, 0.5)])
def test_working_time_keeps_its_mean_whatever_its_shape(shape, spread):
    queueing = plain("sim.rules.queueing")
    unit = row("UNIT", work_shape=shape, work_spread=spread, hours_per_request=4.0)
    unit.training_now = 0.2
    queueing.prepare_working_time(unit, 8.0)
    if shape == LOGNORMAL and spread > 0:
        assert unit.work_scale == pytest.approx(sqrt(log(1.25)))
        assert unit.work_location * exp(unit.work_scale**2 / 2) == pytest.approx(0.625)
    else:
        assert unit.work_scale == 0.0
        assert unit.work_location == pytest.approx(0.625)


def test_work_that_takes_no_time_takes_none():
    queueing = plain("sim.rules.queueing")
    unit = row("UNIT", work_shape=LOGNORMAL, work_spread=0.5, hours_per_request=0.0)
    queueing.prepare_working_time(unit, 8.0)
    assert queueing.working_time(unit, 0.9, 0.3) == 0.0


def test_a_link_weighs_the_five_dimensions_as_its_client_does():
    weigh = plain("sim.rules.encounter").weigh
    link = row("LINK", weight_reliability=4.0, weight_responsiveness=3.0, weight_assurance=1.0, weight_empathy=1.5,
               weight_tangibles=0.5)  # fmt: skip
    weigh(link)
    shares = [link[f"share_{name}"] for name in ("reliability", "responsiveness", "assurance", "empathy", "tangibles")]
    assert shares == pytest.approx([0.4, 0.3, 0.1, 0.15, 0.05])
    assert link.share_process == pytest.approx(0.6)
    assert link.solid_reliability == pytest.approx(0.8)


def test_weights_that_are_all_nought_count_as_equal():
    weigh = plain("sim.rules.encounter").weigh
    link = row("LINK", weight_reliability=0.0, weight_responsiveness=0.0, weight_assurance=0.0, weight_empathy=0.0,
               weight_tangibles=0.0)  # fmt: skip
    weigh(link)
    assert [
        link[f"share_{name}"] for name in ("reliability", "responsiveness", "assurance", "empathy", "tangibles")
    ] == [0.2] * 5
    assert link.solid_reliability == 0.5


def test_trust_rests_on_both_sides_alike_where_neither_counts():
    weigh = plain("sim.rules.encounter").weigh
    link = row("LINK", weight_reliability=0.0, weight_responsiveness=1.0, weight_assurance=0.0, weight_empathy=1.0,
               weight_tangibles=0.0)  # fmt: skip
    weigh(link)
    assert link.solid_reliability == 0.5
