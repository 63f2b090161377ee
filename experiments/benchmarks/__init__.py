"""Measurements of cost, run by hand and quoted in the documentation."""
