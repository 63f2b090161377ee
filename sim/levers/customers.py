"""E: customers."""

from sim.levers.lever import Lever

_TARP = "Goodman / TARP, second-hand: about half complain to the front line, 1 to 5 per cent escalate"
_JUSTICE = "direction: Smith, Bolton & Wagner 1999, doi:10.1177/002224379903600305; size: a modelling choice"

LEVERS = (
    # --- E1: expectations --------------------------------------------------------------------------------------------
    Lever("expectation", "link", "E1", "share", 0, 1, 0.75, None, "expected quality on the first day"),
    Lever("expectation_spread", "firm", "E1", "share", 0, 0.5, 0.08, 0.0,
          "standard deviation of expectations between clients"),
    Lever("expectation_learning", "firm", "E1", "share", 0, 1, 0.12, 0.0,
          "weight of the newest encounter in the expectation"),
    Lever("promised_quality", "segment", "E1", "share", 0, 1, 0.8, None, "quality that advertising and sales promise"),
    Lever("promise_effect", "firm", "E1", "share per need", 0, 1, 0.02, 0.0,
          "weight of the promise in the expectation each time a need arises"),
    Lever("market_quality", "segment", "E1", "share", 0, 1, 0.75, None, "quality that competitors are known for"),
    Lever("market_effect", "firm", "E1", "share per day", 0, 1, 0.0005, 0.0,
          "speed at which expectations drift toward what competitors offer"),
    # --- E2: complaints ----------------------------------------------------------------------------------------------
    Lever("tolerance", "segment", "E2", "share", 0, 1, 0.2, None,
          "shortfall of quality against expectation that a customer lets pass (zone of tolerance)"),
    Lever("complain_share", "segment", "E2", "share", 0, 1, 0.4, 0.0,
          "share of dissatisfied customers who complain to whoever served them", _TARP),
    Lever("escalate_share", "segment", "E2", "share", 0, 1, 0.03, 0.0,
          "share of dissatisfied customers who go straight to a manager", _TARP),
    # --- E3: recovery ------------------------------------------------------------------------------------------------
    Lever("apology", "unit", "E3", "share", 0, 1, 0.6, None, "share of complaints that are met with an apology"),
    Lever("redress", "unit", "E3", "share", 0, 1, 0.4, None, "share of the damage that is made good"),
    Lever("apology_weight", "firm", "E3", "share", 0, 1, 0.5, 0.0,
          "share of empathy lost when nobody apologises", _JUSTICE),
    Lever("redress_weight", "firm", "E3", "share", 0, 1, 0.5, 0.0,
          "share of reliability lost when nothing is made good", _JUSTICE),
    Lever("recovery_restores", "firm", "E3", "ratio", 0, 2, 1.0, 0.0,
          "share of the satisfaction lost by a failure that a perfect recovery gives back at once", _JUSTICE),
    Lever("second_failure", "firm", "E3", "ratio", 1, 10, 1.5, 1.0,
          "how much more a shortfall weighs after a failure that was made good",
          "direction: Maxham & Netemeyer 2002, doi:10.1509/jmkg.66.4.57.18512; size: a modelling choice"),
    # --- E5: sins of the past ----------------------------------------------------------------------------------------
    Lever("latent_rate", "unit", "E5", "share", 0, 1, 0.005, 0.0, "share of work that looks right and hides a fault"),
    Lever("latent_days", "firm", "E5", "working days", 1, 5000, 120, None,
          "mean time until a hidden fault or a promise not kept surfaces"),
    Lever("latent_spread", "firm", "E5", "coefficient of variation", 0, 20, 1.0, None, "spread of that time"),
    Lever("haste", "unit", "E5", "share", 0, 0.9, 0.0, 0.0,
          "share of working time saved by cutting corners that do not show at once"),
    Lever("latent_haste", "firm", "E5", "share", 0, 1, 0.5, None,
          "rise in the share of hidden faults per unit of haste"),
    Lever("overpromise", "segment", "E5", "share", 0, 1, 0.0, 0.0,
          "share of needs at which more is promised than can be kept"),
    Lever("overpromise_sales", "segment", "E5", "share", 0, 10, 0.2, None,
          "revenue that an exaggerated promise adds to a need"),
    # --- E6: baggage hides the real issue ----------------------------------------------------------------------------
    Lever("hidden_issue", "firm", "E6", "share", 0, 1, 0.4, 0.0,
          "share of cases whose root cause is missed with a customer full of baggage to whom nobody listens"),
    Lever("listening", "unit", "E6", "share", 0, 1, 0.5, None, "how far staff listen for the real issue"),
    Lever("listening_time", "firm", "E6", "log time", 0, 2, 0.15, 0.0,
          "rise in working time with customers from no to full listening"),
    Lever("unsatisfiable", "segment", "E6", "share", 0, 1, 0.02, 0.0, "share of customers whom nothing satisfies"),
    # --- E7: loyalty, churn, word of mouth -----------------------------------------------------------------------------
    Lever("needs_per_year", "segment", "A1", "needs per customer and year", 0, 5000, 6.0, None,
          "how often a customer needs something"),
    Lever("churn", "segment", "E7", "share per year", 0, 0.99, 0.1, 0.0,
          "share of merely satisfied customers (satisfaction 75) who leave in a year"),
    Lever("churn_sensitivity", "firm", "E7", "log hazard per unit", 0, 50, 8.0, None,
          "fall in the hazard of leaving per unit of satisfaction",
          "Jones & Sasser 1995: totally satisfied customers are about six times more loyal than merely satisfied ones"),
    Lever("trust_loyalty", "firm", "E7", "share", 0, 1, 0.3, 0.0, "weight of trust beside satisfaction in loyalty"),
    Lever("new_customers", "segment", "E7", "share per year", 0, 10, 0.1, 0.0,
          "customers who come in a year at an ordinary reputation, as a share of those on the first day"),
    Lever("word_of_mouth", "firm", "E7", "log rate per unit", 0, 20, 2.0, 0.0,
          "rise in the arrival of new customers per unit of reputation"),
    Lever("bad_news", "firm", "E7", "ratio", 1, 10, 2.0, 1.0,
          "how much farther a bad experience is told than a good one",
          "Goodman / TARP, second-hand: about twice"),
    Lever("reputation_memory", "firm", "E7", "days", 1, 5000, 60, None, "how long what people say is remembered"),
    # --- E8: the firm learns -----------------------------------------------------------------------------------------
    Lever("root_cause", "firm", "E8", "share", 0, 1, 0.1, 0.0,
          "share of recorded failures and raised problems whose root cause is looked for and removed"),
    Lever("lesson_gain", "firm", "E8", "log odds", 0, 10, 0.02, None,
          "fall in the odds of an error in a team of ten per root cause removed, at first"),
    Lever("lesson_fade", "firm", "E8", "share per day", 0, 1, 0.002, None,
          "share of what was learnt that is forgotten in a day"),
    Lever("most_lessons", "firm", "E8", "log odds", 0, 10, 0.6, None, "most that learning from failures can do"),
    # --- E9: no finish line ------------------------------------------------------------------------------------------
    Lever("market_pace", "segment", "E9", "share per year", 0, 1, 0.02, 0.0,
          "share of what competitors' quality still lacks that they make up for in a year"),
)  # fmt: skip
