//! `socorro s3`, `socorro storage` and `socorro gcs`: buckets of real servers, and directories.

mod aws;
mod directories;
mod faults;
mod gcs;
mod odd;
mod proxy;
mod server;
mod settings;
mod trees;
