//! Conditions: an expression split at AND into predicates, its ORs kept as alternatives.

use super::operand::{self, REST, Side, Subject, side, string_content, strip_parentheses};
use super::{Comparison, Operand, Predicate, prepare};
use crate::engine::Engine;
use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};

/// What a condition demands.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    /// All must hold.
    pub(super) predicates: Vec<Predicate>,
    /// Of each, one arm must hold.
    pub(super) alternatives: Vec<Vec<Vec<Predicate>>>,
}

/// Reads the text of a condition.
pub(super) fn read(text: &str, engine: Engine) -> Conditions {
    if engine == Engine::Mongodb {
        return super::mongo_filter::read(text);
    }
    let mut conditions = Conditions::default();
    // Where one conjunct cannot be read, the others still can.
    for expr in prepare::expressions(text, engine) {
        conditions.add(&expr, engine);
    }
    conditions
}

impl Conditions {
    /// Adds what `expr` demands.
    pub(super) fn add(&mut self, expr: &Expr, engine: Engine) {
        let (leaves, disjunctions) = conjuncts(expr, false);
        for (leaf, negated) in leaves {
            self.predicates.extend(predicates(leaf, negated, engine));
        }
        for arms in disjunctions {
            let arms = arms.into_iter().map(|(arm, negated)| {
                let (leaves, _) = conjuncts(arm, negated);
                leaves.into_iter().flat_map(|(leaf, not)| predicates(leaf, not, engine)).collect()
            });
            self.alternatives.push(arms.collect());
        }
    }
}

type Leaf<'a> = (&'a Expr, bool);

/// Splits at AND (and at a negated OR). Gives the leaves in order, each with whether it is negated,
/// and the arms of every disjunction.
fn conjuncts(expr: &Expr, negated: bool) -> (Vec<Leaf<'_>>, Vec<Vec<Leaf<'_>>>) {
    let (mut leaves, mut disjunctions) = (Vec::new(), Vec::new());
    let mut todo = vec![(expr, negated)];
    while let Some((expr, negated)) = todo.pop() {
        match expr {
            Expr::Nested(inner) => todo.push((inner, negated)),
            Expr::UnaryOp { op: UnaryOperator::Not | UnaryOperator::BangNot, expr } => {
                todo.push((expr, !negated));
            }
            Expr::BinaryOp { left, op: BinaryOperator::And, right } if !negated => {
                todo.extend([(right.as_ref(), false), (left.as_ref(), false)]);
            }
            Expr::BinaryOp { left, op: BinaryOperator::Or, right } if negated => {
                todo.extend([(right.as_ref(), true), (left.as_ref(), true)]);
            }
            Expr::BinaryOp { op: BinaryOperator::And | BinaryOperator::Or, .. } => {
                disjunctions.push(disjuncts(expr, negated));
            }
            _ => leaves.push((expr, negated)),
        }
    }
    (leaves, disjunctions)
}

/// The arms of a disjunction, in order.
fn disjuncts(expr: &Expr, negated: bool) -> Vec<Leaf<'_>> {
    let mut arms = Vec::new();
    let mut todo = vec![(expr, negated)];
    while let Some((expr, negated)) = todo.pop() {
        match strip_parentheses(expr) {
            Expr::BinaryOp { left, op: BinaryOperator::Or, right } if !negated => {
                todo.extend([(right.as_ref(), false), (left.as_ref(), false)]);
            }
            Expr::BinaryOp { left, op: BinaryOperator::And, right } if negated => {
                todo.extend([(right.as_ref(), true), (left.as_ref(), true)]);
            }
            _ => arms.push((expr, negated)),
        }
    }
    arms
}

