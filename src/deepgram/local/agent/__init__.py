"""The voice agent of the embedded server: it listens, thinks and speaks, and can be interrupted."""
