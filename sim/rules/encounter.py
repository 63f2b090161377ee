"""A2: one encounter rule for everyone.

Whenever anyone serves anyone, the client perceives quality on the five SERVQUAL dimensions, holds it against an
expectation, and updates satisfaction and trust. Customers and employees as internal clients go through the same
functions; only the row that is updated differs.
"""

from sim.compiled import rule
from sim.rules.expectation import drift, kept, learn


@rule
def clip(value):
    """Return ``value`` held between 0 and 1."""
    return min(1.0, max(0.0, value))


@rule
def responsiveness(wait, acceptable, aversion):
    """Return 1 / (1 + a w / w*): how prompt a wait w feels against the acceptable wait w*.

    No source: a modelling choice. Neutral: a = 0.
    """
    return 1.0 / (1.0 + aversion * wait / acceptable)


@rule
def reliability(right, wait, promised, bound):
    """Return min(b, w* / max(w, w*)) for a right answer and 0 for a wrong one.

    Right, complete, and on the promised day w*; b is the reliability of the worst input that went into it (A3).
    """
    if not right:
        return 0.0
    return min(bound, promised / max(wait, promised))


@rule
def surprise(gap, gain, loss_aversion, diminishing, harder):
    """Return the effect of quality minus expectation on judgement.

    g(d) = gain d / (1 + s |d|), times the loss aversion where d < 0: shortfalls weigh more than equal surpluses, with
    diminishing sensitivity (Anderson & Sullivan 1993; Mittal, Ross & Baldasare 1998); a shortfall times ``harder`` after a
    failure that was made good (E3). Neutral: gain 0; loss aversion 1; s 0.
    """
    effect = gain * gap / (1.0 + diminishing * abs(gap))
    return effect * loss_aversion * harder if gap < 0.0 else effect


@rule
def judge(firm, quality, expected, harder, best):
    """Return how a client judges an encounter: perception plus disconfirmation.

    J = Q + kappa (E - Q) + g(Q - E): expectation both pulls perception toward itself (assimilation, Oliver 1997) and is
    the standard that quality is held against (contrast). At most ``best``, for those whom nothing satisfies (E6). Neutral:
    kappa 0, gain 0.
    """
    perception = quality + firm.assimilation * (expected - quality)
    gap = quality - expected
    effect = surprise(gap, firm.disconfirmation_gain, firm.loss_aversion, firm.diminishing_sensitivity, harder)
    return min(best, clip(perception + effect))


@rule
def trust_after(trust, evidence, gain, loss):
    """Return trust after one encounter: it closes part of the gap to the evidence, faster downward than upward."""
    return trust + (gain if evidence > trust else loss) * (evidence - trust)


@rule
def weigh(link):
    """Derive a link's shares of the five dimensions from their weights; all weights 0 count as equal."""
    total = (
        link.weight_reliability
        + link.weight_responsiveness
        + link.weight_assurance
        + link.weight_empathy
        + link.weight_tangibles
    )
    equal = 1.0 if total == 0.0 else 0.0
    total += 5.0 * equal
    link.share_reliability = (link.weight_reliability + equal) / total
    link.share_responsiveness = (link.weight_responsiveness + equal) / total
    link.share_assurance = (link.weight_assurance + equal) / total
    link.share_empathy = (link.weight_empathy + equal) / total
    link.share_tangibles = (link.weight_tangibles + equal) / total
    link.share_process = 1.0 - link.share_reliability
    solid = link.share_reliability + link.share_assurance
    link.solid_reliability = link.share_reliability / solid if solid > 0.0 else 0.5


@rule
def encounter(
    firm, link, client, outcome, prompt, assurance, empathy, tangibles, now, market, market_rate, weight, harder, best
):
    """Let ``client`` live through one service and return (quality, judgement, expectation).

    Perceived quality is the mean of the five dimensions, weighted by the link's client. Trust follows what can be relied
    upon: reliability and assurance. ``weight`` says how much the encounter counts (D5), 1 being ordinary; however much it
    counts, nobody learns more from it than it says. The client's row is updated in place. `weigh` has derived the link's
    shares.
    """
    process_part = (
        link.share_responsiveness * prompt
        + link.share_assurance * assurance
        + link.share_empathy * empathy
        + link.share_tangibles * tangibles
    )
    quality = link.share_reliability * outcome + process_part
    process = process_part / link.share_process if link.share_process > 0.0 else quality

    share_kept = kept(market_rate, now - client.touched)
    expected_outcome = drift(client.expected_outcome, market, share_kept)
    expected_process = drift(client.expected_process, market, share_kept)
    expected = link.share_reliability * expected_outcome + link.share_process * expected_process

    judgement = judge(firm, quality, expected, harder, best)
    client.satisfaction += min(1.0, weight * firm.satisfaction_learning) * (judgement - client.satisfaction)
    evidence = link.solid_reliability * outcome + (1.0 - link.solid_reliability) * assurance
    gain, loss = min(1.0, weight * firm.trust_gain), min(1.0, weight * firm.trust_loss)
    client.trust = trust_after(client.trust, evidence, gain, loss)
    learning = min(1.0, weight * firm.expectation_learning)
    client.expected_outcome = learn(expected_outcome, outcome, learning)
    client.expected_process = learn(expected_process, process, learning)
    client.touched = now
    client.encounters += 1
    return quality, judgement, expected
