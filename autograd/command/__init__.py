"""The command line: ``python -m autograd "a*b + c" a=2 b=-3 c=10``."""
