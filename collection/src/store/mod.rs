//! The snapshot store: a folder of snapshot files.
