//! The vocabulary of socorro: crash ids, raw crashes, dumps, processed crashes and their schema.
