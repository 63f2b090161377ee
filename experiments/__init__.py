"""Experiments with the model: benchmarks, sweeps, validation."""
