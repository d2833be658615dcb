//! Finding text in the nodes of a plan, without case and without copies: a plan has 100,000 nodes.

use crate::output::node as words;
use planscope_explain::plan::{Node, Plan};

/// What is searched for, and where it was found.
#[derive(Debug, Default)]
pub struct Search {
    /// The text, in lower case.
    needle: String,
    /// The nodes that hold it, in order.
    found: Vec<u32>,
}

impl Search {
    /// Looks for `text` in all nodes. Typing on narrows what was found before.
    pub fn look_for(&mut self, plan: &Plan, text: &str) {
        let needle = text.trim().to_lowercase();
        let narrows = !self.needle.is_empty() && needle.starts_with(&self.needle);
        self.needle = needle;
        if self.needle.is_empty() {
            self.found.clear();
        } else if narrows {
            let needle = &self.needle;
            self.found.retain(|&id| holds(plan, &plan.nodes()[id as usize], needle));
        } else {
            let nodes = plan.nodes().iter().enumerate();
            let hits = nodes.filter(|(_, node)| holds(plan, node, &self.needle));
            self.found = hits.map(|(id, _)| id as u32).collect();
        }
    }

    /// The text, in lower case; empty when nothing is searched for.
    pub fn needle(&self) -> &str {
        &self.needle
    }

    /// The nodes that hold it.
    pub fn found(&self) -> &[u32] {
        &self.found
    }

    /// The first hit at or behind `from`, else the first of all.
    pub fn next(&self, from: u32) -> Option<u32> {
        let at = self.found.partition_point(|&id| id < from);
        self.found.get(at).or(self.found.first()).copied()
    }

    /// The last hit before `from`, else the last of all.
    pub fn previous(&self, from: u32) -> Option<u32> {
        let at = self.found.partition_point(|&id| id < from);
        at.checked_sub(1).and_then(|at| self.found.get(at)).or(self.found.last()).copied()
    }

    /// Which hit a node is, from 1.
    pub fn number_of(&self, node: u32) -> Option<usize> {
        self.found.binary_search(&node).ok().map(|at| at + 1)
    }
}

/// Whether something that the plan view shows of a node holds `needle`.
fn holds(plan: &Plan, node: &Node, needle: &str) -> bool {
    // Several words may stand in different fields: `orders o`. Titles are made only where one of the
    // words is there at all.
    any_field(node, needle)
        || (needle.contains(' ')
            && needle.split(' ').any(|word| any_field(node, word))
            && contains(&words::title(plan, node), needle))
}

fn any_field(node: &Node, needle: &str) -> bool {
    let names = [&node.relation, &node.alias, &node.index, &node.schema, &node.subplan];
    contains(&node.label, needle)
        || names.into_iter().flatten().any(|name| contains(name, needle))
        || node.conditions.iter().any(|condition| contains(&condition.text, needle))
}

/// Where `needle`, which is in lower case, stands in `text`, in bytes.
pub fn find(text: &str, needle: &str) -> Option<std::ops::Range<usize>> {
    let first = *needle.as_bytes().first()?;
    let bytes = text.as_bytes();
    if needle.is_ascii() {
        let last = bytes.len().checked_sub(needle.len())?;
        let at = (0..=last).find(|&at| {
            bytes[at].to_ascii_lowercase() == first
                && bytes[at..at + needle.len()].eq_ignore_ascii_case(needle.as_bytes())
        })?;
        return Some(at..at + needle.len());
    }
    // Letters outside of ASCII may change their length with their case: then only the place counts.
    text.char_indices().find_map(|(at, _)| {
        let mut wanted = needle.chars();
        let mut next = wanted.next();
        for (offset, c) in text[at..].char_indices() {
            for lower in c.to_lowercase() {
                if Some(lower) != next {
                    return None;
                }
                next = wanted.next();
            }
            if next.is_none() {
                return Some(at..at + offset + c.len_utf8());
            }
        }
        None
    })
}

fn contains(text: &str, needle: &str) -> bool {
    find(text, needle).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_found_without_case() {
        assert_eq!(find("Seq Scan", "scan"), Some(4..8));
        assert_eq!(find("Größe", "größe"), Some(0..7));
        assert_eq!(find("GRÖSSE ab", "ö"), Some(2..4));
        assert_eq!(find("ab", "abc"), None);
        assert_eq!(find("", "a"), None);
    }

    #[test]
    fn words_of_a_title_are_found_across_fields() {
        let text = "Seq Scan on orders b  (cost=0..8 rows=5 width=4)\n  Filter: (total > 5)\n";
        let plan = planscope_explain::formats::read(text, None).unwrap().swap_remove(0).plan;
        let mut search = Search::default();
        for (needle, hits) in [("on orders B", 1), ("total >", 1), ("orders c", 0), ("", 0)] {
            search.look_for(&plan, needle);
            assert_eq!(search.found().len(), hits, "{needle}");
        }
    }

    #[test]
    fn hits_go_round() {
        let search = Search { needle: "x".into(), found: vec![2, 5] };
        assert_eq!((search.next(3), search.next(6)), (Some(5), Some(2)));
        assert_eq!((search.previous(5), search.previous(1)), (Some(2), Some(5)));
        assert_eq!(search.number_of(5), Some(2));
    }
}
