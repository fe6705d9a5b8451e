"""Pages for a browser, each one file that needs neither network nor kernel."""
