//! How each server looks in every plot: one colour and one shape, wherever it is.

use crate::results::{Entry, Role, Work};

/// The colour, the shape and the filling of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) colour: Colour,
    pub(crate) shape: Shape,
    pub(crate) filling: Filling,
}

/// A colour that a style sheet may change for a dark page; told apart by the colour-blind too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Colour {
    /// The name that the style sheet has for it.
    pub(crate) name: &'static str,
    /// As it is on a light page.
    pub(crate) rgb: (u8, u8, u8),
}

/// The mark of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Circle,
    Square,
    Diamond,
    Up,
    Down,
}

/// Whether a mark is filled: a second entry of one family is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filling {
    Full,
    Hollow,
}

const SUBJECT: Colour = colour("subject", (0, 92, 197));
const LIMIT: Colour = colour("limit", (125, 131, 140));
const VERMILION: Colour = colour("vermilion", (213, 94, 0));
const GREEN: Colour = colour("green", (0, 145, 106));
const PINK: Colour = colour("pink", (196, 98, 155));
const OCHRE: Colour = colour("ochre", (199, 146, 0));
const SKY: Colour = colour("sky", (68, 164, 222));
const VIOLET: Colour = colour("violet", (111, 75, 178));

/// All colours.
pub(crate) const COLOURS: [Colour; 8] =
    [SUBJECT, LIMIT, VERMILION, GREEN, PINK, OCHRE, SKY, VIOLET];

/// What a label begins with or holds, the first that fits; colours recur in different works only.
const FAMILIES: [(&str, Colour, Shape); 13] = [
    ("fastwebsockets", PINK, Shape::Up),
    ("haproxy", PINK, Shape::Down),
    ("nginx", GREEN, Shape::Diamond),
    ("monoio", PINK, Shape::Diamond),
    ("ntex", SKY, Shape::Up),
    ("may", OCHRE, Shape::Down),
    ("thread per connection", SKY, Shape::Down),
    ("blocking", OCHRE, Shape::Up),
    ("mio", GREEN, Shape::Up),
    ("hyper", VERMILION, Shape::Square),
    ("quinn", VERMILION, Shape::Square),
    ("tungstenite", VERMILION, Shape::Square),
    ("tokio", VERMILION, Shape::Square),
];

const fn colour(name: &'static str, rgb: (u8, u8, u8)) -> Colour {
    Colour { name, rgb }
}

/// How the entries of a work look, in their order.
pub(crate) fn looks(work: &Work) -> Vec<Look> {
    let mut looks: Vec<Look> = Vec::new();
    for entry in &work.entries {
        let (colour, shape) = of(entry);
        let is_second = looks.iter().any(|look| (look.colour, look.shape) == (colour, shape));
        let filling = if is_second { Filling::Hollow } else { Filling::Full };
        looks.push(Look { colour, shape, filling });
    }
    looks
}

fn of(entry: &Entry) -> (Colour, Shape) {
    let label = entry.label.to_lowercase();
    match entry.role {
        Role::Limit => (LIMIT, Shape::Circle),
        Role::Subject => (SUBJECT, Shape::Circle),
        Role::Peer => FAMILIES
            .iter()
            .find(|(family, _, _)| label.contains(family))
            .map_or((VIOLET, Shape::Diamond), |(_, colour, shape)| (*colour, *shape)),
    }
}

impl Colour {
    /// As an attribute of SVG has it.
    pub(crate) fn hex(self) -> String {
        let (r, g, b) = self.rgb;
        format!("#{r:02X}{g:02X}{b:02X}")
    }
}

impl Shape {
    /// Its corners around the origin, for a mark about so many units wide and high.
    pub(crate) fn corners(self, size: i32) -> Vec<(i32, i32)> {
        let half = size / 2;
        // A square or a triangle of the same extent looks larger.
        let less = half * 7 / 8;
        match self {
            Self::Circle => (0..16)
                .map(|step| {
                    let angle = f64::from(step) * std::f64::consts::TAU / 16.0;
                    let at = |part: f64| (part * f64::from(half)).round() as i32;
                    (at(angle.cos()), at(angle.sin()))
                })
                .collect(),
            Self::Square => vec![(-less, -less), (less, -less), (less, less), (-less, less)],
            Self::Diamond => vec![(0, -half - 1), (half + 1, 0), (0, half + 1), (-half - 1, 0)],
            Self::Up => vec![(0, -half), (half, less), (-half, less)],
            Self::Down => vec![(0, half), (half, -less), (-half, -less)],
        }
    }
}
