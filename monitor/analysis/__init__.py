"""What people do with embeddings: files of this program and of others, and moments of stored calls."""

from monitor.analysis.clusters import Clusters, cluster
from monitor.analysis.description import Description, describe
from monitor.analysis.embedding import Embedding, load
from monitor.analysis.errors import EmbeddingError
from monitor.analysis.extract import Extracted, Wanted, extract
from monitor.analysis.labels import embeddings_of, read_labels
from monitor.analysis.matcher import Match, make_template, match
from monitor.analysis.moment import Moment, parse_moment, references, resolve
from monitor.analysis.offline_changes import ChangeAnalysis, change_analysis
from monitor.analysis.stream import Outcome, stream
from monitor.analysis.training import train_head
from monitor.analysis.trajectory import Trajectory, trajectory

__all__ = [
    "ChangeAnalysis",
    "Clusters",
    "Description",
    "Embedding",
    "EmbeddingError",
    "Extracted",
    "Match",
    "Moment",
    "Outcome",
    "Trajectory",
    "Wanted",
    "change_analysis",
    "cluster",
    "describe",
    "embeddings_of",
    "extract",
    "load",
    "make_template",
    "match",
    "parse_moment",
    "read_labels",
    "references",
    "resolve",
    "stream",
    "train_head",
    "trajectory",
]
