"""The parts of a player's page that repeat, packed so that the file stays small."""
