"""Scenario scripts and bundled organisations."""
