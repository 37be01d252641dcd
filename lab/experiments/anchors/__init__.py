"""Anchors: what well-known ways of hearing emotion make of the same clips, the same lines and the same people.

A figure says little alone. These give it a place: functionals of a parameter set with a support vector machine, as the
field has done it since 2016, and a plain network that takes none of the care that the compact engine takes.
"""
