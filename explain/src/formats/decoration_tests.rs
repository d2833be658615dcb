//! Real plans in every decoration that clients, pages and people put around them: the plan that is
//! read is the same.

use super::{Reading, read};
use crate::plan::{Node, Plan, plan_hash};
use std::path::Path;

/// What must not change: the shape, the conditions, times, rows and what is told of the statement.
fn facts(plan: &Plan) -> impl PartialEq + std::fmt::Debug {
    let node = |node: &Node| {
        (
            node.depth(),
            node.label.clone(),
            node.total_ms(),
            node.actual_rows(),
            node.estimate.total_cost,
            node.conditions.iter().map(|c| c.text.clone()).collect::<Vec<_>>(),
            node.details.clone(),
        )
    };
    let nodes: Vec<_> = plan.nodes().iter().map(node).collect();
    let details: Vec<String> = plan.details.keys().cloned().collect();
    (plan_hash(plan), nodes, plan.planning_ms, plan.execution_ms, plan.triggers.len(), details)
}

struct Fixture {
    name: String,
    /// The lines of the plan as the server sent them.
    lines: Vec<String>,
    plan: Plan,
}

fn fixtures(version: &str) -> Vec<Fixture> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/plans/postgres").join(version);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let rows = text.lines().skip(2).take_while(|line| !line.starts_with('('));
        let lines: Vec<String> =
            rows.map(|line| line.strip_prefix(' ').unwrap_or(line).to_owned()).collect();
        let mut readings = read(&text, None).unwrap();
        found.push(Fixture {
            name: path.display().to_string(),
            lines: lines.into_iter().filter(|line| !line.is_empty()).collect(),
            plan: readings.remove(0).plan,
        });
    }
    found
}

fn each(lines: &[String], line: impl Fn(&str) -> String) -> String {
    lines.iter().map(|text| line(text) + "\n").collect()
}

fn numbered(lines: &[String], line: impl Fn(usize, &str) -> String) -> String {
    lines.iter().enumerate().map(|(i, text)| line(i + 1, text) + "\n").collect()
}

fn wide(lines: &[String]) -> usize {
    lines.iter().map(|line| line.chars().count()).max().unwrap_or(0)
}

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.chars().count())))
}

/// A table with a heading and a frame: left, right, corners and dashes of the rules.
fn boxed(lines: &[String], bar: &str, [left, dash, right]: [&str; 3]) -> String {
    let width = wide(lines) + 2;
    let rule = format!("{left}{}{right}\n", dash.repeat(width));
    let row = |text: &str| format!("{bar} {} {bar}\n", padded(text, width - 2));
    let body: String = lines.iter().map(|line| row(line)).collect();
    format!("{rule}{}{rule}{body}{rule}", row("QUERY PLAN"))
}

/// Broken at a width, as a terminal does.
fn broken(line: &str, width: usize) -> String {
    let chars: Vec<char> = line.chars().collect();
    let parts: Vec<String> = chars.chunks(width).map(|part| part.iter().collect()).collect();
    parts.join("\n")
}

/// Broken at blanks, as a mail program does; the blank goes.
fn folded(line: &str, width: usize) -> String {
    let indent = line.len() - line.trim_start().len();
    let mut out = line[..indent].to_owned();
    let mut column = indent;
    for (i, word) in line[indent..].split(' ').enumerate() {
        if i > 0 {
            let breaks = column + word.len() + 1 > width && !word.is_empty();
            out.push(if breaks { '\n' } else { ' ' });
            column = if breaks { 0 } else { column + 1 };
        }
        out.push_str(word);
        column += word.len();
    }
    out
}

fn csv(text: &str) -> String {
    if text.contains([',', '"']) { quoted(text) } else { text.to_owned() }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn python(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let inner = text.replace('\\', "\\\\");
    let inner = if quote == '\'' { inner.replace('\'', "\\'") } else { inner };
    format!("{quote}{inner}{quote}")
}

fn html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let indent = text.len() - text.trim_start().len();
    format!("{}{}", "&nbsp;".repeat(indent), &text[indent..])
}

