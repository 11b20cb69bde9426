"""What a unit responds to: optimised images, inversion, exemplars, neighbours, maps of photos, contact sheets."""
