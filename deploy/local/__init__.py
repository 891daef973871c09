"""PostgreSQL and NATS as child processes under one data folder: what `jinlin up` stands on."""
