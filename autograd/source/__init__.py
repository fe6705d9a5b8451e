"""The table of ops as expressions: a rule run on symbols, to be written in other languages."""
