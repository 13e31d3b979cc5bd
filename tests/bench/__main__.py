"""The placeholder of `make bench`."""

print("This is a placeholder: nothing is measured yet. The benchmark comes with a later version.")
