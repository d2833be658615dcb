//! The demo web shop: an SQLite database, deterministic, with a workload of real shapes.
