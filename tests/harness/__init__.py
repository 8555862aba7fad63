"""What `make test` is made of: places, Pythons, the installed collection, the stages and their sums."""