/// The predicates of an expression without AND and OR; none when it is about no single column.
fn predicates(expr: &Expr, negated: bool, engine: Engine) -> Vec<Predicate> {
    let made = match expr {
        Expr::BinaryOp { left, op, right } => binary(left, op, right, engine),
        Expr::InList { expr, list, negated: not } => {
            let comparison = in_list(list, *not != negated);
            return about(expr, comparison, list_value(list, engine), engine);
        }
        Expr::InSubquery { expr, negated: not, .. } => {
            let comparison =
                if *not == negated { Comparison::In(None) } else { Comparison::NotEqual };
            return about(expr, comparison, Operand::Expression, engine);
        }
        Expr::AnyOp { left, compare_op, right, .. } => any(left, compare_op, right, engine),
        Expr::AllOp { left, right, .. } => {
            about(left, Comparison::NotEqual, array_value(right, engine), engine)
        }
        Expr::Between { expr, low, high, negated: not } => {
            let made = between(expr, low, high, engine);
            return negate(made, *not != negated);
        }
        Expr::Like { expr, pattern, negated: not, .. } => {
            let made = like(expr, pattern, true, engine);
            return negate(made, *not != negated);
        }
        Expr::ILike { expr, pattern, negated: not, .. } => {
            let made = like(expr, pattern, false, engine);
            return negate(made, *not != negated);
        }
        Expr::SimilarTo { expr, pattern, negated: not, .. }
        | Expr::RLike { expr, pattern, negated: not, .. } => {
            let made = about(expr, Comparison::Pattern, value_of(pattern, engine), engine);
            return negate(made, *not != negated);
        }
        _ => tests(expr, engine),
    };
    negate(made, negated)
}

/// IS tests, columns that are conditions by themselves, and calls.
fn tests(expr: &Expr, engine: Engine) -> Vec<Predicate> {
    let null = || Operand::Literal("NULL".to_owned());
    match expr {
        Expr::IsNull(e) => about(e, Comparison::IsNull, null(), engine),
        Expr::IsNotNull(e) => about(e, Comparison::IsNotNull, null(), engine),
        Expr::IsTrue(e) => about(e, Comparison::Equal, boolean(true), engine),
        Expr::IsFalse(e) => about(e, Comparison::Equal, boolean(false), engine),
        Expr::IsNotTrue(e) => about(e, Comparison::NotEqual, boolean(true), engine),
        Expr::IsNotFalse(e) => about(e, Comparison::NotEqual, boolean(false), engine),
        Expr::IsNotDistinctFrom(a, b) => compare(a, Comparison::Equal, b, engine),
        Expr::IsDistinctFrom(a, b) => compare(a, Comparison::NotEqual, b, engine),
        Expr::MatchAgainst { columns, .. } => columns
            .iter()
            .filter_map(|name| operand::object_column(name, engine))
            .map(|column| plain(column, Comparison::Contains, Operand::Parameter))
            .collect(),
        Expr::MemberOf(member) => {
            about(&member.array, Comparison::Contains, value_of(&member.value, engine), engine)
        }
        _ => match side(expr, engine) {
            Side::Column(subject) if subject.is_plain() => {
                vec![predicate(subject, Comparison::Equal, boolean(true))]
            }
            Side::Column(subject) => {
                vec![predicate(subject, Comparison::Other, Operand::Expression)]
            }
            _ => Vec::new(),
        },
    }
}

fn boolean(value: bool) -> Operand {
    Operand::Literal(value.to_string())
}

fn predicate(subject: Subject, operator: Comparison, value: Operand) -> Predicate {
    let Subject { column, wrapped, cast } = subject;
    Predicate { column, wrapped, cast, operator, value }
}

fn plain(column: super::ColumnRef, operator: Comparison, value: Operand) -> Predicate {
    Predicate { column, wrapped: None, cast: None, operator, value }
}

/// One predicate on the column of `expr`, or one on each member of a row.
fn about(expr: &Expr, operator: Comparison, value: Operand, engine: Engine) -> Vec<Predicate> {
    let members = row(expr).unwrap_or_else(|| vec![expr]);
    let subject = |expr| match side(expr, engine) {
        Side::Column(subject) => Some(subject),
        _ => None,
    };
    members
        .into_iter()
        .filter_map(subject)
        .map(|subject| predicate(subject, operator, value.clone()))
        .collect()
}

