"""E6: baggage hides the real issue. Not every customer is right, not everyone can be satisfied, everyone deserves to be heard.

The real issue lies behind emotion: with a customer full of baggage, staff who do not listen answer what was said and miss what
was meant, and the customer comes again. Some customers nothing satisfies, though being heard softens them. Forms: no source,
modelling choices.
"""

from sim import draws
from sim.compiled import rule

HIDDEN = int(draws.Purpose.HIDDEN)
UNHEARD, HEARD = 0.35, 0.65
"""The best that a customer whom nothing satisfies thinks of an encounter without, and with full listening."""
DAYS_TO_COME_AGAIN = 2.0
"""Mean working days until a customer whose real issue was missed comes again."""
NOT_AT_ONCE = 0.8
"""The best reliability of an answer that took more than one contact."""


@rule
def heard(listening, compassion):
    """Return h = l (0.5 + C / 2): who has no compassion left listens half as well."""
    return listening * (0.5 + 0.5 * compassion)


@rule
def missed(hidden, baggage, hears, u):
    """Tell whether the real issue is missed: with probability k b (1 - h). Neutral: k = 0."""
    return u < hidden * baggage * (1.0 - hears)


@rule
def time_taken(listening, effect):
    """Return k (l - 0.5), the log of the factor on working time with customers: listening takes time. Neutral: k = 0."""
    return effect * (listening - 0.5)


@rule
def most_satisfied(unsatisfiable, hears):
    """Return the best that a customer can think of an encounter: 1, or less for those whom nothing satisfies."""
    return UNHEARD + (HEARD - UNHEARD) * hears if unsatisfiable == 1 else 1.0
