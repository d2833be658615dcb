//! FROM: tables, derived tables, and the conditions of joins.

use super::operand::{self, identifier};
use super::scope::{Draft, Reader};
use super::{ColumnRef, Comparison, Operand, Predicate, TableUse};
use sqlparser::ast;
use sqlparser::ast::{JoinConstraint, JoinOperator, TableFactor, TableWithJoins};

impl<'a> Reader<'a> {
    pub(super) fn from(&self, draft: &mut Draft<'a>, from: &'a [TableWithJoins]) {
        let mut todo: Vec<(&'a TableWithJoins, bool)> =
            from.iter().rev().map(|f| (f, false)).collect();
        while let Some((joined, nullable)) = todo.pop() {
            let first = draft.scope.tables.len();
            let mut nested = Vec::new();
            let mut previous = self.factor(draft, &joined.relation, nullable, &mut nested);
            for join in &joined.joins {
                let (left, right) = nullable_sides(&join.join_operator);
                if left {
                    draft.scope.tables.iter_mut().skip(first).for_each(|t| t.nullable_side = true);
                    nested.iter_mut().for_each(|(_, nullable)| *nullable = true);
                }
                let alias = self.factor(draft, &join.relation, nullable || right, &mut nested);
                self.constraint(draft, &join.join_operator, previous.as_deref(), alias.as_deref());
                previous = alias.or(previous);
            }
            todo.extend(nested);
        }
    }

    /// Adds a table, or what a derived one reads; gives the name it has in the scope.
    pub(super) fn factor(
        &self,
        draft: &mut Draft<'a>,
        factor: &'a TableFactor,
        nullable: bool,
        nested: &mut Vec<(&'a TableWithJoins, bool)>,
    ) -> Option<String> {
        let name_of = |alias: &Option<ast::TableAlias>| {
            alias.as_ref().map(|alias| identifier(&alias.name, self.engine))
        };
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => {
                let column = operand::object_column(name, self.engine)?;
                let alias = name_of(alias).unwrap_or_else(|| column.name.clone());
                if column.qualifier.is_some() || !self.is_cte(&column.name, draft.outer) {
                    let ColumnRef { qualifier: schema, name } = column;
                    let table =
                        TableUse { schema, name, alias: alias.clone(), nullable_side: nullable };
                    draft.scope.tables.push(table);
                }
                Some(alias)
            }
            TableFactor::Table { alias, args: Some(args), .. } => {
                draft.exprs.extend(args.args.iter().filter_map(super::children::argument));
                name_of(alias)
            }
            TableFactor::Function { args, alias, .. } => {
                draft.exprs.extend(args.iter().filter_map(super::children::argument));
                name_of(alias)
            }
            TableFactor::UNNEST { array_exprs, alias, .. } => {
                draft.exprs.extend(array_exprs);
                name_of(alias)
            }
            TableFactor::TableFunction { expr, alias }
            | TableFactor::JsonTable { json_expr: expr, alias, .. } => {
                draft.exprs.push(expr);
                name_of(alias)
            }
            TableFactor::Derived { subquery, alias, .. } => {
                draft.queries.push(subquery);
                name_of(alias)
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                nested.push((table_with_joins, nullable));
                name_of(alias)
            }
            _ => None,
        }
    }

    pub(super) fn constraint(
        &self,
        draft: &mut Draft<'a>,
        operator: &'a JoinOperator,
        left: Option<&str>,
        right: Option<&str>,
    ) {
        match constraint_of(operator) {
            Some(JoinConstraint::On(expr)) => self.condition(draft, expr),
            Some(JoinConstraint::Using(columns)) => {
                let shared = columns.iter().filter_map(|c| operand::object_column(c, self.engine));
                for ColumnRef { name, .. } in shared {
                    let of = |alias: Option<&str>| ColumnRef {
                        qualifier: alias.map(str::to_owned),
                        name: name.clone(),
                    };
                    draft.scope.predicates.push(Predicate {
                        column: of(right),
                        wrapped: None,
                        cast: None,
                        operator: Comparison::Equal,
                        value: Operand::Column(of(left)),
                    });
                }
            }
            _ => {}
        }
    }
}

fn constraint_of(operator: &JoinOperator) -> Option<&JoinConstraint> {
    use JoinOperator as Op;
    match operator {
        Op::Join(c)
        | Op::Inner(c)
        | Op::Left(c)
        | Op::LeftOuter(c)
        | Op::Right(c)
        | Op::RightOuter(c)
        | Op::FullOuter(c)
        | Op::CrossJoin(c)
        | Op::Semi(c)
        | Op::LeftSemi(c)
        | Op::RightSemi(c)
        | Op::Anti(c)
        | Op::LeftAnti(c)
        | Op::RightAnti(c)
        | Op::StraightJoin(c) => Some(c),
        _ => None,
    }
}

/// Whether the left or the right side of a join may be filled with NULLs.
fn nullable_sides(operator: &JoinOperator) -> (bool, bool) {
    match operator {
        JoinOperator::Left(_) | JoinOperator::LeftOuter(_) | JoinOperator::OuterApply => {
            (false, true)
        }
        JoinOperator::Right(_) | JoinOperator::RightOuter(_) => (true, false),
        JoinOperator::FullOuter(_) => (true, true),
        _ => (false, false),
    }
}
