//! Entries in every kind of log.

use super::*;
use crate::formats;

const PLAN: &str = "Query Text: select 'a\"b', '('\n  from t\n where x > $1\nQuery Parameters: $1 = '3'\nAggregate  (cost=19.69..19.70 rows=1 width=40) (actual time=0.100..0.100 rows=1.00 loops=1)\n  ->  Seq Scan on t  (cost=0.00..19.19 rows=201 width=0) (actual time=0.011..0.090 rows=202.00 loops=1)\n        Filter: (\"X\" > 'c, d'::text)";
const JSON: &str = "{\n  \"Query Text\": \"select 'a\\\"b', '('\\n  from t\\n where x > $1\",\n  \"Query Parameters\": \"$1 = '3'\",\n  \"Plan\": {\n    \"Node Type\": \"Aggregate\",\n    \"Strategy\": \"Plain\", \"Total Cost\": 19.70, \"Actual Total Time\": 0.1, \"Actual Loops\": 1,\n    \"Plans\": [\n      {\n        \"Node Type\": \"Seq Scan\", \"Relation Name\": \"t\", \"Alias\": \"t\", \"Filter\": \"(\\\"X\\\" > 'c, d'::text)\"\n      }\n    ]\n  }\n}";
const YAML: &str = "Query Text: \"select 'a\\\"b', '('\\n  from t\\n where x > $1\"\nQuery Parameters: \"$1 = '3'\"\nPlan: \n  Node Type: \"Aggregate\"\n  Strategy: \"Plain\"\n  Total Cost: 19.70\n  Plans: \n    - Node Type: \"Seq Scan\"\n      Relation Name: \"t\"\n      Alias: \"t\"\n      Filter: \"(\\\"X\\\" > 'c, d'::text)\"";
const XML: &str = "<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n  <Query-Text>select 'a\"b', '('\n  from t\n where x &gt; $1</Query-Text>\n  <Query-Parameters>$1 = '3'</Query-Parameters>\n  <Plan>\n    <Node-Type>Aggregate</Node-Type>\n    <Strategy>Plain</Strategy>\n    <Plans>\n      <Plan>\n        <Node-Type>Seq Scan</Node-Type>\n        <Relation-Name>t</Relation-Name>\n        <Alias>t</Alias>\n        <Filter>(\"X\" &gt; 'c, d'::text)</Filter>\n      </Plan>\n    </Plans>\n  </Plan>\n</explain>";

const DURATION: &str = "duration: 12.345 ms  plan:";

fn with_tabs(plan: &str) -> String {
    plan.replace('\n', "\n\t")
}

/// A log with other lines around two entries.
fn stderr(plan: &str) -> String {
    let entry =
        format!("2026-11-21 16:17:09.008 UTC [42] u@db LOG:  {DURATION}\n\t{}\n", with_tabs(plan));
    format!(
        "2026-11-21 16:17:08.008 UTC [7] LOG:  checkpoint starting: time\n{entry}2026-11-21 16:17:10.008 UTC [42] u@db ERROR:  relation \"x\" does not exist at character 15\n2026-11-21 16:17:10.008 UTC [42] u@db STATEMENT:  select\n\t1\n{entry}2026-11-21 16:17:11.008 UTC [42] LOG:  duration: 3.2 ms  statement: select 2\n"
    )
}

fn without_tabs(plan: &str) -> String {
    stderr(plan).replace("\n\t", "\n")
}

fn prefixed(plan: &str) -> String {
    stderr(plan)
        .replace(" UTC [", " UTC:10.0.0.1(5432):u@db:[")
        .replace("] u@db ", "]:")
        .replace("] LOG", "]:LOG")
}

fn pgbadger(plan: &str) -> String {
    stderr(plan).replace("] u@db ", "]: [5-1] user=u,db=db,app=[x],client=1.2.3.4 ")
}

fn translated(plan: &str) -> String {
    stderr(plan).replace(" LOG:", " СООБЩЕНИЕ:").replace(" ERROR:", " ОШИБКА:")
}

fn client(plan: &str) -> String {
    format!(
        "LOG:  {DURATION}\n{plan}\n count | x \n-------+---\n   202 | (\n(1 row)\n\nLOG:  {DURATION}\n{plan}\n"
    )
}

fn csvlog(plan: &str) -> String {
    let row = |message: &str| {
        format!(
            "2026-11-21 16:17:09.008 UTC,\"u\",\"db\",42,\"[local]\",6a.2,3,\"SELECT\",2026-11-21 16:00:00 UTC,3/4,0,LOG,00000,\"{}\",,,,,,,,,\"psql\",\"client backend\",,0\n",
            message.replace('"', "\"\"")
        )
    };
    let entry = row(&format!("{DURATION}\n{plan}"));
    format!(
        "{}{entry}{}{entry}",
        row("checkpoint starting: time"),
        row("duration: 1.2 ms  statement: select \"x\"")
    )
}

fn jsonlog(plan: &str) -> String {
    let message = serde_json::to_string(&format!("{DURATION}\n{plan}")).unwrap();
    let row = format!(
        "{{\"timestamp\":\"2026-11-21 16:17:09.008 UTC\",\"user\":\"u\",\"pid\":42,\"error_severity\":\"LOG\",\"message\":{message},\"backend_type\":\"client backend\",\"query_id\":0}}\n"
    );
    format!("{row}{{\"timestamp\":\"2026\",\"message\":\"checkpoint complete\"}}\n{row}")
}

