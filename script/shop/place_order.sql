-- pgbench: a customer looks at the last orders, places one of two items, and it is paid.
\set customer random_zipfian(1, 20000, 1.1)
\set product random_zipfian(1, 500, 1.2)
\set other random(1, 500)
SELECT id, status, placed_at FROM orders WHERE customer_id = :customer ORDER BY placed_at DESC LIMIT 10;
BEGIN;
INSERT INTO orders (customer_id, status, placed_at) VALUES (:customer, 'placed', now()) RETURNING id AS order_id \gset
INSERT INTO order_items SELECT :order_id, 1, id, 2, price_cents FROM products WHERE id = :product;
INSERT INTO order_items SELECT :order_id, 2, id, 1, price_cents FROM products WHERE id = :other;
UPDATE products SET stock = stock - 2 WHERE id = :product;
COMMIT;
UPDATE orders SET status = 'paid' WHERE id = :order_id;
