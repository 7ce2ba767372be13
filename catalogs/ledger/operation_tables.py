"""The ledger's tables of what an operator sees: messages, channels, runs."""

from typing import Final

OPERATION_TABLES: Final = """
CREATE TABLE IF NOT EXISTS standings(
    volcano TEXT PRIMARY KEY, now TEXT NOT NULL, told TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages(
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, volcanoes TEXT NOT NULL,
    facts TEXT NOT NULL, made_at TEXT NOT NULL, not_before TEXT NOT NULL, mark TEXT NOT NULL,
    before TEXT, superseded_at TEXT);
CREATE TABLE IF NOT EXISTS message_keys(key TEXT PRIMARY KEY, message INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS channels(
    channel TEXT PRIMARY KEY, first_seen TEXT NOT NULL, failures INTEGER NOT NULL DEFAULT 0,
    failing_since TEXT, next_attempt TEXT, reason TEXT NOT NULL DEFAULT '', last_success TEXT);
CREATE TABLE IF NOT EXISTS deliveries(
    message INTEGER, channel TEXT, mark TEXT NOT NULL, begun_at TEXT NOT NULL, delivered_at TEXT,
    PRIMARY KEY (message, channel));
CREATE TABLE IF NOT EXISTS sent_lines(
    message INTEGER, channel TEXT, line TEXT NOT NULL, PRIMARY KEY (message, channel));
CREATE TABLE IF NOT EXISTS runs(
    number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, version TEXT NOT NULL,
    started_at TEXT NOT NULL, ended_at TEXT, outcome TEXT, disk_free_bytes INTEGER,
    heartbeat_at TEXT);
CREATE TABLE IF NOT EXISTS run_volcanoes(
    run INTEGER, volcano TEXT, outcome TEXT, fetched INTEGER, scored INTEGER, words TEXT,
    PRIMARY KEY (run, volcano));
"""
