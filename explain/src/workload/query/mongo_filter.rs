//! Filters of MongoDB, `{"status": "A", "total": {"$gt": 5}}`, as predicates.
//!
//! A column is a path, dots included. Nothing here recurses: what is inside waits on a stack. A
//! disjunction inside a disjunction gives nothing, as in SQL; of a filter that cannot be read
//! nothing is left, for it is never read in part.

use super::condition::Conditions;
use super::{ColumnRef, Comparison, Operand, Predicate};
use crate::formats::shell_json::{self, Item, Kind};
use std::borrow::Cow;

/// Longest path that is made of nested `$elemMatch`.
const MAX_PATH: usize = 1_000;

/// Reads a filter, or the condition of a `$lookup`: `customer_id = customers._id`.
pub(super) fn read(text: &str) -> Conditions {
    let text = text.trim();
    if !text.starts_with('{') {
        return Conditions {
            predicates: join(text).into_iter().collect(),
            alternatives: Vec::new(),
        };
    }
    let (document, outcome) = shell_json::read(text, 0);
    let is_whole = outcome.is_ok_and(|end| text.get(end..).is_some_and(str::is_empty));
    let Some(root) = document.root().filter(|_| is_whole) else { return Conditions::default() };
    let mut reader = Reader::default();
    let all = Context { path: String::new(), negated: false, arm: None };
    reader.tasks.push(Task::Filter(root, all));
    while let Some(task) = reader.tasks.pop() {
        let first = reader.tasks.len();
        match task {
            Task::Filter(filter, context) => reader.filter(filter, &context),
            Task::Member(key, value, context) => reader.member(&key, value, context),
            Task::Test(key, value, context) => reader.test(&key, value, context),
            Task::Expression(value, context) => reader.expression(value, context),
        }
        // What was written first is read first.
        reader.tasks[first..].reverse();
    }
    reader.found
}

fn join(text: &str) -> Option<Predicate> {
    let (local, foreign) = text.split_once(" = ")?;
    let is_path = |path: &str| !path.is_empty() && !path.contains([' ', '{', '"', '\'']);
    let (collection, path) = foreign.split_once('.')?;
    let whole = is_path(local) && is_path(collection) && is_path(path);
    let column = ColumnRef { qualifier: Some(collection.to_owned()), name: path.to_owned() };
    whole.then(|| predicate(local.to_owned(), Comparison::Equal, Operand::Column(column)))
}

/// Where a part of the filter stands.
#[derive(Debug, Clone)]
struct Context {
    /// The path it is about, or the path in front of those inside.
    path: String,
    negated: bool,
    /// The disjunction and its arm that it is in.
    arm: Option<(usize, usize)>,
}

impl Context {
    fn negate(self) -> Self {
        Self { negated: !self.negated, ..self }
    }
}

/// A part that is still to be read.
enum Task<'d> {
    /// An object of conditions that must all hold.
    Filter(Item<'d>, Context),
    /// One of them, by its key.
    Member(Cow<'d, str>, Item<'d>, Context),
    /// A test of the path of its context: `$gt` and a value.
    Test(Cow<'d, str>, Item<'d>, Context),
    /// What stands under `$expr`.
    Expression(Item<'d>, Context),
}

#[derive(Default)]
struct Reader<'d> {
    found: Conditions,
    tasks: Vec<Task<'d>>,
}

impl<'d> Reader<'d> {
    /// All parts must hold; not all of them, where it is negated.
    fn conjunction(&mut self, parts: Vec<impl FnOnce(Context) -> Task<'d>>, context: &Context) {
        if context.negated && parts.len() > 1 {
            return self.arms(parts, context);
        }
        for part in parts {
            self.tasks.push(part(context.clone()));
        }
    }

    /// One of the parts must hold; none of them, where it is negated.
    fn disjunction(&mut self, parts: Vec<impl FnOnce(Context) -> Task<'d>>, context: &Context) {
        if !context.negated && parts.len() > 1 {
            return self.arms(parts, context);
        }
        for part in parts {
            self.tasks.push(part(context.clone()));
        }
    }

