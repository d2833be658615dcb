//! Tables and indexes of the shop.

/// The tables.
pub(super) const TABLES: &str = "
CREATE TABLE categories (
  id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES categories (id), name TEXT NOT NULL,
  slug TEXT NOT NULL UNIQUE
);
CREATE TABLE products (
  id INTEGER PRIMARY KEY, sku TEXT NOT NULL UNIQUE,
  category_id INTEGER NOT NULL REFERENCES categories (id), name TEXT NOT NULL,
  price_cents INTEGER NOT NULL, active INTEGER NOT NULL, created_at TEXT NOT NULL, description TEXT
);
CREATE TABLE customers (
  id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, first_name TEXT NOT NULL,
  last_name TEXT NOT NULL, city TEXT NOT NULL, country TEXT NOT NULL, created_at TEXT NOT NULL,
  newsletter INTEGER NOT NULL, deleted_at TEXT
);
CREATE TABLE coupons (
  id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, percent INTEGER NOT NULL,
  valid_from TEXT NOT NULL, valid_to TEXT NOT NULL
);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id),
  status TEXT NOT NULL, channel TEXT NOT NULL, ordered_at TEXT NOT NULL, shipped_at TEXT,
  total_cents INTEGER NOT NULL, coupon_id INTEGER REFERENCES coupons (id), note TEXT
);
CREATE TABLE order_lines (
  id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id),
  product_id INTEGER NOT NULL REFERENCES products (id), quantity INTEGER NOT NULL,
  price_cents INTEGER NOT NULL
);
CREATE TABLE payments (
  id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id), method TEXT NOT NULL,
  amount_cents INTEGER NOT NULL, paid_at TEXT NOT NULL, reference TEXT NOT NULL
);
CREATE TABLE reviews (
  id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL REFERENCES products (id),
  customer_id INTEGER NOT NULL REFERENCES customers (id), rating INTEGER NOT NULL, title TEXT,
  body TEXT, created_at TEXT NOT NULL
);
CREATE TABLE stock_movements (
  id INTEGER PRIMARY KEY, product_id INTEGER NOT NULL REFERENCES products (id),
  warehouse TEXT NOT NULL, delta INTEGER NOT NULL, reason TEXT NOT NULL, moved_at TEXT NOT NULL
);
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), started_at TEXT NOT NULL,
  ended_at TEXT, agent TEXT NOT NULL, ip TEXT NOT NULL
);
CREATE TABLE cart_items (
  session_id INTEGER NOT NULL REFERENCES sessions (id),
  product_id INTEGER NOT NULL REFERENCES products (id), quantity INTEGER NOT NULL,
  added_at TEXT NOT NULL, PRIMARY KEY (session_id, product_id)
) WITHOUT ROWID;
";

/// What the shop's people thought of so far. `idx_orders_status` is the beginning of the index
/// below it; `orders.customer_id`, `order_lines.order_id`, `payments.order_id`, `reviews.product_id`
/// and `sessions.customer_id` have none.
pub(super) const INDEXES: &str = "
CREATE INDEX idx_products_category ON products (category_id);
CREATE INDEX idx_orders_status ON orders (status);
CREATE INDEX idx_orders_status_ordered_at ON orders (status, ordered_at);
CREATE INDEX idx_order_lines_product ON order_lines (product_id);
CREATE INDEX idx_stock_movements_product ON stock_movements (product_id, moved_at);
CREATE INDEX idx_customers_active ON customers (country, city) WHERE deleted_at IS NULL;
";
