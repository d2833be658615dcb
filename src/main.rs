//! The `planscope` binary. Everything it does lives in `planscope-commands`.

use std::process::ExitCode;

fn main() -> ExitCode {
    planscope_commands::main()
}
