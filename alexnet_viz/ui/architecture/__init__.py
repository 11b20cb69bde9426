"""The parts of the page Architecture."""
