//! A statement, flattened into its query levels.
//!
//! A queue holds what is still to read, the outermost first; nothing here recurses.

use super::children::Parts;
use super::condition::Conditions;
use super::keys::{bound, contains_aggregate, extreme, first_projection, groups, item_expr};
use super::operand::{self, column};
use super::{ColumnRef, Operand, Query, QueryKind, Scope, TableUse, prepare};
use crate::engine::Engine;
use sqlparser::ast;
use sqlparser::ast::{
    Expr, FromTable, Select, SelectItem, SetExpr, Statement, UpdateTableFromKind,
};
use std::collections::VecDeque;

/// Takes a statement apart.
pub(super) fn read(sql: &str, engine: Engine) -> Option<Query> {
    let statements = prepare::statements(sql, engine)?;
    let statement = statements.first().filter(|_| statements.len() == 1)?;
    let mut reader = Reader::new(engine);
    let mut kind = reader.statement(statement, Outer::NONE);
    while let Some((work, outer)) = reader.todo.pop_front() {
        let nested = match work {
            Work::Query(query) => reader.query(query, outer),
            Work::Body(body) => reader.body(body, None, outer),
        };
        // A CTE that writes makes the whole statement one that writes.
        if kind == QueryKind::Select && nested != QueryKind::Select {
            kind = nested;
        }
    }
    reader.share_correlated_columns();
    Some(Query { kind, scopes: reader.scopes })
}

/// Where a query stands: which names are CTEs there, and the scope around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outer {
    names: Option<usize>,
    scope: Option<usize>,
}

impl Outer {
    const NONE: Self = Self { names: None, scope: None };
}

/// Names of CTEs, and those visible around them.
struct Names {
    outer: Option<usize>,
    names: Vec<String>,
}

enum Work<'a> {
    Query(&'a ast::Query),
    Body(&'a SetExpr),
}

pub(super) struct Reader<'a> {
    pub(super) engine: Engine,
    scopes: Vec<Scope>,
    /// The scope around each scope.
    parents: Vec<Option<usize>>,
    names: Vec<Names>,
    todo: VecDeque<(Work<'a>, Outer)>,
}

/// A scope in the making.
pub(super) struct Draft<'a> {
    pub(super) scope: Scope,
    pub(super) outer: Outer,
    /// Expressions whose columns and subqueries are still to be found.
    pub(super) exprs: Vec<&'a Expr>,
    pub(super) queries: Vec<&'a ast::Query>,
    star: bool,
}

impl Draft<'_> {
    fn new(outer: Outer) -> Self {
        let scope = Scope { order_by: Some(Vec::new()), ..Scope::default() };
        Draft { scope, outer, exprs: Vec::new(), queries: Vec::new(), star: false }
    }
}

impl<'a> Reader<'a> {
    fn new(engine: Engine) -> Self {
        Self {
            engine,
            scopes: Vec::new(),
            parents: Vec::new(),
            names: Vec::new(),
            todo: VecDeque::new(),
        }
    }

    fn statement(&mut self, statement: &'a Statement, outer: Outer) -> QueryKind {
        match statement {
            Statement::Query(query) => self.query(query, outer),
            Statement::Insert(insert) => {
                if let Some(source) = &insert.source {
                    self.todo.push_back((Work::Query(source), outer));
                }
                QueryKind::Insert
            }
            Statement::Update(update) => self.update(update, outer),
            Statement::Delete(delete) => self.delete(delete, outer),
            Statement::Merge(merge) => self.merge(merge, outer),
            Statement::CreateTable(table) => {
                if let Some(query) = &table.query {
                    self.todo.push_back((Work::Query(query), outer));
                }
                QueryKind::Other
            }
            Statement::CreateView(view) => {
                self.todo.push_back((Work::Query(&view.query), outer));
                QueryKind::Other
            }
            _ => QueryKind::Other,
        }
    }

    fn query(&mut self, query: &'a ast::Query, outer: Outer) -> QueryKind {
        let inside = self.declare(query, outer);
        self.body(&query.body, Some(query), inside)
    }

    /// Declares the CTEs of a query and puts them in the queue.
    fn declare(&mut self, query: &'a ast::Query, outer: Outer) -> Outer {
        let Some(with) = &query.with else { return outer };
        let all = with.cte_tables.iter();
        let names = all.map(|cte| cte.alias.name.value.to_lowercase()).collect();
        self.names.push(Names { outer: outer.names, names });
        let inside = Outer { names: Some(self.names.len() - 1), scope: outer.scope };
        for (at, cte) in with.cte_tables.iter().enumerate() {
            // Without RECURSIVE a CTE sees those before it only: `with t as (select * from t)`.
            let seen = if with.recursive { inside } else { self.first_names(inside, at) };
            self.todo.push_back((Work::Query(&cte.query), seen));
        }
        inside
    }

