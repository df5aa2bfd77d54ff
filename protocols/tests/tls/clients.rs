//! Clients that have to say who they are.

use readily_protocols::contract::Fault;
use readily_protocols::tls::{
    CERTIFICATE, CERTIFICATE_EXPIRED, CERTIFICATE_ISSUER, Clients, Settings,
};

use crate::authority::{Authority, NAME, P256, Pem, client, meet, server, settings, shelf};
use crate::pair::BOTH;

fn policies() -> [Clients; 3] {
    let roots_pem = Authority::shared().pem();
    let known = Clients::Known { roots_pem: roots_pem.clone() };
    [Clients::Anyone, known, Clients::KnownOrNone { roots_pem }]
}

fn on_the_shelf() -> Settings {
    settings(&shelf(&[&Authority::shared().server(&["a.example"], P256)]))
}

#[test]
fn each_policy_lets_in_whom_it_says_and_tells_who_it_is() {
    use Result::{Err as No, Ok as Yes};
    let authority = Authority::shared();
    let good = authority.client("somebody");
    let foreign = Authority::named("somebody else").client("somebody");
    let forged = Authority::named(NAME).client("somebody");
    let server_only = authority.server(&["a.example"], P256);
    let late = authority.expired_client();
    // Who comes, and what each policy makes of it: whether it is let in, and known then.
    type Case<'a> = (&'a str, Option<&'a Pem>, [Result<bool, &'static str>; 3]);
    let cases: [Case<'_>; 6] = [
        ("nobody", None, [Yes(false), No(CERTIFICATE), Yes(false)]),
        ("known", Some(&good), [Yes(false), Yes(true), Yes(true)]),
        ("foreign", Some(&foreign), [Yes(false), No(CERTIFICATE_ISSUER), No(CERTIFICATE_ISSUER)]),
        ("forged", Some(&forged), [Yes(false), No(CERTIFICATE), No(CERTIFICATE)]),
        ("a server", Some(&server_only), [Yes(false), No(CERTIFICATE), No(CERTIFICATE)]),
        ("late", Some(&late), [Yes(false), No(CERTIFICATE_EXPIRED), No(CERTIFICATE_EXPIRED)]),
    ];
    for version in BOTH {
        for (who, pem, expected) in cases {
            for (policy, (clients, expected)) in policies().into_iter().zip(expected).enumerate() {
                let told = format!("{version:?} {who} policy {policy}");
                let server = server(Settings { clients, ..on_the_shelf() });
                let config = client(version, pem);
                // A second handshake, which resumes the first, knows as much.
                for resumed in [false, true] {
                    let met = meet(&server, &config, "a.example");
                    let fault = expected.err().map_or(Ok(()), |why| Err(Fault::Peer(why)));
                    assert_eq!(met.server_says, fault, "{told}");
                    assert_eq!(met.client_says.is_ok(), expected.is_ok(), "{told}");
                    let Yes(known) = expected else { continue };
                    let secured = met.server.session.secured();
                    let certificate = pem.filter(|_| known).map(Pem::certificates);
                    let certificate = certificate.as_ref().map(|all| &all[0][..]);
                    assert_eq!(secured.client_certificate.as_deref(), certificate, "{told}");
                    let kind = met.client.0.handshake_kind();
                    let resumes = kind == Some(rustls::HandshakeKind::Resumed);
                    assert_eq!(resumes, resumed, "{told}");
                }
            }
        }
    }
}

#[test]
fn a_maze_of_authorities_is_not_searched() {
    // With twelve there are some hundred thousand ways of six, each a signature to check at least.
    let lost = Authority::shared().client_in_a_maze(12);
    let [_, known, _] = policies();
    for version in BOTH {
        let server = server(Settings { clients: known.clone(), ..on_the_shelf() });
        let met = meet(&server, &client(version, Some(&lost)), "a.example");
        assert_eq!(met.server_says, Err(Fault::Peer(CERTIFICATE)));
        assert!(met.client_says.is_err());
    }
}
