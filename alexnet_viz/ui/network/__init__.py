"""The parts of the page Network."""
