"""Frames in zarr, snapshots in `.npy`, the event journal, recorded audio, and the catalogue of calls."""
