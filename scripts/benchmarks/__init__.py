"""What scripts/bench runs: each benchmark is a module with a ``run``; nothing of it is in the installed package."""