    fn arms(&mut self, parts: Vec<impl FnOnce(Context) -> Task<'d>>, context: &Context) {
        if context.arm.is_some() {
            return;
        }
        let disjunction = self.found.alternatives.len();
        self.found.alternatives.push(vec![Vec::new(); parts.len()]);
        for (i, part) in parts.into_iter().enumerate() {
            self.tasks.push(part(Context { arm: Some((disjunction, i)), ..context.clone() }));
        }
    }

    fn filter(&mut self, filter: Item<'d>, context: &Context) {
        let parts = filter.members().map(|(key, value)| move |at| Task::Member(key, value, at));
        self.conjunction(parts.collect(), context);
    }

    fn member(&mut self, key: &str, value: Item<'d>, context: Context) {
        let filters =
            || value.items().map(|filter| move |at| Task::Filter(filter, at)).collect::<Vec<_>>();
        match key {
            "$and" => self.conjunction(filters(), &context),
            "$or" => self.disjunction(filters(), &context),
            "$nor" => self.disjunction(filters(), &context.negate()),
            "$expr" => self.tasks.push(Task::Expression(value, context)),
            // `$text`, `$where`, `$comment`: about no path.
            _ if key.starts_with('$') => {}
            _ => self.field(key, value, context),
        }
    }

    /// A path and what is asked of it.
    fn field(&mut self, key: &str, value: Item<'d>, mut context: Context) {
        if !context.path.is_empty() {
            context.path.push('.');
        }
        context.path.push_str(key);
        if context.path.len() <= MAX_PATH {
            self.value(value, context);
        }
    }

    fn value(&mut self, value: Item<'d>, context: Context) {
        if !is_tests(value) {
            return self.tasks.push(Task::Test("$eq".into(), value, context));
        }
        let options = value.get("$options").is_some();
        let tests = value.members().filter(|(key, _)| key != "$options");
        let parts = tests.map(|(key, value)| {
            // With options, a prefix is none that an index knows.
            let key = if options && key == "$regex" { "$regexWithOptions".into() } else { key };
            move |at| Task::Test(key, value, at)
        });
        self.conjunction(parts.collect(), &context);
    }

    fn test(&mut self, key: &str, value: Item<'d>, context: Context) {
        match key {
            "$not" => self.value(value, context.negate()),
            "$elemMatch" if is_tests(value) && !is_logical(value) => self.value(value, context),
            "$elemMatch" => self.tasks.push(Task::Filter(value, context)),
            _ => {
                let (comparison, operand) = comparison(key, value);
                self.add(context, comparison, operand);
            }
        }
    }

    fn add(&mut self, context: Context, comparison: Comparison, operand: Operand) {
        let comparison = if context.negated { negated(comparison) } else { comparison };
        let made = predicate(context.path, comparison, operand);
        self.push(context.arm, made);
    }

    fn push(&mut self, arm: Option<(usize, usize)>, made: Predicate) {
        let arm = arm.map(|(or, arm)| self.found.alternatives.get_mut(or)?.get_mut(arm));
        match arm {
            None => self.found.predicates.push(made),
            Some(arm) => arm.into_iter().for_each(|arm| arm.push(made.clone())),
        }
    }

    fn expression(&mut self, value: Item<'d>, context: Context) {
        let Some((key, arguments)) = value.members().next() else { return };
        let expressions = || {
            let inner = arguments.items().map(|item| move |at| Task::Expression(item, at));
            inner.collect::<Vec<_>>()
        };
        match &*key {
            "$and" => self.conjunction(expressions(), &context),
            "$or" => self.disjunction(expressions(), &context),
            "$not" => {
                let inner = arguments.items().next().unwrap_or(arguments);
                self.tasks.push(Task::Expression(inner, context.negate()));
            }
            "$eq" | "$ne" | "$gt" | "$gte" | "$lt" | "$lte" | "$in" => {
                self.compare(&key, arguments, &context);
            }
            _ => {}
        }
    }

