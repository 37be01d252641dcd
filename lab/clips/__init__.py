"""Labelled clips, one utterance of one emotion each: reading them, choosing among them, and how much was heard right."""
