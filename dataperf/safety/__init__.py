"""Machines beside the raters: what scores texts, what scores images, where images come from."""
