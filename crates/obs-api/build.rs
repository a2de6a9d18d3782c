//! Takes the chart library's script out of the crate that carries it, and packs it for the dashboard. The crate itself would put
//! seven megabytes into the program, among them a typesetter of formulas; packed, the script is 1.4.

use std::{
    env,
    error::Error,
    fs::File,
    io::{self, Write},
    path::Path,
};

use flate2::{Compression, GzBuilder};
use plotly::Plot;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let elements = Plot::offline_js_sources();
    let script = first_script(&elements).ok_or("the crate plotly gives its script in another form: change build.rs")?;
    let path = Path::new(&env::var("OUT_DIR")?).join("plotly.js.gz");
    // Without a time in it the same script makes the same file.
    let mut packed = GzBuilder::new().mtime(0).write(io::BufWriter::new(File::create(path)?), Compression::best());
    packed.write_all(script.as_bytes())?;
    packed.finish()?.flush()?;
    Ok(())
}

/// What the first `<script>` element holds, if that is Plotly.
fn first_script(elements: &str) -> Option<&str> {
    let (_, inside) = elements.split_once('>')?;
    let (script, _) = inside.split_once("</script>")?;
    script.contains("plotly.js").then_some(script)
}
