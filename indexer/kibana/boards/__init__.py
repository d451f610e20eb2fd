"""The dashboards, one a module: which panels each has, and where."""