/// The members of `(a, b)` or `ROW(a, b)`.
fn row(expr: &Expr) -> Option<Vec<&Expr>> {
    match strip_parentheses(expr) {
        Expr::Tuple(members) => Some(members.iter().collect()),
        Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("row") => {
            Some(super::children::Parts::of(strip_parentheses(expr)).exprs)
        }
        _ => None,
    }
}

fn value_of(expr: &Expr, engine: Engine) -> Operand {
    match side(expr, engine) {
        Side::Column(subject) if subject.is_plain() => Operand::Column(subject.column),
        Side::Constant(operand) => operand,
        _ => Operand::Expression,
    }
}

fn list_value(list: &[Expr], engine: Engine) -> Operand {
    let mut values = list.iter().map(|expr| value_of(expr, engine));
    match values.next() {
        Some(only) if list.len() == 1 => only,
        Some(first) => {
            let constant = |v: &Operand| matches!(v, Operand::Literal(_) | Operand::Parameter);
            let all = constant(&first) && values.all(|value| constant(&value));
            if all { Operand::Parameter } else { Operand::Expression }
        }
        None => Operand::Expression,
    }
}

fn in_list(list: &[Expr], negated: bool) -> Comparison {
    let rest = |expr: &Expr| matches!(expr, Expr::Value(v) if matches!(&v.value, Value::Placeholder(p) if p == REST));
    if negated {
        Comparison::NotEqual
    } else if list.iter().any(rest) {
        Comparison::In(None)
    } else {
        Comparison::In(u32::try_from(list.len()).ok())
    }
}

/// `=`, `<`, LIKE as an operator and so on.
/// MySQL's plans write ranges as `10 <= a <= 20`: the lower bound, its operator and the column.
fn chained<'a>(
    left: &'a Expr,
    op: &BinaryOperator,
    engine: Engine,
) -> Option<(&'a Expr, &'a BinaryOperator, &'a Expr)> {
    let is_upper = |op: &BinaryOperator| matches!(op, BinaryOperator::Lt | BinaryOperator::LtEq);
    let Expr::BinaryOp { left: low, op: first, right: column } = left else { return None };
    let is_range = is_upper(op) && is_upper(first) && matches!(low.as_ref(), Expr::Value(_));
    (is_range && engine.info().quote == '`').then_some((low, first, column))
}

fn binary(left: &Expr, op: &BinaryOperator, right: &Expr, engine: Engine) -> Vec<Predicate> {
    use BinaryOperator as Op;
    if let Some((low, first, column)) = chained(left, op, engine) {
        let mut bounds = binary(low, first, column, engine);
        bounds.extend(binary(column, op, right, engine));
        return bounds;
    }
    let comparison = match op {
        Op::Eq | Op::Spaceship => Comparison::Equal,
        Op::NotEq => Comparison::NotEqual,
        Op::Lt | Op::LtEq => Comparison::Less,
        Op::Gt | Op::GtEq => Comparison::Greater,
        Op::PGLikeMatch => return like(left, right, true, engine),
        Op::PGILikeMatch => return like(left, right, false, engine),
        Op::PGNotLikeMatch | Op::PGNotILikeMatch | Op::PGRegexNotMatch | Op::PGRegexNotIMatch => {
            return about(left, Comparison::NotEqual, value_of(right, engine), engine);
        }
        Op::PGRegexMatch | Op::PGRegexIMatch | Op::Regexp => {
            return about(left, Comparison::Pattern, value_of(right, engine), engine);
        }
        Op::PGStartsWith => {
            return about(left, Comparison::Prefix, value_of(right, engine), engine);
        }
        Op::Glob => return glob(left, right, engine),
        Op::AtArrow
        | Op::ArrowAt
        | Op::PGOverlap
        | Op::AtAt
        | Op::AtQuestion
        | Op::Question
        | Op::QuestionAnd
        | Op::QuestionPipe
        | Op::Match => Comparison::Contains,
        _ => Comparison::Other,
    };
    compare(left, comparison, right, engine)
}

