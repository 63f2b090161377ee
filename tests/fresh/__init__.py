"""A fresh machine: the wheel alone, in an empty environment, away from the checkout, does what the README says."""
