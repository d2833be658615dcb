-- The workload of the demo shop. Each statement has a name and the number of calls in the time that
-- was watched. Try your own: planscope collect sqlite:shop.db --queries FILE.sql

-- name: orders_of_customer
-- calls: 60
SELECT id, status, ordered_at, total_cents
FROM orders
WHERE customer_id = 4711
ORDER BY ordered_at DESC
LIMIT 20;

-- name: lines_of_order
-- calls: 60
SELECT product_id, quantity, price_cents FROM order_lines WHERE order_id = 45678;

-- name: payments_of_order
-- calls: 40
SELECT method, amount_cents, paid_at FROM payments WHERE order_id = 61234;

-- name: last_session_of_customer
-- calls: 40
SELECT id, started_at, agent
FROM sessions
WHERE customer_id = 7920
ORDER BY started_at DESC
LIMIT 1;

-- name: app_orders_of_a_week
-- calls: 15
SELECT id, customer_id, total_cents
FROM orders
WHERE channel = 'app' AND ordered_at >= '2025-03-03' AND ordered_at < '2025-03-10'
ORDER BY total_cents DESC
LIMIT 25;

-- name: orders_page_2400
-- calls: 6
SELECT id, ordered_at, total_cents
FROM orders
ORDER BY ordered_at
LIMIT 25 OFFSET 60000;

-- name: top_customers
-- calls: 3
SELECT c.id, c.last_name, count(*) AS orders, sum(o.total_cents) AS total_cents
FROM customers AS c
JOIN orders AS o ON o.customer_id = c.id
WHERE c.country = 'DK'
GROUP BY c.id
ORDER BY total_cents DESC
LIMIT 10;

-- name: sales_report
-- calls: 3
SELECT g.name AS category, count(DISTINCT o.id) AS orders, sum(l.quantity * l.price_cents) AS cents
FROM orders AS o
JOIN customers AS c ON c.id = o.customer_id
JOIN order_lines AS l ON l.order_id = o.id
JOIN products AS p ON p.id = l.product_id
JOIN categories AS g ON g.id = p.category_id
WHERE o.status = 'shipped' AND o.ordered_at >= '2025-12-24' AND c.country = 'FR'
GROUP BY g.id
ORDER BY cents DESC;

-- name: last_order_of_customers_in_city
-- calls: 2
SELECT c.id, c.email,
  (SELECT max(o.ordered_at) FROM orders AS o WHERE o.customer_id = c.id) AS last_order
FROM customers AS c
WHERE c.country = 'DK' AND c.city = 'Odense' AND c.deleted_at IS NULL AND c.newsletter = 1
ORDER BY c.id
LIMIT 25;

-- name: customers_by_email_prefix
-- calls: 25
SELECT id, email FROM customers WHERE email LIKE 'clara.k%' ORDER BY email LIMIT 20;

-- name: search_products
-- calls: 40
SELECT id, name, price_cents
FROM products
WHERE name LIKE '%lamp%' AND active = 1
ORDER BY price_cents
LIMIT 24;

-- name: products_by_ids
-- calls: 120
SELECT id, name, price_cents
FROM products
WHERE id IN (17, 204, 333, 1200, 1999, 2048, 3141, 4096, 4711, 4999);

-- name: products_with_bad_reviews
-- calls: 3
SELECT p.id, p.name
FROM products AS p
WHERE p.category_id = 9
  AND EXISTS (SELECT 1 FROM reviews AS r WHERE r.product_id = p.id AND r.rating = 1)
LIMIT 50;

-- name: cities
-- calls: 10
SELECT DISTINCT country, city FROM customers ORDER BY country, city;

-- name: cancelled_orders
-- calls: 30
SELECT count(*) FROM orders WHERE status = 'cancelled';

-- name: best_rated_products
-- calls: 6
SELECT product_id, count(*) AS reviews, avg(rating) AS rating
FROM reviews
GROUP BY product_id
HAVING count(*) >= 20
ORDER BY rating DESC
LIMIT 20;

-- name: largest_order_of_each_day
-- calls: 3
SELECT day, id, total_cents
FROM (
  SELECT substr(ordered_at, 1, 10) AS day, id, total_cents,
    row_number() OVER (PARTITION BY substr(ordered_at, 1, 10) ORDER BY total_cents DESC) AS place
  FROM orders
  WHERE ordered_at >= '2025-12-01'
)
WHERE place = 1;

-- name: activity_of_customer
-- calls: 20
SELECT 'order' AS kind, id, ordered_at AS at FROM orders WHERE customer_id = 15839
UNION ALL
SELECT 'review', id, created_at FROM reviews WHERE customer_id = 15839
ORDER BY at DESC
LIMIT 30;

-- name: customers_without_orders
-- calls: 3
SELECT c.id, c.email
FROM customers AS c
LEFT JOIN orders AS o ON o.customer_id = c.id
WHERE o.id IS NULL AND c.created_at < '2025-01-01'
ORDER BY c.id
LIMIT 100;

-- name: revenue_of_month
-- calls: 6
SELECT status, count(*) AS orders, sum(total_cents) AS cents
FROM orders
WHERE substr(ordered_at, 1, 7) = '2025-03'
GROUP BY status;

-- name: orders_to_ship
-- calls: 60
SELECT id, customer_id, ordered_at
FROM orders
WHERE status = 'paid' AND ordered_at >= '2025-12-28'
ORDER BY ordered_at
LIMIT 50;

-- name: customer_by_id
-- calls: 300
SELECT id, email, first_name, last_name FROM customers WHERE id = 12345;

-- name: product_by_sku
-- calls: 300
SELECT id, name, price_cents FROM products WHERE sku = 'SKU-07919';

-- name: departments
-- calls: 200
SELECT id, name, slug FROM categories WHERE parent_id IS NULL ORDER BY name;

-- name: valid_coupons
-- calls: 100
SELECT code, percent FROM coupons WHERE valid_from <= '2025-06-15' AND valid_to >= '2025-06-15';
