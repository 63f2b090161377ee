"""B1: knowledge. Training, learning by doing, forgetting, newcomers who do not know the product yet."""

from sim.compiled import rule

ORDINARY_KNOWLEDGE = 0.75
"""Knowledge at which working times and error rates are those of the organisation file."""


@rule
def learn_by_doing(knowledge, learning):
    """Return K + l (1 - K) after one request. Neutral: l = 0."""
    return knowledge + learning * (1.0 - knowledge)


@rule
def after_a_day(firm, knowledge, training, training_gain):
    """Return knowledge after a day's training and forgetting.

    K + g h (1 - K) - f (K - K0) where K > K0: g is what a full day of training brings, h the
    share of the day spent in training, K0 what a newcomer knows,
    which is not forgotten. No source: modelling choices. Neutral: h = 0, f = 0.
    """
    gained = training_gain * training * (1.0 - knowledge)
    lost = firm.forgetting * max(0.0, knowledge - firm.newcomer_knowledge)
    return knowledge + gained - lost


@rule
def errors(knowledge, effect):
    """Return the rise in the log odds of an error, k (K* - K), K* being ordinary knowledge. Neutral: k = 0."""
    return effect * (ORDINARY_KNOWLEDGE - knowledge)


@rule
def time_taken(knowledge, effect):
    """Return k (K* - K), the log of the factor on working time: who knows less is slower. Neutral: k = 0."""
    return effect * (ORDINARY_KNOWLEDGE - knowledge)


@rule
def assurance(knowledge, tools, knowledge_effect, tools_effect):
    """Return (1 - a (1 - K)) (1 - b (1 - tools)): poor knowledge looks amateurish. Neutral: a = b = 0."""
    return (1.0 - knowledge_effect * (1.0 - knowledge)) * (1.0 - tools_effect * (1.0 - tools))
