"""How numbers, labels, formulas and derivatives are written: as text, as MathML, for a message."""
