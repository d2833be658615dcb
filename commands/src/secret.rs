//! Passwords from outside: a command of the user's, the keyring of the operating system.
//!
//! Nothing of what they print is ever shown.

use crate::error::{CommandError, Result};
use std::process::{Command, Stdio};

/// The name under which planscope's passwords are in the keyring.
const SERVICE: &str = "planscope";

/// The first line that the user's shell command prints.
///
/// # Errors
/// When it cannot be run, fails, or prints nothing.
pub fn from_command(command: &str, target: &str) -> Result<String> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]);
    first_line(shell).map_err(|why| {
        CommandError::config(format!("target {target}: password-command {why}"))
            .hint(format!("run it by hand: {command}"))
    })
}

/// The password that the keyring has for the target: asked by the system's own client, which knows how
/// to unlock it (Secret Service on Linux and the BSDs, Keychain on macOS).
///
/// # Errors
/// When there is no such client, or the keyring does not have the password.
pub fn from_keyring(target: &str) -> Result<String> {
    let (lookup, store) = keyring_commands(target);
    let (program, arguments) = lookup.split_first().map_or(("", &[][..]), |(p, a)| (*p, a));
    let mut client = Command::new(program);
    client.args(arguments);
    first_line(client).map_err(|why| {
        CommandError::config(format!("target {target}: the keyring ({program}) {why}"))
            .hint(format!("put the password there: {store}"))
    })
}

/// What looks a password up, and what a person types to put one there.
fn keyring_commands(target: &str) -> (Vec<&str>, String) {
    if cfg!(target_os = "macos") {
        let store = format!("security add-generic-password -s {SERVICE} -a {target} -w");
        (vec!["security", "find-generic-password", "-s", SERVICE, "-a", target, "-w"], store)
    } else {
        let label = format!("--label='{SERVICE} {target}'");
        let store = format!("secret-tool store {label} service {SERVICE} target {target}");
        (vec!["secret-tool", "lookup", "service", SERVICE, "target", target], store)
    }
}

/// Runs it; the error is the end of a sentence.
fn first_line(mut command: Command) -> std::result::Result<String, String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("failed: {}", output.status));
    }
    let text = String::from_utf8(output.stdout);
    let text = text.map_err(|_| "printed something that is not UTF-8".to_owned())?;
    match text.lines().next().unwrap_or_default() {
        "" => Err("printed nothing".to_owned()),
        password => Ok(password.to_owned()),
    }
}
