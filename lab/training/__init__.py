"""Training of the compact engine: labelled clips in, a weights file out."""
