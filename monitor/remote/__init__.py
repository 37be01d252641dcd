"""A service at an address, for those who ask it: commands, datasets."""
