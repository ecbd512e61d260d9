//! One look for the pages that are written as a single file: style, tables, escaped text.

use std::fmt::Write as _;

/// Follows the reader's theme on screen, and is light in print.
const STYLE: &str = "
:root{color-scheme:light dark;--ink:#1f2328;--weak:#646c76;--line:#d8dde3;--fill:#2f6fde;--page:#fff}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e3e6ea;--weak:#949ca6;--line:#363c44;--fill:#6ea1ff;--page:#16191d}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:1080px;margin:40px auto;padding:0 24px}
h1{font-size:24px;font-weight:600;margin:0 0 4px}h2{font-size:17px;font-weight:600;margin:36px 0 10px}
h3{font-size:15px;font-weight:600;margin:24px 0 6px}
p{margin:4px 0}.text{white-space:pre-line;max-width:80ch}.weak{color:var(--weak)}ul{margin:4px 0;padding-left:20px}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:5px 14px 5px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--weak);font-weight:500}.n{text-align:right}td.n{white-space:nowrap}td code{font:13px ui-monospace,monospace}
svg text{fill:var(--weak);font:12px system-ui,sans-serif}svg .bar{fill:var(--fill)}
figure{margin:8px 0 20px;overflow-x:auto}figure img{background:#fff;border-radius:4px}
pre{font:13px/1.45 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;margin:6px 0 12px}
.big{display:flex;gap:40px;margin:20px 0;flex-wrap:wrap}.big b{display:block;font-size:24px;font-weight:600}
details{margin-top:8px}summary{cursor:pointer;color:var(--weak)}
@media print{figure img{max-width:100%;height:auto}body{margin:0;max-width:none;padding:0}figure,tr,pre{break-inside:avoid}h2,h3{break-after:avoid}}";

/// A page; `title` and `body` are HTML.
pub fn page(title: &str, under_title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body>\
         <h1>{title}</h1><p class=\"weak\">{under_title}</p>{body}</body></html>\n"
    )
}

/// Large numbers in a row, each with what it is; both are HTML.
pub fn numbers(out: &mut String, facts: &[(&str, String)]) {
    out.push_str("<div class=\"big\">");
    for (what, value) in facts {
        // Writing to a text cannot fail.
        let _ = write!(
            out,
            "<div><b>{value}</b><span class=\"weak\">{what}</span></div>"
        );
    }
    out.push_str("</div>");
}

/// A table whose columns from `numbers` on are right-aligned; titles and cells are HTML.
pub fn table<Row: AsRef<[String]>>(
    out: &mut String,
    titles: &[&str],
    numbers: usize,
    rows: impl Iterator<Item = Row>,
) {
    let class = |column: usize| match column >= numbers {
        true => " class=\"n\"",
        false => "",
    };
    out.push_str("<div class=\"wide\"><table><thead><tr>");
    for (k, title) in titles.iter().enumerate() {
        let _ = write!(out, "<th{}>{title}</th>", class(k));
    }
    out.push_str("</tr></thead><tbody>");
    for row in rows {
        out.push_str("<tr>");
        for (k, cell) in row.as_ref().iter().enumerate() {
            let _ = write!(out, "<td{}>{cell}</td>", class(k));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
}

/// Names come from strangers' files.
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_become_markup() {
        assert_eq!(
            escaped("<img src=x onerror='y'>&\u{1b}"),
            "&lt;img src=x onerror=&#39;y&#39;&gt;&amp;\u{fffd}"
        );
    }
}
