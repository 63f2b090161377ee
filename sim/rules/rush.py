"""A5: rush requests happen only if the supplier is willing to serve."""

from sim.compiled import rule
from sim.portable import exp

ORDINARY_MOTIVATION = 0.6
ORDINARY_TRUST = 0.6


@rule
def willing(firm, motivation, trust, support, u):
    """Tell whether a supplier agrees to hurry for a colleague.

    P = 1 / (1 + exp(-(w0 + w1 (M - 0.6) + w2 (T - 0.6) + w3 L))): M the mean motivation of its staff, T its trust in the asker,
    L the support that its managers give (B5).
    Shape: discretionary effort rises with motivation and with trust in whom it serves; no source for the size.
    """
    score = (
        firm.willingness
        + firm.willing_motivation * (motivation - ORDINARY_MOTIVATION)
        + firm.willing_trust * (trust - ORDINARY_TRUST)
        + firm.support_willing * support
    )
    return u < 1.0 / (1.0 + exp(-score))
