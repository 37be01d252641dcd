"""Rivals of the shipped change detectors, for comparison (`lab/experiments/change_detectors.py`)."""
