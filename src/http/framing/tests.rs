use super::*;
use proptest::prelude::*;
use rstest::rstest;

const TWO: &str = "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n";

#[rstest]
#[case::both(TWO)]
#[case::both_the_other_way(
    "POST / HTTP/1.1\r\ntransfer-encoding:chunked\r\nhost: x\r\nCONTENT-LENGTH:5\r\n\r\n"
)]
#[case::bare_line_feeds("POST / HTTP/1.1\ncontent-length: 5\ntransfer-encoding: chunked\n\n")]
#[case::two_lengths("POST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\n")]
#[case::no_number("POST / HTTP/1.1\r\ncontent-length: +5\r\n\r\n")]
#[case::a_longer_line_than_is_looked_at(
    "POST / HTTP/1.1\r\ncontent-length:                                                              5\r\n\r\n"
)]
#[case::many_zeros(
    "POST / HTTP/1.1\r\ncontent-length: 00000000000000000000000000000000000000000000000040\r\n\r\n"
)]
#[case::cut_in_the_number(
    "POST / HTTP/1.1\r\ncontent-length:                                              12345\r\n\r\n"
)]
#[case::after_a_body_with_lines(
    "POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\n\r\n\r\nPOST / HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\n"
)]
#[case::two_encodings(
    "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n"
)]
#[case::after_a_good_one(
    "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}POST / HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n"
)]
fn a_length_that_is_said_twice_is_seen(#[case] bytes: &str) {
    assert!(Heads::default().are_ambiguous(bytes.as_bytes()));
}

#[rstest]
#[case::a_length(
    "POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\n{\"a\":\"content-length: 5\\ntransfer-encoding: x\"}"
)]
#[case::an_encoding("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")]
#[case::one_request_after_another(
    "POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
)]
#[case::lines_in_a_body(
    "POST / HTTP/1.1\r\ncontent-length: 55\r\n\r\n{\"\ncontent-length: 5\ntransfer-encoding: chunked\n\r\n\r\n\"}GET / HTTP/1.1\r\nhost: x\r\n\r\n"
)]
#[case::after_chunks_nothing_is_read(
    "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n"
)]
#[case::empty_lines_before_a_request("\r\n\r\nPOST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}")]
#[case::other_names(
    "GET / HTTP/1.1\r\nx-content-length: 5\r\ncontent-length-x: 5\r\ncontent-length: 5\r\n\r\n"
)]
fn a_length_that_is_said_once_is_not(#[case] bytes: &str) {
    assert!(!Heads::default().are_ambiguous(bytes.as_bytes()));
}

proptest! {
    #[test]
    fn it_does_not_matter_in_how_many_pieces_the_bytes_come(
        cuts in prop::collection::vec(0..TWO.len(), 0..8)
    ) {
        let mut cuts = cuts;
        cuts.extend([0, TWO.len()]);
        cuts.sort_unstable();
        let mut heads = Heads::default();
        let mut seen = false;
        for pair in cuts.windows(2) {
            seen |= heads.are_ambiguous(&TWO.as_bytes()[pair[0]..pair[1]]);
        }
        prop_assert!(seen);
    }
}
