//! Any text is an answer or an error: no panic, no overflow, no endless run.

use super::{ALL, FormatError, by_name, read};
use crate::plan::{LimitError, MAX_DEPTH};
use proptest::prelude::*;

const DEEP: usize = 50_000;

fn depth_of(text: &str, format: &str) -> u32 {
    let readings = read(text, by_name(format)).unwrap_or_else(|error| panic!("{error}"));
    readings[0].plan.nodes().iter().map(|node| node.depth()).max().unwrap()
}

fn deep_json(levels: usize) -> String {
    let open = r#"{"Node Type": "Limit", "Actual Total Time": 1.0, "Actual Loops": 1, "Plans": ["#;
    let leaf = r#"{"Node Type": "Result", "Actual Total Time": 1.0, "Actual Loops": 1}"#;
    let levels = levels - 1;
    format!(r#"[{{"Plan": {}{leaf}{}}}]"#, open.repeat(levels), "]}".repeat(levels))
}

fn deep_xml(levels: usize) -> String {
    let open = "<Plan><Node-Type>Limit</Node-Type><Plans>";
    let leaf = "<Plan><Node-Type>Result</Node-Type></Plan>";
    let levels = levels - 1;
    format!("<Query>{}{leaf}{}</Query>", open.repeat(levels), "</Plans></Plan>".repeat(levels))
}

#[test]
fn deep_plans_do_not_overflow() {
    assert_eq!(depth_of(&deep_json(DEEP), "postgres-json") as usize, DEEP - 1);
    assert_eq!(depth_of(&deep_xml(DEEP), "postgres-xml") as usize, DEEP - 1);
    // A line's indentation grows with its depth, so 64 MB hold some thousand levels of real text.
    let line = |level: usize| format!("{}->  Limit\n", " ".repeat(level));
    let text =
        std::iter::once("Limit\n".to_owned()).chain((1..8_000).map(line)).collect::<String>();
    assert_eq!(depth_of(&text, "postgres-text"), 7_999);
    // Dashes may stand right below their key's first letter, two columns a level.
    let yaml = (0..1_000).fold(String::new(), |text, level| {
        let indent = "  ".repeat(level);
        text + &format!("{indent}- Node Type: \"Limit\"\n{indent}  Plans:\n")
    });
    assert_eq!(depth_of(&yaml, "postgres-yaml"), 999);
    let unit = |level: usize| format!("{}`--MULTI-INDEX OR\n", "   ".repeat(level));
    let text: String = (0..4_000).map(unit).collect();
    assert_eq!(depth_of(&text, "sqlite-query-plan"), 4_000);
    let rows: String = (1..=DEEP).map(|i| format!("{i}|{}|0|MULTI-INDEX OR\n", i - 1)).collect();
    assert_eq!(depth_of(&rows, "sqlite-query-plan") as usize, DEEP);
}

#[test]
fn too_deep_is_an_error() {
    let error = read(&deep_json(MAX_DEPTH + 1), by_name("postgres-json")).unwrap_err();
    assert_eq!(error, FormatError::Limit(LimitError::Depth));
    let error = read(&deep_xml(MAX_DEPTH + 1), by_name("postgres-xml")).unwrap_err();
    assert_eq!(error, FormatError::Limit(LimitError::Depth));
    let rows: String = (1..=MAX_DEPTH).map(|i| format!("{i}|{}|0|SETUP\n", i - 1)).collect();
    assert_eq!(read(&rows, by_name("sqlite-query-plan")), Err(LimitError::Depth.into()));
}

#[test]
fn hostile_nesting_is_no_plan() {
    for text in [
        "[".repeat(200_000),
        "{\"Plan\":".repeat(200_000),
        "[{".repeat(100_000),
        "(".repeat(200_000),
        "- ".repeat(200_000),
        format!("Plan:\n  {}x", "- ".repeat(200_000)),
        "<explain>".repeat(200_000),
        format!("<explain>{}", "<a>".repeat(400_000)),
    ] {
        for format in ALL {
            assert!(read(&text, Some(format)).is_err(), "{}: {}", format.name, &text[..8]);
        }
    }
    let lists =
        format!("- Plan:\n    Node Type: \"Limit\"\n    x:\n      {}1\n", "- ".repeat(200_000));
    assert_eq!(depth_of(&lists, "postgres-yaml"), 0);
    let elements = "<x>".repeat(200_000);
    let xml = format!("<Plan><Node-Type>Limit</Node-Type>{elements}");
    assert!(read(&xml, None).is_err());
    assert_eq!(depth_of(&(xml + &elements.replace('<', "</") + "</Plan>"), "postgres-xml"), 0);
    let arrays = format!("[{{\"Plan\":{{\"x\":{}", "[".repeat(200_000));
    assert!(read(&arrays, None).is_err());
}

/// Work grows with the text and not with its square: each of these took minutes if it did.
#[test]
fn long_lines_are_read_in_one_go() {
    let n = 100_000;
    for text in [
        format!("Seq Scan on {}", "\" on ".repeat(n)),
        format!("Limit\n  Filter: ({}\n", "'\n".repeat(n)),
        format!("Sort\n  Sort Key: {}\n", "a, ".repeat(n)),
        "{\"".repeat(n),
        "[{\"Plan\": {\"Node Type\": \"Limit\"}}]\n".repeat(n / 10),
        "Limit\n".repeat(n / 10),
        "Limit\n  SubPlan 1\n".repeat(n / 10),
        format!("Limit\n{}", "  SubPlan 1\n".repeat(n)),
        format!("Limit\n{}", "  Worker 1:  actual rows=1 loops=1\n".repeat(n / 10)),
        "|  ".repeat(n),
        "1|1|1|SCAN t\n".repeat(n / 10),
        "CO-ROUTINE a\n1|0|1|CO-ROUTINE a\n".repeat(n / 10),
        "- Plan:\n".repeat(n),
        "Plan:\n Node Type: a\nPlan:\n".repeat(n),
        "- Node Type: \"Limit\"\n".repeat(n),
        format!("- Node Type: \"{}", "\\\"".repeat(n)),
        format!("- Node Type: [{}", "a,".repeat(n)),
        "Node Type: ".repeat(n),
        "<explain ".repeat(n),
        "<explain \">".repeat(n),
        "<explain><!--".repeat(n),
        "<explain><a></b>".repeat(n),
        "<Plan>".repeat(n),
        "<Plan></Plan>\n".repeat(n),
        format!("<Plan><Node-Type>{}", "&lt;".repeat(n)),
        format!("<explain>{}", "\n ".repeat(n)),
    ] {
        for format in ALL {
            let _ = read(&text, Some(format));
        }
    }
}

const WORDS: [&str; 68] = [
    "QUERY PLAN",
    "------",
    "->  ",
    "Seq Scan on t",
    "  (cost=0.00..1.00 rows=1 width=4)",
    " (actual time=0.1..0.2 rows=1 loops=1)",
    " (never executed)",
    "Hash Join",
    "SubPlan 1",
    "CTE x",
    "InitPlan 1 (returns $0)",
    "Filter: (a = 'b'",
    "Worker 0:  ",
    "Sort Method: quicksort  Memory: 25kB",
    "Buffers: shared hit=1",
    "Planning:",
    "JIT:",
    "Timing: Total 1 ms",
    "Execution Time: 1 ms",
    "Trigger t: time=1 calls=1",
    "\"Plan\":",
    "\"Plans\":",
    "\"Node Type\":",
    "\"Limit\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "1",
    "-1e999",
    "null",
    "|--",
    "`--",
    "SCAN t",
    "CO-ROUTINE t",
    "1|0|0|",
    "(1 row)",
    "┃│",
    "\u{0}é",
    " +",
    "'",
    "\"",
    "- ",
    "- Plan: ",
    "Plan:",
    "Plans: ",
    "Node Type: \"Limit\"",
    "Node Type: Sort",
    "Workers:",
    "Sort Key: ['a', \"b\"]",
    "Actual Rows: 1.5",
    "Actual Loops: 3",
    "Actual Total Time: 2.0",
    "<explain xmlns=\"http://www.postgresql.org/2009/explain\">",
    "<Query>",
    "<Plan>",
    "<Plans>",
    "<Node-Type>Limit</Node-Type>",
    "<Item>&lt;</Item>",
    "<Actual-Total-Time>2.5</Actual-Total-Time>",
    "<Actual-Loops>2</Actual-Loops>",
    "</Plan>",
    "</Plans>",
    "</Query>",
    "</explain>",
    "&#0;<!-- ",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,400}") {
        for format in ALL.iter().map(|format| Some(*format)).chain([None]) {
            let _ = read(&text, format);
        }
    }

    #[test]
    fn any_words_are_read_or_refused(
        words in prop::collection::vec((0..WORDS.len(), 0..12_usize, any::<bool>()), 0..60)
    ) {
        let text: String = words
            .iter()
            .map(|&(word, indent, ends)| {
                format!("{}{}{}", " ".repeat(indent), WORDS[word], if ends { "\n" } else { "" })
            })
            .collect();
        for format in ALL.iter().map(|format| Some(*format)).chain([None]) {
            for reading in read(&text, format).into_iter().flatten() {
                prop_assert!(super::corpus_tests::adds_up(&reading.plan));
            }
        }
    }
}
