"""Codecs, resampling and speech activity: everything between a source's bytes and 16 kHz samples."""
