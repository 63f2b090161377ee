"""Which conclusions hold in how much of the parameter space."""
