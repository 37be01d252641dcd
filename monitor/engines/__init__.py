"""What turns windows of audio into frames. One folder an engine; `registry.py` knows them all."""
