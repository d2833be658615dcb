//! Finding text in the nodes of a plan, without case.
//!
//! A plan has 100,000 nodes, and their texts lie all over the memory: so what the view shows of them is
//! put together once, and each key looks through that.

use crate::output::node as words;
use memchr::memmem;
use planscope_explain::plan::{Node, Plan};

/// What is searched for, and where it was found.
#[derive(Debug)]
pub struct Search {
    /// The texts of all nodes in lower case, one node after the other.
    texts: String,
    /// Where the text of each node begins.
    starts: Vec<usize>,
    /// The text that is searched for, in lower case.
    needle: String,
    /// The nodes that hold it, in order.
    found: Vec<u32>,
}

/// Between two texts of a node: nobody types it.
const BETWEEN: char = '\0';

impl Search {
    /// A search in a plan, for nothing yet.
    pub fn of(plan: &Plan) -> Self {
        let mut texts = String::new();
        let mut starts = Vec::with_capacity(plan.nodes().len());
        for node in plan.nodes() {
            starts.push(texts.len());
            add_texts(plan, node, &mut texts);
        }
        Self { texts, starts, needle: String::new(), found: Vec::new() }
    }

    /// Looks for `text` in all nodes.
    pub fn look_for(&mut self, text: &str) {
        self.needle = text.trim().to_lowercase();
        self.found.clear();
        if self.needle.is_empty() {
            return;
        }
        let finder = memmem::Finder::new(&self.needle);
        let texts = self.texts.as_bytes();
        let mut node = 0;
        // One hit in a node is enough: on with the next one.
        while let Some(from) = self.starts.get(node) {
            let Some(hit) = finder.find(&texts[*from..]) else { return };
            let hit = from + hit;
            while self.starts.get(node + 1).is_some_and(|next| *next <= hit) {
                node += 1;
            }
            self.found.push(node as u32);
            node += 1;
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

/// What the plan view shows of a node: its title has the names, so several words of it are found
/// together (`orders o`).
fn add_texts(plan: &Plan, node: &Node, texts: &mut String) {
    let title = words::title(plan, node);
    let conditions = node.conditions.iter().map(|condition| condition.text.as_str());
    for text in std::iter::once(title.as_str()).chain(node.schema.as_deref()).chain(conditions) {
        if text.is_ascii() {
            let begin = texts.len();
            texts.push_str(text);
            texts[begin..].make_ascii_lowercase();
        } else {
            texts.push_str(&text.to_lowercase());
        }
        texts.push(BETWEEN);
    }
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
        let mut search = Search::of(&plan);
        for (needle, hits) in [("on orders B", 1), ("total >", 1), ("orders c", 0), ("", 0)] {
            search.look_for(needle);
            assert_eq!(search.found().len(), hits, "{needle}");
        }
    }

    #[test]
    fn each_node_that_holds_it_is_found_once() {
        let text = "Append  (cost=0..8 rows=5 width=4)\n  \
                    ->  Seq Scan on tt tt2  (cost=0..8 rows=5 width=4)\n        Filter: (tt2.Größe > 1)\n  \
                    ->  Seq Scan on u  (cost=0..8 rows=5 width=4)\n        Filter: (u.t = 1)\n";
        let plan = planscope_explain::formats::read(text, None).unwrap().swap_remove(0).plan;
        let mut search = Search::of(&plan);
        for (needle, found) in [
            ("t", &[1, 2][..]),
            ("GRÖSSE", &[]),
            ("größe", &[1]),
            ("append", &[0]),
            ("n", &[0, 1, 2]),
        ] {
            search.look_for(needle);
            assert_eq!(search.found(), found, "{needle}");
        }
    }

    #[test]
    fn hits_go_round() {
        let (texts, starts) = (String::new(), Vec::new());
        let search = Search { texts, starts, needle: "x".into(), found: vec![2, 5] };
        assert_eq!((search.next(3), search.next(6)), (Some(5), Some(2)));
        assert_eq!((search.previous(5), search.previous(1)), (Some(2), Some(5)));
        assert_eq!(search.number_of(5), Some(2));
    }
}
