"""The player's own drawings: where things stand, and the SVG of them."""
