//! Any bytes, in any reader: no panic, and nothing lost without a word.

use super::*;
use crate::guard::Stop;
use crate::store::codec;
use proptest::prelude::*;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

/// The beginnings of logs that each reader knows, for changes to start from.
const SEEDS: [&str; 10] = [
    "2024-01-02 03:04:05.678 UTC [1] a@b LOG:  duration: 1.5 ms  statement: SELECT 1\n\tFROM t\n\
     2024-01-02 03:04:05.678 UTC [1] a@b LOG:  duration: 2 ms  plan:\n\tQuery Text: SELECT 1\n\tResult  (cost=0.00..0.01 rows=1 width=4)\n\
     2024-01-02 03:04:05.678 UTC [1] a@b ERROR:  x\n2024-01-02 03:04:05.678 UTC [1] a@b STATEMENT:  y\n",
    "2024-01-02 03:04:05.678 UTC,\"u\",\"d\",1,\"[local]\",6.1,1,\"SELECT\",2024-01-02 03:04:05 UTC,1/1,0,LOG,00000,\"duration: 1 ms  statement: SELECT \"\"a\"\"\",,,,,,,,,\"psql\"\n",
    "{\"timestamp\":\"2024-01-02 03:04:05.678 UTC\",\"pid\":1,\"error_severity\":\"LOG\",\"message\":\"duration: 1 ms  statement: SELECT \\\"a\\\"\"}\n",
    "Feb 11 13:15:39 pc postgres[10808]: [1-1] db=a,user=b LOG:  duration: 1 ms  statement: SELECT a,\nFeb 11 13:15:39 pc postgres[10808]: [1-2] #011b\n",
    "{\"textPayload\":\"[7]: [1-1] db=a LOG:  duration: 1 ms  statement: x\",\"timestamp\":\"2020-05-02T13:00:20.5Z\"}\n",
    "# Time: 2018-02-05T02:46:47.273786Z\n# User@Host: r[r] @ h []  Id: 1\n# Query_time: 0.1  Lock_time: 0 Rows_sent: 1  Rows_examined: 1\nuse a;\nSET timestamp=1;\nselect 1;\n",
    "2016-06-07T19:07:02.558338Z    3 Connect\ta@b on c using Socket\n2016-06-07T19:07:02.558581Z    3 Query\tSELECT 1\n  FROM t\n",
    "{\"t\":{\"$date\":\"2026-11-21T15:58:58.764+00:00\"},\"s\":\"I\",\"c\":\"WRITE\",\"id\":51803,\"ctx\":\"c\",\"msg\":\"Slow query\",\"attr\":{\"type\":\"command\",\"ns\":\"a.b\",\"command\":{\"find\":\"b\",\"filter\":{\"x\":1}},\"durationMillis\":12}}\n",
    "{\"op\":\"query\",\"ns\":\"a.b\",\"command\":{\"find\":\"b\",\"filter\":{}},\"millis\":2,\"ts\":{\"$date\":\"2024-05-06T07:08:09.123Z\"}}\n",
    "2018-03-28T15:34:44.104-0400 I COMMAND [c1] command a.b command: find { find: \"b\", filter: { x: 1 } } docsExamined:5 12ms\n",
];

fn read(bytes: Vec<u8>, reader: Option<&'static LogReader>) -> Option<LogDigest> {
    let options = Options { reader, threads: 2, ..Options::default() };
    digest(&[Input::Bytes("x".into(), bytes)], &options, &Stop::new()).ok()
}

/// What holds whatever the log: every event is in a statement or says nothing, the snapshot that is
/// written is the one that is read, and replacing literals changes no figure.
fn laws(bytes: &[u8], reader: &'static LogReader) {
    let once = |keep_literals| {
        let options =
            Options { reader: Some(reader), threads: 1, keep_literals, ..Options::default() };
        digest(&[Input::Bytes("x".into(), bytes.to_vec())], &options, &Stop::new()).ok()
    };
    let (Some(open), Some(private)) = (once(true), once(false)) else { return };
    let histories = open.snapshot.statements.iter().filter_map(|s| s.history.as_ref());
    let events: u64 = histories.map(|history| history.events).sum();
    assert_eq!(events + open.facts.empty, open.facts.events);
    let figures = |digest: &LogDigest| -> Vec<_> {
        digest.snapshot.statements.iter().map(|s| (s.fingerprint, s.counters)).collect()
    };
    assert_eq!(figures(&open), figures(&private));
    let written = codec::encode(&private.snapshot).unwrap();
    let read = codec::decode(&written, Path::new("x")).unwrap();
    assert_eq!(read.log, private.snapshot.log);
    for (one, other) in read.statements.iter().zip(&private.snapshot.statements) {
        assert_eq!((&one.history, one.counters), (&other.history, other.counters));
    }
}

#[test]
fn seeds_are_known_and_read_without_rejects() {
    let mut seen = Vec::new();
    for seed in SEEDS {
        let found = read(seed.as_bytes().to_vec(), None).unwrap();
        assert!(found.facts.events > 0 && found.rejects.is_empty(), "{seed}: {:?}", found.rejects);
        seen.push(found.sources[0].format);
    }
    seen.sort_unstable();
    let names: Vec<&str> = ALL.iter().map(|reader| reader.name).collect();
    assert_eq!(seen, names);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for reader in ALL {
            read(bytes.clone(), Some(reader));
        }
        read(bytes, None);
    }

    #[test]
    fn changed_logs_are_survived(
        seed in 0..SEEDS.len(),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), "[\\PC\\n]{0,6}"), 0..6),
    ) {
        let mut text = SEEDS[seed].repeat(3).into_bytes();
        for (from, length, insert) in cuts {
            let from = from.index(text.len() + 1);
            let end = (from + length.index(12)).min(text.len());
            text.splice(from..end, insert.bytes());
        }
        for reader in ALL {
            laws(&text, reader);
        }
    }

    /// A log that is cut anywhere loses the last event at most, and says so.
    #[test]
    fn cut_logs_keep_the_rest(seed in 0..SEEDS.len(), at in any::<prop::sample::Index>()) {
        let whole = SEEDS[seed].repeat(4);
        let reader = detect(SEEDS[seed].as_bytes());
        let all = read(whole.clone().into_bytes(), reader).unwrap().facts.events / 4;
        let text = whole.as_bytes()[..at.index(whole.len())].to_vec();
        let blocks = (text.len() / SEEDS[seed].len()) as u64;
        let found = read(text, reader).map_or(0, |digest| digest.facts.events);
        prop_assert!(found >= blocks * all, "{found} of {blocks} times {all}");
    }
}

