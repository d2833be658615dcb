//! Which part of the statement a node serves: its table, the conditions it checks, the clause it
//! stands for. Found by names alone, so that it works where no parser understands the statement;
//! where names do not tell, nothing is marked.

use super::outline::{Clause, Reference, Word, references, words};
use super::statement::Statement;
use planscope_explain::Engine;
use planscope_explain::plan::{ConditionKind, Node, Operator, Plan};
use planscope_explain::workload::lexer::{Lexer, Token, TokenKind};
use std::ops::Range;

/// Longer conditions (lists of thousands of values) are read up to here, in bytes.
const MOST_CONDITION: usize = 4096;

/// The functions that an aggregate without keys stands for.
const AGGREGATES: [&str; 10] = [
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "array_agg",
    "string_agg",
    "group_concat",
    "json_agg",
    "jsonb_agg",
];

/// The parts, in bytes of the laid out text, in order and without overlaps.
pub fn of(statement: &Statement, plan: &Plan, node: &Node) -> Vec<Range<usize>> {
    let reader = Reader { words: statement.words(), plan, node };
    let mut found = Vec::new();
    if plan.engine == Engine::Mongodb {
        reader.fields(&mut found);
    } else {
        reader.table(&mut found);
        reader.conditions(&mut found);
        reader.clause(&mut found);
    }
    merged(found)
}

/// Sorted, what touches joined.
fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut out: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end + 1 => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

struct Reader<'a> {
    words: &'a [Word],
    plan: &'a Plan,
    node: &'a Node,
}

