"""The queueing core against exact results, with people neutral."""
