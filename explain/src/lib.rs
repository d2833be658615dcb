//! The vocabulary of planscope: plans in every EXPLAIN format, heat, plan diff, statements and
//! their fingerprints, the catalog and the snapshot.
//!
//! This crate is pure: text and values in, values out. It does no IO, has no clock, no async and
//! no recursion whose depth depends on its input.

#![deny(missing_docs)]

pub mod baseline;
pub mod diff;
pub mod engine;
pub mod formats;
pub mod heat;
pub mod plan;
pub mod units;
pub mod workload;

pub use engine::Engine;
pub use plan::{Node, NodeId, Plan};
pub use workload::{Fingerprint, Snapshot, Statement};
