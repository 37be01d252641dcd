"""Rivals of the shipped change detectors, for comparison (`benchmarks/change_detectors.py`)."""
