"""The parts of the page Filters."""
