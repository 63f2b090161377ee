"""E2: most dissatisfied customers never complain. Some leave in silence, some complain to the front line, few escalate.

An encounter is a failure to the customer when its quality falls short of what was expected by more than the zone of tolerance
(Zeithaml, Berry & Parasuraman 1993, doi:10.1177/0092070393211001). Shares: Goodman / TARP, second-hand.
"""

from sim.compiled import rule

SILENT, COMPLAINS, ESCALATES = 0, 1, 2


@rule
def is_failure(quality, expected, tolerance):
    """Tell whether Q < E - z, z the zone of tolerance."""
    return quality < expected - tolerance


@rule
def reaction(complain_share, escalate_share, u):
    """Return what a dissatisfied customer does. Neutral: both shares 0, everybody is silent."""
    if u < escalate_share:
        return ESCALATES
    return COMPLAINS if u < escalate_share + complain_share else SILENT


@rule
def may_be_settled(empowerment, u):
    """Tell whether staff may settle a complaint themselves (B5): with probability e. Neutral: e = 1."""
    return u < empowerment
