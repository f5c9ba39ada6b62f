//! Composed and decomposed characters: `é` as one code point or as two.
//!
//! macOS hands out file names decomposed, everybody else composed; S3 takes both as they are, for two
//! keys. This knows the letters of Latin, Greek and Cyrillic with their marks, kana and Hangul, which
//! is what file names are made of. It is no implementation of [Unicode's forms][forms]: it only has
//! to find what is then proven.
//!
//! [forms]: https://www.unicode.org/reports/tr15/

use alloc::string::String;

/// For each mark, the letters that it goes on, each with what they become together.
#[rustfmt::skip]
const MARKS: [(char, &str); 27] = [
    ('\u{300}', "AÀEÈIÌOÒUÙaàeèiìoòuùÜǛüǜNǸnǹĒḔēḕŌṐōṑWẀwẁÂẦâầĂẰăằÊỀêềÔỒôồƠỜơờƯỪưừ\
        YỲyỳЕЀИЍеѐиѝ"),
    ('\u{301}', "AÁEÉIÍOÓUÚYÝaáeéiíoóuúyýCĆcćLĹlĺNŃnńRŔrŕSŚsśZŹzźÜǗüǘGǴgǵÅǺåǻÆǼæǽ\
        ØǾøǿÇḈçḉĒḖēḗÏḮïḯKḰkḱMḾmḿÕṌõṍŌṒōṓPṔpṕŨṸũṹWẂwẃÂẤâấĂẮăắÊẾêếÔỐôốƠỚơớ\
        ƯỨưứΑΆΕΈΗΉΙΊΟΌΥΎΩΏϊΐαάεέηήιίϋΰοόυύωώГЃКЌгѓкќ"),
    ('\u{302}', "AÂEÊIÎOÔUÛaâeêiîoôuûCĈcĉGĜgĝHĤhĥJĴjĵSŜsŝWŴwŵYŶyŷZẐzẑẠẬạậẸỆẹệỌỘọộ"),
    ('\u{303}', "AÃNÑOÕaãnñoõIĨiĩUŨuũVṼvṽÂẪâẫĂẴăẵEẼeẽÊỄêễÔỖôỗƠỠơỡƯỮưữYỸyỹ"),
    ('\u{308}', "AÄEËIÏOÖUÜaäeëiïoöuüyÿYŸHḦhḧÕṎõṏŪṺūṻWẄwẅXẌxẍtẗΙΪΥΫιϊυϋЕЁІЇеёії"),
    ('\u{30a}', "AÅaåUŮuůwẘyẙ"),
    ('\u{327}', "CÇcçGĢgģKĶkķLĻlļNŅnņRŖrŗSŞsşTŢtţEȨeȩDḐdḑHḨhḩ"),
    ('\u{304}', "AĀaāEĒeēIĪiīOŌoōUŪuūÜǕüǖÄǞäǟȦǠȧǡÆǢæǣǪǬǫǭÖȪöȫÕȬõȭȮȰȯȱYȲyȳGḠgḡḶḸḷḹ\
        ṚṜṛṝ"),
    ('\u{306}', "AĂaăEĔeĕGĞgğIĬiĭOŎoŏUŬuŭȨḜȩḝẠẶạặУЎИЙийуў"),
    ('\u{328}', "AĄaąEĘeęIĮiįUŲuųOǪoǫ"),
    ('\u{307}', "CĊcċEĖeėGĠgġIİZŻzżAȦaȧOȮoȯBḂbḃDḊdḋFḞfḟHḢhḣMṀmṁNṄnṅPṖpṗRṘrṙSṠsṡŚṤ\
        śṥŠṦšṧṢṨṣṩTṪtṫWẆwẇXẊxẋYẎyẏſẛ"),
    ('\u{30c}', "CČcčDĎdďEĚeěLĽlľNŇnňRŘrřSŠsšTŤtťZŽzžAǍaǎIǏiǐOǑoǒUǓuǔÜǙüǚGǦgǧKǨkǩ\
        ƷǮʒǯjǰHȞhȟ"),
    ('\u{30b}', "OŐoőUŰuű"),
    ('\u{31b}', "OƠoơUƯuư"),
    ('\u{30f}', "AȀaȁEȄeȅIȈiȉOȌoȍRȐrȑUȔuȕ"),
    ('\u{311}', "AȂaȃEȆeȇIȊiȋOȎoȏRȒrȓUȖuȗ"),
    ('\u{326}', "SȘsșTȚtț"),
    ('\u{325}', "AḀaḁ"),
    ('\u{323}', "BḄbḅDḌdḍHḤhḥKḲkḳLḶlḷMṂmṃNṆnṇRṚrṛSṢsṣTṬtṭVṾvṿWẈwẉZẒzẓAẠaạEẸeẹIỊiị\
        OỌoọƠỢơợUỤuụƯỰưựYỴyỵ"),
    ('\u{331}', "BḆbḇDḎdḏKḴkḵLḺlḻNṈnṉRṞrṟTṮtṯZẔzẕhẖ"),
    ('\u{32d}', "DḒdḓEḘeḙLḼlḽNṊnṋTṰtṱUṶuṷ"),
    ('\u{330}', "EḚeḛIḬiḭUṴuṵ"),
    ('\u{32e}', "HḪhḫ"),
    ('\u{324}', "UṲuṳ"),
    ('\u{309}', "AẢaảÂẨâẩĂẲăẳEẺeẻÊỂêểIỈiỉOỎoỏÔỔôổƠỞơởUỦuủƯỬưửYỶyỷ"),
    ('\u{3099}', "かがきぎくぐけげこごさざしじすずせぜそぞただちぢつづてでとどはばひびふぶへべほぼうゔゝゞカガキギクグケゲコゴサザシジスズセゼソゾ\
        タダチヂツヅテデトドハバヒビフブヘベホボウヴワヷヰヸヱヹヲヺヽヾ"),
    ('\u{309a}', "はぱひぴふぷへぺほぽハパヒピフプヘペホポ"),
];

