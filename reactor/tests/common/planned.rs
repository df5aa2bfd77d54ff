//! Panics that a test wants.

use std::panic::{set_hook, take_hook};
use std::sync::Once;

/// Panics, and the hook says nothing of it.
pub(crate) fn planned_panic() -> ! {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = take_hook();
        set_hook(Box::new(move |panic| {
            if panic.payload().downcast_ref::<&str>() != Some(&PLANNED) {
                loud(panic);
            }
        }));
    });
    std::panic::panic_any(PLANNED)
}

const PLANNED: &str = "as the test has planned";
