"""An attacker who has many outputs and looks for a combination of their figures that depends on a few people only."""
