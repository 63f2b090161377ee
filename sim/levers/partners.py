"""D: contractors, suppliers and field partners. Levers of units work on contractors only, unless said otherwise."""

from sim.levers.lever import Lever

_RESPONSIBILITY = "no source: a modelling choice after the case of the cut phone line"

LEVERS = (
    # --- D1: selection -----------------------------------------------------------------------------------------------
    Lever("selection_effort", "unit", "D1", "share", 0, 1, 0.3, None,
          "effort in choosing a contractor: qualifications, references, testimonials, interviews"),
    Lever("partner_spread", "firm", "D1", "share", 0, 0.3, 0.06, 0.0,
          "standard deviation of quality between the contractors who could be had"),
    Lever("candidates", "firm", "D1", "contractors", 1, 30, 6, None, "contractors who are looked at with full effort"),
    Lever("selection_noise", "firm", "D1", "ratio", 0, 10, 2.0, None,
          "error in judging a contractor without any effort, in standard deviations of quality"),
    Lever("partner_errors", "firm", "D1", "log odds per unit", 0, 50, 4.0, 0.0,
          "fall in the odds of an error per unit of a contractor's quality"),
    # --- D2: the service agreement -----------------------------------------------------------------------------------
    Lever("agreement", "unit", "D2", "share", 0, 1, 0.6, None,
          "how clear and two-way the service agreement with a contractor is when it is made or reviewed"),
    Lever("review_days", "unit", "D2", "working days", 0, 10000, 250, None, "time between reviews of the agreement; 0 for never"),
    Lever("clarity_fade", "firm", "D2", "share per day", 0, 1, 0.002, 0.0, "share of the clarity of expectations that fades in a day"),
    Lever("clarity_errors", "firm", "D2", "log odds", 0, 20, 1.2, 0.0, "rise in the odds of an error without clear expectations"),
    Lever("clarity_empathy", "firm", "D2", "share", 0, 1, 0.2, 0.0, "share of empathy lost without clear expectations"),
    # --- D3: measurement ---------------------------------------------------------------------------------------------
    Lever("measurement", "unit", "D3", "share", 0, 1, 0.4, None,
          "how often a contractor is measured: 1 every five days, as one's own people"),
    Lever("measurement_noise", "firm", "D3", "share", 0, 1, 0.05, None, "standard error of one measurement of a contractor"),
    Lever("effort_rate", "firm", "D3", "share per day", 0, 1, 0.01, 0.0,
          "speed at which a contractor's effort follows what measurement and commitment call for"),
    Lever("effort_errors", "firm", "D3", "log odds", 0, 20, 1.2, 0.0, "rise in the odds of an error without any effort"),
    # --- D4: support -------------------------------------------------------------------------------------------------
    Lever("partner_support", "unit", "D4", "share", 0, 1, 0.3, 0.0,
          "information, resources, tools and training that a contractor gets from the firm"),
    Lever("partner_tools", "firm", "D4", "share", 0, 1, 0.5, None, "share of a contractor's missing tools that full support supplies"),
    Lever("partner_training", "firm", "D4", "share of working time", 0, 0.5, 0.04, None,
          "training beside the contractor's own that full support supplies"),
    # --- D5: the contractor is the company ---------------------------------------------------------------------------
    Lever("attribution", "firm", "D5", "share", 0, 1, 1.0, 0.0,
          "how far customers see the firm in a contractor: 1 as in its own departments, 0 not at all"),
    Lever("face_to_face", "link", "D5", "share", 0, 1, 0.0, 0.0, "share of the encounters over a link that are face to face"),
    Lever("immediacy", "firm", "D5", "ratio", 0, 5, 0.5, None, "how much more a face-to-face encounter counts"),
    # --- D6: the cut phone line --------------------------------------------------------------------------------------
    Lever("accident_rate", "unit", "D6", "share of jobs", 0, 1, 0.002, 0.0,
          "jobs at a customer's in which a contractor damages something"),
    Lever("sent_away", "firm", "D6", "share", 0, 1, 0.7, 0.0,
          "share of accidents after which the technician apologises and sends the customer to the firm", _RESPONSIBILITY),
    Lever("responsibility_refused", "firm", "D6", "share", 0, 1, 0.6, 0.0,
          "share of claims that the office refuses because a contractor did it", _RESPONSIBILITY),
    Lever("refusal_defended", "firm", "D6", "share", 0, 1, 0.6, 0.0,
          "share of refusals that the office defends when the customer insists", _RESPONSIBILITY),
    Lever("company_agreement", "firm", "D6", "share", 0, 1, 0.0, 0.0,
          "a company-wide agreement: apologise, call the office at once, stay until it is solved"),
    Lever("responsibility_training", "firm", "D6", "share", 0, 1, 0.0, 0.0,
          "training of staff and contractors in taking responsibility"),
    Lever("remedy_effect", "firm", "D6", "share", 0, 1, 0.65, None,
          "share of each stage of failure that the agreement or the training alone prevents", _RESPONSIBILITY),
    # --- D7: partnership ---------------------------------------------------------------------------------------------
    Lever("partnership", "unit", "D7", "share", 0, 1, 0.3, None,
          "how far a contractor is treated as a partner with goals of its own"),
    Lever("commitment", "unit", "D7", "share", 0, 1, 0.5, None, "commitment to serving that a contractor brings along"),
    Lever("fee", "unit", "D7", "ratio", 0.1, 10, 1.0, None, "fee against what is usual for the work"),
    Lever("partnership_gain", "firm", "D7", "share", 0, 2, 0.5, 0.0,
          "rise in commitment with full partnership and full trust in the firm",
          "direction: Morgan & Hunt 1994, doi:10.1177/002224299405800302; size: a modelling choice"),
    Lever("fee_gain", "firm", "D7", "share", 0, 2, 0.2, 0.0, "rise in commitment when the fee is e times the usual"),
    Lever("commitment_rate", "firm", "D7", "share per day", 0, 1, 0.01, None, "speed at which commitment moves"),
    Lever("commitment_errors", "firm", "D7", "log odds", 0, 20, 1.0, 0.0, "rise in the odds of an error without commitment"),
    Lever("commitment_empathy", "firm", "D7", "share", 0, 1, 0.3, 0.0, "share of empathy lost without commitment"),
    Lever("contract_days", "unit", "D7", "working days", 0, 10000, 500, None, "term of a contract; 0 for no end"),
    Lever("keep_score", "unit", "D7", "share", 0, 1, 0.0, 0.0,
          "measured quality below which a contractor is replaced when the contract ends"),
)  # fmt: skip
