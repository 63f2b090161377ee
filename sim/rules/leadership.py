"""B5: the leader as the people's advocate. A manager's limited attention, and what is left of it for the people.

Each manager has one day of attention a day; what a matter takes beyond it, the next days lack. Escalations (F5) and raised
problems (B6) take from it first; what is left reaches `span` people in full, as recognition (B2) and, as far as the manager
is an advocate, as support: protection from what drains and strains, tools, development, backing. After perceived supervisor
support (Eisenberger et al. 2002, doi:10.1037/0021-9010.87.3.565); the forms: no source, modelling choices.
"""

from sim.compiled import part, rule
from sim.population import NOBODY


@rule
def support(advocacy, attention_left, span, staff):
    """Return L = a min(1, A span / staff): A is what is left of the managers' attention, in days. Neutral: a = 0."""
    return advocacy * min(1.0, attention_left * span / staff)


@rule
def motivated(grounds, support_received, effect):
    """Return M* + k L (1 - M*): what support adds to the grounds of motivation. Neutral: k = 0."""
    return grounds + effect * support_received * (1.0 - grounds)


@rule
def tools(tools_there, support_received, effect):
    """Return t + k L (1 - t): tools with those that managers obtain. Neutral: k = 0."""
    return tools_there + effect * support_received * (1.0 - tools_there)


@rule
def training(gain, support_received, effect):
    """Return g (1 + k L): what a day of training brings where managers develop their people. Neutral: k = 0."""
    return gain * (1.0 + effect * support_received)


@part
def freest(manager, first, count):
    """Return the manager of a unit with the most attention left, or NOBODY where there is none."""
    best = NOBODY
    for m in range(first, first + count):
        if best == NOBODY or manager[m].attention > manager[best].attention:
            best = m
    return best


@part
def spend(manager, m, cost):
    """Take attention for one matter; tell whether there was any left. What the last matter overruns, the next days lack."""
    if m == NOBODY or manager[m].attention <= 0.0:
        return False
    manager[m].attention -= cost
    return True


@rule
def new_day(attention):
    """Return 1 + min(0, A): a whole day, less what yesterday's matters took beyond theirs (A < 0)."""
    return 1.0 + min(0.0, attention)
