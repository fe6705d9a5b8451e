"""What tests of gradients are made of: engines broken on purpose, for a checker to catch."""
