"""Where events go besides the store: sinks that follow the journal, each at its own pace."""
