CREATE TABLE customers (id INT PRIMARY KEY AUTO_INCREMENT, email VARCHAR(120) NOT NULL, country CHAR(2) NOT NULL, born DATE, note VARCHAR(200), UNIQUE KEY uq_email (email), KEY ix_country (country))
CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, customer_id INT NOT NULL, status VARCHAR(20) NOT NULL, total DECIMAL(10,2) NOT NULL, placed_at DATETIME NOT NULL, KEY ix_customer (customer_id), KEY ix_placed (placed_at), CONSTRAINT fk_customer FOREIGN KEY (customer_id) REFERENCES customers (id))
CREATE TABLE events (id BIGINT NOT NULL AUTO_INCREMENT, made DATE NOT NULL, body TEXT, PRIMARY KEY (id, made), KEY ix_body (body(20)), FULLTEXT KEY ft_body (body))
CREATE TABLE parted (id INT NOT NULL, made DATE NOT NULL, v INT, PRIMARY KEY (id, made)) PARTITION BY RANGE (YEAR(made)) (PARTITION p0 VALUES LESS THAN (2023), PARTITION p1 VALUES LESS THAN MAXVALUE)
INSERT INTO customers (email, country, born, note) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT CONCAT('c', i, '@x.org'), ELT(1 + i % 5, 'DE', 'FR', 'US', 'JP', 'BR'), '1990-01-01' + INTERVAL i DAY, IF(i % 4, NULL, 'note') FROM n
INSERT INTO orders (customer_id, status, total, placed_at) SELECT a.id, ELT(1 + a.id % 4, 'new', 'paid', 'sent', 'done'), (a.id * 7) % 500, '2023-06-01' + INTERVAL a.id * b.id HOUR FROM customers a JOIN customers b ON b.id <= 8
INSERT INTO events (made, body) SELECT DATE(placed_at), CONCAT('body ', id) FROM orders WHERE id <= 500
INSERT INTO parted SELECT id, DATE(placed_at), id % 100 FROM orders
CREATE VIEW order_emails AS SELECT o.id, c.email, o.total FROM orders o JOIN customers c ON c.id = o.customer_id
ANALYZE TABLE customers
ANALYZE TABLE orders
ANALYZE TABLE events
ANALYZE TABLE parted
