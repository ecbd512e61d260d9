//! The few names in a pickle that mean something here.

use super::trouble::{Trouble, damaged};
use super::value::{Global, Heap, Node, Rebuild, Rebuilt, Value};

/// Modules of which any name runs a program or opens the way to one.
const DANGEROUS: &[&str] = &[
    "os",
    "posix",
    "nt",
    "subprocess",
    "sys",
    "socket",
    "shutil",
    "runpy",
    "imp",
    "pty",
    "commands",
    "popen2",
    "code",
    "codeop",
    "pickle",
    "_pickle",
    "cPickle",
    "marshal",
    "webbrowser",
    "platform",
    "pdb",
    "bdb",
    "timeit",
    "cProfile",
    "profile",
    "pkgutil",
    "zipimport",
];

/// The same with all that lies in them.
const DANGEROUS_PACKAGES: &[&str] = &[
    "importlib",
    "ctypes",
    "multiprocessing",
    "urllib",
    "urllib2",
    "requests",
    "pip",
    "setuptools",
];

/// Functions of Python itself that run a program or open a file.
const DANGEROUS_BUILTINS: &[&[u8]] = &[
    b"eval",
    b"exec",
    b"execfile",
    b"compile",
    b"open",
    b"file",
    b"input",
    b"raw_input",
    b"__import__",
    b"breakpoint",
    b"apply",
];

/// Whether a program that follows the pickle would run something of the file's choice.
pub(super) fn is_dangerous(module: &[u8], name: &[u8]) -> bool {
    if matches!(module, b"builtins" | b"__builtin__") {
        return DANGEROUS_BUILTINS.contains(&name);
    }
    let is_in = |list: &[&str], word: &[u8]| list.iter().any(|own| own.as_bytes() == word);
    let package = module
        .split(|&byte| byte == b'.')
        .next()
        .unwrap_or_default();
    // From protocol 4 on a name may lead through other modules: `hub.os.system` of `torch`.
    let mut through = name.split(|&byte| byte == b'.');
    is_in(DANGEROUS, module)
        || is_in(DANGEROUS_PACKAGES, package)
        || name.contains(&b'.')
            && through.any(|part| is_in(DANGEROUS, part) || is_in(DANGEROUS_PACKAGES, part))
}

/// Whether what the name makes is a number or a word that can stand beside tensors: numpy's
/// scalars, but not its arrays, which could be weights.
pub(super) fn is_harmless(module: &[u8], name: &[u8]) -> bool {
    match module {
        b"numpy.core.multiarray" | b"numpy._core.multiarray" => name == b"scalar",
        b"numpy" => name == b"dtype",
        b"argparse" => name == b"Namespace",
        b"_codecs" => name == b"encode",
        b"pathlib" | b"datetime" | b"decimal" | b"fractions" | b"uuid" => true,
        _ => false,
    }
}

/// What a call by name makes: a tensor, a dictionary, a tuple, or an object of that name.
pub(super) fn call(
    heap: &mut Heap,
    text: &[u8],
    function: Global,
    arguments: Node,
) -> Result<Value, Trouble> {
    let Some((module, name)) = heap.name(function) else {
        return Ok(Value::Object(function));
    };
    let part = |part: super::input::Text| text.get(part.range()).unwrap_or_default();
    let argument = |k: usize| heap.items(arguments).get(k).copied();
    let rebuilt = |by| Ok(Value::Tensor(Rebuilt { by, arguments }));
    match (part(module), part(name)) {
        (b"torch._utils", b"_rebuild_tensor" | b"_rebuild_tensor_v2") => rebuilt(Rebuild::Typed),
        (b"torch._utils", b"_rebuild_tensor_v3") => rebuilt(Rebuild::Untyped),
        (b"torch._utils", b"_rebuild_parameter" | b"_rebuild_parameter_with_state") => {
            match argument(0) {
                Some(made @ (Value::Tensor(_) | Value::Object(_))) => Ok(made),
                _ => Err(damaged("it makes a parameter of what is no tensor")),
            }
        }
        (b"torch._tensor", b"_rebuild_from_type_v2" | b"_rebuild_from_type") => {
            with_attributes(heap, text, function, arguments)
        }
        (b"torch", b"Size") => match argument(0) {
            Some(Value::Tuple(node) | Value::List(node)) => Ok(Value::Tuple(node)),
            _ => Err(damaged("it makes a shape of what is no tuple")),
        },
        (b"torch", b"device") | (b"torch.serialization", b"_get_layout") => Ok(Value::Plain),
        (b"collections", b"OrderedDict") => match argument(0) {
            Some(pairs) => of_pairs(heap, pairs, text.len()),
            None => heap.node(Vec::new()).map(Value::Dict),
        },
        (b"collections", b"defaultdict") => heap.node(Vec::new()).map(Value::Dict),
        _ => Ok(Value::Object(function)),
    }
}

/// A tensor or parameter that has attributes of its own, which are left out: function, class,
/// arguments of the function, attributes.
fn with_attributes(
    heap: &mut Heap,
    text: &[u8],
    function: Global,
    arguments: Node,
) -> Result<Value, Trouble> {
    let items = heap.items(arguments);
    let (
        &[
            Value::Global(by),
            Value::Global(class),
            Value::Tuple(inner),
            ..,
        ],
        true,
    ) = (items, items.len() <= 4)
    else {
        return Ok(Value::Object(function));
    };
    if by == function || !is_tensor_class(heap, text, class) || is_from_type(heap, text, by) {
        return Ok(Value::Object(class));
    }
    call(heap, text, by, inner)
}

/// Another class may mean other numbers by the same storage.
fn is_tensor_class(heap: &Heap, text: &[u8], class: Global) -> bool {
    matches!(
        names(heap, text, class),
        (b"torch", b"Tensor")
            | (b"torch._tensor", b"Tensor")
            | (b"torch.nn.parameter", b"Parameter" | b"Buffer")
            | (b"torch.nn", b"Parameter" | b"Buffer")
    )
}

/// Such a call inside another would be nested without end.
fn is_from_type(heap: &Heap, text: &[u8], function: Global) -> bool {
    let (module, name) = names(heap, text, function);
    module == b"torch._tensor" && name.starts_with(b"_rebuild_from_type")
}

/// Module and name as they stand in the file.
pub(super) fn names<'a>(heap: &Heap, text: &'a [u8], global: Global) -> (&'a [u8], &'a [u8]) {
    let part = |part: super::input::Text| text.get(part.range()).unwrap_or_default();
    heap.name(global)
        .map_or((&[], &[]), |(module, name)| (part(module), part(name)))
}

/// A dictionary of the pairs that Python 2 gave as its argument.
fn of_pairs(heap: &mut Heap, pairs: Value, text_bytes: usize) -> Result<Value, Trouble> {
    let (Value::List(node) | Value::Tuple(node)) = pairs else {
        return Err(damaged("it makes a dictionary of what is no list"));
    };
    // One list may be named again and again; what comes of it must not outgrow the file.
    if heap.len() + 2 * heap.items(node).len() > text_bytes {
        return Err(damaged("it makes more of a list than the file holds"));
    }
    let mut flat = Vec::new();
    for &pair in heap.items(node) {
        let &[key, value] = (match pair {
            Value::List(pair) | Value::Tuple(pair) => heap.items(pair),
            _ => &[],
        }) else {
            return Err(damaged("it makes a dictionary of what are no pairs"));
        };
        flat.extend([key, value]);
    }
    heap.node(flat).map(Value::Dict)
}
