//! A call as one line that can be typed: `VARIABLE=value program argument 'an argument'`.
//!
//! The quoting is that of a POSIX shell (Shell Command Language, section 2.2), but nothing is
//! expanded: `$`, `*` and `~` stand for themselves. On Windows, where paths are full of them,
//! a backslash stands for itself too.

use super::Call;

/// Whether a backslash takes the meaning from what follows it.
const ESCAPES: bool = !cfg!(windows);
/// Words that a shell would act on, and that no program understands.
const OPERATORS: [&str; 12] = [
    "|", "||", "|&", "&", "&&", ";", ">", ">>", "<", "2>", "2>&1", "&>",
];

impl Call {
    /// The call that a line spells; folder and time limit are not part of a line.
    ///
    /// An empty line is a call without a program, which [`super::objection`] objects to.
    ///
    /// # Errors
    /// A quote that is never closed, a backslash at the end, and what only a shell could do.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut call = Self::default();
        let mut words = words(text, ESCAPES)?.into_iter().peekable();
        while let Some(word) = words.next_if(|word| word.is_assignment()) {
            if let Some((name, value)) = word.text.split_once('=') {
                call.variables.push((name.to_owned(), value.to_owned()));
            }
        }
        for word in words {
            if word.is_operator() {
                let word = &word.text;
                return Err(format!(
                    "Programs are run without a shell, so \u{201c}{word}\u{201d} does nothing; \
                     leave it out, quote it, or put the line in a script"
                ));
            }
            call.arguments.push(word.text);
        }
        if !call.arguments.is_empty() {
            call.program = call.arguments.remove(0);
        }
        Ok(call)
    }

    /// The line that [`Self::parse`] reads as this call.
    pub fn to_line(&self) -> String {
        let variables = self.variables.iter().map(|(name, value)| {
            let value = quoted(value);
            format!("{name}={}", if value == "''" { "" } else { &value })
        });
        let words: Vec<String> = variables.chain([self.program_line()]).collect();
        words.join(" ")
    }

    /// The same without variables.
    fn program_line(&self) -> String {
        let program = match (self.program.is_empty(), self.arguments.is_empty()) {
            (true, true) => return String::new(),
            // Else it would be read as a variable.
            _ if self.program.contains('=') => always_quoted(&self.program),
            _ => quoted(&self.program),
        };
        let arguments = self.arguments.iter().map(|argument| quoted(argument));
        let words: Vec<String> = [program].into_iter().chain(arguments).collect();
        words.join(" ")
    }
}

/// Whether a variable can be called so: letters, digits and underscores, no digit first.
pub(super) fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars().all(is_part) && text.starts_with(|c: char| !c.is_ascii_digit())
}

#[derive(Default)]
struct Word {
    text: String,
    /// How many bytes at its beginning are neither quoted nor escaped.
    bare: usize,
}

impl Word {
    fn is_assignment(&self) -> bool {
        self.text
            .split_once('=')
            .is_some_and(|(name, _)| name.len() < self.bare && is_name(name))
    }

    fn is_operator(&self) -> bool {
        self.bare == self.text.len() && OPERATORS.contains(&self.text.as_str())
    }
}

fn words(text: &str, escapes: bool) -> Result<Vec<Word>, String> {
    let mut out = Vec::new();
    let mut word: Option<Word> = None;
    let mut was_quoted = false;
    let mut chars = text.chars().enumerate().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_whitespace() {
            out.extend(word.take());
            was_quoted = false;
            continue;
        }
        if c == '\\' && escapes && chars.next_if(|&(_, c)| c == '\n').is_some() {
            continue;
        }
        let word = word.get_or_insert_default();
        match c {
            '\'' | '"' => {
                was_quoted = true;
                let inside = quoted_part(&mut chars, c, escapes);
                let never = || format!("The quote {c} at character {} is never closed", at + 1);
                word.text.push_str(&inside.ok_or_else(never)?);
            }
            '\\' if escapes => {
                was_quoted = true;
                let end = "The line ends with a backslash, which stands before something; \
                           write two to mean one";
                word.text.push(chars.next().ok_or(end)?.1);
            }
            c => word.text.push(c),
        }
        if !was_quoted {
            word.bare = word.text.len();
        }
    }
    out.extend(word);
    Ok(out)
}

/// What stands before the closing quote; `None` if there is none.
fn quoted_part(
    chars: &mut impl Iterator<Item = (usize, char)>,
    quote: char,
    escapes: bool,
) -> Option<String> {
    let mut out = String::new();
    loop {
        let (_, c) = chars.next()?;
        if c == quote {
            return Some(out);
        }
        if c != '\\' || quote == '\'' || !escapes {
            out.push(c);
            continue;
        }
        match chars.next()?.1 {
            '\n' => {}
            c @ ('"' | '\\' | '$' | '`') => out.push(c),
            c => out.extend(['\\', c]),
        }
    }
}