    fn first_names(&mut self, inside: Outer, count: usize) -> Outer {
        let Some(names) = inside.names.and_then(|at| self.names.get(at)) else { return inside };
        let first = names.names.iter().take(count).cloned().collect();
        let outer = names.outer;
        self.names.push(Names { outer, names: first });
        Outer { names: Some(self.names.len() - 1), scope: inside.scope }
    }

    pub(super) fn is_cte(&self, name: &str, outer: Outer) -> bool {
        let name = name.to_lowercase();
        let mut at = outer.names;
        while let Some(names) = at.and_then(|at| self.names.get(at)) {
            if names.names.contains(&name) {
                return true;
            }
            at = names.outer;
        }
        false
    }

    /// The body of a query; `query` is the query itself when its ORDER BY and LIMIT belong to it.
    fn body(
        &mut self,
        body: &'a SetExpr,
        query: Option<&'a ast::Query>,
        outer: Outer,
    ) -> QueryKind {
        match body {
            SetExpr::Select(select) => return self.select(select, query, outer),
            SetExpr::Query(inner) => {
                self.todo.push_back((Work::Query(inner), outer));
                self.whole(query, body, outer);
            }
            SetExpr::SetOperation { left, right, .. } => {
                self.whole(query, body, outer);
                self.arms(left, right, outer);
            }
            SetExpr::Values(values) => {
                let mut draft = Draft::new(outer);
                draft.exprs.extend(values.rows.iter().flat_map(|row| row.content.iter()));
                let queries = self.columns(&mut draft);
                self.push_queries(queries, outer);
            }
            SetExpr::Table(table) => self.table_command(table, query, outer),
            SetExpr::Insert(statement)
            | SetExpr::Update(statement)
            | SetExpr::Delete(statement)
            | SetExpr::Merge(statement) => return self.statement(statement, outer),
        }
        QueryKind::Select
    }

    /// The arms of a UNION; its left side is a tree as deep as there are arms.
    fn arms(&mut self, left: &'a SetExpr, right: &'a SetExpr, outer: Outer) {
        let mut arms = VecDeque::from([right]);
        let mut rest = left;
        while let SetExpr::SetOperation { left, right, .. } = rest {
            arms.push_front(right);
            rest = left;
        }
        arms.push_front(rest);
        self.todo.extend(arms.into_iter().map(|arm| (Work::Body(arm), outer)));
    }

    /// ORDER BY and LIMIT of a whole UNION: a scope without tables. Its keys are output columns, named
    /// by the first arm.
    fn whole(&mut self, query: Option<&'a ast::Query>, body: &'a SetExpr, outer: Outer) {
        let Some(query) = query else { return };
        if query.order_by.is_none() && query.limit_clause.is_none() && query.fetch.is_none() {
            return;
        }
        let mut draft = Draft::new(outer);
        self.order_and_limit(&mut draft, query, first_projection(body));
        // The arm itself reads what stands behind these names.
        draft.exprs.clear();
        self.finish(draft);
    }

    fn table_command(&mut self, table: &ast::Table, query: Option<&'a ast::Query>, outer: Outer) {
        let mut draft = Draft::new(outer);
        if let Some(name) = table.table_name.clone().filter(|name| !self.is_cte(name, outer)) {
            let schema = table.schema_name.clone();
            let alias = name.clone();
            draft.scope.tables.push(TableUse { schema, name, alias, nullable_side: false });
        }
        draft.star = true;
        if let Some(query) = query {
            self.order_and_limit(&mut draft, query, &[]);
        }
        self.finish(draft);
    }

