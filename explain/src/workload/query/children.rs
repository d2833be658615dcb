//! The direct parts of an expression, so that nobody has to walk a tree by recursion.

use sqlparser::ast::{
    AccessExpr, Expr, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments,
    OrderByExpr, Query, Subscript, WindowType,
};

/// What stands directly inside an expression.
#[derive(Debug, Default)]
pub(super) struct Parts<'a> {
    /// Expressions.
    pub(super) exprs: Vec<&'a Expr>,
    /// Subqueries; their inside belongs to a scope of its own.
    pub(super) queries: Vec<&'a Query>,
}

impl<'a> Parts<'a> {
    /// The direct parts of `expr`.
    pub(super) fn of(expr: &'a Expr) -> Self {
        let mut parts = Self::default();
        parts.add_parts_of(expr);
        parts
    }

    fn some(&mut self, expr: Option<&'a Expr>) {
        self.exprs.extend(expr);
    }

    fn ordered(&mut self, items: &'a [OrderByExpr]) {
        self.exprs.extend(items.iter().map(|item| &item.expr));
    }

    fn add_parts_of(&mut self, expr: &'a Expr) {
        match expr {
            Expr::IsFalse(e) | Expr::IsNotFalse(e) | Expr::IsTrue(e) | Expr::IsNotTrue(e) => {
                self.exprs.push(e);
            }
            Expr::IsNull(e) | Expr::IsNotNull(e) | Expr::IsUnknown(e) | Expr::IsNotUnknown(e) => {
                self.exprs.push(e);
            }
            Expr::Nested(e) | Expr::OuterJoin(e) | Expr::Prior(e) => self.exprs.push(e),
            Expr::IsDistinctFrom(a, b) | Expr::IsNotDistinctFrom(a, b) => {
                self.exprs.extend([a.as_ref(), b]);
            }
            Expr::UnaryOp { expr, .. }
            | Expr::IsJson { expr, .. }
            | Expr::IsNormalized { expr, .. }
            | Expr::Convert { expr, .. }
            | Expr::Cast { expr, .. }
            | Expr::Extract { expr, .. }
            | Expr::Ceil { expr, .. }
            | Expr::Floor { expr, .. }
            | Expr::Collate { expr, .. }
            | Expr::Named { expr, .. } => self.exprs.push(expr),
            Expr::JsonAccess { value, .. } | Expr::Prefixed { value, .. } => self.exprs.push(value),
            Expr::Interval(interval) => self.exprs.push(&interval.value),
            Expr::Array(array) => self.exprs.extend(&array.elem),
            Expr::Tuple(items) | Expr::Struct { values: items, .. } => self.exprs.extend(items),
            Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                self.exprs.extend(sets.iter().flatten());
            }
            Expr::Subquery(query) | Expr::Exists { subquery: query, .. } => {
                self.queries.push(query);
            }
            Expr::Function(function) => self.add_function(function),
            _ => self.add_parts_of_many(expr),
        }
    }

    /// Expressions of two and more operands.
    fn add_parts_of_many(&mut self, expr: &'a Expr) {
        match expr {
            Expr::BinaryOp { left, right, .. }
            | Expr::AnyOp { left, right, .. }
            | Expr::AllOp { left, right, .. } => self.exprs.extend([left.as_ref(), right]),
            Expr::Like { expr, pattern, escape_char, .. }
            | Expr::ILike { expr, pattern, escape_char, .. }
            | Expr::SimilarTo { expr, pattern, escape_char, .. } => {
                self.exprs.extend([expr.as_ref(), pattern]);
                self.some(escape_char.as_deref());
            }
            Expr::RLike { expr, pattern, .. } => self.exprs.extend([expr.as_ref(), pattern]),
            Expr::InList { expr, list, .. } => {
                self.exprs.push(expr);
                self.exprs.extend(list);
            }
            Expr::InSubquery { expr, subquery, .. } => {
                self.exprs.push(expr);
                self.queries.push(subquery);
            }
            Expr::InUnnest { expr, array_expr, .. } => {
                self.exprs.extend([expr.as_ref(), array_expr]);
            }
            Expr::Between { expr, low, high, .. } => {
                self.exprs.extend([expr.as_ref(), low, high]);
            }
            Expr::AtTimeZone { timestamp, time_zone } => {
                self.exprs.extend([timestamp.as_ref(), time_zone]);
            }
            Expr::Position { expr, r#in } => self.exprs.extend([expr.as_ref(), r#in]),
            Expr::MemberOf(member) => {
                self.exprs.extend([member.value.as_ref(), &member.array]);
            }
            Expr::Substring { expr, substring_from, substring_for, .. } => {
                self.exprs.push(expr);
                self.some(substring_from.as_deref());
                self.some(substring_for.as_deref());
            }
            Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                self.exprs.extend([expr.as_ref(), overlay_what, overlay_from]);
                self.some(overlay_for.as_deref());
            }
            Expr::Trim { expr, trim_what, trim_characters, .. } => {
                self.exprs.push(expr);
                self.some(trim_what.as_deref());
                self.exprs.extend(trim_characters.iter().flatten());
            }
            Expr::Case { operand, conditions, else_result, .. } => {
                self.some(operand.as_deref());
                self.exprs.extend(conditions.iter().flat_map(|c| [&c.condition, &c.result]));
                self.some(else_result.as_deref());
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                self.exprs.push(root);
                access_chain.iter().for_each(|access| self.add_access(access));
            }
            // Names, values and what no engine of ours knows.
            _ => {}
        }
    }

    /// A subscript holds expressions; a field after a dot is no column.
    fn add_access(&mut self, access: &'a AccessExpr) {
        match access {
            AccessExpr::Subscript(Subscript::Index { index }) => self.exprs.push(index),
            AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, .. }) => {
                self.some(lower_bound.as_ref());
                self.some(upper_bound.as_ref());
            }
            AccessExpr::Dot(_) => {}
        }
    }

    fn add_function(&mut self, function: &'a sqlparser::ast::Function) {
        // The first argument of `timestampdiff(day, a, b)` is a unit that parses as a column.
        let name = function.name.to_string().to_ascii_lowercase();
        let units = usize::from(name == "timestampdiff" || name == "timestampadd");
        match &function.args {
            FunctionArguments::None => {}
            FunctionArguments::Subquery(query) => self.queries.push(query),
            FunctionArguments::List(list) => {
                self.exprs.extend(list.args.iter().skip(units).filter_map(argument));
                for clause in &list.clauses {
                    match clause {
                        FunctionArgumentClause::OrderBy(items) => self.ordered(items),
                        FunctionArgumentClause::Where(expr)
                        | FunctionArgumentClause::Limit(expr) => self.exprs.push(expr),
                        _ => {}
                    }
                }
            }
        }
        self.some(function.filter.as_deref());
        self.ordered(&function.within_group);
        if let Some(WindowType::WindowSpec(window)) = &function.over {
            self.exprs.extend(&window.partition_by);
            self.ordered(&window.order_by);
        }
    }
}

/// The expression of a function's argument; `*` has none.
pub(super) fn argument(argument: &FunctionArg) -> Option<&Expr> {
    let (FunctionArg::Named { arg, .. }
    | FunctionArg::ExprNamed { arg, .. }
    | FunctionArg::Unnamed(arg)) = argument;
    match arg {
        FunctionArgExpr::Expr(expr) => Some(expr),
        _ => None,
    }
}
