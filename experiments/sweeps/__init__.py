"""Sweeps: many runs of a model over a space of factors, by a design."""
