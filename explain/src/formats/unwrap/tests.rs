//! What is taken off, and what stays.

use super::*;

fn texts(text: &str) -> Vec<String> {
    let lines = unwrap(text).into_iter().filter(|line| line.kind == Kind::Text);
    lines.map(|line| line.text.trim_end().to_owned()).filter(|t| !t.is_empty()).collect()
}

#[test]
fn frames_and_rules_are_taken_off() {
    let plain = ["Limit", "  ->  Result"];
    assert_eq!(texts("QUERY PLAN\n----------\nLimit\n  ->  Result\n(2 rows)\n"), plain);
    assert_eq!(texts("\"Limit\"\n\"  ->  Result\"\n"), plain);
    let psql = ["Limit", "  ->  Result"];
    assert_eq!(texts(" QUERY PLAN \n────────\n Limit\n   ->  Result\n(2 Zeilen)\n"), psql);
    let framed =
        "+------+\n| QUERY PLAN |\n+------+\n| Limit |\n|   ->  Result |\n+-----+\n(2 rows)";
    assert_eq!(texts(framed), psql);
    let unicode = "┌────┐\n│ QUERY PLAN │\n╞════╡\n│ Limit │\n│   ->  Result │\n└────┘\n";
    assert_eq!(texts(unicode), psql);
    assert_eq!(texts("QUERY PLAN   |\n------+\nLimit  |\n  ->  Result|\n"), plain);
}

#[test]
fn continued_lines_lose_their_mark() {
    assert_eq!(
        texts(" QUERY PLAN \n-------\n [     +\n   {}  +\n ]\n(1 row)\n"),
        ["[", "  {}", "]"]
    );
    assert_eq!(texts("\"a\": 1, +\r\n"), ["\"a\": 1,"]);
    assert_eq!(texts("Filter: (a = b +"), ["Filter: (a = b +"]);
}

#[test]
fn quotes_are_taken_off_where_all_lines_have_them() {
    assert_eq!(texts("'Limit'\n'  Filter: (a = 'x')'\n"), ["Limit", "  Filter: (a = 'x')"]);
    assert_eq!(texts("\"Filter: (\"\"A\"\" = 1)\"\n"), ["Filter: (\"A\" = 1)"]);
    // An item of an array stands alone in quotes too.
    assert_eq!(texts("[\n\"a\"\n]"), ["[", "\"a\"", "]"]);
    let cell = "\"QUERY PLAN\"\n\"[\n {\"\"Node Type\"\": \"\"Limit\"\"}\n]\"\n";
    assert_eq!(texts(cell), ["[", " {\"Node Type\": \"Limit\"}", "]"]);
}

#[test]
fn lines_keep_their_numbers() {
    let lines = unwrap("x\n---\n| a |\n");
    let at: Vec<(usize, usize)> = lines.iter().map(|l| (l.number, l.removed)).collect();
    assert_eq!(at, [(1, 0), (3, 2), (4, 0)]);
}
