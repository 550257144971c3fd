-- The demo's shop: a year of orders of a small company.
CREATE TABLE customers (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       text NOT NULL,
  email      text NOT NULL UNIQUE,
  city       text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE TABLE products (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name        text NOT NULL,
  price_cents integer NOT NULL CHECK (price_cents > 0),
  stock       integer NOT NULL
);
CREATE TABLE orders (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  status      text NOT NULL CHECK (status IN ('placed', 'paid', 'shipped', 'returned')),
  placed_at   timestamptz NOT NULL
);
CREATE TABLE order_items (
  order_id    bigint NOT NULL REFERENCES orders,
  position    integer NOT NULL,
  product_id  bigint NOT NULL REFERENCES products,
  quantity    integer NOT NULL CHECK (quantity > 0),
  price_cents integer NOT NULL,
  PRIMARY KEY (order_id, position)
);

SELECT setseed(0.42);
INSERT INTO customers (name, email, city, created_at)
SELECT 'Customer ' || n, 'customer' || n || '@example.com',
       (ARRAY['Berlin', 'Lyon', 'Porto', 'Gdansk', 'Malmö', 'Graz', 'Utrecht'])[1 + n % 7],
       now() - random() * interval '2 years'
FROM generate_series(1, 20000) n;
INSERT INTO products (name, price_cents, stock)
SELECT (ARRAY['Kettle', 'Lamp', 'Chair', 'Mug', 'Rug', 'Shelf', 'Clock', 'Vase'])[1 + n % 8] || ' no. ' || n,
       199 + (random() * 20000)::int, 1000000
FROM generate_series(1, 500) n;
INSERT INTO orders (customer_id, status, placed_at)
SELECT 1 + (random() ^ 2 * 19999)::int,
       CASE WHEN random() < 0.9 THEN 'shipped' WHEN random() < 0.5 THEN 'paid' ELSE 'returned' END,
       now() - (150000 - n) / 150000.0 * interval '1 year'
FROM generate_series(1, 150000) n;
INSERT INTO order_items (order_id, position, product_id, quantity, price_cents)
SELECT o.id, position, p.id, 1 + (random() * 3)::int, p.price_cents
FROM orders o
CROSS JOIN LATERAL generate_series(1, 1 + (o.id % 4)::int) position
JOIN products p ON p.id = 1 + (o.id * 7 + position * 131) % 500;
CREATE INDEX orders_customer ON orders (customer_id, placed_at);
CREATE INDEX order_items_product ON order_items (product_id);
VACUUM ANALYZE;

CREATE EXTENSION pg_stat_statements;
