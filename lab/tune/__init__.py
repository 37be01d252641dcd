"""Settings and rules searched for a stated aim: calls are heard once, and analysed anew for each trial.

`aim.py` says what is wanted, `space.py` what may be varied, `proposal.py` makes settings of a choice, `heard.py` keeps what the
engine heard, `judge.py` scores a proposal, `search.py` looks for the best with Optuna, `tuning.py` is the whole of it.
"""
