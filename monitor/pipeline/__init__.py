"""From a source to stored frames and events: windows, inference, stitching, analysis."""
