"""D5: to the customer the contractor is the company; face to face, it has the most immediate effect.

Customers hold one satisfaction with the firm. How much an encounter moves it depends on how far they see the firm in whoever
serves them, and on whether they look each other in the face. Form: no source, a modelling choice.
"""

from sim.compiled import rule
from sim.population import CONTRACTOR


@rule
def weight(kind, attribution, face_to_face, immediacy):
    """Return a (1 + k f), the factor on how much an encounter moves what a customer thinks of the firm.

    a is the attribution for contractors and 1 for departments, f the share of encounters face to face. Neutral: a = 0 (the
    contractor's failures are its own), f = 0.
    """
    seen = attribution if kind == CONTRACTOR else 1.0
    return seen * (1.0 + immediacy * face_to_face)
