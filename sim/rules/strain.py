"""B3: emotional baggage. Customers bring it, staff absorb it; compassion runs out and recovers, strain builds up slowly.

Two stores of each employee: compassion C, used up within days and back after a night or two, and strain S, which grows on days
that end without compassion and fades in weeks. After the conservation of resources (Hobfoll 1989,
doi:10.1037/0003-066X.44.3.513) and the findings on emotional labour (Huelsheger & Schewe 2011, doi:10.1037/a0022876). The
functional forms: no source, modelling choices.
"""

from sim.compiled import rule


@rule
def brought(usual, own, unresolved, upset):
    """Return b = b0 + d + u n, held between 0 and 1: the baggage of a customer with n failures not made good.

    b0 is usual in the segment, d the customer's own deviation from it. Neutral: b0 = 0, d = 0, u = 0.
    """
    return min(1.0, max(0.0, usual + own) + upset * unresolved)


@rule
def relief(leader, peers, support_buffer, peer_support):
    """Return the share of a load that is left, (1 - l L) (1 - p P), with support L of the leader and P of colleagues."""
    return (1.0 - support_buffer * leader) * (1.0 - peer_support * peers)


@rule
def compassion_after(compassion, baggage, drain, left):
    """Return C (1 - d b r) after an encounter with baggage b, r being the share that support leaves. Neutral: d = 0."""
    return compassion * (1.0 - drain * baggage * left)


@rule
def overnight(compassion, recovery):
    """Return C + r (1 - C): compassion the next morning."""
    return compassion + recovery * (1.0 - compassion)


@rule
def strain_after(strain, compassion, pressure, gain, pressure_gain, recovery, left):
    """Return S + (g (1 - C) + p wp r) (1 - S) - v S after a day, held between 0 and 1. Neutral: g = 0, p = 0.

    C is the compassion left in the evening, wp the work pressure, r the share of it that support leaves, v the recovery.
    """
    load = gain * (1.0 - compassion) + pressure_gain * pressure * left
    return min(1.0, max(0.0, strain + load * (1.0 - strain) - recovery * strain))


@rule
def empathy(compassion, strain, compassion_effect, strain_effect):
    """Return (1 - a (1 - C)) (1 - b S), a factor on empathy. Neutral: a = b = 0."""
    return (1.0 - compassion_effect * (1.0 - compassion)) * (1.0 - strain_effect * strain)


@rule
def errors(strain, effect):
    """Return the rise in the log odds of an error, k S. Neutral: k = 0."""
    return effect * strain


@rule
def time_taken(strain, effect):
    """Return k S, the log of the factor on working time: sustained overwork slows down (KC & Terwiesch 2009).

    Neutral: k = 0.
    """
    return effect * strain


@rule
def motivation_left(grounds, strain, effect):
    """Return M* (1 - k S): what strain leaves of the grounds of motivation. Neutral: k = 0."""
    return grounds * (1.0 - effect * strain)
