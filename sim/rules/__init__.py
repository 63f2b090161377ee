"""The mechanisms: one small file each, compiled functions that read like their equation."""
