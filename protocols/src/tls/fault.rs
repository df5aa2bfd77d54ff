//! Why a session failed: what rustls says, in names that are counted.

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerMisbehaved};

use crate::contract::Fault;

/// The first bytes are no TLS record: the peer speaks another protocol, or none.
pub const NOT_TLS: &str = "tls: the peer does not speak TLS";
/// The first bytes are a request of HTTP without TLS, which was answered as one.
pub const PLAIN_HTTP: &str = "tls: a request of HTTP without TLS";
/// A `ClientHello` is larger than [`Limits::hello`](super::Limits::hello).
pub const HELLO_TOO_LARGE: &str = "tls: the hello is too large";
/// No certificate is there for the name that the client asks for.
pub const UNKNOWN_NAME: &str = "tls: no certificate for the name";
/// The peer's certificate is not accepted, or it has none and must have one.
pub const CERTIFICATE: &str = "tls: the certificate is not accepted";
/// The peer's certificate is not valid any more, or not yet.
pub const CERTIFICATE_EXPIRED: &str = "tls: the certificate is not valid at this time";
/// The server's certificate is for other names than the one that was connected to.
pub const CERTIFICATE_NAME: &str = "tls: the certificate is for another name";
/// Nobody that is trusted has signed the peer's certificate.
pub const CERTIFICATE_ISSUER: &str = "tls: the issuer of the certificate is not trusted";
/// Nothing in common: versions, cipher suites, groups.
pub const HANDSHAKE: &str = "tls: the handshake failed";
/// No application protocol in common (ALPN, RFC 7301).
pub const NO_PROTOCOL: &str = "tls: no application protocol in common";
/// A record is not well formed or does not decrypt.
pub const BAD_RECORD: &str = "tls: a bad record";
/// The peer gave up with an alert, as one does that does not accept our certificate.
pub const ALERT: &str = "tls: the peer gave up with an alert";
/// Too much that brings nothing forward: key updates, renegotiations, warnings, empty records.
pub const FLOOD: &str = "tls: a flood of what brings nothing forward";
/// The peer broke the protocol in another way.
pub const BROKEN: &str = "tls: the peer broke the protocol";
/// A name to connect to is neither a DNS name nor an IP address.
pub const SERVER_NAME: &str = "tls: not the name of a server";
/// The configuration does not allow for a session.
pub const CONFIGURATION: &str = "tls: the configuration cannot be used";
/// The configuration allows data before the handshake, which can be replayed.
pub const EARLY_DATA: &str = "tls: early data is not supported";
/// The keys of a TLS 1.2 session have encrypted as much as they may.
pub const KEYS_SPENT: &str = "tls: the keys are spent";
/// There is no time or no randomness, or encryption failed.
pub const RESOURCES: &str = "tls: no time, no randomness or no encryption";

/// How far a session was when it failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// No message of the peer was understood yet.
    First,
    /// Some were.
    Later,
}

/// The fault that an error of rustls is.
pub(super) fn fault_of(error: &Error, stage: Stage) -> Fault {
    match error {
        Error::InvalidMessage(what) if stage == Stage::First && is_header(what) => {
            Fault::Peer(NOT_TLS)
        }
        Error::InvalidMessage(what) if is_header(what) => Fault::Peer(BAD_RECORD),
        Error::DecryptError | Error::PeerSentOversizedRecord => Fault::Peer(BAD_RECORD),
        Error::NoApplicationProtocol
        | Error::AlertReceived(AlertDescription::NoApplicationProtocol) => Fault::Peer(NO_PROTOCOL),
        Error::AlertReceived(_) => Fault::Peer(ALERT),
        Error::PeerMisbehaved(what) if is_flood(what) => Fault::Peer(FLOOD),
        // What rustls calls general is that there is no certificate for the name asked for.
        Error::General(_) => Fault::Peer(UNKNOWN_NAME),
        Error::InvalidCertificate(why) => Fault::Peer(refusal_of(why)),
        Error::NoCertificatesPresented => Fault::Peer(CERTIFICATE),
        Error::PeerIncompatible(_)
        | Error::UnsupportedNameType
        | Error::InvalidEncryptedClientHello(_) => Fault::Peer(HANDSHAKE),
        Error::FailedToGetCurrentTime | Error::FailedToGetRandomBytes | Error::EncryptError => {
            Fault::Local(RESOURCES)
        }
        _ => Fault::Peer(BROKEN),
    }
}

fn refusal_of(why: &CertificateError) -> &'static str {
    use CertificateError as Why;
    match why {
        Why::Expired
        | Why::ExpiredContext { .. }
        | Why::NotValidYet
        | Why::NotValidYetContext { .. } => CERTIFICATE_EXPIRED,
        Why::NotValidForName | Why::NotValidForNameContext { .. } => CERTIFICATE_NAME,
        Why::UnknownIssuer => CERTIFICATE_ISSUER,
        _ => CERTIFICATE,
    }
}

/// Whether it is the header of a record that is wrong: the first bytes of another protocol are.
fn is_header(what: &InvalidMessage) -> bool {
    use InvalidMessage as Wrong;
    matches!(
        what,
        Wrong::InvalidContentType
            | Wrong::UnknownProtocolVersion
            | Wrong::InvalidEmptyPayload
            | Wrong::MessageTooLarge
    )
}

fn is_flood(what: &PeerMisbehaved) -> bool {
    use PeerMisbehaved as Does;
    matches!(
        what,
        Does::TooManyEmptyFragments
            | Does::TooManyKeyUpdateRequests
            | Does::TooManyRenegotiationRequests
            | Does::TooManyWarningAlertsReceived
            | Does::IllegalMiddleboxChangeCipherSpec
    )
}
