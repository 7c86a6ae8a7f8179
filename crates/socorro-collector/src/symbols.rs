//! Symbol files over HTTP.
