"""How fetching fails: a rejection that also says how lasting it is, and when to come back."""

from __future__ import annotations

from indexer.models import Failure, Reason, RejectedError

# Gone is gone, for a while at least: feeds come back even from 404.
HARD_STATUSES = frozenset({404, 410})
# The server was not ready for the question; the question itself was right.
TEMPORARY_STATUSES = frozenset({408, 425, 429})


class FetchError(RejectedError):
    """A fetch that failed; ``status`` is that of an HTTP answer, ``retry_after`` the seconds that it asked for."""

    def __init__(
        self,
        reason: Reason,
        detail: str = "",
        *,
        failure: Failure,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(reason, detail)
        self.failure = failure
        self.status = status
        self.retry_after = retry_after


def refused(status: int, *, retry_after: float | None = None) -> FetchError:
    """Make the error of an HTTP status."""
    if status in HARD_STATUSES:
        failure = Failure.HARD
    elif status in TEMPORARY_STATUSES:
        failure = Failure.TEMPORARY
    else:
        failure = Failure.SOFT
    return FetchError(Reason.HTTP_STATUS, str(status), failure=failure, status=status, retry_after=retry_after)
