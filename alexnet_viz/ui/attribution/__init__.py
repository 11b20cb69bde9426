"""The parts of the page Attribution: choices, map jobs, pictures, and its four views."""
