-- Events by time, whatever the clock did: times may contradict the order of the keys (ADR 23).
CREATE INDEX events_time ON events (org_key, time, event_key);
