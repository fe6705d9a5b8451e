"""Pictures and pages of a graph: drawings, gradient paths, the walk, the gallery."""
