"""Moto's stand-alone server, with one call at a time for SQS.

Moto handles each request in a thread of its own and looks at a message before it marks it as
received; deleting builds the list of messages anew. Two threads at once can therefore hand out the
same message twice, bring a deleted one back, or lose one that is being sent. Here every call to the
SQS backend takes a lock; who waits for messages lets the others go on.
"""

import functools
import sys
import threading
import time

from moto.server import main
from moto.sqs.models import SQSBackend

ONE_AT_A_TIME = threading.RLock()
# How often a request that waits for messages looks again, in seconds.
LOOK_AGAIN = 0.05


def one_at_a_time(method):
    @functools.wraps(method)
    def locked(*args, **kwargs):
        with ONE_AT_A_TIME:
            return method(*args, **kwargs)

    return locked


for name, member in list(vars(SQSBackend).items()):
    if callable(member) and not name.startswith("_"):
        setattr(SQSBackend, name, one_at_a_time(member))

receive_now = SQSBackend.receive_message


@functools.wraps(receive_now)
def receive_message(
    self, queue_name, count, wait_seconds_timeout, visibility_timeout, *names, **more
):
    end = time.monotonic() + wait_seconds_timeout
    while True:
        messages = receive_now(
            self, queue_name, count, 0, visibility_timeout, *names, **more
        )
        if messages or time.monotonic() >= end:
            return messages
        time.sleep(LOOK_AGAIN)


SQSBackend.receive_message = receive_message

if __name__ == "__main__":
    main(sys.argv[1:])
