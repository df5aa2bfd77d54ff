//! What the connections of one loop share and no application names.

use std::any::Any;
use std::fmt;

/// One value of each type that was asked for, made when it first is: the scratch memory of a
/// protocol, such as its compressors.
#[derive(Default)]
pub(super) struct Shared(Vec<Box<dyn Any>>);

impl Shared {
    /// The value of that type. There are a few at most, so they are looked through.
    pub(super) fn of<T: Default + 'static>(&mut self) -> &mut T {
        let at = self.0.iter().position(|one| one.is::<T>()).unwrap_or_else(|| {
            self.0.push(Box::<T>::default());
            self.0.len() - 1
        });
        match self.0[at].downcast_mut() {
            Some(value) => value,
            None => unreachable!("it was found by its type"),
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shared({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_of_each_type() {
        let mut shared = Shared::default();
        *shared.of::<u32>() += 1;
        shared.of::<String>().push('a');
        *shared.of::<u32>() += 1;
        assert_eq!((*shared.of::<u32>(), shared.of::<String>().as_str()), (2, "a"));
        assert_eq!(shared.0.len(), 2);
    }
}