impl Reader<'_> {
    /// The relation where tables are named, by its alias where it has one.
    fn table(&self, found: &mut Vec<Range<usize>>) {
        let Some(relation) = self.node.relation.as_deref().map(str::to_lowercase) else { return };
        let alias = self.node.relation_name().map(str::to_lowercase).unwrap_or_default();
        let named = self.words.iter().enumerate().filter(|(_, word)| {
            word.clause == Clause::Tables && (word.name == relation || word.name == alias)
        });
        let mut hits: Vec<(Range<usize>, bool)> = Vec::new();
        for (i, word) in named {
            let behind = |n: usize| self.words.get(i + n).map_or("", |word| word.name.as_str());
            let skip = usize::from(behind(1) == "as");
            let is_aliased = behind(1 + skip) == alias && alias != relation;
            let end = if is_aliased { self.words[i + 1 + skip].end } else { word.end };
            let is_relation = word.name == relation;
            if is_relation {
                hits.push((word.start..end, is_aliased || alias == relation));
            }
        }
        // Where the alias tells two uses apart, only that one counts.
        let exact = hits.iter().any(|(_, exact)| *exact);
        found.extend(hits.into_iter().filter(|hit| hit.1 == exact).map(|(range, _)| range));
    }

    /// The parts of WHERE, ON and HAVING that have the same columns as a part of a condition.
    fn conditions(&self, found: &mut Vec<Range<usize>>) {
        let parts = self.statement_parts();
        for condition in &self.node.conditions {
            let wanted: Vec<Vec<Reference>> = match condition.kind {
                ConditionKind::SortKey
                | ConditionKind::PresortedKey
                | ConditionKind::GroupKey
                | ConditionKind::CacheKey
                | ConditionKind::Output => continue,
                _ => self.condition_parts(&condition.text),
            };
            for wanted in wanted.iter().filter(|wanted| !wanted.is_empty()) {
                let same =
                    |(_, refs): &&(Range<usize>, Vec<Reference>)| self.are_same(refs, wanted);
                found.extend(parts.iter().filter(same).map(|(range, _)| range.clone()));
            }
        }
    }

    /// The parts of the statement's conditions with the columns they name.
    fn statement_parts(&self) -> Vec<(Range<usize>, Vec<Reference>)> {
        let is_logic = |word: &Word| {
            let begins = ["where", "on", "having", "and", "or"];
            word.kind == TokenKind::Word && begins.contains(&word.name.as_str())
        };
        let chunks = self.words.chunk_by(|a, b| a.part == b.part && a.query == b.query);
        let conditions = chunks.filter(|chunk| chunk[0].clause.is_condition());
        conditions
            .filter_map(|chunk| {
                let from = chunk.iter().position(|word| !is_logic(word))?;
                let chunk = balanced(&chunk[from..]);
                let (first, last) = (chunk.first()?, chunk.last()?);
                Some((first.start..last.end, references(chunk)))
            })
            .collect()
    }

    /// The columns that each part of a condition names.
    fn condition_parts(&self, text: &str) -> Vec<Vec<Reference>> {
        let mut end = MOST_CONDITION.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        // As a WHERE, so that AND and OR part it.
        let text = format!("where {}", &text[..end]);
        let tokens: Vec<Token> = Lexer::new(&text, self.plan.engine).collect();
        let words = words(&text, &tokens);
        words.chunk_by(|a, b| a.part == b.part).map(references).collect()
    }

    /// Whether two sets of columns are the same, as far as their qualifiers can be compared.
    fn are_same(&self, a: &[Reference], b: &[Reference]) -> bool {
        let in_b = |r: &Reference| b.iter().any(|other| self.is_same(r, other));
        let in_a = |r: &Reference| a.iter().any(|other| self.is_same(other, r));
        !a.is_empty() && a.iter().all(in_b) && b.iter().all(in_a)
    }

    /// Whether `written` in the statement is `shown` in the plan. Without a qualifier the plan means
    /// the node's own relation.
    fn is_same(&self, written: &Reference, shown: &Reference) -> bool {
        let own = self.node.relation_name().map(str::to_lowercase);
        let shown_by = shown.qualifier.clone().or(own);
        written.column == shown.column
            && match (&written.qualifier, shown_by) {
                (Some(written), Some(shown)) => *written == shown || self.is_relation(written),
                _ => true,
            }
    }

    /// The statement may qualify by the table's name where the plan uses an alias.
    fn is_relation(&self, qualifier: &str) -> bool {
        let same = |name: &String| name.eq_ignore_ascii_case(qualifier);
        self.node.alias.is_none() && self.node.relation.as_ref().is_some_and(same)
    }

    /// The clause that an operator stands for.
    fn clause(&self, found: &mut Vec<Range<usize>>) {
        match &self.node.operator {
            op if op.is_sort() => self.keys(Clause::Order, ConditionKind::SortKey, found),
            op if op.is_aggregate() => {
                if self.node.conditions_of(ConditionKind::GroupKey).next().is_some() {
                    self.keys(Clause::Group, ConditionKind::GroupKey, found);
                } else {
                    self.aggregates(found);
                }
                if self.node.conditions_of(ConditionKind::Filter).next().is_some() {
                    found.extend(self.only(Clause::Having));
                }
            }
            Operator::Limit | Operator::Skip => found.extend(self.only(Clause::Limit)),
            Operator::WindowAggregate => found.extend(self.clauses(Clause::Window)),
            Operator::SetOperation | Operator::Append => {
                found.extend(self.clauses(Clause::SetOperation));
            }
            Operator::Distinct => found.extend(self.named(&["distinct"])),
            Operator::Modify => {
                let first = self.words.iter().find(|word| {
                    ["insert", "update", "delete", "merge"].contains(&word.name.as_str())
                });
                found.extend(first.map(|word| word.start..word.end));
            }
            _ => {}
        }
    }

    /// The stretches of words in a clause.
    fn clauses(&self, clause: Clause) -> Vec<Range<usize>> {
        let same = |a: &Word, b: &Word| a.clause == b.clause && a.query == b.query;
        let chunks = self.words.chunk_by(same).filter(|chunk| chunk[0].clause == clause);
        let range = |chunk: &[Word]| {
            let chunk = balanced(chunk);
            Some(chunk.first()?.start..chunk.last()?.end)
        };
        chunks.filter_map(range).collect()
    }

    /// The clause, when there is only one.
    fn only(&self, clause: Clause) -> Option<Range<usize>> {
        let mut all = self.clauses(clause).into_iter();
        all.next().filter(|_| all.next().is_none())
    }

    /// ORDER BY or GROUP BY where it names what the node sorts or groups by; the only one also where
    /// it names columns of the result by number or name.
    fn keys(&self, clause: Clause, kind: ConditionKind, found: &mut Vec<Range<usize>>) {
        let keys: Vec<Reference> = self
            .node
            .conditions_of(kind)
            .flat_map(|text| self.condition_parts(text))
            .flatten()
            .collect();
        let clauses = self.clauses(clause);
        let named = |range: &&Range<usize>| {
            let inside: Vec<Word> = self
                .words
                .iter()
                .filter(|word| word.start >= range.start && word.end <= range.end)
                .cloned()
                .collect();
            let refs = references(&inside);
            refs.iter().any(|written| keys.iter().any(|key| self.is_same(written, key)))
        };
        let hits: Vec<Range<usize>> = clauses.iter().filter(named).cloned().collect();
        match (hits.is_empty(), clauses.as_slice()) {
            (true, [only]) if self.is_on_top() => found.push(only.clone()),
            _ => found.extend(hits),
        }
    }

    /// Whether only operators that keep rows as they are stand above the node: its order is that of
    /// the result.
    fn is_on_top(&self) -> bool {
        let mut above = self.node.parent();
        while let Some(node) = above.and_then(|id| self.plan.get(id)) {
            let keeps = matches!(
                node.operator,
                Operator::Limit
                    | Operator::Projection
                    | Operator::Heading
                    | Operator::Result
                    | Operator::GatherMerge
            );
            if !keeps && !node.operator.is_sort() {
                return false;
            }
            above = node.parent();
        }
        true
    }

    /// The calls of aggregate functions, in a statement of one query.
    fn aggregates(&self, found: &mut Vec<Range<usize>>) {
        if self.words.iter().any(|word| word.query > 0) {
            return;
        }
        for (i, word) in self.words.iter().enumerate() {
            let is_call = self.words.get(i + 1).is_some_and(|next| next.kind == TokenKind::Open);
            if is_call && AGGREGATES.contains(&word.name.as_str()) {
                let close = self.words[i + 2..]
                    .iter()
                    .find(|close| close.kind == TokenKind::Close && close.depth == word.depth);
                found.extend(close.map(|close| word.start..close.end));
            }
        }
    }

    fn named(&self, names: &[&str]) -> Vec<Range<usize>> {
        let hits = self.words.iter().filter(|word| names.contains(&word.name.as_str()));
        hits.map(|word| word.start..word.end).collect()
    }

    /// MongoDB: the fields that the node's conditions name, as keys of the command.
    fn fields(&self, found: &mut Vec<Range<usize>>) {
        let is_key = |words: &[Word], i: usize| {
            words.get(i + 1).is_some_and(|next| next.name.starts_with(':'))
                && !words[i].name.starts_with('$')
        };
        let mut names: Vec<String> = Vec::new();
        for condition in &self.node.conditions {
            let mut end = MOST_CONDITION.min(condition.text.len());
            while !condition.text.is_char_boundary(end) {
                end -= 1;
            }
            let text = &condition.text[..end];
            let tokens: Vec<Token> = Lexer::new(text, Engine::Mongodb).collect();
            let words = words(text, &tokens);
            names.extend(
                (0..words.len()).filter(|&i| is_key(&words, i)).map(|i| words[i].name.clone()),
            );
        }
        names.extend(self.node.relation.as_deref().map(str::to_lowercase));
        for (i, word) in self.words.iter().enumerate() {
            let is_text =
                matches!(word.kind, TokenKind::Word | TokenKind::String | TokenKind::Quoted);
            let is_relation = Some(&word.name) == names.last() && self.node.relation.is_some();
            if is_text && names.contains(&word.name) && (is_key(self.words, i) || is_relation) {
                found.push(word.start..word.end);
            }
        }
    }
}

