"""Programs that show how things are done; each runs as it is."""
