//! Any text as a target: never a panic, and nothing that can be shown has the password in it.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use planscope_collection::Target;
use planscope_collection::target::Environment;

/// Stands in no dictionary and in no message of ours.
const SECRET: &str = "QZX7QZX";

const SCHEMES: [&str; 5] = ["postgres", "postgresql", "mysql", "mariadb", "mongodb"];

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    let _ = shown(text);
    // As five lines: scheme, user, password before and after the secret, what follows the @.
    let lines: Vec<&str> = text.splitn(5, '\n').collect();
    let [scheme, user, before, after, rest] = lines[..] else { return Corpus::Keep };
    let scheme = SCHEMES[scheme.len() % SCHEMES.len()];
    if text.contains(SECRET) || user.contains(['/', '?', ':', '@']) {
        return Corpus::Keep;
    }
    // With both, unescaped, there is no telling where the password ends.
    let password = format!("{before}{SECRET}{after}");
    if !(password.contains('@') && password.contains('?')) {
        refuse_to_show(&format!("{scheme}://{user}:{password}@{rest}"));
    }
    refuse_to_show(&format!("{scheme}://{user}@{}/d?password={SECRET}", encoded(rest)));
    Corpus::Keep
});

fn refuse_to_show(url: &str) {
    let shown = shown(url);
    assert!(!shown.contains(SECRET), "{url:?} shows its password: {shown}");
}

/// All that a user could get to see.
fn shown(url: &str) -> String {
    match Target::parse_with(url, &Environment::default()) {
        Ok(target) => {
            let places: Vec<String> = target.hosts().iter().map(|host| host.place()).collect();
            format!(
                "{target} {target:?} {} {} {:?} {:?} {:?} {places:?}",
                target.name(),
                target.file_stem(),
                target.hosts(),
                target.user(),
                target.database(),
            )
        }
        Err(error) => format!("{error} {error:?} {}", error.hints.join(" ")),
    }
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
