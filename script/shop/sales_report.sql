-- pgbench: what a product sold, as somebody in the office looks at it.
\set product random(1, 500)
SELECT date_trunc('month', o.placed_at) AS month, sum(i.quantity), sum(i.quantity * i.price_cents)
FROM order_items i JOIN orders o ON o.id = i.order_id
WHERE i.product_id = :product GROUP BY 1 ORDER BY 1;
