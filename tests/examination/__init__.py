"""What an examiner does to a service by force, to be done again by anybody: `python -m tests.examination`.

Each examination is a module here with `TRIED`, a sentence, and `examine(tree, short)`, which gives rows of a table. It talks
to a service in a process of its own, on loopback, in a temporary folder, and comes to an end. `tree` is a checkout: another
version of this program goes through the same (`docs/examination.md`). The suite collects none of them.
"""
