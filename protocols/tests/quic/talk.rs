//! A server that echoes and a client that asks.

use std::time::Duration;

use readily_protocols::contract::Id;
use readily_protocols::quic::Limits;

use crate::flows::Flows;
use crate::world::{Weather, World, pair};

/// Node 0 echoes, node 1 asks.
pub(crate) struct Talk {
    pub(crate) world: World,
    pub(crate) server: Flows,
    pub(crate) client: Flows,
}

impl Talk {
    pub(crate) fn new(seed: u64, weather: Weather, limits: Limits) -> Talk {
        Talk::of(pair(seed, weather, limits))
    }

    pub(crate) fn of(world: World) -> Talk {
        Talk { world, server: Flows::default(), client: Flows::default() }
    }

    /// Opens a stream that asks for so many bytes.
    pub(crate) fn ask(&mut self, bytes: usize) -> Id {
        self.client.ask(&mut self.world.nodes[1], bytes)
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, time: Duration) {
        let Talk { world, server, client } = self;
        world.run(time, |world| {
            server.turn(&mut world.nodes[0]);
            client.turn(&mut world.nodes[1]);
        });
    }

    /// Reads on, on both sides.
    pub(crate) fn resume(&mut self) {
        self.server.resume(&mut self.world.nodes[0]);
        self.client.resume(&mut self.world.nodes[1]);
    }

    /// Lets time pass until all is said and delivered; how long that took, if not too long.
    pub(crate) fn finish(&mut self, at_most: Duration) -> Option<Duration> {
        let (start, until) = (self.world.time(), self.world.time() + at_most);
        loop {
            self.server.turn(&mut self.world.nodes[0]);
            self.client.turn(&mut self.world.nodes[1]);
            let owing = self.world.nodes.iter().any(|node| node.is_owing());
            if self.client.all_over() && self.server.all_over() && !owing {
                return Some(self.world.time() - start);
            }
            if !self.world.step(until) {
                return None;
            }
        }
    }

    /// Lets time pass until no connection is left anywhere.
    pub(crate) fn until_empty(&mut self, at_most: Duration) -> bool {
        let until = self.world.time() + at_most;
        loop {
            self.server.turn(&mut self.world.nodes[0]);
            self.client.turn(&mut self.world.nodes[1]);
            if self.world.nodes.iter().all(|node| node.quic.connections() == 0) {
                return true;
            }
            if !self.world.step(until) {
                return false;
            }
        }
    }
}
