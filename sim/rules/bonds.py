"""B4: camaraderie. Ties between colleagues, within a team and across, through which support, load and strain pass.

Ties are a graph: within a team a ring in which everybody is tied to the next two on each side, in an order drawn at random;
across each link inside, pairs of colleagues of the two units. Strength w runs from 0 to 1. Strain crosses over more along
strong and frequent ties (Bakker, van Emmerik & Euwema 2006, doi:10.1177/0730888406291310). Forms: modelling choices.
"""

from sim.compiled import rule, stage
from sim.population import NOBODY, VACANT
from sim.rules import bridges

ORDINARY_TIE = 0.4
"""Mean tie at which belonging is that of the organisation file."""


@rule
def belonging(tie, effect):
    """Return k (w - 0.4) / 7: what the mean tie w adds to the mean of the seven conditions of work. Neutral: k = 0."""
    return effect * (tie - ORDINARY_TIE) / 7.0


@rule
def tie_after(strength, usual, rate, gatherings_per_day, growth):
    """Return w + r (w0 - w) + g G (1 - w) after a day: back to the usual w0, and up with G gatherings a day (C4)."""
    return min(1.0, max(0.0, strength + rate * (usual - strength) + growth * gatherings_per_day * (1.0 - strength)))


@rule
def support_from(strengths):
    """Return P = W / (1 + W): support from colleagues, W the sum of their ties' strength times (1 - their strain)."""
    return strengths / (1.0 + strengths)


@rule
def crossing_over(strain, other_strain, strength, contagion):
    """Return c w (S_j - S_i) where colleague j is more strained, else 0. Neutral: c = 0."""
    return contagion * strength * max(0.0, other_strain - strain)


@rule
def shared(compassion, other_compassion, strength, sharing):
    """Return s w (C_j - C_i): load shared evens out compassion, what one gains the other gives. Neutral: s = 0."""
    return sharing * strength * (other_compassion - compassion)


@stage
def evening(firm, unit, link, employee, bond):
    """Let strain, load and support pass along the ties, and let the ties move."""
    for e in range(len(employee)):
        person = employee[e]
        person.peer_support = 0.0
        person.tie = 0.0 if person.team_ties > 0 else ORDINARY_TIE  # who works alone is tied as the file supposes
        person.gain_strain = 0.0
        person.gain_compassion = 0.0
    for edge in range(len(link)):
        link[edge].bridge = 0.0
    for b in range(len(bond)):
        tie = bond[b]
        one = employee[tie.one]
        other = employee[tie.other]
        if one.status == VACANT or other.status == VACANT:
            tie.strength = 0.0
        elif tie.link == NOBODY:
            usual = unit[one.unit].bonds
            tie.strength = tie_after(tie.strength, usual, firm.bond_rate, 0.0, firm.bridge_growth)
        else:
            trained = link[tie.link].cross_training
            met = link[tie.link].gatherings
            if tie.mirror != NOBODY:
                trained = max(trained, link[tie.mirror].cross_training)
                met = max(met, link[tie.mirror].gatherings)
            usual = bridges.CROSS_TRAINED_TIE * trained
            tie.strength = tie_after(tie.strength, usual, firm.bond_rate, met / 250.0, firm.bridge_growth)
            link[tie.link].bridge += tie.strength / link[tie.link].ties_across
            if tie.mirror != NOBODY:
                link[tie.mirror].bridge += tie.strength / link[tie.mirror].ties_across
        w = tie.strength
        if tie.link == NOBODY:
            one.tie += w / one.team_ties
            other.tie += w / other.team_ties
        if w == 0.0:
            continue
        one.peer_support += w * (1.0 - other.strain)
        other.peer_support += w * (1.0 - one.strain)
        one.gain_strain += crossing_over(one.strain, other.strain, w, firm.contagion) / one.ties
        other.gain_strain += crossing_over(other.strain, one.strain, w, firm.contagion) / other.ties
        moved = shared(one.compassion, other.compassion, w, firm.load_sharing) / max(one.ties, other.ties)
        one.gain_compassion += moved
        other.gain_compassion -= moved
    for e in range(len(employee)):
        person = employee[e]
        person.peer_support = support_from(person.peer_support)
        person.strain += person.gain_strain
        person.compassion += person.gain_compassion
