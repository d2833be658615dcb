//! What is split off from what clients print.

use super::*;

fn shown(text: &str) -> Vec<String> {
    let piece = |piece: &Piece<'_>| match piece {
        Piece::Statement(text) => format!("statement {text}"),
        Piece::Document(text, line) => format!("document {line} {}", text.trim()),
        Piece::Tree(lines) => {
            let texts: Vec<&str> = lines.iter().map(|line| line.text.as_ref()).collect();
            format!("tree {} {}", lines[0].number, texts.join("/"))
        }
        Piece::Table(grid, line) => format!("table {line} {} rows", grid.rows().len()),
        Piece::Slow { statement, query_ms, plan, .. } => {
            format!("slow {} {statement:?} {query_ms:?}", plan.rows().len())
        }
        Piece::Warning { code, message } => format!("warning {code} {message}"),
        Piece::Mariadb => "mariadb".to_owned(),
    };
    split(text).iter().map(piece).collect()
}

const TREE: &str = "-> Limit: 5 row(s)  (cost=1 rows=5)\n    -> Table scan on t  (cost=1 rows=9)\n";

#[test]
fn frames_are_taken_off() {
    let want =
        ["tree 4 -> Limit: 5 row(s)  (cost=1 rows=5)/    -> Table scan on t  (cost=1 rows=9)"];
    let framed = format!("+---+\n| EXPLAIN |\n+---+\n| {TREE} |\n+---+\n1 row in set (0.00 sec)\n");
    assert_eq!(shown(&framed), want);
    assert_eq!(shown(&framed.replace('\n', "\r\n")), want);
    let every =
        "+---+\n| EXPLAIN |\n+---+\n| -> Limit: 5 row(s) |\n|     -> Table scan on t |\n+---+\n";
    assert_eq!(shown(every), ["tree 4 -> Limit: 5 row(s)/    -> Table scan on t"]);
    assert_eq!(
        shown(&format!("EXPLAIN\n{}\n", TREE.replace('\n', "\\n")))[0],
        "tree 2 -> Limit: 5 row(s)  (cost=1 rows=5)/    -> Table scan on t  (cost=1 rows=9)"
    );
    assert_eq!(
        shown(&format!(
            "*** 1. row ***\nEXPLAIN: {TREE}\n1 row in set, 1 warning (0.00 sec)\n\nNote (Code 1003): select 1\n"
        ))[1],
        "warning 1003 select 1"
    );
    assert_eq!(
        shown(&format!("\"EXPLAIN\"\n\"{TREE}\"\n"))[0],
        "tree 2 -> Limit: 5 row(s)  (cost=1 rows=5)/    -> Table scan on t  (cost=1 rows=9)"
    );
    assert_eq!(shown(&format!("```\n{TREE}```\n")).len(), 1);
}

#[test]
fn documents_end_where_their_braces_do() {
    let document = "{\n  \"query_block\": {\"a\": \"}\"}\n}";
    assert_eq!(shown(&format!("see {{}}\n{document}\nmore")), [format!("document 2 {document}")]);
    assert_eq!(
        shown(&format!("| EXPLAIN |\n|---|\n| {document} |\n")),
        [format!("document 3 {document}")]
    );
    assert_eq!(
        shown(&format!("*** 1. row ***\nEXPLAIN: {document}\n*** 1. row ***\n")),
        [format!("document 2 {document}")]
    );
    let doubled = document.replace('"', "\"\"");
    assert_eq!(shown(&format!("EXPLAIN\n\"{doubled}\"\n")), [format!("document 2 {document}")]);
    let escaped = document.replace('"', "\\\"").replace('\n', "\\n");
    assert_eq!(shown(&format!("\"{escaped}\"")), [format!("document 1 {document}")]);
    let tabs = document.replace('\n', "\\n");
    assert_eq!(shown(&format!("EXPLAIN\n{tabs}\n")), [format!("document 2 {document}")]);
}

#[test]
fn tables_of_all_kinds() {
    let names = ["id", "select_type", "table", "key", "key_len", "possible_keys", "Extra"];
    let row = ["1", "SIMPLE", "t", "NULL", "NULL", "NULL", "Using where"];
    let joined = |mark: &str| format!("{}\n{}\n", names.join(mark), row.join(mark));
    for text in [joined("\t"), joined(","), joined(";"), joined("|"), joined("  ")] {
        assert_eq!(shown(&text), ["table 1 1 rows"], "{text}");
    }
    let framed = format!(
        "+--+\n| {} |\n+--+\n| {} |\n| {} |\n+--+\n",
        names.join(" | "),
        row.join(" | "),
        row.join(" | ")
    );
    assert_eq!(shown(&framed), ["table 2 2 rows"]);
    let markdown = format!("| {} |\n|---|---|\n| {} |\n", names.join(" | "), row.join(" | "));
    assert_eq!(shown(&markdown), ["table 1 1 rows"]);
    let vertical = |n: u32| {
        format!("*** {n}. row ***\n  id: 1\nselect_type: SIMPLE\n table: t\nExtra: NULL\n")
    };
    assert_eq!(
        shown(&format!("{}{}{}", vertical(1), vertical(2), vertical(1))),
        ["table 1 2 rows", "table 11 1 rows"]
    );
}

#[test]
fn statements_and_prompts() {
    let text = "mysql> EXPLAIN FORMAT=TREE\n    -> SELECT *\n    -> FROM t;\n+--+\n| EXPLAIN |\n+--+\n| -> Table scan on t\n |\n+--+\n\nmysql> SHOW WARNINGS;\nMariaDB [s]> explain select 2\\G\n";
    assert_eq!(
        shown(text),
        [
            "statement SELECT *\nFROM t",
            "tree 7 -> Table scan on t",
            "mariadb",
            "statement select 2"
        ]
    );
}

#[test]
fn entries_of_the_slow_log() {
    let entry = "# Query_time: 0.002  Lock_time: 0.0\n#\n# explain: id\tselect_type\ttable\n# explain: 1\tSIMPLE\tt\n#\nSET timestamp=1;\nSELECT 1\nFROM t;\n";
    let want = "slow 1 Some(\"SELECT 1\\nFROM t\") Some(2.0)";
    assert_eq!(shown(&entry.repeat(2)), [want, want]);
}
