"""What a unit responds to: optimised images, inversion, exemplars, neighbours, contact sheets."""
