//! WebSocket (RFC 6455): the server side, after an upgrade.
