"""A3: weak links. Whoever serves a customer stands on a chain of people behind them."""

from sim.compiled import rule
from sim.portable import exp


@rule
def error_probability(base, log_odds):
    """Return the probability that work goes wrong: base odds times exp(log_odds).

    p / (1 - p) = base / (1 - base) exp(x), x being the sum of the effects of knowledge, motivation, care and corners
    cut. A base of 0 stays 0: the neutral value.
    """
    if base == 0.0:
        return 0.0
    odds = base / (1.0 - base) * exp(log_odds)
    return odds / (1.0 + odds)


@rule
def bound_by_input(dependence, input_reliability):
    """Return 1 - d (1 - R): how reliable work can be that rests on an input of reliability R with dependence d."""
    return 1.0 - dependence * (1.0 - input_reliability)


@rule
def breaks(dependence, u):
    """Tell whether a failed input breaks the case that needed it; it does with probability d.

    With dependence 1, a chain of k links with error probabilities p_i is right with probability prod (1 - p_i).
    """
    return u < dependence
