"""F3: what management sees. Surveys sample, round to their scale, and come late; the truth stands beside them.

A share of clients, inside and outside by the same rule, answers after an encounter how satisfied it is, on a scale of 0 to 10,
with an error of its own. Every period the answers are put together, and management has them some days later. No rule reads
them as if they were the truth.
"""

import numpy as np

from sim import draws
from sim.compiled import rule, stage
from sim.portable import normal_quantile
from sim.rules.encounter import clip

SURVEY = int(draws.Purpose.SURVEY)


@rule
def answer(satisfaction, noise, u):
    """Return round(10 (S + s z)) / 10, held between 0 and 1: an answer on a scale of 0 to 10."""
    return np.floor(10.0 * clip(satisfaction + noise * normal_quantile(u)) + 0.5) / 10.0


@rule
def ask(keys, firm, share, key, when, satisfaction, link_day):
    """Ask a client after an encounter, with probability ``share``. Neutral: 0, nobody is asked."""
    if share > 0.0 and draws.uniform(keys[SURVEY], key, 2 * when) < share:
        link_day.answers += 1
        link_day.answer_sum += answer(satisfaction, firm.survey_noise, draws.uniform(keys[SURVEY], key, 2 * when + 1))


@stage
def publish(clock, firm, link, link_days):
    """On the day on which a period's answers reach management, let it see their mean over each link."""
    period = int(firm.survey_period)
    end = clock.day + 1 - int(firm.survey_delay)  # first day not asked about
    if end < period or end % period != 0:
        return
    for edge in range(len(link)):
        total = 0.0
        answers = 0
        for day in range(end - period, end):
            total += link_days[day, edge].answer_sum
            answers += link_days[day, edge].answers
        if answers > 0:
            link[edge].seen = total / answers
