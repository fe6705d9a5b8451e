"""Graphs folded by Modules: what becomes a box, which boxes stand beside each other, what links them."""
