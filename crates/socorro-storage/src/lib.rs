//! Crash storage over any object store: S3, GCS, Azure, a directory or memory.
