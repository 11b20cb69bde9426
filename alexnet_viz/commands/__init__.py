"""The commands of ``python -m alexnet_viz``, a file each: its options and what it does."""
