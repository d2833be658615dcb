//! Which object is a plan, and of which kind.

use super::super::shell_json::{Document, Item};
use super::operators;

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The answer of an explain, or a part of it that stands alone.
    Explain,
    /// A stage without anything around.
    Stage,
    /// An entry of the plan cache (`$planCacheStats`).
    Cached,
    /// A document of system.profile, or of currentOp.
    Profile,
    /// A line of the server's log.
    Log,
}

/// The kind of an object; `None` if it is no plan by itself.
pub(super) fn kind(object: Item<'_>) -> Option<Kind> {
    let mut seen = Seen::default();
    for (key, value) in object.members() {
        seen.key(&key, value);
    }
    match seen {
        Seen { log: true, .. } => Some(Kind::Log),
        Seen { operation: 3, summary: true, .. } => Some(Kind::Profile),
        Seen { cached: true, .. } => Some(Kind::Cached),
        Seen { explain: true, .. } => Some(Kind::Explain),
        Seen { stage: true, figures: true, .. } | Seen { slot: true, opens: true, .. } => {
            Some(Kind::Stage)
        }
        _ => None,
    }
}

/// What the keys of an object tell.
#[derive(Debug, Default)]
struct Seen {
    log: bool,
    /// `op`, `ns` and one of what they did: all three.
    operation: u8,
    summary: bool,
    cached: bool,
    explain: bool,
    stage: bool,
    figures: bool,
    /// A stage of the slot-based engine, whose names are words that any document may hold.
    slot: bool,
    opens: bool,
}

impl Seen {
    fn key(&mut self, key: &str, value: Item<'_>) {
        match key {
            "attr" => self.log |= is_slow_query(value),
            "op" | "ns" => self.operation += u8::from(value.text().is_some()),
            "command" => self.operation += u8::from(value.is_object()),
            "planSummary" | "execStats" => self.summary = true,
            "queryPlanner" | "executionStats" | "winningPlan" | "executionStages" => {
                self.explain |= value.is_object();
            }
            "stages" => self.explain |= is_pipeline(value),
            "shards" => self.explain |= is_shards(value),
            "cachedPlan" => self.cached |= value.is_object(),
            "stage" => {
                let name = value.text().unwrap_or_default();
                self.stage = operators::is_query_stage(&name);
                self.slot = !self.stage && operators::operator(&name).is_some();
            }
            "opens" | "planNodeId" => (self.opens, self.figures) = (true, true),
            "inputStage" | "inputStages" | "works" | "direction" | "indexName" | "nReturned"
            | "keyPattern" | "filter" | "isEOF" | "sortPattern" | "transformBy" => {
                self.figures = true;
            }
            _ => {}
        }
    }
}

fn is_slow_query(attr: Item<'_>) -> bool {
    attr.get("planSummary").is_some() || attr.get("execStats").is_some()
}

fn is_pipeline(value: Item<'_>) -> bool {
    let first = value.items().find(|item| item.is_object());
    first.is_some_and(|first| {
        let is_stage = first.first_key().is_some_and(|key| key.starts_with('$'));
        is_stage || first.get("nReturned").is_some()
    })
}

/// Whether an array is stages that were explained, and not only written down.
pub(super) fn is_explained_pipeline(value: Item<'_>) -> bool {
    let is_cursor = |key: &str| key == "$cursor" || key == "$geoNearCursor";
    let first = value.items().next().and_then(Item::first_key);
    first.is_some_and(|key| is_cursor(&key))
}

fn is_shards(value: Item<'_>) -> bool {
    let is_plan = |shard: Item<'_>| {
        ["queryPlanner", "stages", "executionStats"].iter().any(|key| shard.get(key).is_some())
    };
    value.members().next().is_some_and(|(_, shard)| is_plan(shard))
}

/// Whether a document, possibly broken off, is a line of the log.
pub(super) fn is_log_line(document: &Document<'_>) -> bool {
    let first = document.root().and_then(|root| root.first_key());
    first.is_some_and(|key| key == "t") && document.mentions(&["attr"])
}

/// Whether a record is of an explain that someone ran, and not of a statement.
pub(super) fn is_of_explain(object: Item<'_>, kind: Kind) -> bool {
    let record = match kind {
        Kind::Log => object.object("attr"),
        Kind::Profile => Some(object),
        _ => None,
    };
    let command = record.and_then(|record| record.object("command"));
    command.is_some_and(|command| command.get("explain").is_some())
}
