"""What calls came to, kept so that thousands are found and counted at once: an index of a store's catalogue and journal."""
