"""The store on a local disk: zarr 3 for frames, files beside it for snapshots, events and sound."""
