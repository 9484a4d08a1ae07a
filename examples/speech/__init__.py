"""Speech: saving it, playing it while it is made, and speaking what a language model writes."""
