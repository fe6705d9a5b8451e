"""The ways in which the player shows a network: graph, layers, neurons."""
