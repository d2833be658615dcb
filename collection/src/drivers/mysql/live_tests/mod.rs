//! Tests against real servers: `dev/servers up; eval "$(dev/servers env)"`, then `cargo test`.

mod collecting;
mod failing;
mod harmless;
mod logging;
mod many;
mod planning;
mod privileges;
mod support;
