//! Any bytes as a log: read or refused, nothing lost without a word, whatever the cut of the input.
//!
//! With `PLANSCOPE_FUZZ_FORMAT=mysql-slow` by that reader only, else by all and by the detected one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use planscope_collection::Stop;
use planscope_collection::logs::{ALL, Input, LogDigest, LogReader, Options, by_name, digest};
use planscope_collection::store::codec::{decode, encode};
use std::path::Path;
use std::sync::OnceLock;

fuzz_target!(|data: &[u8]| {
    for reader in chosen() {
        check(data, Some(reader));
    }
    if chosen().len() == ALL.len() {
        check(data, None);
    }
});

/// The readers to try.
fn chosen() -> &'static [&'static LogReader] {
    static CHOSEN: OnceLock<Vec<&'static LogReader>> = OnceLock::new();
    CHOSEN.get_or_init(|| match std::env::var("PLANSCOPE_FUZZ_FORMAT") {
        Ok(name) => vec![by_name(&name).expect("no such reader")],
        Err(_) => ALL.to_vec(),
    })
}

fn read(inputs: &[Input], reader: Option<&'static LogReader>, keep: bool) -> Option<LogDigest> {
    let options = Options { reader, threads: 1, keep_literals: keep, ..Options::default() };
    digest(inputs, &options, &Stop::new()).ok()
}

/// As the tests of the readers: every event is in a statement or says nothing, the snapshot that is
/// written is the one that is read, and replacing literals changes no figure.
fn check(data: &[u8], reader: Option<&'static LogReader>) {
    let input = Input::Bytes("log".into(), data.to_vec());
    let inputs = [input];
    let (Some(open), Some(private)) = (read(&inputs, reader, true), read(&inputs, reader, false))
    else {
        return;
    };
    let histories = open.snapshot.statements.iter().filter_map(|s| s.history.as_ref());
    let events: u64 = histories.map(|history| history.events).sum();
    assert_eq!(events + open.facts.empty, open.facts.events);
    let figures = |digest: &LogDigest| -> Vec<_> {
        digest.snapshot.statements.iter().map(|s| (s.fingerprint, s.counters)).collect()
    };
    assert_eq!(figures(&open), figures(&private));
    let written = encode(&private.snapshot).expect("what was read can be written");
    let again = decode(&written, Path::new("fuzz")).expect("what was written can be read");
    assert_eq!(again.log, private.snapshot.log);
    for (one, other) in again.statements.iter().zip(&private.snapshot.statements) {
        assert_eq!((&one.history, one.counters), (&other.history, other.counters));
    }
}
