"""How an agent thinks: language models over HTTP, in the forms of several providers, and rules for work offline."""
