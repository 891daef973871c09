"""In by event: nothing. The directory tells the others, and follows nobody."""

from shared.consumers import Consumers

__all__ = ["consumes"]

consumes = Consumers()