const HANGUL_START: u32 = 0xac00;
const LEADS_START: u32 = 0x1100;
const VOWELS_START: u32 = 0x1161;
const TAILS_START: u32 = 0x11a7;
const LEADS: u32 = 19;
const VOWELS: u32 = 21;
const TAILS: u32 = 28;

/// Puts marks and letters together.
pub(super) fn composed(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match out.chars().next_back().and_then(|last| compose(last, character)) {
            Some(together) => {
                out.pop();
                out.push(together);
            }
            None => out.push(character),
        }
    }
    out
}

/// Takes letters and marks apart.
pub(super) fn decomposed(text: &str) -> String {
    let mut out = String::new();
    text.chars().for_each(|character| push_decomposed(&mut out, character));
    out
}

fn compose(one: char, two: char) -> Option<char> {
    let of_mark = MARKS.iter().find(|(mark, _)| *mark == two);
    of_mark
        .and_then(|(_, letters)| pairs(letters).find(|(letter, _)| *letter == one))
        .map(|(_, together)| together)
        .or_else(|| compose_hangul(u32::from(one), u32::from(two)))
}

fn compose_hangul(one: u32, two: u32) -> Option<char> {
    let within = |value: u32, start: u32, count: u32| {
        value.checked_sub(start).filter(|offset| *offset < count)
    };
    if let Some(lead) = within(one, LEADS_START, LEADS) {
        let vowel = within(two, VOWELS_START, VOWELS)?;
        let syllable = lead.checked_mul(VOWELS)?.checked_add(vowel)?.checked_mul(TAILS)?;
        return char::from_u32(HANGUL_START.checked_add(syllable)?);
    }
    let syllable = within(one, HANGUL_START, LEADS * VOWELS * TAILS)?;
    let tail = within(two, TAILS_START, TAILS).filter(|tail| *tail > 0)?;
    let is_open = syllable.checked_rem(TAILS)? == 0;
    char::from_u32(one.checked_add(tail)?).filter(|_| is_open)
}

fn push_decomposed(out: &mut String, character: char) {
    if character.is_ascii() {
        return out.push(character);
    }
    let found = MARKS.iter().find_map(|(mark, letters)| {
        let (letter, _) = pairs(letters).find(|(_, together)| *together == character)?;
        Some((letter, *mark))
    });
    if let Some((letter, mark)) = found {
        // A letter may have two marks.
        push_decomposed(out, letter);
        return out.push(mark);
    }
    match hangul_of(u32::from(character)) {
        Some(parts) => out.extend(parts.into_iter().flatten()),
        None => out.push(character),
    }
}

fn hangul_of(character: u32) -> Option<[Option<char>; 3]> {
    let syllable = character.checked_sub(HANGUL_START)?;
    if syllable >= LEADS * VOWELS * TAILS {
        return None;
    }
    let (tail, rest) = (syllable.checked_rem(TAILS)?, syllable.checked_div(TAILS)?);
    let (vowel, lead) = (rest.checked_rem(VOWELS)?, rest.checked_div(VOWELS)?);
    let part = |start: u32, offset: u32| start.checked_add(offset).and_then(char::from_u32);
    let tail = if tail == 0 { None } else { part(TAILS_START, tail) };
    Some([part(LEADS_START, lead), part(VOWELS_START, vowel), tail])
}

/// Two and two characters of a text.
fn pairs(letters: &str) -> impl Iterator<Item = (char, char)> {
    let mut characters = letters.chars();
    core::iter::from_fn(move || Some((characters.next()?, characters.next()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with the `unicodedata` of Python, which is an implementation of the forms.
    #[test]
    fn names_of_files_come_out_as_unicode_has_them() {
        for (one, two) in [
            ("caf\u{e9}", "cafe\u{301}"),
            ("\u{fc}\u{f1}\u{e5}", "u\u{308}n\u{303}a\u{30a}"),
            ("\u{1ec7}", "e\u{323}\u{302}"),
            ("\u{439}", "\u{438}\u{306}"),
            ("\u{3ac}", "\u{3b1}\u{301}"),
            ("\u{304c}\u{30d1}", "\u{304b}\u{3099}\u{30cf}\u{309a}"),
            ("\u{d55c}\u{ae00}", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
            ("\u{ac00}", "\u{1100}\u{1161}"),
            ("plain/a.txt", "plain/a.txt"),
        ] {
            assert_eq!(composed(two), one);
            assert_eq!(composed(one), one);
            assert_eq!(decomposed(one), two);
            assert_eq!(decomposed(two), two);
        }
    }
}