/// A comparison that may be read from both sides.
fn compare(left: &Expr, comparison: Comparison, right: &Expr, engine: Engine) -> Vec<Predicate> {
    if let (Some(lefts), Some(rights)) = (row(left), row(right)) {
        return compare_rows(&lefts, comparison, &rights, engine);
    }
    match (side(left, engine), side(right, engine)) {
        (Side::Column(subject), Side::Constant(value)) => {
            vec![predicate(subject, comparison, value)]
        }
        (Side::Constant(value), Side::Column(subject)) => {
            vec![predicate(subject, flipped(comparison), value)]
        }
        (Side::Column(a), Side::Column(b)) => compare_columns(a, comparison, b),
        (Side::Column(subject), Side::Complex) => {
            vec![predicate(subject, comparison, Operand::Expression)]
        }
        (Side::Complex, Side::Column(subject)) => {
            vec![predicate(subject, flipped(comparison), Operand::Expression)]
        }
        _ => Vec::new(),
    }
}

/// A join: one predicate when both sides are plain columns, else one a side.
fn compare_columns(a: Subject, comparison: Comparison, b: Subject) -> Vec<Predicate> {
    if a.is_plain() && b.is_plain() {
        return vec![predicate(a, comparison, Operand::Column(b.column))];
    }
    let value = |other: &Subject| match other.is_plain() {
        true => Operand::Column(other.column.clone()),
        false => Operand::Expression,
    };
    let (of_a, of_b) = (value(&b), value(&a));
    vec![predicate(a, comparison, of_a), predicate(b, flipped(comparison), of_b)]
}

/// `(a, b) = (1, 2)` pins both; `(a, b) > (1, 2)` is a range on the first.
fn compare_rows(
    lefts: &[&Expr],
    comparison: Comparison,
    rights: &[&Expr],
    engine: Engine,
) -> Vec<Predicate> {
    let pairs = lefts.iter().zip(rights);
    let taken = match comparison {
        Comparison::Equal => usize::MAX,
        Comparison::Less | Comparison::Greater => 1,
        _ => 0,
    };
    let one = |(left, right): (&&Expr, &&Expr)| match (side(left, engine), side(right, engine)) {
        (Side::Column(subject), _) => Some(predicate(subject, comparison, value_of(right, engine))),
        (_, Side::Column(subject)) => {
            Some(predicate(subject, flipped(comparison), value_of(left, engine)))
        }
        _ => None,
    };
    pairs.take(taken).filter_map(one).collect()
}

fn flipped(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::Greater => Comparison::Less,
        other => other,
    }
}

/// What is left of predicates when they must not hold.
fn negate(made: Vec<Predicate>, negated: bool) -> Vec<Predicate> {
    if !negated {
        return made;
    }
    let negative = |mut predicate: Predicate| {
        let yes = predicate.value == boolean(true);
        let no = predicate.value == boolean(false);
        predicate.operator = match predicate.operator {
            Comparison::Equal if yes || no => {
                predicate.value = boolean(no);
                Comparison::Equal
            }
            Comparison::Equal | Comparison::In(_) => Comparison::NotEqual,
            Comparison::Prefix | Comparison::Pattern | Comparison::LikeUnknown => {
                Comparison::NotEqual
            }
            Comparison::Less => Comparison::Greater,
            Comparison::Greater => Comparison::Less,
            Comparison::IsNull => Comparison::IsNotNull,
            Comparison::IsNotNull => Comparison::IsNull,
            Comparison::NotEqual if predicate.value != Operand::Expression => Comparison::Equal,
            _ => Comparison::Other,
        };
        predicate
    };
    made.into_iter().map(negative).collect()
}

