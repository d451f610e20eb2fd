"""The local Elasticsearch: have it, start it, find it, stop it; it knows nothing of articles."""

from indexer.engine.errors import EngineError
from indexer.engine.lifecycle import NodeStatus, Running, Status, logs, running, start, status, stop

__all__ = ["EngineError", "NodeStatus", "Running", "Status", "logs", "running", "start", "status", "stop"]