/// A word with quotes around it if it needs them.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-./,:=+@%{}".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        always_quoted(text)
    }
}

/// Single quotes, with single quotes inside between double ones.
fn always_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    fn texts(line: &str) -> Result<Vec<String>, String> {
        Ok(words(line, true)?.into_iter().map(|w| w.text).collect())
    }

    #[test]
    fn quotes_and_backslashes_mean_what_they_mean_in_a_shell() {
        let check = |line: &str, expected: &[&str]| {
            assert_eq!(texts(line).unwrap(), expected, "{line}");
        };
        check("", &[]);
        check("  a\tb\nc ", &["a", "b", "c"]);
        check(r#"'a b' "c d" e\ f"#, &["a b", "c d", "e f"]);
        check(r#"'' "" a"#, &["", "", "a"]);
        check(r#"a'b'"c"d"#, &["abcd"]);
        let escaped = [r"a\b", r"a\b", "a\"b", r"a\b", "$x"];
        check(r#"'a\b' "a\b" "a\"b" "a\\b" "\$x""#, &escaped);
        check("'don'\"'\"'t' 'a\"b'", &["don't", "a\"b"]);
        check("a \\\n b\\\nc", &["a", "bc"]);
        check("$HOME *.json ~/x", &["$HOME", "*.json", "~/x"]);
        check("naïve '日本 語'", &["naïve", "日本 語"]);
    }

    #[test]
    fn without_escapes_a_backslash_is_itself() {
        let found = words(r#"C:\a\b "C:\a b\" 'd\e'"#, false).unwrap();
        let found: Vec<String> = found.into_iter().map(|w| w.text).collect();
        assert_eq!(found, [r"C:\a\b", r"C:\a b\", r"d\e"]);
    }

    #[test]
    fn what_is_never_closed_is_an_error_with_its_place() {
        for (line, place) in [
            ("a 'b", "' at character 3"),
            ("é\"b\\\"", "\" at character 2"),
        ] {
            let error = Call::parse(line).unwrap_err();
            assert!(
                error.contains(&format!("{place} is never closed")),
                "{error}"
            );
        }
        assert!(texts("a \\").unwrap_err().contains("backslash"));
    }

    #[test]
    fn what_only_a_shell_could_do_is_an_error_unless_it_is_quoted() {
        for line in ["a | b", "a > x.txt", "cd x && a", "a 2>&1"] {
            let error = Call::parse(line).unwrap_err();
            assert!(error.contains("without a shell"), "{error}");
        }
        assert_eq!(Call::parse("a '|' x|y").unwrap().arguments, ["|", "x|y"]);
    }

    #[test]
    fn variables_stand_before_the_program() {
        let call = Call::parse("CUDA_VISIBLE_DEVICES=0 A='b c' E= lm_eval --x=1 C=2").unwrap();
        let expected = [("CUDA_VISIBLE_DEVICES", "0"), ("A", "b c"), ("E", "")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(call.variables, expected);
        assert_eq!(call.program, "lm_eval");
        assert_eq!(call.arguments, ["--x=1", "C=2"]);
        for line in ["'A=b' c", "A\\=b c", "1A=b c", "--a=b c"] {
            let call = Call::parse(line).unwrap();
            assert!(call.variables.is_empty(), "{line}");
        }
        assert_eq!(Call::parse(" ").unwrap(), Call::default());
    }

    #[test]
    fn the_template_is_a_line_that_can_be_read() {
        let call = Call::lm_eval();
        let line = call.to_line();
        let expected = "PYTHONUNBUFFERED=1 lm_eval --model hf --model_args pretrained={model} \
                        --tasks winogrande,gsm8k,truthfulqa_mc2 --batch_size auto \
                        --output_path {output}";
        assert_eq!(line, expected);
        assert_eq!(Call::parse(&line).unwrap(), call);
    }

    proptest! {
        #[test]
        fn a_line_of_a_call_is_read_as_that_call(
            program in ".+",
            arguments in proptest::collection::vec(".*|[ '\"\\\\|&\n=A]*", 0..5),
            variables in proptest::collection::vec(("[A-Za-z_][A-Za-z_0-9]{0,4}", ".*"), 0..3),
        ) {
            let call = Call { program, arguments, variables, ..Call::default() };
            prop_assert_eq!(Call::parse(&call.to_line()), Ok(call));
        }

        #[test]
        fn no_line_is_too_strange(line in ".*|[ '\"\\\\|&\n=A]*") {
            if let Ok(call) = Call::parse(&line) {
                prop_assert_eq!(Call::parse(&call.to_line()), Ok(call));
            }
        }
    }
}
