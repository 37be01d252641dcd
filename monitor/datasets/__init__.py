"""Stored calls as data scientists use them: xarray datasets, pandas tables, Parquet; of a store, or of a running service.

xarray, pandas and pyarrow (the extra `analysis`) are imported when a store is opened.
"""

from monitor.datasets.call import CallFrames
from monitor.datasets.calls import StoredCalls, open_store

__all__ = ["CallFrames", "StoredCalls", "open_store"]
