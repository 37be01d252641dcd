"""What was analysed, drawn with matplotlib: loaded for pictures alone."""

from monitor.analysis.pictures.changes import draw_changes
from monitor.analysis.pictures.clusters import draw_clusters
from monitor.analysis.pictures.paper import save
from monitor.analysis.pictures.trajectory import draw_trajectory

__all__ = ["draw_changes", "draw_clusters", "draw_trajectory", "save"]