fn between(expr: &Expr, low: &Expr, high: &Expr, engine: Engine) -> Vec<Predicate> {
    if let Side::Column(_) = side(expr, engine) {
        let value = match (value_of(low, engine), value_of(high, engine)) {
            (
                Operand::Literal(_) | Operand::Parameter,
                Operand::Literal(_) | Operand::Parameter,
            ) => Operand::Parameter,
            _ => Operand::Expression,
        };
        return about(expr, Comparison::Between, value, engine);
    }
    // `now() between valid_from and valid_to`: a bound on each.
    let value = value_of(expr, engine);
    let mut made = about(low, Comparison::Less, value.clone(), engine);
    made.extend(about(high, Comparison::Greater, value, engine));
    made
}

fn any(left: &Expr, op: &BinaryOperator, right: &Expr, engine: Engine) -> Vec<Predicate> {
    match op {
        BinaryOperator::PGLikeMatch | BinaryOperator::PGILikeMatch => {
            return about(left, Comparison::Pattern, value_of(right, engine), engine);
        }
        BinaryOperator::Eq => {}
        _ => return about(left, Comparison::Other, value_of(right, engine), engine),
    }
    let value = value_of(right, engine);
    if let (Side::Constant(constant), Operand::Column(array)) = (side(left, engine), &value) {
        return vec![plain(array.clone(), Comparison::Contains, constant)];
    }
    about(left, Comparison::In(array_length(right)), array_value(right, engine), engine)
}

/// The value of an array: its text is no literal that a column could be compared with.
fn array_value(expr: &Expr, engine: Engine) -> Operand {
    match value_of(expr, engine) {
        Operand::Literal(_) => Operand::Parameter,
        other => other,
    }
}

/// The number of elements of `ARRAY[…]` or `'{…}'`.
fn array_length(expr: &Expr) -> Option<u32> {
    let mut inner = strip_parentheses(expr);
    while let Expr::Cast { expr, .. } = inner {
        inner = strip_parentheses(expr);
    }
    if let Expr::Array(array) = inner {
        return u32::try_from(array.elem.len()).ok();
    }
    let members = string_content(inner)?.strip_prefix('{')?.strip_suffix('}')?;
    let (mut count, mut quoted, mut escaped) = (u32::from(!members.is_empty()), false, false);
    for byte in members.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => count = count.saturating_add(1),
            _ => {}
        }
    }
    Some(count)
}

fn like(expr: &Expr, pattern: &Expr, case_sensitive: bool, engine: Engine) -> Vec<Predicate> {
    let comparison = match first_of_pattern(pattern) {
        Some(start) if start.starts_with(['%', '_']) => Comparison::Pattern,
        // Only a case-sensitive prefix bounds a range.
        Some(_) if !case_sensitive => Comparison::Pattern,
        Some(_) if string_content(pattern).is_some() => Comparison::Prefix,
        _ => Comparison::LikeUnknown,
    };
    about(expr, comparison, value_of(pattern, engine), engine)
}

/// The string with which a pattern begins: the literal itself, or the first part of
/// `'%' || $1` and `concat('%', ?)`.
fn first_of_pattern(pattern: &Expr) -> Option<&str> {
    let mut first = strip_parentheses(pattern);
    loop {
        first = match first {
            Expr::BinaryOp { left, op: BinaryOperator::StringConcat, .. } => {
                strip_parentheses(left)
            }
            Expr::Function(function)
                if function.name.to_string().eq_ignore_ascii_case("concat") =>
            {
                super::children::Parts::of(first).exprs.first().copied()?
            }
            _ => return string_content(first),
        };
    }
}

fn glob(expr: &Expr, pattern: &Expr, engine: Engine) -> Vec<Predicate> {
    let comparison = match string_content(pattern) {
        Some(text) if text.starts_with(['*', '?', '[']) => Comparison::Pattern,
        Some(_) => Comparison::Prefix,
        None => Comparison::LikeUnknown,
    };
    about(expr, comparison, value_of(pattern, engine), engine)
}
