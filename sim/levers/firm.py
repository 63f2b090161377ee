"""F: the firm's money, what management sees, and the ladder of escalation. Money is in the organisation's currency."""

from sim.levers.lever import Lever

LEVERS = (
    # --- F1: money ---------------------------------------------------------------------------------------------------
    Lever("revenue_per_need", "segment", "F1", "currency per need", 0, 1e9, 150, None, "revenue that a need of a customer brings"),
    Lever("wage", "unit", "F1", "currency per person and year", 0, 1e9, 45000, None,
          "what a post costs in a year; for a contractor, what its fee is a ratio of"),
    Lever("manager_wage", "unit", "F1", "currency per manager and year", 0, 1e9, 70000, None, "what a manager costs in a year"),
    Lever("temporary_premium", "firm", "F1", "ratio", 0, 10, 1.5, None, "cost of a temporary as a multiple of the wage"),
    Lever("hiring_cost", "firm", "F1", "currency per hire", 0, 1e9, 5000, None, "cost of filling a post"),
    Lever("redress_cost", "segment", "F1", "currency", 0, 1e9, 60, None, "cost of making a customer's damage good in full"),
    Lever("crisis_cost", "firm", "F1", "currency per crisis", 0, 1e9, 10000, None, "cost of a problem that burst"),
    Lever("training_cost", "firm", "F1", "currency per person-day", 0, 1e9, 200, None, "cost of a day of training beside the wage"),
    Lever("gathering_cost", "firm", "F1", "currency per person", 0, 1e9, 60, None, "cost of a joint gathering for each who takes part"),
    Lever("cross_training_cost", "firm", "F1", "currency per person and year", 0, 1e9, 800, None, "cost of keeping somebody able to do another unit's work"),
    Lever("platform_cost", "firm", "F1", "currency per person and year", 0, 1e9, 300, None, "cost of a common platform in full"),
    Lever("selection_cost", "firm", "F1", "currency per contract", 0, 1e9, 20000, None, "cost of choosing a contractor with full effort"),
    Lever("review_cost", "firm", "F1", "currency per review", 0, 1e9, 3000, None, "cost of reviewing a service agreement"),
    Lever("measurement_cost", "firm", "F1", "currency per measurement", 0, 1e9, 300, None, "cost of measuring a contractor once"),
    Lever("partner_support_cost", "firm", "F1", "currency per person and year", 0, 1e9, 2500, None, "cost of full support of a contractor's people"),
    Lever("partnership_cost", "firm", "F1", "currency per person and year", 0, 1e9, 1500, None, "cost of full partnership with a contractor"),
    Lever("responsibility_cost", "firm", "F1", "currency per person and year", 0, 1e9, 250, None,
          "cost of full training in taking responsibility, and as much again of the company-wide agreement"),
    Lever("survey_cost", "firm", "F1", "currency per answer", 0, 1e9, 2, None, "cost of an answer to a survey"),
    Lever("root_cause_cost", "firm", "F1", "currency per cause", 0, 1e9, 300, None, "cost of finding and removing a root cause"),
    Lever("service_budget", "firm", "F1", "currency per person and year", 0, 1e9, 0.0, 0.0, "budget for better service, beside everything else"),
    Lever("front_share", "firm", "F1", "share", 0, 1, 0.5, None, "share of the budget for service spent on units that face customers"),
    Lever("budget_half", "firm", "F1", "currency per person and year", 1, 1e9, 3000, None, "spending per person with half of the effect that money can have"),
    Lever("budget_errors", "firm", "F1", "log odds", 0, 10, 1.2, None, "most by which spending can lower the odds of an error"),
    Lever("budget_speed", "firm", "F1", "log time", 0, 2, 0.15, None, "most by which spending can speed up work"),
    # --- F3: what management sees ------------------------------------------------------------------------------------
    Lever("survey_share", "link", "F3", "share", 0, 1, 0.1, 0.0, "share of encounters after which the client answers a survey"),
    Lever("survey_noise", "firm", "F3", "share", 0, 1, 0.1, None, "standard deviation of an answer around what the client feels"),
    Lever("survey_period", "firm", "F3", "working days", 1, 1000, 20, None, "days whose answers are put together"),
    Lever("survey_delay", "firm", "F3", "working days", 0, 1000, 10, None, "days until management has the result"),
    # --- F5: the ladder ----------------------------------------------------------------------------------------------
    Lever("escalation_attention", "firm", "F5", "days of a manager", 0, 100, 0.05, 0.0, "attention that one escalation takes"),
    Lever("ladder_days", "firm", "F5", "working days", 0, 1000, 3, None, "wait for a manager after which an escalation climbs to the general manager"),
    Lever("general_attention", "firm", "F5", "days of a manager", 0, 1000, 0.5, None, "attention that the general manager has for escalations in a day"),
)  # fmt: skip
