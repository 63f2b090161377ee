"""C4: bridges. Cross-training and joint gatherings tie people of two units together, and let them cover for each other.

Ties across move in `sim.rules.bonds`; a bridge is their mean strength. It raises regard (`reciprocity`), takes away hostility
(`rivalry`) and blame (`blame`). Here: who is able to cover. Contact between groups reduces prejudice (Pettigrew & Tropp 2006,
doi:10.1037/0022-3514.90.5.751); cross-trained staff make a chain of flexibility (Jordan & Graves 1995,
doi:10.1287/mnsc.41.4.577).
"""

import numpy as np

from sim import draws
from sim.compiled import rule

COVER = int(draws.Purpose.COVER)
CROSS_TRAINED_TIE = 0.5
"""Usual strength of the ties across where everybody is cross-trained. No source: a modelling choice."""


@rule
def able_to_cover(keys, post, link_key, cross_training):
    """Tell whether whoever holds a post can do the work of the unit across a link: a share `cross_training` of posts."""
    return cross_training > 0.0 and draws.uniform(keys[COVER], post ^ link_key, np.uint64(0)) < cross_training


@rule
def knowledge(own, foreign, share):
    """Return K in one's own work, k K in that of another unit."""
    return own * share if foreign else own


@rule
def trust(known, bridge, effect):
    """Return T + k w (1 - T): the trust in a client across a bridge of strength w. Neutral: w = 0."""
    return known + effect * bridge * (1.0 - known)
