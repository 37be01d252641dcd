"""Parts of emotion-monitor from a package of their own: each is one file."""