fn latex(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '>' => out.push_str("\\textgreater{}"),
            '<' => out.push_str("\\textless{}"),
            '~' => out.push_str("\\~{}"),
            '%' | '$' | '_' | '&' | '#' => out.extend(['\\', c]),
            other => out.push(other),
        }
    }
    out
}

const SQL: &str = "EXPLAIN (ANALYZE, BUFFERS)\nSELECT o.id,\n       count(*)\n  FROM orders o -- don't\n WHERE x = 'Limit'\n LIMIT 5;";

type Decoration = (&'static str, fn(&[String]) -> String);

/// Every decoration.
const DECORATIONS: &[Decoration] = &[
    ("bare", |l| l.join("\n")),
    ("CRLF", |l| l.join("\r\n") + "\r\n"),
    ("CR", |l| l.join("\r")),
    ("byte order mark", |l| format!("\u{feff}{}", l.join("\n"))),
    ("border 0", |l| format!("   QUERY PLAN   \n----------\n{}\n(5 rows)\n\n", l.join("\n"))),
    ("border 1", |l| {
        format!("   QUERY PLAN   \n----------\n{}(5 rows)\n\n", each(l, |t| format!(" {t}")))
    }),
    ("border 2", |l| boxed(l, "|", ["+", "-", "+"]) + "(5 rows)\n"),
    ("border 2, unicode", |l| boxed(l, "│", ["├", "─", "┤"]) + "(5 rows)\n"),
    ("border 2, double", |l| boxed(l, "║", ["╠", "═", "╣"]) + "(5 rows)\n"),
    ("pgcli", |l| boxed(l, "|", ["+", "-", "+"]) + "EXPLAIN\nTime: 0.021s\n"),
    ("expanded, border 0", |l| numbered(l, |i, t| format!("* Record {i}     \nQUERY PLAN {t}"))),
    ("expanded", |l| numbered(l, |i, t| format!("-[ RECORD {i} ]-----\nQUERY PLAN | {t}"))),
    ("expanded, border 2", |l| {
        numbered(l, |i, t| format!("+-[ RECORD {i} ]-+-----+\n| QUERY PLAN | {} |", padded(t, 90)))
            + "+------------+----+\n"
    }),
    ("expanded, unicode", |l| {
        numbered(l, |i, t| format!("├─[ RECORD {i} ]─┼─────┤\n│ QUERY PLAN │ {t} │"))
    }),
    ("expanded, unaligned", |l| each(l, |t| format!("QUERY PLAN|{t}\n"))),
    ("expanded, CSV", |l| each(l, |t| format!("QUERY PLAN,{}", csv(t)))),
    ("unaligned", |l| format!("QUERY PLAN\n{}\n(5 rows)\n", l.join("\n"))),
    ("CSV", |l| format!("QUERY PLAN\n{}", each(l, csv))),
    ("CSV, all quoted", |l| format!("\"QUERY PLAN\"\n{}", each(l, quoted))),
    ("pgAdmin", |l| each(l, quoted)),
    ("HTML", |l| {
        format!(
            "<table border=\"1\">\n  <tr>\n    <th align=\"center\">QUERY PLAN</th>\n  </tr>\n{}</table>\n<p>(5 rows)<br />\n</p>",
            each(l, |t| format!(
                "  <tr valign=\"top\">\n    <td align=\"left\">{}</td>\n  </tr>",
                html(t)
            ))
        )
    }),
    ("HTML copied as text", |l| {
        each(l, |t| t.replace('&', "&amp;").replace('>', "&gt;").replace('<', "&lt;"))
    }),
    ("LaTeX", |l| {
        format!(
            "\\begin{{tabular}}{{l}}\n\\textit{{QUERY PLAN}} \\\\\n\\hline\n{}\\end{{tabular}}\n\n\\noindent (9 rows) \\\\\n",
            each(l, |t| latex(t) + " \\\\")
        )
    }),
    ("asciidoc", |l| {
        format!(
            "[options=\"header\",cols=\"<l\",frame=\"none\"]\n|====\n^l|QUERY PLAN\n{}|====\n\n....\n(9 rows)\n....\n",
            each(l, |t| format!("|{t}"))
        )
    }),
    ("troff", |l| {
        format!(
            ".LP\n.TS\ncenter;\nl.\n\\fIQUERY PLAN\\fP\n_\n{}.TE\n.DS L\n(9 rows)\n.DE\n",
            each(l, str::to_owned)
        )
    }),
    ("Markdown table", |l| {
        format!("|QUERY PLAN|\n|----------|\n{}", each(l, |t| format!("|{t}|")))
    }),
    ("DBeaver text", |l| {
        format!("QUERY PLAN   |\n-------------+\n{}", each(l, |t| format!("{}|", padded(t, 60))))
    }),
    ("DBeaver numbers", |l| format!("\tQUERY PLAN\n{}", numbered(l, |i, t| format!("{i}\t{t}")))),
    ("psql session", |l| {
        let sql = SQL.replace('\n', "\nshop-# ");
        format!(
            "shop=# \\timing on\nTiming is on.\nshop=# SET jit = off;\nSET\nTime: 0.123 ms\nshop=# {sql}\n QUERY PLAN \n-----\n{}(9 rows)\n\nTime: 12.345 ms\nshop=# \\q\n",
            each(l, |t| format!(" {t}"))
        )
    }),
    ("statement and unaligned", |l| format!("{SQL}\n{}Time: 3.210 ms\n", each(l, str::to_owned))),
    ("German", |l| {
        format!(
            "{SQL}\n QUERY PLAN \n-----\n{}(9 Zeilen)\n\nZeit: 12,345 ms\n",
            each(l, |t| format!(" {t}"))
        )
    }),
    ("Chinese", |l| {
        format!(
            " QUERY PLAN \n-----\n{}(9 行记录)\n\n时间：12.345 ms\n",
            each(l, |t| format!(" {t}"))
        )
    }),
    ("Russian", |l| {
        format!(
            " QUERY PLAN \n-----\n{}(9 строк)\n\nВремя: 12,345 мс\n",
            each(l, |t| format!(" {t}"))
        )
    }),
    ("messages", |l| {
        format!(
            "NOTICE:  relation \"t\" already exists, skipping\nWARNING:  there is no transaction in progress\nERROR:  relation \"x\" does not exist\nLINE 1: explain select * from x\n                              ^\nBEGIN\n{}ROLLBACK\n",
            each(l, str::to_owned)
        )
    }),
    ("psql -E", |l| {
        format!(
            "********* QUERY **********\nSELECT 1\n**************************\n\n QUERY PLAN \n-----\n{}(9 rows)\n",
            each(l, |t| format!(" {t}"))
        )
    }),
    ("usql", |l| {
        format!(
            "pg:shop@localhost=> explain analyze select 1;\n{}(9 rows)\n",
            boxed(l, "|", ["+", "-", "+"])
        )
    }),
    ("quoted mail", |l| {
        format!(
            "On Monday Ann wrote:\n> I ran this:\n>\n{}>\n> What now?\n\nUse an index.\n",
            each(l, |t| format!("> {t}"))
        )
    }),
    ("twice quoted", |l| each(l, |t| format!("> > {t}"))),
    ("quoted close", |l| each(l, |t| format!(">{t}"))),
    ("SQL comments", |l| format!("SELECT 1;\n{}SELECT 2;\n", each(l, |t| format!("-- {t}")))),
    ("block comment", |l| format!("/*\n{}*/\nSELECT 1;\n", each(l, str::to_owned))),
    ("starred comment", |l| format!("/**\n{} */\nSELECT 1;\n", each(l, |t| format!(" * {t}")))),
    ("hashes", |l| each(l, |t| format!("# {t}"))),
    ("slashes", |l| each(l, |t| format!("// {t}"))),
    ("bullets", |l| each(l, |t| format!("* {t}"))),
    ("round bullets", |l| each(l, |t| format!("• {t}"))),
    ("numbers and colons", |l| numbered(l, |i, t| format!("{i:>3}: {t}"))),
    ("numbers and dots", |l| numbered(l, |i, t| format!("{i}. {t}"))),
    ("numbers and parentheses", |l| numbered(l, |i, t| format!("{i}) {t}"))),
    ("numbers and tabs", |l| numbered(l, |i, t| format!("{i:>6}\t{t}"))),
    ("numbers and bars", |l| numbered(l, |i, t| format!("{i:>4} | {t}"))),
    ("numbers from 57", |l| numbered(l, |i, t| format!("{}: {t}", i + 56))),
    ("raised notices", |l| each(l, |t| format!("NOTICE:  {t}"))),
    ("notices of a script", |l| numbered(l, |i, t| format!("psql:x.sql:{i}: INFO:  {t}"))),
    ("fence", |l| {
        format!(
            "The query is slow:\n\n```sql\n{SQL}\n```\n\nIts plan:\n\n```text\n{}```\n\nLimit your expectations.\n",
            each(l, str::to_owned)
        )
    }),
    ("tildes", |l| format!("~~~\n{}~~~\n", each(l, str::to_owned))),
    ("indented fence", |l| format!("1. Do\n   ```\n{}   ```\n", each(l, |t| format!("   {t}")))),
    ("Jira", |l| format!("{{noformat}}\n{}{{noformat}}\n", each(l, str::to_owned))),
    ("Jira code", |l| format!("h1. Plan\n{{code:sql}}\n{}{{code}}\n", each(l, str::to_owned))),
    ("BBCode", |l| format!("[code]\n{}[/code]\n", each(l, str::to_owned))),
    ("pre", |l| {
        format!(
            "<pre><code>\n{}</code></pre>\n",
            each(l, |t| t.replace('&', "&amp;").replace('>', "&gt;").replace('<', "&lt;"))
        )
    }),
    ("indented", |l| each(l, |t| format!("        {t}"))),
    ("indented by a tab", |l| each(l, |t| format!("\t{t}"))),
    ("tabs for blanks", |l| {
        each(l, |t| {
            let indent = t.len() - t.trim_start().len();
            format!("{}{}{}", "\t".repeat(indent / 8), " ".repeat(indent % 8), &t[indent..])
        })
    }),
    ("no-break spaces", |l| {
        each(l, |t| {
            let indent = t.len() - t.trim_start().len();
            format!("{}{}", "\u{a0}".repeat(indent), t[indent..].replace("  ", "\u{a0} "))
        })
    }),
    ("zero-width", |l| each(l, |t| format!("\u{200b}{t}"))),
    ("arrows", |l| each(l, |t| t.replacen("->  ", "→  ", 1))),
    ("arrows of a word processor", |l| each(l, |t| t.replacen("->  ", "–>  ", 1))),
    ("arrows with one blank", |l| each(l, |t| t.replacen("->  ", "-> ", 1))),
    ("one blank before the figures", |l| each(l, |t| t.replace("  (cost=", " (cost="))),
    ("blank lines", |l| each(l, |t| format!("{t}\n"))),
    ("colours", |l| each(l, |t| format!("\u{1b}[32m{t}\u{1b}[0m"))),
    ("trailing blanks", |l| each(l, |t| format!("{t}   "))),
    ("first blank lost", |l| each(l, |t| format!(" {t}")).trim_start().to_owned()),
    ("log noise", |l| {
        format!(
            "{}\n2026-11-21 15:33:07 UTC [42] LOG:  checkpoint starting: time\n2026-11-21 15:33:08 UTC [42] LOG:  checkpoint complete: wrote 3 buffers (0.0%)\n",
            each(l, str::to_owned)
        )
    }),
    ("rows of JSON", |l| {
        let rows: Vec<String> =
            l.iter().map(|t| format!("{{\"QUERY PLAN\":{}}}", json(t))).collect();
        format!("[{}]", rows.join(","))
    }),
    ("rows of JSON, printed", |l| {
        let rows: Vec<String> =
            l.iter().map(|t| format!("  {{\n    \"QUERY PLAN\": {}\n  }}", json(t))).collect();
        format!("[\n{}\n]\n", rows.join(",\n"))
    }),
    ("result of node-pg", |l| {
        let rows: Vec<String> =
            l.iter().map(|t| format!("{{\"QUERY PLAN\":{}}}", json(t))).collect();
        format!(
            "{{\"command\":\"EXPLAIN\",\"rowCount\":null,\"rows\":[{}],\"fields\":[{{\"name\":\"QUERY PLAN\",\"format\":\"text\"}}]}}",
            rows.join(",")
        )
    }),
    ("list of strings", |l| {
        let rows: Vec<String> = l.iter().map(|t| json(t)).collect();
        format!("[\n  {}\n]", rows.join(",\n  "))
    }),
    ("list of tuples", |l| {
        let rows: Vec<String> = l.iter().map(|t| format!("({},)", python(t))).collect();
        format!("[{}]", rows.join(", "))
    }),
    ("tuples printed", |l| each(l, |t| format!("({},)", python(t)))),
    ("dicts of Python", |l| {
        let rows: Vec<String> =
            l.iter().map(|t| format!("{{'QUERY PLAN': {}}}", python(t))).collect();
        format!("[{}]", rows.join(", "))
    }),
    ("hashes of Ruby", |l| {
        let rows: Vec<String> =
            l.iter().map(|t| format!("{{\"QUERY PLAN\"=>{}}}", json(t))).collect();
        format!("[{}]", rows.join(", "))
    }),
    ("one string", |l| json(&l.join("\n"))),
    ("value of a key", |l| {
        format!("{{\"query\": \"select 1\", \"plan\": {}}}", json(&l.join("\n")))
    }),
];

fn check(fixture: &Fixture, name: &str, text: &str) -> Result<(), String> {
    let shown = &fixture.name;
    let readings = read(text, None).map_err(|error| format!("{name}: {shown}: {error}"))?;
    let [Reading { plan, notes }] = readings.as_slice() else {
        return Err(format!("{name}: {shown}: {} plans", readings.len()));
    };
    if plan.format != "postgres-text" || !notes.is_empty() {
        return Err(format!("{name}: {shown}: {} {notes:?}", plan.format));
    }
    let (got, want) = (facts(plan), facts(&fixture.plan));
    if got != want {
        return Err(format!("{name}: {shown}:\n{got:?}\n{want:?}"));
    }
    Ok(())
}

fn report(wrong: &[String], all: usize) {
    if wrong.is_empty() {
        return;
    }
    let mut names: Vec<&str> =
        wrong.iter().map(|line| line.split(": ").next().unwrap_or_default()).collect();
    names.dedup();
    let counts: Vec<String> = names
        .iter()
        .map(|name| {
            format!(
                "{name}: {}",
                wrong.iter().filter(|w| w.starts_with(&format!("{name}: "))).count()
            )
        })
        .collect();
    let first: Vec<&String> = names
        .iter()
        .filter_map(|name| wrong.iter().find(|w| w.starts_with(&format!("{name}: "))))
        .collect();
    panic!("{} of {all} wrong\n{}\n{first:#?}", wrong.len(), counts.join("\n"));
}

#[test]
fn decorations_change_nothing() {
    let mut wrong = Vec::new();
    let mut all = 0;
    let fixtures = fixtures("18");
    for (name, decorate) in DECORATIONS {
        for fixture in &fixtures {
            all += 1;
            wrong.extend(check(fixture, name, &decorate(&fixture.lines)).err());
        }
    }
    report(&wrong, all);
}

#[test]
fn broken_lines_are_put_together() {
    let mut wrong = Vec::new();
    let mut all = 0;
    for fixture in &fixtures("18") {
        for width in [120, 100, 80, 72] {
            let text = each(&fixture.lines, |line| broken(line, width));
            wrong.extend(check(fixture, &format!("terminal {width}"), &text).err());
            let text = each(&fixture.lines, |line| folded(line, width));
            wrong.extend(check(fixture, &format!("mail {width}"), &text).err());
            all += 2;
        }
    }
    wrong.sort();
    report(&wrong, all);
}
