//! A comparison as a page, as raw data and as text.

mod axis;
mod curves;
mod html;
mod look;
mod number;
mod plot;
mod rows;
#[cfg(test)]
mod sample;
mod sheets;
#[cfg(test)]
mod tests;
mod text;
mod verdict;

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::results::Results;

pub use text::{markdown, terminal};

/// Writes everything that was found to the folder `out`: a page, the same as Markdown, raw data;
/// the files, the page first.
///
/// # Errors
/// Where a file cannot be written.
pub fn write(results: &Results, out: &Path) -> Result<Vec<PathBuf>, Failure> {
    let during = |file: &Path, error: &dyn std::fmt::Display| {
        Failure::failed(format!("{}: {error}", file.display()))
    };
    fs::create_dir_all(out).map_err(|error| during(out, &error))?;
    let json = out.join("results.json");
    let text = serde_json::to_string(results).map_err(Failure::failed)?;
    fs::write(&json, text).map_err(|error| during(&json, &error))?;
    let mut files = vec![json];
    files.extend(sheets::write(results, out)?);
    let names = files.iter().filter_map(|file| Some(file.file_name()?.to_str()?.to_owned()));
    let page = out.join("report.html");
    let text = html::page(results, &names.collect::<Vec<_>>())?;
    fs::write(&page, text).map_err(|error| during(&page, &error))?;
    let tables = out.join("report.md");
    fs::write(&tables, markdown(results)).map_err(|error| during(&tables, &error))?;
    files.splice(0..0, [page, tables]);
    Ok(files)
}