#[test]
fn one_endless_line_ends() {
    let mut text =
        b"2024-01-02 03:04:05.678 UTC [1] LOG:  duration: 1 ms  statement: SELECT '".to_vec();
    text.resize(5 << 20, b'x');
    let digest = read(text, None).unwrap();
    assert_eq!(digest.facts.events, 1);
    assert_eq!(digest.snapshot.statements[0].problems[0].kind, "text-cut");
}

/// Whatever the number of threads: the records before and after are read, the line is said, and no
/// more of it is kept than a record may have. The line is a hole in a file.
#[test]
fn a_line_of_a_gib_is_cut_and_said() {
    const GIB: u64 = 1 << 30;
    let entry = "2024-01-02 03:04:05.678 UTC [1] LOG:  duration: 1 ms  statement: SELECT ";
    let (begun, ended) = (format!("{entry}1\n{entry}'"), format!("'\n{entry}2\n"));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(begun.as_bytes()).unwrap();
    file.as_file_mut().seek(SeekFrom::Current(GIB as i64)).unwrap();
    file.write_all(ended.as_bytes()).unwrap();
    let options = Options { threads: 2, ..Options::default() };
    let input = Input::Path(file.path().to_owned());
    let digest = digest(&[input], &options, &Stop::new()).unwrap();
    assert_eq!(digest.facts.events, 3);
    let rejected = &digest.rejects[&Reason::TooLong];
    assert_eq!((rejected.count, digest.rejects.len()), (1, 1));
    let kept = 2 * pipeline::RECORD_MAX_BYTES as u64;
    assert!((GIB - kept..GIB).contains(&rejected.bytes), "{}", rejected.bytes);
    assert_eq!(digest.sources[0].lines, 3);
    assert_eq!(digest.sources[0].bytes, begun.len() as u64 + GIB + ended.len() as u64);
}

#[test]
fn damaged_archives_keep_what_came_before() {
    let mut pack = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let line = |n: u32| {
        format!(
            "2024-01-02 03:04:05.{:03} UTC [{n}] LOG:  duration: {n} ms  statement: SELECT {n}\n",
            n % 1000
        )
    };
    (0..60_000u32).for_each(|n| pack.write_all(line(n).as_bytes()).unwrap());
    let packed = pack.finish().unwrap();
    let digest = read(packed[..packed.len() * 3 / 4].to_vec(), None).unwrap();
    assert!((30_000..60_000).contains(&digest.facts.events), "{}", digest.facts.events);
    assert!(digest.snapshot.problems.iter().any(|problem| problem.kind == "log-broken"));
}

#[test]
fn what_the_user_stops_is_kept_and_said() {
    let stop = Stop::new();
    stop.stop();
    let input = Input::Bytes("x".into(), SEEDS[0].as_bytes().to_vec());
    let digest = digest(&[input], &Options::default(), &stop).unwrap();
    assert_eq!(digest.snapshot.problems.last().unwrap().kind, "stopped");
}

#[test]
fn foreign_files_are_refused_with_names() {
    let options = Options::default();
    let check = |bytes: &[u8], what: &str, hint: &str| {
        let input = Input::Bytes("x".into(), bytes.to_vec());
        let error = digest(&[input], &options, &Stop::new()).unwrap_err();
        assert_eq!(error.message, format!("x is no log that planscope knows: {what}"));
        assert!(error.hints[0].contains(hint), "{error:?}");
    };
    check(b"\x7fELF\x02\x01\x01\0\0\0", "it is no text", "unpack it");
    check(b"\xff\xfeL\0O\0G\0", "it is UTF-16", "iconv");
    check(b"hello\nworld\n", "`hello`", "postgres-stderr");
    check(
        "<html>".repeat(9).as_bytes(),
        "`<html><html><html><html><html><html><htm`",
        "mongodb-json",
    );
}

/// Found by fuzzing: two names that are shown as one were two databases, and the history of one was lost.
#[test]
fn databases_whose_names_are_no_utf8_are_one_where_they_look_alike() {
    let line = |name: &[u8]| {
        let before = b"2024-01-02 03:04:05.678 UTC [1] db=";
        let after = b",user=u LOG:  duration: 1 ms  statement: SELECT 1\n";
        [before, name, after].concat()
    };
    let text = [line(b"a\xea"), line(b"a\xeb"), line(b"a\xea"), line(b"b")].concat();
    let reader = by_name("postgres-stderr").unwrap();
    laws(&text, reader);
    let digest = read(text, Some(reader)).unwrap();
    let statements = digest.snapshot.statements.iter();
    let mut found: Vec<_> = statements.map(|s| (s.database.as_deref(), s.counters.calls)).collect();
    found.sort_unstable_by_key(|(name, _)| *name);
    assert_eq!(found, [(Some("a\u{fffd}"), Some(3.0)), (Some("b"), Some(1.0))]);
}