/// A whole line of stderr in a string, and that in another.
fn cloud(plan: &str) -> String {
    let payload =
        format!("2026-11-21 16:17:09.008 UTC [42] LOG:  {DURATION}\n\t{}", with_tabs(plan));
    let inner = serde_json::json!({ "textPayload": payload }).to_string();
    format!("{inner}\n{}\n", serde_json::json!({ "message": inner, "host": "h" }))
}

fn syslog_of(plan: &str, head: &str, tab: &str) -> String {
    let mut out = String::new();
    for message in [3, 4] {
        out +=
            &format!("Nov 21 16:17:09 host postgres[42]: [{message}-1] {head}LOG:  {DURATION}\n");
        for (i, line) in plan.lines().enumerate() {
            out +=
                &format!("Nov 21 16:17:09 host postgres[42]: [{message}-{}] {tab}{line}\n", i + 2);
            out += "Nov 21 16:17:09 host postgres[43]: [9-1] LOG:  connection received\n";
        }
    }
    out
}

fn syslog(plan: &str) -> String {
    syslog_of(plan, "2026-11-21 16:17:09.008 UTC [42] ", "#011")
}

fn heroku(plan: &str) -> String {
    syslog_of(plan, " sql_error_code = 00000 ", "\t")
        .replace("host postgres[42]", "app[postgres.42]")
}

fn coded(plan: &str) -> String {
    let line = format!(
        "Nov 21 16:17:09 host postgres[42]: LOG:  {DURATION}#012#011{}\n",
        plan.replace('\n', "#012#011")
    );
    line.repeat(2)
}

fn quoted(plan: &str) -> String {
    stderr(plan).lines().map(|line| format!("> {line}\n")).collect()
}

type Log = (&'static str, fn(&str) -> String);

const LOGS: &[Log] = &[
    ("stderr", stderr),
    ("stderr without tabs", without_tabs),
    ("RDS", prefixed),
    ("pgbadger", pgbadger),
    ("translated", translated),
    ("client", client),
    ("csvlog", csvlog),
    ("jsonlog", jsonlog),
    ("cloud", cloud),
    ("syslog", syslog),
    ("heroku", heroku),
    ("coded", coded),
    ("quoted", quoted),
];

#[test]
fn every_log_gives_its_entries() {
    for (log, wrap) in LOGS {
        for (form, plan) in [("text", PLAN), ("json", JSON), ("yaml", YAML), ("xml", XML)] {
            let text = wrap(plan);
            assert_eq!(
                formats::detect(&text).map(|f| f.name),
                Some("auto-explain"),
                "{log} {form}"
            );
            let readings =
                formats::read(&text, None).unwrap_or_else(|e| panic!("{log} {form}: {e}\n{text}"));
            assert_eq!(readings.len(), 2, "{log} {form}: {readings:#?}");
            for Reading { plan, notes } in readings {
                assert_eq!(notes, [], "{log} {form}");
                assert_eq!(
                    plan.statement.as_deref(),
                    Some("select 'a\"b', '('\n  from t\n where x > $1"),
                    "{log} {form}"
                );
                assert_eq!(plan.execution_ms, Some(12.345), "{log} {form}");
                assert_eq!(plan.details["Query Parameters"], "$1 = '3'", "{log} {form}");
                assert_eq!(plan.nodes().len(), 2, "{log} {form}");
                assert_eq!(
                    plan.nodes()[1].conditions[0].text,
                    "(\"X\" > 'c, d'::text)",
                    "{log} {form}"
                );
            }
        }
    }
}

#[test]
fn a_broken_entry_does_not_hide_the_others() {
    let cut = "2026-11-21 16:17:09 UTC [42] LOG:  duration: 5.0 ms  plan:\n\t{\n\t  \"Query Text\": \"select\n";
    let readings = parse(&format!("{}{cut}{}", stderr(PLAN), stderr(JSON))).unwrap();
    assert_eq!(readings.len(), 4);
    let note = &readings[0].notes[0];
    assert_eq!(note.place, "line 23");
    assert!(note.message.starts_with("an entry of the log was left out ("), "{note:?}");
    let alone = parse(cut).unwrap_err().to_string();
    assert!(alone.starts_with("line 3, column "), "{alone}");
}

#[test]
fn notes_tell_the_line_of_the_log() {
    let text = stderr(PLAN).replace("Filter: (", "What is this (");
    let places: Vec<String> =
        parse(&text).unwrap().iter().map(|reading| reading.notes[0].place.clone()).collect();
    assert_eq!(places, ["line 9", "line 20"]);
}

#[test]
fn other_logs_are_none() {
    for text in [
        "",
        "LOG:  duration: 3.2 ms  statement: select 2",
        "a plan: to do",
        "the duration: x ms  plan:",
    ] {
        assert_eq!(detect(text), 0, "{text}");
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_long_log_is_read_in_one_go() {
    let noise = "2026-11-21 16:17:08.008 UTC [7] LOG:  connection received: host=[local] port=1\n"
        .repeat(50);
    let text = format!("{}{noise}", stderr(PLAN)).repeat(250);
    assert_eq!(formats::read(&text, None).unwrap().len(), 500);
}
