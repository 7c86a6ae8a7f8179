//! Crash signatures: the text that groups a crash with its like.
