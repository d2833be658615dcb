//! The page: nothing in it can do harm, and any plan fits.

use super::*;
use crate::report::ShownPlan;
use planscope_explain::formats::Note;
use planscope_explain::plan::{Condition, ConditionKind, Node, Operator, PlanBuilder};

const EVIL: &str = "</script></style><img src=x onerror=alert(1)>\" onload='x' {{7*7}} \u{202e}";

fn page(plans: Vec<ShownPlan>) -> String {
    let report = Report::Explain(ExplainReport { plans, metric: None });
    let style = Style { width: 80, color: false, ascii: false };
    String::from_utf8(render(&report, &style).unwrap()).unwrap()
}

fn shown(plan: Plan) -> ShownPlan {
    ShownPlan {
        plan,
        source: "plan.txt".to_owned(),
        statement: None,
        fingerprint: None,
        notes: Vec::new(),
        findings: Vec::new(),
    }
}

fn chain(levels: usize) -> Plan {
    let mut b = PlanBuilder::new();
    for _ in 0..levels {
        let mut node = Node::new(Operator::SeqScan, "Seq Scan");
        node.estimate.total_cost = Some(10.0);
        b.open(node).unwrap();
    }
    b.finish(Engine::Postgres, "test").unwrap()
}

#[test]
fn what_a_plan_says_is_text_and_nothing_else() {
    let mut node = Node::new(Operator::Other(EVIL.to_owned()), EVIL);
    (node.relation, node.alias, node.index) =
        (Some(EVIL.to_owned()), Some(format!("{EVIL}2")), Some(format!("{EVIL}3")));
    (node.schema, node.join_type, node.subplan) =
        (Some(EVIL.to_owned()), Some(EVIL.to_owned()), Some(EVIL.to_owned()));
    node.conditions.push(Condition::new(ConditionKind::Filter, EVIL));
    node.conditions.push(Condition::new(ConditionKind::Output, EVIL));
    node.details.insert(EVIL.to_owned(), serde_json::json!({ EVIL: [EVIL] }));
    node.memory.method = Some(EVIL.to_owned());
    node.estimate.total_cost = Some(5.0);
    let mut b = PlanBuilder::new();
    b.leaf(node).unwrap();
    let mut plan = b.finish(Engine::Postgres, "test").unwrap();
    plan.settings.push((EVIL.to_owned(), EVIL.to_owned()));
    let note = Note { place: EVIL.to_owned(), message: EVIL.to_owned() };
    let mut evil = shown(plan);
    (evil.source, evil.statement) = (EVIL.to_owned(), Some(EVIL.to_owned()));
    evil.notes.push(note);
    let page = page(vec![evil]);
    for tag in ["<img", "<script", "</script", "\u{202e}", "onload='"] {
        assert!(!page.contains(tag), "{tag} in {page}");
    }
    assert_eq!(page.matches("</style>").count(), 1);
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
}

#[test]
fn the_page_loads_nothing() {
    let page = page(vec![shown(chain(3)), shown(chain(2))]);
    assert!(page.contains("default-src &#39;none&#39;"));
    for word in ["http://", "https://", "@import", "url(", "src=", "<link", "<script"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(page.contains("href=\"#p1\"") && page.contains("id=\"p1\""), "links to both plans");
}

#[test]
fn every_element_is_closed_however_deep_the_plan_is() {
    for levels in [1, 2, 25, 26, 27, 5000] {
        let page = page(vec![shown(chain(levels))]);
        for tag in ["details", "div", "section", "svg", "span", "a"] {
            let opened = page.matches(&format!("<{tag} ")).count()
                + page.matches(&format!("<{tag}>")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag} of {levels}");
        }
    }
}