/// Without the parentheses at the ends that have no partner inside.
fn balanced(words: &[Word]) -> &[Word] {
    let mut words = words;
    loop {
        let count = |kind| words.iter().filter(|word| word.kind == kind).count();
        let (open, close) = (count(TokenKind::Open), count(TokenKind::Close));
        words = match words {
            [first, rest @ ..] if open > close && first.kind == TokenKind::Open => rest,
            [rest @ .., last] if open > close && last.kind == TokenKind::Open => rest,
            [rest @ .., last] if close > open && last.kind == TokenKind::Close => rest,
            [rest @ .., last] if matches!(last.kind, TokenKind::Comma | TokenKind::Semicolon) => {
                rest
            }
            _ => return words,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use planscope_explain::formats;

    /// What is marked for each node, parted by `|`.
    fn marked(sql: &str, plan: &str) -> Vec<String> {
        let plan = formats::read(plan, None).unwrap().swap_remove(0).plan;
        let statement = Statement::read(sql, plan.engine);
        let texts = |node: &Node| {
            let marks = of(&statement, &plan, node);
            let texts: Vec<String> = marks
                .into_iter()
                .map(|m| statement.text()[m].split_whitespace().collect::<Vec<_>>().join(" "))
                .collect();
            texts.join(" | ")
        };
        plan.nodes().iter().map(texts).collect()
    }

    #[test]
    fn joins_filters_and_clauses_are_found() {
        let plan = "Limit  (cost=1..2 rows=1 width=4)\n  ->  Sort  (cost=1..2 rows=1 width=4)\n        \
            Sort Key: (count(*)) DESC\n        ->  HashAggregate  (cost=1..2 rows=1 width=4)\n              \
            Group Key: c.name\n              ->  Hash Join  (cost=1..2 rows=1 width=4)\n                    \
            Hash Cond: (o.customer_id = c.id)\n                    ->  Seq Scan on orders o  (cost=1..2 \
            rows=1 width=4)\n                          Filter: ((status = 'open'::text) AND ((total)::numeric > \
            '5'::numeric))\n                    ->  Hash  (cost=1..2 rows=1 width=4)\n                          \
            ->  Seq Scan on customers c  (cost=1..2 rows=1 width=4)\n";
        let sql = "SELECT c.name, count(*) FROM orders o JOIN customers c ON (c.id = o.customer_id) WHERE \
                   o.status = $1 AND total > 5 AND c.id > 7 GROUP BY c.name ORDER BY 2 DESC LIMIT 3";
        assert_eq!(
            marked(sql, plan),
            [
                "LIMIT 3",
                "ORDER BY 2 DESC",
                "GROUP BY c.name",
                "(c.id = o.customer_id)",
                "orders o | o.status = $1 | total > 5",
                "",
                "customers c",
            ]
        );
    }

    #[test]
    fn one_table_twice_is_told_apart_by_its_alias() {
        let plan = "Nested Loop  (cost=1..2 rows=1 width=4)\n  ->  Seq Scan on t a  (cost=1..2 rows=1 width=4)\n        \
            Filter: (x = 1)\n  ->  Index Scan using i on t b  (cost=1..2 rows=1 width=4)\n        Index Cond: (id = a.id)\n";
        let sql = "SELECT * FROM t a, t AS b WHERE a.x = 1 AND b.x = 2 AND b.id = a.id";
        assert_eq!(marked(sql, plan), ["", "t a | a.x = 1", "t AS b | b.id = a.id"]);
    }

    #[test]
    fn a_subquery_keeps_its_conditions() {
        let plan = "Seq Scan on t  (cost=1..2 rows=1 width=4)\n  Filter: (hashed SubPlan 1)\n  SubPlan 1\n    ->  \
            Seq Scan on u  (cost=1..2 rows=1 width=4)\n          Filter: (y = 2)\n";
        let sql = "SELECT * FROM t WHERE x IN (SELECT z FROM u WHERE y = 2)";
        assert_eq!(marked(sql, plan)[1], "u | y = 2");
    }
}
