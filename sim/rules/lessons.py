"""E8: the firm learns. Feedback leads to root causes, root causes removed make errors rarer where they began.

Each recorded failure and raised problem is, with probability `root_cause`, traced to the unit where it began; what was learnt
there lowers the odds of an error, the share of hidden faults and the birth of problems, with diminishing returns, and fades.
Direction: experience curves and their forgetting (Argote & Epple 1990, doi:10.1126/science.247.4945.920); forms: modelling
choices.
"""

from sim.compiled import rule


@rule
def lessons_after(lessons, causes_removed, staff, gain, most, fade):
    """Return x + min(1, 10 g n / (staff m)) (m - x) - f x after a day: n root causes removed, m the most there is to learn.

    Neutral: n = 0, which `root_cause` = 0 makes it.
    """
    if most <= 0.0:
        return 0.0
    return lessons + min(1.0, 10.0 * gain * causes_removed / (staff * most)) * max(0.0, most - lessons) - fade * lessons
