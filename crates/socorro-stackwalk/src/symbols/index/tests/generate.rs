//! Symbol files of few addresses and few names, so that everything overlaps.

use proptest::prelude::*;

/// The lines of a symbol file, in any order, at times damaged.
pub(super) fn text() -> BoxedStrategy<String> {
    let lines = prop::collection::vec(prop_oneof![8 => block(), 2 => single()], 0..24);
    let ending = prop_oneof![6 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\r\r\n")];
    let last = prop_oneof![12 => Just("\n"), 1 => Just("")];
    let first = prop_oneof![
        8 => Just("MODULE Linux x86_64 ABCD1234 app"),
        1 => Just("FILE 0 first.c"),
        1 => Just("MODULE Linux x86_64"),
    ];
    (first, lines, ending, last)
        .prop_map(|(first, lines, ending, last)| {
            let lines: Vec<&str> = lines.iter().flatten().map(String::as_str).collect();
            let all = [&[first][..], &lines].concat();
            format!("{}{last}", all.join(ending))
        })
        .boxed()
}

/// A record with what belongs to it.
fn block() -> BoxedStrategy<Vec<String>> {
    let function = (function(), prop::collection::vec(sub_line(), 0..12));
    let sorted = (function, any::<bool>()).prop_map(|((function, mut lines), sort)| {
        if sort {
            lines.sort();
        }
        (function, lines)
    });
    let cfi = (cfi_init(), prop::collection::vec(cfi_rule(), 0..6));
    prop_oneof![4 => sorted, 2 => cfi, 1 => stack_win_block()]
        .prop_map(|(first, mut lines)| {
            lines.insert(0, first);
            lines
        })
        .boxed()
}

fn stack_win_block() -> BoxedStrategy<(String, Vec<String>)> {
    (stack_win(), prop::collection::vec(stack_win(), 0..5)).boxed()
}

fn single() -> BoxedStrategy<Vec<String>> {
    prop_oneof![
        4 => public(),
        3 => file(),
        2 => origin(),
        1 => Just("INFO URL https://symbols.example/app.sym".to_owned()),
        1 => name().prop_map(|name| format!("INFO URL {name}")),
        1 => Just("INFO CODE_ID 1234".to_owned()),
        1 => Just(String::new()),
        1 => prop_oneof![4 => Just(String::new()), 1 => damaged()],
    ]
    .prop_map(|line| vec![line])
    .boxed()
}

/// What is, mostly, no record.
fn damaged() -> BoxedStrategy<String> {
    let cut = prop_oneof![
        public(),
        function(),
        sub_line(),
        cfi_init(),
        stack_win(),
        file()
    ];
    prop_oneof![
        (cut, any::<prop::sample::Index>()).prop_map(|(mut line, at)| {
            let ends: Vec<usize> = line.char_indices().map(|(at, _)| at).collect();
            line.truncate(ends[at.index(ends.len())]);
            line
        }),
        Just("MODULE Linux x86_64 ABCD1234 again".to_owned()),
        Just("STACK CFI 10 .cfa: $rsp".to_owned()),
        Just("INLINE_ORIGIN\t3 tab".to_owned()),
        Just("INLINE 0 1 1 1 10".to_owned()),
        Just("10 4 7 1 ".to_owned()),
        Just("FILE 99999999999 too large".to_owned()),
        Just("nonsense".to_owned()),
        Just("\r".to_owned()),
        Just("PUBLIC m 12 0 a\rb".to_owned()),
    ]
    .boxed()
}

fn address() -> BoxedStrategy<u64> {
    prop_oneof![20 => 0..0x60_u64, 1 => (u64::MAX - 0x20)..=u64::MAX, 1 => 0xffff_fff0_u64..0x1_0000_0010].boxed()
}

fn size() -> BoxedStrategy<u32> {
    prop_oneof![12 => 0..0x18_u32, 1 => Just(u32::MAX), 1 => 0x40..0x80_u32].boxed()
}

fn name() -> BoxedStrategy<String> {
    prop::sample::select(vec![
        "a",
        "b",
        "main()",
        "f<int, x>::g",
        "grün",
        " two  words ",
        "",
        "m x",
    ])
    .prop_map(str::to_owned)
    .boxed()
}

fn space() -> BoxedStrategy<&'static str> {
    prop_oneof![10 => Just(" "), 1 => Just("  "), 1 => Just(" \t")].boxed()
}

