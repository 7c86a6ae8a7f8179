//! The parameters of Super Search.
