"""Experiments: what one question about the product cost or found, each run by `python -m lab.experiments.NAME`."""
