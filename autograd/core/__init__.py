"""What the engine stands on: the record of an op, arithmetics of plain numbers, recording modes."""
