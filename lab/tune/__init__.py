"""Fits a few settings and values of rules to labelled calls: calls are heard once, and analysed anew for each trial.

`aim.py` says what is wanted, `proposal.py` what may be varied, `judge.py` scores a proposal, `tuning.py` tries proposals and
compares the best with the beginning, `write.py` writes what was found.
"""
