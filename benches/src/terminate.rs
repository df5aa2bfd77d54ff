//! How a server of blocking calls ends.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::SIGTERM;

use crate::failure::Failure;

/// From now on SIGTERM ends the process at once, with exit code 0.
///
/// For servers that have no moment in which they could ask for it.
pub fn exit_on_sigterm() -> Result<(), Failure> {
    signal_hook::flag::register_conditional_shutdown(SIGTERM, 0, Arc::new(AtomicBool::new(true)))?;
    Ok(())
}
