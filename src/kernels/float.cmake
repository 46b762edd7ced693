# The float32 families.
