"""The gallery's page: one card per weight."""
