"""What pictures and pages show, as plain data; nothing here draws."""
