//! The certificates of sites: files that are read again when they change, or made at start.

use std::io;

use readily::certificates::Files;
use readily::tls::Certificates;
use readily::{App, Reactor};

use super::Site;
use crate::certificate::{File, Identity};
use crate::{Cli, Failure, Usage, Within, say};

/// What sites show to their clients.
#[derive(Debug)]
pub enum Proof {
    /// What files hold, and how often they are looked at.
    Files(Files, Within),
    /// What was made at start.
    Made(Certificates),
}

impl Proof {
    pub(super) fn read(cli: &Cli, sites: &[Site]) -> Result<Self, Failure> {
        let every: Within = cli.parse("--look-every", "1s")?;
        let refuse = |line: String| Err(Usage(line).into());
        let certs: Vec<&str> = cli.values("--cert").collect();
        let keys: Vec<&str> = cli.values("--key").collect();
        let cert_out = File::given(cli, "--cert-out");
        if certs.is_empty() && keys.is_empty() {
            return Proof::make(sites, cert_out);
        }
        for (option, given) in [("--cert", certs.len()), ("--key", keys.len())] {
            if given != sites.len() {
                let sites = sites.len();
                return refuse(format!("{option} is given {given} times for {sites} sites"));
            }
        }
        if cert_out.is_some() {
            let line = "--cert-out saves what is made at start, but --cert is given";
            return refuse(line.to_owned());
        }
        let files = Files::load(certs.into_iter().zip(keys));
        let files = files.map_err(|error| Usage(format!("--cert: {error}")))?;
        let certificates = files.certificates();
        match sites.iter().find(|site| !certificates.serves(&site.name)) {
            Some(Site { name, .. }) => refuse(format!("--cert: none is for the site `{name}`")),
            None => Ok(Proof::Files(files, every)),
        }
    }

    fn make(sites: &[Site], cert_out: Option<File<'_>>) -> Result<Self, Failure> {
        let (certificates, mut saved) = (Certificates::new(), Vec::new());
        for Site { name, .. } in sites {
            let made = Identity::make(&[name])?;
            saved.extend_from_slice(made.chain());
            certificates.put((&made).into()).map_err(io::Error::other)?;
        }
        cert_out.map_or(Ok(()), |file| file.write(&saved))?;
        Ok(Proof::Made(certificates))
    }

    /// The certificates, for a server.
    pub fn certificates(&self) -> Certificates {
        match self {
            Proof::Files(files, _) => files.certificates(),
            Proof::Made(certificates) => certificates.clone(),
        }
    }

    /// Has a loop read the files again when they change, and at each hang-up; prints a line each
    /// time.
    ///
    /// # Errors
    /// Where the signal cannot be caught.
    pub fn watch<A: App>(&self, reactor: &mut Reactor<A>) -> io::Result<()> {
        let Proof::Files(files, Within(every)) = self else { return Ok(()) };
        let counts = files.clone();
        files.watch_and(reactor, *every, move |read| match read {
            Ok(()) => say(format_args!("certificates were read again ({})", counts.reloads())),
            Err(error) => {
                let nth = counts.failures();
                say(format_args!("certificates stay what they were ({nth}): {error}"));
            }
        })
    }
}
