//! The crash processing pipeline: rules, rulesets, pipeline and worker.
