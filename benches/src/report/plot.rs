//! Line plots as SVG, to stand within a page.

use maud::html;
use plotters::prelude::*;

use crate::failure::Failure;
use crate::report::axis::Axis;
use crate::report::look::{Filling, Look};

/// Units of the drawing; twice what it is shown at, since plotters knows whole units only.
const SIZE: (u32, u32) = (1_120, 700);
const TEXT: u32 = 28;
const MARK: i32 = 18;
const GRID: RGBColor = RGBColor(225, 228, 234);
const FRAME: RGBColor = RGBColor(120, 126, 136);
const INK: RGBColor = RGBColor(51, 56, 64);
const CARD: RGBColor = RGBColor(255, 255, 255);

/// A plot of several servers.
#[derive(Debug)]
pub(crate) struct Plot {
    /// What it is, in a few words.
    pub(crate) title: String,
    /// What it shows, for who cannot see it.
    pub(crate) description: String,
    /// What the horizontal axis counts.
    pub(crate) along: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) series: Vec<Series>,
}

/// One server.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) look: Look,
    /// The line.
    pub(crate) line: Vec<(f64, f64)>,
    /// Where it is marked.
    pub(crate) marks: Vec<(f64, f64)>,
}

impl Plot {
    /// The drawing. A style sheet may change its colours.
    ///
    /// # Errors
    /// Where the backend fails, which one in memory does not.
    pub(crate) fn svg(&self) -> Result<String, Failure> {
        let mut svg = String::new();
        self.draw(&mut svg).map_err(Failure::failed)?;
        Ok(self.labelled(&svg))
    }

    fn draw(&self, svg: &mut String) -> Result<(), Box<dyn std::error::Error + '_>> {
        let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        let text = ("sans-serif", TEXT).into_font().color(&INK);
        let mut chart = ChartBuilder::on(&area)
            .margin_top(14)
            .margin_right(62)
            .x_label_area_size(96)
            .y_label_area_size(120)
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        chart
            .configure_mesh()
            .bold_line_style(GRID.stroke_width(2))
            .light_line_style(TRANSPARENT)
            .axis_style(FRAME.stroke_width(2))
            .label_style(text.clone())
            .axis_desc_style(text)
            .x_desc(self.along.as_str())
            .x_labels(20)
            .y_labels(20)
            .draw()?;
        // The first entries lie on top.
        for series in self.series.iter().rev() {
            let (r, g, b) = series.look.colour.rgb;
            let colour = RGBColor(r, g, b);
            let line = finite(&series.line);
            chart.draw_series(std::iter::once(PathElement::new(line, colour.stroke_width(4))))?;
            let corners = series.look.shape.corners(MARK);
            let outline: Vec<_> = corners.iter().chain(corners.first()).copied().collect();
            let inside = match series.look.filling {
                Filling::Full => colour,
                Filling::Hollow => CARD,
            };
            chart.draw_series(finite(&series.marks).into_iter().map(|at| {
                EmptyElement::at(at)
                    + Polygon::new(corners.clone(), inside.filled())
                    + PathElement::new(outline.clone(), colour.stroke_width(3))
            }))?;
        }
        area.present()?;
        Ok(())
    }

    /// The drawing of plotters with a title, and without a size of its own.
    fn labelled(&self, svg: &str) -> String {
        let inside = svg.split_once('>').map_or("", |(_, inside)| inside);
        let (width, height) = SIZE;
        let about = html! {
            title { (self.title) }
            desc { (self.description) }
        };
        format!(
            "<svg class=\"plot\" role=\"img\" viewBox=\"0 0 {width} {height}\">{}{inside}",
            about.into_string()
        )
    }
}

fn finite(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect()
}
