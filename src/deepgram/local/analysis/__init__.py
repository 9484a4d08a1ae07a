"""Analysis of English text: sentiment, topics, intents, summary.

One subject per file; :func:`analyzed` is the order in which they work. It runs in a process of its own
(:mod:`.worker_main`, owned by :class:`.workers.Analysts`): a long text takes seconds of computing. What the analyses
are, and what they cannot do, is in `docs/text-analysis.md`.
"""
