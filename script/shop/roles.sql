-- What an operator would set up: a role that may look at everything and change nothing, a role that may dump the shop
-- and keep the tables of pgvigil's schema, and the application's.
CREATE ROLE pgvigil LOGIN PASSWORD :'pgvigil_password' IN ROLE pg_monitor;
CREATE ROLE shop_backup LOGIN PASSWORD :'shop_backup_password' IN ROLE pg_read_all_data;
GRANT CREATE ON DATABASE shop TO shop_backup;
CREATE ROLE shop_app LOGIN PASSWORD :'shop_app_password';
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO shop_app;
