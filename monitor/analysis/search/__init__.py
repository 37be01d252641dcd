"""Moments like this one, over all stored calls: an index of the store's embeddings, and what is asked of it."""

from monitor.analysis.search.index import SearchIndex, index_of
from monitor.analysis.search.query import Answer, Found, search
from monitor.analysis.search.updating import Update, update

__all__ = ["Answer", "Found", "SearchIndex", "Update", "index_of", "search", "update"]
