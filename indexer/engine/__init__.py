"""The local Elasticsearch: have it, start it, find it, stop it; it knows nothing of articles."""

from indexer.engine.errors import EngineError
from indexer.engine.lifecycle import Running, Status, logs, running, start, status, stop

__all__ = ["EngineError", "Running", "Status", "logs", "running", "start", "status", "stop"]
