"""What `make bench` runs: what the collection costs, each time beside the plain way of doing the same, in one run on one machine."""
