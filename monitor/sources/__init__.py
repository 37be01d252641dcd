"""Where audio comes from. One file or folder a source; `registry.py` knows them all."""
