//! The one collection core: targets, drivers, guards and the snapshot store. All IO of planscope.
//!
//! Nothing here prints, draws conclusions or knows of the command line.

#![deny(missing_docs)]

pub mod baselines;
pub mod clock;
pub mod collect;
pub mod demo;
pub mod driver;
pub mod drivers;
pub mod error;
pub mod guard;
pub mod live;
pub mod logs;
pub mod queries;
pub mod select;
pub mod store;
pub mod target;
pub mod wanted;
pub mod watch;

pub use error::{CollectError, ErrorKind};
pub use guard::Stop;
pub use target::Target;
