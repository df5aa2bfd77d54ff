//! What lies between a connection and its socket, for the few that have something there.

use crate::slot::Flags;

use super::{StreamOf, Tls};

/// What carries a connection that is not on a plain socket.
#[derive(Debug)]
pub(crate) enum Layer {
    /// TLS on its socket.
    Tls(Box<Tls>),
    /// A stream of an endpoint, and no socket of its own.
    Stream(StreamOf),
}

/// The layer of each slot that has one, by the slot's index.
///
/// They are beside the slots, so that a loop of plain connections pays nothing for them.
#[derive(Debug, Default)]
pub(crate) struct Layers(Vec<Option<Layer>>);

impl Layers {
    /// Puts one between a slot and its socket; the slot's flags must say so.
    pub(crate) fn put(&mut self, index: usize, layer: Layer, flags: &mut Flags) {
        if self.0.len() <= index {
            self.0.resize_with(index + 1, || None);
        }
        self.0[index] = Some(layer);
        flags.set(Flags::LAYERED);
    }

    #[inline]
    pub(crate) fn of(&mut self, index: usize, flags: Flags) -> Option<&mut Layer> {
        if flags.has(Flags::LAYERED) { self.0[index].as_mut() } else { None }
    }

    pub(crate) fn take(&mut self, index: usize, flags: Flags) -> Option<Layer> {
        if flags.has(Flags::LAYERED) { self.0[index].take() } else { None }
    }

    /// Whether a layer has no use for what could be read.
    #[inline]
    pub(crate) fn is_stuck(&self, index: usize, flags: Flags) -> bool {
        flags.has(Flags::LAYERED)
            && matches!(&self.0[index], Some(Layer::Tls(tls)) if tls.is_stuck())
    }

    /// Whether a layer holds what it can give without memory of ours.
    #[inline]
    pub(crate) fn holds(&self, index: usize, flags: Flags) -> bool {
        flags.has(Flags::LAYERED) && matches!(&self.0[index], Some(Layer::Tls(tls)) if tls.holds())
    }

    /// Bytes of memory that buffers of a layer hold.
    #[inline]
    pub(crate) fn charge(&self, index: usize, flags: Flags) -> usize {
        if !flags.has(Flags::LAYERED) {
            return 0;
        }
        match &self.0[index] {
            Some(Layer::Tls(tls)) => tls.charge(),
            _ => 0,
        }
    }
}
