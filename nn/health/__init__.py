"""The health of a training: what is watched, and the signs of trouble."""
