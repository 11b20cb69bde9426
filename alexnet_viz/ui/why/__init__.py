"""The parts of the page that asks why: choices, asking, pictures, and its four views."""