    fn select(
        &mut self,
        select: &'a Select,
        query: Option<&'a ast::Query>,
        outer: Outer,
    ) -> QueryKind {
        let mut draft = Draft::new(outer);
        self.from(&mut draft, &select.from);
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    draft.exprs.push(expr);
                }
                _ => draft.star = true,
            }
        }
        if let Some(selection) = &select.selection {
            self.condition(&mut draft, selection);
        }
        if let Some(having) = &select.having {
            let mut conditions = Conditions::default();
            conditions.add(having, self.engine);
            draft.scope.having = conditions.predicates;
            draft.exprs.push(having);
        }
        self.group_by(&mut draft, select);
        if let Some(query) = query {
            self.order_and_limit(&mut draft, query, &select.projection);
        }
        let output = select.projection.iter().filter_map(item_expr);
        draft.scope.extremes = output.clone().filter_map(|e| extreme(e, self.engine)).collect();
        draft.scope.aggregates =
            groups(select) || output.chain(select.having.as_ref()).any(contains_aggregate);
        self.finish(draft);
        QueryKind::Select
    }

    pub(super) fn condition(&self, draft: &mut Draft<'a>, expr: &'a Expr) {
        let mut conditions = Conditions::default();
        conditions.add(expr, self.engine);
        draft.scope.predicates.append(&mut conditions.predicates);
        draft.scope.alternatives.append(&mut conditions.alternatives);
        draft.exprs.push(expr);
    }

    /// Finds the columns, queues the subqueries, and keeps the scope.
    fn finish(&mut self, mut draft: Draft<'a>) {
        let queries = self.columns(&mut draft);
        self.parents.push(draft.outer.scope);
        self.scopes.push(draft.scope);
        let inside = Outer { names: draft.outer.names, scope: Some(self.scopes.len() - 1) };
        self.push_queries(queries, inside);
    }

    fn push_queries(&mut self, queries: Vec<&'a ast::Query>, outer: Outer) {
        self.todo.extend(queries.into_iter().map(|query| (Work::Query(query), outer)));
    }

    /// Fills in the columns that the draft's expressions read; gives their subqueries.
    fn columns(&self, draft: &mut Draft<'a>) -> Vec<&'a ast::Query> {
        let mut found: Vec<ColumnRef> = Vec::new();
        let mut queries = std::mem::take(&mut draft.queries);
        let mut todo = std::mem::take(&mut draft.exprs);
        todo.reverse();
        while let Some(expr) = todo.pop() {
            if let Some(column) = column(expr, self.engine) {
                if !found.contains(&column) {
                    found.push(column);
                }
                continue;
            }
            if let Expr::MatchAgainst { columns, .. } = expr {
                found.extend(columns.iter().filter_map(|c| operand::object_column(c, self.engine)));
            }
            let parts = Parts::of(expr);
            queries.extend(parts.queries);
            todo.extend(parts.exprs.into_iter().rev());
        }
        for predicate in &draft.scope.predicates {
            // USING names its columns in no expression.
            let value = match &predicate.value {
                Operand::Column(column) => Some(column),
                _ => None,
            };
            for column in [Some(&predicate.column), value].into_iter().flatten() {
                if !found.contains(column) {
                    found.push(column.clone());
                }
            }
        }
        draft.scope.columns = (!draft.star).then_some(found);
        queries
    }

    /// A column of an outer scope that a correlated subquery reads is read in that scope too.
    fn share_correlated_columns(&mut self) {
        for at in 0..self.scopes.len() {
            let columns = self.scopes[at].columns.clone().unwrap_or_default();
            for column in columns {
                let Some(qualifier) = column.qualifier.clone() else { continue };
                let mut scope = Some(at);
                while let Some(here) = scope {
                    if self.scopes[here].tables.iter().any(|table| table.alias == qualifier) {
                        break;
                    }
                    scope = self.parents[here];
                }
                let owner = scope.filter(|owner| *owner != at);
                let Some(owner) = owner.and_then(|owner| self.scopes[owner].columns.as_mut())
                else {
                    continue;
                };
                if !owner.contains(&column) {
                    owner.push(column);
                }
            }
        }
    }
}

impl<'a> Reader<'a> {
    fn update(&mut self, update: &'a ast::Update, outer: Outer) -> QueryKind {
        let mut draft = Draft::new(outer);
        self.from(&mut draft, std::slice::from_ref(&update.table));
        match &update.from {
            Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) => {
                self.from(&mut draft, from);
            }
            None => {}
        }
        if let Some(selection) = &update.selection {
            self.condition(&mut draft, selection);
        }
        draft.exprs.extend(update.assignments.iter().map(|assignment| &assignment.value));
        let returned = update.returning.iter().flatten();
        draft.exprs.extend(returned.filter_map(item_expr));
        self.order_by(&mut draft, &update.order_by, &[]);
        draft.scope.limit = update.limit.as_ref().and_then(bound);
        self.finish(draft);
        QueryKind::Update
    }

    fn delete(&mut self, delete: &'a ast::Delete, outer: Outer) -> QueryKind {
        let mut draft = Draft::new(outer);
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        self.from(&mut draft, from);
        if let Some(using) = &delete.using {
            self.from(&mut draft, using);
        }
        if let Some(selection) = &delete.selection {
            self.condition(&mut draft, selection);
        }
        draft.exprs.extend(delete.returning.iter().flatten().filter_map(item_expr));
        self.order_by(&mut draft, &delete.order_by, &[]);
        draft.scope.limit = delete.limit.as_ref().and_then(bound);
        self.finish(draft);
        QueryKind::Delete
    }

    fn merge(&mut self, merge: &'a ast::Merge, outer: Outer) -> QueryKind {
        let mut draft = Draft::new(outer);
        let mut nested = Vec::new();
        self.factor(&mut draft, &merge.table, false, &mut nested);
        self.factor(&mut draft, &merge.source, false, &mut nested);
        self.condition(&mut draft, &merge.on);
        self.finish(draft);
        QueryKind::Update
    }
}
