"""The local Elasticsearch: have it, start it, find it, stop it; it knows nothing of articles."""

from indexer.engine.condition import NodeStatus, Status, logs, status
from indexer.engine.errors import EngineError
from indexer.engine.finding import Running, running
from indexer.engine.lifecycle import start, stop

__all__ = ["EngineError", "NodeStatus", "Running", "Status", "logs", "running", "start", "status", "stop"]
