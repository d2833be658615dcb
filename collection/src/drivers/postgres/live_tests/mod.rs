//! Tests against real servers: `dev/servers up; eval "$(dev/servers env)"`, then `cargo test`.

mod collecting;
mod failing;
mod harmless;
mod killed;
mod logging;
mod many;
mod own_server;
mod pooled;
mod pretending;
mod privileges;
mod support;
