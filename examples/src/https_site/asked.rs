//! What the arguments ask for.

use readily::files::{Files, Options};
use readily::tls::Clients;
use readily::{Address, tls};

use super::Proof;
use crate::certificate::File;
use crate::{Cli, Failure, Usage};

/// The options.
pub const CHOICES: [(&str, &str, &str); 8] = [
    ("--site", "NAME=DIR...", "a name and its folder [localhost=.]"),
    ("--cert", "FILE...", "certificates of each site, as PEM [made at start]"),
    ("--key", "FILE...", "the private key of each site, as PEM"),
    ("--cert-out", "FILE", "where to save the certificates that are made at start"),
    ("--client-ca", "FILE", "serve only clients with a certificate from these, as PEM"),
    ("--look-every", "TIME", "how often to look for new certificates in the files [1s]"),
    ("--listen", "ADDR", "where to listen: IP:PORT or unix:PATH [127.0.0.1:7446]"),
    ("--trace", "", "print a line for each event"),
];

/// What is served, to whom, and where.
#[derive(Debug)]
pub struct Asked {
    /// Where to listen.
    pub at: Address,
    /// The first is nobody's default: who asks for no name is refused.
    pub sites: Vec<Site>,
    /// What the sites show.
    pub proof: Proof,
    /// Who has to show something as well.
    pub clients: Clients,
}

/// A folder under a name.
#[derive(Clone, Debug)]
pub struct Site {
    /// In small letters.
    pub name: String,
    /// Its folder, which was there.
    pub files: Files,
}

impl Asked {
    /// Reads it from the arguments, and the certificates from their files.
    ///
    /// # Errors
    /// [`Failure::Usage`] for what cannot be opened or used; [`Failure::Run`] where no certificate
    /// can be made.
    pub fn read(cli: &Cli) -> Result<Self, Failure> {
        let at = cli.parse("--listen", "127.0.0.1:7446")?;
        let mut sites: Vec<Site> = cli.values("--site").map(site).collect::<Result<_, _>>()?;
        if sites.is_empty() {
            sites.push(site("localhost=.")?);
        }
        for (nth, Site { name, .. }) in sites.iter().enumerate() {
            if sites[..nth].iter().any(|earlier| earlier.name == *name) {
                return Err(Usage(format!("--site `{name}` is given twice")).into());
            }
        }
        let proof = Proof::read(cli, &sites)?;
        Ok(Asked { at, sites, proof, clients: clients(cli)? })
    }
}

fn site(text: &str) -> Result<Site, Usage> {
    let wrong = |what: &dyn std::fmt::Display| Usage(format!("--site `{text}`: {what}"));
    let (name, root) = text.split_once('=').ok_or_else(|| wrong(&"expected NAME=DIR"))?;
    let name = name.to_ascii_lowercase();
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    if name.is_empty() || !name.bytes().all(letters) {
        return Err(wrong(&"expected a name of letters, digits, `-` and `.`"));
    }
    let files = Options::new().open(root).map_err(|error| wrong(&error))?;
    Ok(Site { name, files })
}

fn clients(cli: &Cli) -> Result<Clients, Failure> {
    let Some(file) = File::given(cli, "--client-ca") else { return Ok(Clients::Anyone) };
    let clients = Clients::Known { roots_pem: file.bytes()? };
    // A mistake in the file is told now, by its name.
    let settings = tls::Settings { clients: clients.clone(), ..tls::Settings::default() };
    tls::Server::with(settings).map_err(|error| file.wrong(error))?;
    Ok(clients)
}
