"""Thresholds of the change detectors, found by simulation of speech without change."""
