//! Signatures that are missing, of another algorithm, or made with a key that is not ours.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde_json::json;

use super::{Forge, HEADER, Vector, Workshop};

pub fn vectors(workshop: &Workshop) -> Vec<Vector> {
    let mut found = unsigned(workshop);
    found.extend(with_other_keys(workshop));
    found.extend(of_other_algorithms(workshop));
    found
}

fn message(header: &str, claims: &str) -> String {
    let encode = |part: &str| URL_SAFE_NO_PAD.encode(part);
    format!("{}.{}", encode(header), encode(claims))
}

/// Every letter case of `none`, without a signature and with something in its place.
fn unsigned(workshop: &Workshop) -> Vec<Vector> {
    let claims = workshop.claims();
    let spellings = (0..16).map(|capitals: u32| {
        let letters = "none".chars().enumerate();
        let spelled = letters.map(|(at, letter)| match capitals >> at & 1 {
            1 => letter.to_ascii_uppercase(),
            _ => letter,
        });
        spelled.collect::<String>()
    });
    let others = [
        "HS256",
        "",
        "none ",
        " none",
        "none\0",
        "n\u{f6}ne",
        "null",
        "undefined",
    ];
    let mut found = Vec::new();
    for name in spellings.chain(others.map(str::to_owned)) {
        let unsigned = message(&json!({ "typ": "JWT", "alg": name }).to_string(), &claims);
        for (end, how) in [
            ("", "without a third part"),
            (".", "with an empty signature"),
            (".AA", "with a signature of one byte"),
        ] {
            let why = format!("Nobody signed it: alg {name:?}, {how}.");
            found.push((why, format!("{unsigned}{end}")));
        }
    }
    let zeros = URL_SAFE_NO_PAD.encode([0; 32]);
    let unsigned = message(HEADER, &claims);
    found.push((
        "The signature is all zeros.".into(),
        format!("{unsigned}.{zeros}"),
    ));
    found
}

fn with_other_keys(workshop: &Workshop) -> Vec<Vector> {
    let claims = workshop.claims();
    let secret = &workshop.forge.secret;
    let keys = [
        ("of somebody else", Forge::new().secret),
        ("that is empty", String::new()),
        (
            "that is ours without its last byte",
            secret[..secret.len() - 1].to_owned(),
        ),
        ("that is ours and a NUL", format!("{secret}\0")),
        ("that is ours and a line break", format!("{secret}\n")),
        ("that is ours in base64", URL_SAFE_NO_PAD.encode(secret)),
        ("that is the issuer", "doorward".to_owned()),
    ];
    let mut found = Vec::new();
    for (which, secret) in keys {
        // RFC 2104 fills a short key with zeros: 64 bytes are a block, and a NUL more is hashed.
        assert_ne!(secret, workshop.forge.secret);
        let token = Forge { secret }.sign(HEADER, &claims);
        found.push((format!("It is signed with a key {which}."), token));
    }
    found
}

fn of_other_algorithms(workshop: &Workshop) -> Vec<Vector> {
    let claims = workshop.claims();
    let mut found = Vec::new();
    for (algorithm, name) in [(Algorithm::HS384, "HS384"), (Algorithm::HS512, "HS512")] {
        let header = json!({ "typ": "JWT", "alg": name }).to_string();
        for header in [header.as_str(), HEADER] {
            let token = workshop.forge.sign_with(algorithm, header, &claims);
            found.push((
                format!("Our key signed it with {name}, and it says {header}."),
                token,
            ));
        }
        // The first half of a longer HMAC is as long as ours.
        let token = workshop.forge.sign_with(algorithm, HEADER, &claims);
        let (unsigned, signature) = token.rsplit_once('.').expect("a signature");
        let cut = format!("{unsigned}.{}", &signature[..43]);
        found.push((format!("The signature is {name} cut to 32 bytes."), cut));
    }
    let random = SystemRandom::new();
    let ec = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let ed = Ed25519KeyPair::generate().expect("a key");
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let public = URL_SAFE_NO_PAD.encode(ec.public_key().as_ref());
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": public });
    for (name, header) in [
        (
            "ES256",
            json!({ "typ": "JWT", "alg": "ES256", "jwk": jwk }).to_string(),
        ),
        (
            "EdDSA",
            json!({ "typ": "JWT", "alg": "EdDSA", "jwk": jwk }).to_string(),
        ),
        (
            "RS256",
            json!({ "typ": "JWT", "alg": "RS256", "kid": "1" }).to_string(),
        ),
    ] {
        for header in [header.as_str(), HEADER] {
            let unsigned = message(header, &claims);
            let signed = unsigned.as_bytes();
            let signature = match name {
                "ES256" => ec.sign(&random, signed).expect("signed").as_ref().to_vec(),
                "EdDSA" => ed.sign(signed).as_ref().to_vec(),
                _ => {
                    let mut signature = vec![0; rsa.public_modulus_len()];
                    rsa.sign(
                        &signature::RSA_PKCS1_SHA256,
                        &random,
                        signed,
                        &mut signature,
                    )
                    .expect("signed");
                    signature
                }
            };
            let token = format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode(signature));
            let why = format!("An attacker's own key signed it with {name}; it says {header}.");
            found.push((why, token));
        }
    }
    // CVE-2022-21449: r = s = 0 was once a signature of anything.
    let header = json!({ "typ": "JWT", "alg": "ES256" }).to_string();
    let psychic = URL_SAFE_NO_PAD.encode([0; 64]);
    let token = format!("{}.{psychic}", message(&header, &claims));
    found.push(("The signature is ECDSA's zero.".into(), token));
    // The confusion of CVE-2015-9235: whatever is public serves as an HMAC key.
    let confused = Forge { secret: public };
    let token = confused.sign(HEADER, &claims);
    found.push(("A public key was used as HMAC key.".into(), token));
    found
}
