//! What a generated picture says of itself: an XMP packet that names its digital source, the model and, where it is
//! wanted, the prompt. Text alone: it must not know of any image format, nor of where the model and the prompt come from.

use std::fmt::Write;

/// How a picture came about: the two terms of IPTC's digital source type NewsCodes that a model's picture can be under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DigitalSource {
    /// Made by a model alone (`trainedAlgorithmicMedia`).
    TrainedAlgorithmicMedia,
    /// Made of other material too, with a model's part in it (`compositeWithTrainedAlgorithmicMedia`).
    CompositeWithTrainedAlgorithmicMedia,
}

impl DigitalSource {
    /// The term's address (IPTC NewsCodes, `http://cv.iptc.org/newscodes/digitalsourcetype/`).
    pub const fn uri(self) -> &'static str {
        match self {
            Self::TrainedAlgorithmicMedia => "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
            Self::CompositeWithTrainedAlgorithmicMedia => {
                "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
            }
        }
    }
}

/// What is said of one picture (IPTC Photo Metadata Standard 2025.1, Extension schema).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    /// Digital Source Type.
    pub source: DigitalSource,
    /// AI System Used: the model. Left out where it is empty.
    pub system: Option<String>,
    /// AI Prompt Information. Left out where it is empty.
    pub prompt: Option<String>,
}

impl Disclosure {
    /// The packet, without padding and marked as not to be edited in place (XMP specification part 1, 7.3.2).
    ///
    /// The same disclosure always gives the same bytes. Hence no version after the tool's name, and no date.
    pub fn packet(&self) -> String {
        // The packet's first mark and its id are the same in every file; the mark tells UTF-8 from UTF-16.
        let mut xml = String::from(concat!(
            "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>",
            r#"<x:xmpmeta xmlns:x="adobe:ns:meta/">"#,
            r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">"#,
            r#"<rdf:Description rdf:about="""#,
            r#" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/""#,
            r#" xmlns:xmp="http://ns.adobe.com/xap/1.0/">"#,
        ));
        property(&mut xml, "Iptc4xmpExt:DigitalSourceType", self.source.uri());
        property(&mut xml, "Iptc4xmpExt:AISystemUsed", self.system.as_deref().unwrap_or_default());
        property(&mut xml, "Iptc4xmpExt:AIPromptInformation", self.prompt.as_deref().unwrap_or_default());
        property(&mut xml, "xmp:CreatorTool", "tintype");
        xml.push_str(r#"</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>"#);
        xml
    }
}

/// An element, not an attribute: an attribute would lose the line breaks of a prompt.
fn property(xml: &mut String, name: &str, value: &str) {
    let value = escaped(value);
    if !value.is_empty() {
        write!(xml, "<{name}>{value}</{name}>").expect("a String takes all that is written to it");
    }
}

/// A value as XML text, without the characters that XML 1.0 (2.2) forbids in any spelling.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for char in value.chars() {
        match char {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            // As such it is allowed, but not after "]]".
            '>' => text.push_str("&gt;"),
            // As such it would be read as a line feed (XML 1.0, 2.11).
            '\r' => text.push_str("&#xD;"),
            '\t' | '\n' | '\u{20}'..='\u{FFFD}' | '\u{10000}'.. => text.push(char),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disclosure(system: Option<&str>, prompt: Option<&str>) -> Disclosure {
        Disclosure {
            source: DigitalSource::TrainedAlgorithmicMedia,
            system: system.map(Into::into),
            prompt: prompt.map(Into::into),
        }
    }

    #[test]
    fn a_packet_is_these_bytes() {
        let packet = disclosure(Some("gpt-image-1"), Some("a fox\nin snow")).packet();
        assert_eq!(
            packet,
            "<?xpacket begin=\"\u{FEFF}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?><x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\
             <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"><rdf:Description rdf:about=\"\" \
             xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\">\
             <Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia\
             </Iptc4xmpExt:DigitalSourceType><Iptc4xmpExt:AISystemUsed>gpt-image-1</Iptc4xmpExt:AISystemUsed>\
             <Iptc4xmpExt:AIPromptInformation>a fox\nin snow</Iptc4xmpExt:AIPromptInformation>\
             <xmp:CreatorTool>tintype</xmp:CreatorTool></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>"
        );
    }

    #[test]
    fn what_is_not_given_is_not_said() {
        for packet in [disclosure(None, None).packet(), disclosure(Some(""), Some("\u{1}")).packet()] {
            assert!(!packet.contains("AISystemUsed"));
            assert!(!packet.contains("AIPromptInformation"));
        }
    }

    #[test]
    fn a_composite_is_under_its_own_term() {
        let composite =
            Disclosure { source: DigitalSource::CompositeWithTrainedAlgorithmicMedia, ..disclosure(None, None) };
        assert!(composite.packet().contains("/digitalsourcetype/compositeWithTrainedAlgorithmicMedia<"));
    }

    #[test]
    fn values_are_escaped_and_forbidden_characters_left_out() {
        assert_eq!(escaped("<a & b> ]]>"), "&lt;a &amp; b&gt; ]]&gt;");
        assert_eq!(escaped("a\r\nb\tc"), "a&#xD;\nb\tc");
        assert_eq!(escaped("\0a\u{B}b\u{1F}c\u{FFFE}d\u{FFFF}"), "abcd");
        assert_eq!(escaped("\u{85}\u{D7FF}\u{E000}\u{FFFD}🦊"), "\u{85}\u{D7FF}\u{E000}\u{FFFD}🦊");
    }
}