    /// `[left, right]`, either of which may be the path.
    fn compare(&mut self, key: &str, arguments: Item<'d>, context: &Context) {
        let mut both = arguments.items();
        let (Some(left), Some(right)) = (both.next(), both.next()) else { return };
        let (comparison, _) = comparison(key, right);
        let (subject, other, comparison) = match (side(left), side(right)) {
            (Side::Path(path, wrapped), _) => ((path, wrapped), right, comparison),
            (_, Side::Path(path, wrapped)) => ((path, wrapped), left, flipped(comparison)),
            _ => return,
        };
        let value = match side(other) {
            Side::Path(name, None) => Operand::Column(ColumnRef { qualifier: None, name }),
            Side::Path(..) | Side::Complex => Operand::Expression,
            Side::Constant(operand) => operand,
        };
        let comparison = if context.negated { negated(comparison) } else { comparison };
        let made = Predicate { wrapped: subject.1, ..predicate(subject.0, comparison, value) };
        self.push(context.arm, made);
    }
}

/// Whether a value is tests (`{$gt: 5}`) and not a value to be equal to.
fn is_tests(value: Item<'_>) -> bool {
    value.is_object()
        && value.first_key().is_some_and(|key| key.starts_with('$') && !is_value(&key))
}

/// Keys of Extended JSON that make a value of more than one part.
fn is_value(key: &str) -> bool {
    const VALUES: [&str; 8] = [
        "$binary",
        "$timestamp",
        "$regularExpression",
        "$minKey",
        "$maxKey",
        "$undefined",
        "$code",
        "$date",
    ];
    VALUES.contains(&key)
}

fn is_logical(value: Item<'_>) -> bool {
    value.first_key().is_some_and(|key| matches!(&*key, "$and" | "$or" | "$nor" | "$expr"))
}

fn predicate(path: String, operator: Comparison, value: Operand) -> Predicate {
    let column = ColumnRef { qualifier: None, name: path };
    Predicate { column, wrapped: None, cast: None, operator, value }
}

/// What a test asks, by what an index can do with it.
fn comparison(key: &str, value: Item<'_>) -> (Comparison, Operand) {
    let is_null = value.kind() == Kind::Null;
    let null = || Operand::Literal("NULL".to_owned());
    match key {
        "$eq" | "$_internalExprEq" if is_null => (Comparison::IsNull, null()),
        "$ne" if is_null => (Comparison::IsNotNull, null()),
        "$eq" | "$_internalExprEq" => equality(value),
        "$ne" => (Comparison::NotEqual, operand(value)),
        "$gt" | "$gte" | "$_internalExprGt" | "$_internalExprGte" => {
            (Comparison::Greater, operand(value))
        }
        "$lt" | "$lte" | "$_internalExprLt" | "$_internalExprLte" => {
            (Comparison::Less, operand(value))
        }
        "$in" => (Comparison::In(length(value)), list(value)),
        "$nin" => (Comparison::NotEqual, list(value)),
        "$exists" if value.truth() == Some(false) => (Comparison::IsNull, null()),
        "$exists" => (Comparison::IsNotNull, null()),
        "$regex" => (pattern(value), operand(value)),
        "$regexWithOptions" => (Comparison::Pattern, operand(value)),
        "$all" | "$geoWithin" | "$geoIntersects" | "$near" | "$nearSphere" | "$within" => {
            (Comparison::Contains, operand(value))
        }
        _ => (Comparison::Other, operand(value)),
    }
}

/// Equality, which to a regular expression means that it matches.
fn equality(value: Item<'_>) -> (Comparison, Operand) {
    let is_pattern = value.kind() == Kind::Regex
        || value.first_key().is_some_and(|key| key == "$regularExpression");
    let comparison = if is_pattern { pattern(value) } else { Comparison::Equal };
    (comparison, operand(value))
}

