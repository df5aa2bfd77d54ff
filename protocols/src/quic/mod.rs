//! QUIC (RFC 9000) on quinn-proto: an endpoint whose streams are connections of the loop.
