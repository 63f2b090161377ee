"""Bundled organisations: sketches with round numbers, made up for this project and not taken from any real firm."""