/// A pattern that begins with `^` and letters is a range of the index.
fn pattern(value: Item<'_>) -> Comparison {
    let told = value.object("$regularExpression");
    let text = match told {
        Some(told) if told.text_of("options").is_some_and(|o| !o.is_empty()) => None,
        Some(told) => told.text_of("pattern").map(Cow::into_owned),
        // `/^abc/i`, or the text of `$regex`.
        None if value.kind() == Kind::Regex => regex_without_options(&value.json()),
        None => value.text().map(Cow::into_owned),
    };
    let begins = |text: &str| {
        let after = text.strip_prefix('^').or_else(|| text.strip_prefix("\\A"));
        after.and_then(|rest| rest.chars().next()).is_some_and(char::is_alphanumeric)
    };
    // `|` would make the prefix one of several.
    let is_prefix = text.is_some_and(|text| begins(&text) && !text.contains('|'));
    if is_prefix { Comparison::Prefix } else { Comparison::Pattern }
}

fn regex_without_options(json: &str) -> Option<String> {
    let (document, _) = shell_json::read(json, 0);
    let told = document.root()?.object("$regularExpression")?;
    told.text_of("options").filter(|options| options.is_empty())?;
    told.text_of("pattern").map(Cow::into_owned)
}

fn length(value: Item<'_>) -> Option<u32> {
    value.is_array().then(|| u32::try_from(value.items().count()).ok()).flatten()
}

fn list(value: Item<'_>) -> Operand {
    let mut items = value.items();
    match (items.next(), items.next()) {
        (Some(only), None) => operand(only),
        (Some(_), Some(_)) => Operand::Parameter,
        _ => Operand::Expression,
    }
}

/// A literal as JSON; a placeholder where the literal was taken out.
fn operand(value: Item<'_>) -> Operand {
    match value.json() {
        json if json == "\"?\"" => Operand::Parameter,
        json => Operand::Literal(json),
    }
}

/// One side of a comparison under `$expr`.
enum Side {
    /// A path, with the expression around it.
    Path(String, Option<String>),
    Constant(Operand),
    Complex,
}

fn side(value: Item<'_>) -> Side {
    let text = value.text();
    match text.as_deref() {
        Some(text) if text.starts_with("$$") => Side::Constant(Operand::Parameter),
        Some(text) if text.starts_with('$') => Side::Path(text[1..].to_owned(), None),
        Some(_) => Side::Constant(operand(value)),
        None => match value.get("$const").or_else(|| value.get("$literal")) {
            Some(constant) => Side::Constant(operand(constant)),
            None if is_tests(value) => wrapped(value),
            None => Side::Constant(operand(value)),
        },
    }
}

/// `{$toLower: "$name"}`: the only path inside, with what is around it.
fn wrapped(value: Item<'_>) -> Side {
    let mut paths = Vec::new();
    let mut waiting = vec![value];
    while let Some(item) = waiting.pop() {
        waiting.extend(item.items().chain(item.members().map(|(_, value)| value)));
        let text = item.text();
        paths.extend(text.and_then(|text| Some(text.strip_prefix('$')?.to_owned())));
        if paths.len() > 1 {
            return Side::Complex;
        }
    }
    match paths.pop() {
        Some(path) if !path.starts_with('$') => Side::Path(path, Some(value.json())),
        Some(_) => Side::Complex,
        None => Side::Constant(Operand::Parameter),
    }
}

fn flipped(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::Greater => Comparison::Less,
        other => other,
    }
}

/// What is left of a test that must not hold.
fn negated(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Equal | Comparison::In(_) | Comparison::Prefix | Comparison::Pattern => {
            Comparison::NotEqual
        }
        Comparison::NotEqual => Comparison::Equal,
        Comparison::IsNull => Comparison::IsNotNull,
        Comparison::IsNotNull => Comparison::IsNull,
        other => flipped_or_other(other),
    }
}

fn flipped_or_other(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less | Comparison::Greater => flipped(comparison),
        _ => Comparison::Other,
    }
}

#[cfg(test)]
#[path = "mongo_filter_tests.rs"]
mod tests;