fn multiple() -> BoxedStrategy<&'static str> {
    prop_oneof![5 => Just(""), 1 => Just("m ")].boxed()
}

fn function() -> BoxedStrategy<String> {
    (multiple(), address(), size(), space(), 0..20_u32, name())
        .prop_map(|(multiple, address, size, space, parameters, name)| {
            format!("FUNC {multiple}{address:x} {size:x}{space}{parameters:x} {name}")
        })
        .boxed()
}

fn sub_line() -> BoxedStrategy<String> {
    let line = (address(), size(), space(), 0..5_u32, 0..5_u32).prop_map(
        |(address, size, space, line, file)| format!("{address:x} {size:x}{space}{line} {file}"),
    );
    let upper =
        (0..0x60_u64, 0..9_u32).prop_map(|(address, file)| format!("{address:X} 3 8 {file}"));
    let ranges = prop::collection::vec((address(), size()), 1..4);
    let inline = (0..4_u32, 0..5_u32, 0..5_u32, 0..5_u32, ranges, space()).prop_map(
        |(depth, line, file, origin, ranges, space)| {
            let ranges: Vec<String> = ranges
                .iter()
                .map(|(address, size)| format!("{address:x}{space}{size:x}"))
                .collect();
            format!(
                "INLINE {depth} {line} {file} {origin} {}",
                ranges.join(space)
            )
        },
    );
    prop_oneof![6 => line, 1 => upper, 6 => inline, 1 => origin()].boxed()
}

fn public() -> BoxedStrategy<String> {
    (multiple(), address(), 0..3_u32, space(), name())
        .prop_map(|(multiple, address, parameters, space, name)| {
            format!("PUBLIC {multiple}{address:x} {parameters:x}{space}{name}")
        })
        .boxed()
}

fn file() -> BoxedStrategy<String> {
    (0..5_u32, space(), name())
        .prop_map(|(id, space, name)| format!("FILE{space}{id} {name}"))
        .boxed()
}

fn origin() -> BoxedStrategy<String> {
    (0..5_u32, space(), name())
        .prop_map(|(id, space, name)| format!("INLINE_ORIGIN {id}{space}{name}"))
        .boxed()
}

fn rules() -> BoxedStrategy<String> {
    prop::sample::select(vec![
        ".cfa: $rsp 8 + .ra: .cfa 8 - ^",
        ".cfa: $rsp 16 +",
        "$rbx: .cfa 16 - ^ $rbp: .cfa 24 - ^",
        ".cfa: $rbp 16 + $rbp: .undef",
        "x19: 1 0 /",
        ".cfa:",
        "",
    ])
    .prop_map(str::to_owned)
    .boxed()
}

fn cfi_init() -> BoxedStrategy<String> {
    let rules = prop_oneof![4 => Just(".cfa: $rsp 8 + .ra: .cfa 8 - ^".to_owned()), 1 => rules()];
    (address(), size(), space(), rules)
        .prop_map(|(address, size, space, rules)| {
            format!("STACK CFI INIT {address:x}{space}{size:x} {rules}")
        })
        .boxed()
}

fn cfi_rule() -> BoxedStrategy<String> {
    (address(), space(), rules())
        .prop_map(|(address, space, rules)| format!("STACK CFI {address:x}{space}{rules}"))
        .boxed()
}

fn stack_win() -> BoxedStrategy<String> {
    let kind = prop::sample::select(vec![
        (
            "4",
            "1",
            "$T0 $ebp = $eip $T0 4 + ^ = $ebp $T0 ^ = $esp $T0 8 + =",
        ),
        ("4", "1", "$T0 .raSearch = $eip $T0 ^ = $esp $T0 4 + ="),
        ("4", "1", "garbage"),
        ("0", "0", "1"),
        ("0", "0", "0"),
        ("0", "1", "$T0 contradicts"),
        ("4", "0", "1"),
        ("3", "0", "unknown"),
    ]);
    let numbers = prop::collection::vec(0..16_u32, 6);
    (kind, address(), size(), numbers, space())
        .prop_map(
            |((kind, has_program, rest), address, size, numbers, space)| {
                let numbers: Vec<String> = numbers.iter().map(|size| format!("{size:x}")).collect();
                format!(
                    "STACK WIN {kind} {address:x}{space}{size:x} {} {has_program} {rest}",
                    numbers.join(space)
                )
            },
        )
        .boxed()
}
