//! Crash queues with leases, retries and dead letters.
