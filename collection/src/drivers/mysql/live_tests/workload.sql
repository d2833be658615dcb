SELECT * FROM orders WHERE total > 480 AND status = 'paid'
SELECT c.country, COUNT(*), SUM(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.country IN ('DE', 'FR') GROUP BY c.country ORDER BY 3 DESC
SELECT * FROM orders WHERE placed_at BETWEEN '2023-07-01' AND '2023-07-20' ORDER BY total DESC LIMIT 10
SELECT * FROM order_emails WHERE email = 'c5@x.org'
SELECT COUNT(*) FROM parted WHERE v = 5 AND made > '2023-08-01'
SELECT * FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE country = 'JP') AND status <> 'done'
SELECT * FROM customers WHERE note LIKE '%ote%' LIMIT 2, 5
SELECT id FROM customers WHERE born < '1990-03-01' FOR UPDATE
WITH t AS (SELECT customer_id, SUM(total) s FROM orders GROUP BY customer_id) SELECT * FROM t WHERE s > 3000 ORDER BY s LIMIT 3
UPDATE orders SET status = 'sent' WHERE id = 12
UPDATE orders SET total = total + 0 WHERE placed_at < '2023-06-05'
DELETE FROM events WHERE body = 'no such'
INSERT INTO parted SELECT id + 100000, DATE(placed_at), 1 FROM orders WHERE id < 3
SELECT COUNT(*), MAX(total) FROM orders
