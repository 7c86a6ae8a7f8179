//! Keeps reports on the local disk while storage or queue are down.
